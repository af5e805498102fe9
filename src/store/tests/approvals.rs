//! Permission requests: asked once, answered once, and for what was shown.

use super::*;
use crate::agent::digest::Digest;
use crate::agent::event::{Decision, Question, Wants};
use crate::agent::grant::{Grant, Only};
use crate::store::open::APPLICATION_ID;

fn asking(task: &Task, event: u64, tool: &str, command: &str) -> Asking {
    Asking {
        task: task.id.clone(),
        attempt: task.attempt,
        event,
        request: "r1".into(),
        tool: tool.into(),
        detail: command.into(),
        digest: Some(Digest::of(tool, &serde_json::json!({"command": command}))),
        grant: Some(Grant { tool: tool.into(), only: Only::Command(command.into()) }),
        wants: Wants::Permission,
    }
}

#[tokio::test]
async fn a_permission_request_is_answered_once() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let question = asking(&task, 3, "Bash", "ls");
    let ls = Grant { tool: "Bash".into(), only: Only::Command("ls".into()) };
    let again = question.clone();
    let asked = desk.did(move |tx| tx.ask(&again)).await.expect("a new request");
    let again = question.clone();
    assert_eq!(desk.did(move |tx| tx.ask(&again)).await, None, "known already");
    let approval = asked.clone();
    let done = desk.step(move |tx| tx.decide(&approval, Decision::AllowForSession, "1")).await;
    assert!(done.value && done.effects.answered.len() == 1);
    let approval = asked.clone();
    let again = desk.step(move |tx| tx.decide(&approval, Decision::Deny, "2")).await;
    assert!(!again.value && again.effects.answered.is_empty());
    let late = question.clone();
    assert_eq!(desk.did(move |tx| tx.expire_approval(&late)).await, None);
    let answer = desk.did(move |tx| tx.answer_to(&question)).await.expect("the answer");
    assert_eq!((answer.id, answer.decision), (asked.id, Some(Decision::AllowForSession)));
    let session = task.session.expect("a session");
    assert_eq!(desk.did(move |tx| tx.session(session)).await.expect("it").grants, std::slice::from_ref(&ls));
    desk.did(move |tx| tx.revoke(session)).await;
    assert_eq!(desk.did(move |tx| tx.session(session)).await.expect("it").grants, []);
}

#[tokio::test]
async fn an_answer_is_for_the_run_the_event_the_tool_and_the_input_that_were_shown() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let read = asking(&task, 3, "Read", "README");
    let asked = read.clone();
    let shown = desk.did(move |tx| tx.ask(&asked)).await.expect("a new request");
    desk.did(move |tx| tx.decide(&shown, Decision::Allow, "1")).await;
    let others = [
        asking(&task, 3, "Bash", "README"),
        asking(&task, 3, "Read", "/etc/shadow"),
        Asking { digest: None, ..read.clone() },
        Asking { event: 9, ..read.clone() },
        Asking { attempt: read.attempt + 1, ..read.clone() },
        Asking { request: "r2".into(), ..read.clone() },
    ];
    for other in others {
        let of = other.clone();
        assert_eq!(desk.did(move |tx| tx.answer_to(&of)).await, None, "{other:?}");
        assert!(desk.did(move |tx| tx.ask(&other)).await.is_some(), "it is asked anew");
    }
}

#[tokio::test]
async fn what_is_asked_under_the_id_of_an_open_question_takes_its_place() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let (read, bash) = (asking(&task, 3, "Read", "README"), asking(&task, 5, "Bash", "rm -rf /important"));
    let older = desk.did(move |tx| tx.ask(&read)).await.expect("a new request");
    let newer = desk.did(move |tx| tx.ask(&bash)).await.expect("a new request");
    let by = newer.clone();
    let replaced = desk.did(move |tx| tx.replace_questions(&by)).await;
    assert_eq!(replaced.iter().map(|approval| &approval.id).collect::<Vec<_>>(), [&older.id]);
    assert!(!desk.did(move |tx| tx.decide(&older, Decision::Allow, "1")).await, "its buttons decide nothing");
    assert!(desk.did(move |tx| tx.decide(&newer, Decision::Deny, "1")).await);
}

#[tokio::test]
async fn an_open_question_is_closed_with_its_task() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let question = asking(&task, 1, "Bash", "ls");
    let asked = desk.did(move |tx| tx.ask(&question)).await.expect("a new request");
    desk.answer(&task).await;
    assert!(!desk.did(move |tx| tx.decide(&asked, Decision::Allow, "1")).await);
}

#[tokio::test]
async fn a_question_of_an_earlier_version_is_known_again_with_its_answer() {
    let directory = tempfile::tempdir().expect("a directory");
    let old = Connection::open(directory.path().join("signalbox.db")).expect("made");
    let sql = format!(
        "PRAGMA application_id = {APPLICATION_ID}; PRAGMA journal_mode = WAL; {} PRAGMA user_version = 3;
         INSERT INTO tasks (id, chat, address, requested_by, agent, prompt, directory, status, attempt, created_at)
         VALUES ('5pj46898', 'test:one', 'test:one', '1', 'claude', 'x', '/w', 'running', 2, 0);
         INSERT INTO approvals (id, task, request, tool, detail, asked_at, decision)
         VALUES ('abc234', '5pj46898', 'r1', 'Bash', 'ls', 0, 'allow');",
        schema::MIGRATIONS[..3].concat(),
    );
    old.execute_batch(&sql).expect("filled");
    drop(old);
    let clock = Arc::new(ManualClock::at(Timestamp(0), 1));
    let options = Options { durability: Durability::Process, caps: caps() };
    let store = Store::open(directory.path(), options, clock).expect("it opens");
    // Its supervisor is of that version too, and gives no digest.
    let question = Asking {
        task: TaskId::read("5pj46898").expect("an id"),
        attempt: 2,
        event: 3,
        request: "r1".into(),
        tool: "Bash".into(),
        detail: "ls".into(),
        digest: None,
        grant: None,
        wants: Wants::Permission,
    };
    let other = Asking { detail: "rm -rf /important".into(), ..question.clone() };
    let found = store.write(None, move |tx| {
        let known = (tx.ask(&question)?, tx.answer_to(&question)?.map(|approval| approval.id));
        Ok((known, tx.answer_to(&other)?, tx.ask(&other)?.is_some()))
    });
    let found = found.await.expect("stored").value;
    assert_eq!(found, ((None, ApprovalId::read("abc234")), None, true));
}

#[tokio::test]
async fn a_question_is_answered_bit_by_bit_and_allows_nothing_for_later() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let session = task.session.expect("a session");
    let one = |text: &str| Question { text: text.into(), several: false, choices: Vec::new() };
    let wants = Wants::Answers(vec![one("where?"), one("when?")]);
    let asked = Asking { wants: wants.clone(), ..asking(&task, 3, "AskUserQuestion", "{}") };
    let again = asked.clone();
    let first = desk.did(move |tx| tx.ask(&again)).await.expect("a new question");
    assert_eq!((first.at_hand().map(|(number, _)| number), &first.wants), (Some(0), &wants));
    assert_eq!(desk.did(move |tx| tx.open_question(session)).await, Some(first.clone()));
    let second = desk.did(move |tx| tx.answer_so_far(&first, &["here".to_owned()], &[1])).await.expect("open");
    assert_eq!((second.at_hand().map(|(number, _)| number), second.chosen.as_slice()), (Some(1), &[1_usize][..]));
    let words = ["here".to_owned(), "now".to_owned()];
    let both = desk.did(move |tx| tx.answer_so_far(&second, &words, &[])).await.expect("open");
    assert_eq!(both.at_hand(), None);
    let done = both.clone();
    assert!(desk.did(move |tx| tx.decide(&done, Decision::AllowForSession, "1")).await);
    assert!(desk.did(move |tx| tx.session(session)).await.expect("it").grants.is_empty());
    let answer = desk.did(move |tx| tx.answer_to(&asked)).await.expect("the answer");
    assert_eq!(answer.words, ["here", "now"]);
    assert_eq!(desk.did(move |tx| tx.open_question(session)).await, None);
    assert_eq!(desk.did(move |tx| tx.answer_so_far(&both, &[], &[])).await, None, "it is open no more");
}

#[tokio::test]
async fn an_approval_that_nobody_gave_is_noted_once_and_one_that_somebody_gave_is_none() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let (open, denied, allowed) =
        (asking(&task, 3, "Bash", "a"), asking(&task, 4, "Bash", "b"), asking(&task, 5, "Bash", "c"));
    for (question, decision) in [(&open, None), (&denied, Some(Decision::Deny)), (&allowed, Some(Decision::Allow))] {
        let question = question.clone();
        let asked = desk.did(move |tx| tx.ask(&question)).await.expect("a new request");
        if let Some(decision) = decision {
            desk.did(move |tx| tx.decide(&asked, decision, "1")).await;
        }
    }
    for (question, is_foreign) in [(open, true), (denied, true), (allowed, false)] {
        for expected in [is_foreign, false] {
            let question = question.clone();
            assert_eq!(desk.did(move |tx| tx.foreign_approval(&question)).await.is_some(), expected);
        }
    }
}
