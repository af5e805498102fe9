//! What the sentences of the gallery are about: one of each thing, as it could be.

use signalbox_adapter::{ChatAddress, ChatId, Incoming, IncomingKind, Provider, Purpose, Sender, ThreadId, UserId};

use super::NOW;
use crate::agent::checkout::Checkout;
use crate::agent::digest::Digest;
use crate::agent::event::{Alternative, Decision, Question, Wants};
use crate::agent::grant::{Grant, Only};
use crate::clock::Timestamp;
use crate::rca::{Claim, Evidence, Rca, Stats, Verdict};
use crate::store::{
    Approval, ClosedBy, Delivery, DeliveryState, Investigation, Session, SessionStatus, Status, Task, TaskId,
};

pub(super) fn address() -> ChatAddress {
    ChatAddress {
        provider: Provider::new("telegram"),
        chat: ChatId::new("-1001234"),
        thread: Some(ThreadId::new("77")),
    }
}

pub(super) fn incoming() -> Incoming {
    Incoming {
        addressed: true,
        ..Incoming::new(
            signalbox_adapter::InboundKey::new("telegram:7:1"),
            address(),
            Sender { id: UserId::new("1001"), name: "Kim".into(), bot: false, roles: Vec::new() },
            IncomingKind::Text("why?".into()),
        )
    }
}

pub(super) fn task(status: Status) -> Task {
    let ended = status.is_final();
    Task {
        id: TaskId::read("k3m9qa7x").expect("an id"),
        seq: 1,
        address: address(),
        window: None,
        reply_to: None,
        session: None,
        inbox: None,
        requested_by: "1001".into(),
        agent: "claude".into(),
        model: Some("opus".into()),
        prompt: "fix the flaky test in store/outbox".into(),
        directory: "/home/kim/web".into(),
        status,
        attempt: 1,
        boot: None,
        retry_of: None,
        created_at: Timestamp(NOW.0 - 70_000),
        started_at: (status != Status::Queued).then_some(Timestamp(NOW.0 - 64_000)),
        finished_at: ended.then_some(NOW),
        cancel_at: None,
        discarded: false,
        result: None,
        error: None,
        tools: 7,
        cost_usd: Some(0.04),
        denials: Vec::new(),
        fire: None,
    }
}

pub(super) fn failed(status: Status, error: &str) -> Task {
    Task { error: Some(error.into()), ..task(status) }
}

pub(super) fn answered(answer: &str) -> Task {
    Task { result: Some(answer.into()), ..task(Status::Ok) }
}

pub(super) fn checkout() -> Checkout {
    let changed = ["src/main.rs", "README.md", "tests/it/web.rs", "new folder/", "a.txt"];
    Checkout { branch: Some("fix/login".into()), changed: changed.map(str::to_owned).into(), changes: 7, has_own: None }
}

pub(super) fn session() -> Session {
    Session {
        worktree_of: None,
        id: crate::store::SessionId::new(3),
        address: address(),
        name: "calm-otter".into(),
        agent: "claude".into(),
        model: Some("opus".into()),
        agent_session: Some("6f0c8e0a".into()),
        status: SessionStatus::Idle,
        archived: false,
        created_at: Timestamp(NOW.0 - 7_200_000),
        last_used_at: Timestamp(NOW.0 - 600_000),
        messages: 2,
        last_prompt: "fix the flaky test in store/outbox".into(),
        title: "fix the flaky test in store/outbox".into(),
        directory: "/home/kim/web".into(),
        input_tokens: 1200,
        output_tokens: 340,
        cost_usd: 0.04,
        reported_cost: 0.04,
        grants: Vec::new(),
        investigation: false,
    }
}

pub(super) fn approval(decision: Option<Decision>) -> Approval {
    Approval {
        id: crate::store::ApprovalId::read("k3m9qa").expect("an id"),
        task: TaskId::read("k3m9qa7x").expect("an id"),
        attempt: 1,
        request: "req-1".into(),
        tool: "Bash".into(),
        detail: "ls -la target".into(),
        digest: None,
        grant: grants().into_iter().next(),
        wants: Wants::Permission,
        words: Vec::new(),
        chosen: Vec::new(),
        asked_at: NOW,
        decision,
        closed_by: decision.map(|_| ClosedBy::Answer),
    }
}

/// What can be allowed for a session.
pub(super) fn grants() -> Vec<Grant> {
    let of = |tool: &str, only| Grant { tool: tool.into(), only };
    vec![
        of("Bash", Only::Command("ls".into())),
        of("WebFetch", Only::Host("docs.rs".into())),
        of("Write", Only::Folder("/home/kim/web/notes".into())),
        of("Bash", Only::Same { digest: Digest::stored("ab12".into()), about: "find . -delete".into() }),
        of("mcp__github__get_issue", Only::Every),
    ]
}

/// Two questions of an agent, the second of which takes several answers.
pub(super) fn questions() -> Wants {
    let choice = |label: &str, about: &str| Alternative { label: label.into(), about: about.into() };
    Wants::Answers(vec![
        Question {
            text: "Which environment shall I deploy to?".into(),
            several: false,
            choices: vec![choice("staging", "safe"), choice("production", "live")],
        },
        Question {
            text: "Which checks?".into(),
            several: true,
            choices: vec![choice("unit", ""), choice("load", "takes an hour")],
        },
    ])
}

pub(super) fn investigation(rca: Option<Rca>) -> Investigation {
    let score = rca.as_ref().map(|_| 0.5);
    Investigation {
        task: TaskId::read("k3m9qa7x").expect("an id"),
        title: "Disk is full on web-1".into(),
        question: "Why is the disk full?".into(),
        alert: None,
        fingerprint: Some("a1b2c3".into()),
        background: true,
        repairs: 0,
        answer: None,
        fault: None,
        stats: Stats { tool_calls: 3, loops: 2, score, supported: 1, claims: 2 },
        rca,
    }
}

pub(super) fn rca(verdict: Verdict) -> Rca {
    let evidence = vec![Evidence { tool: "Bash".into(), quote: "/dev/sda1 100% /var".into() }];
    let claim = |text: &str, evidence, supported| Claim { claim: text.into(), evidence, supported: Some(supported) };
    Rca {
        verdict,
        root_cause: claim("`/var` is full: **/var/log** grew by 40 GB today.", evidence, true),
        analysis: vec![claim("Nothing rotates the logs.", Vec::new(), false)],
        next_steps: vec!["Run `logrotate -f /etc/logrotate.conf`.".into()],
    }
}

pub(super) fn delivery(state: DeliveryState) -> Delivery {
    Delivery {
        id: crate::store::DeliveryId::new(9),
        key: signalbox_adapter::DeliveryKey::from_random_bits(7),
        lane: "telegram:-1001234".into(),
        address: address(),
        purpose: Purpose::Result,
        part: signalbox_adapter::Part { body: String::new() },
        buttons: Vec::new(),
        by_words: false,
        attachment: None,
        reply_to: None,
        state,
        attempts: 2,
        created_at: NOW,
        finished_at: Some(Timestamp(NOW.0 + 900)),
        error: (state == DeliveryState::Failed).then(|| "Forbidden: bot was kicked from the group".to_owned()),
        maybe_repeat: false,
        plain: false,
        about: None,
        opens: None,
        task: None,
        is_edit: false,
        edit_of: None,
        window: None,
    }
}
