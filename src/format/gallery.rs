//! The gallery: every sentence once, as Markdown and as it reads in Telegram, so that a change of words is seen as such.

mod approval;
mod commands;
mod cron;
mod files;
mod hooks;
mod incident;
mod samples;
mod tasks;
mod typed;
mod unanswered;

use std::time::Duration;

use signalbox_adapter::{Button, Document, Provider, Purpose};

use crate::alert::AlertError;
use crate::clock::Timestamp;
use crate::command::channel::Channel;
use crate::command::{NameFault, Need};
use crate::config::{Role, Unreached};
use crate::format::Draft;
use crate::plan::Zone;
use crate::rca::Verdict;
use crate::store::{Admission, DeliveryState, IncidentId, Refusal, Session, Status, Task, TaskEvent, TaskId};
use samples::{address, answered, approval, delivery, failed, incoming, investigation, rca, session, task};

const NOW: Timestamp = Timestamp(1_796_000_000_000);

/// The sentences of one file, with the names of the functions that made them.
struct Wall {
    shown: Vec<(&'static str, Document)>,
}

impl Wall {
    fn with(mut self, name: &'static str, draft: impl Into<Draft>) -> Self {
        self.shown.push((name, draft.into().document()));
        self
    }

    fn with_text(self, name: &'static str, text: impl Into<String>) -> Self {
        self.with(name, Document::text(text))
    }

    /// Writes everything, and checks that each sentence of the file is there.
    fn written(&self, source: &str) -> String {
        let public = source.lines().filter_map(|line| line.strip_prefix("pub fn "));
        let names = public.map(|rest| rest.split(['(', '<']).next().unwrap_or_default());
        let missing: Vec<&str> =
            names.filter(|name| !self.shown.iter().any(|(shown, _)| shown.split(' ').next() == Some(*name))).collect();
        assert!(missing.is_empty(), "the gallery lacks {missing:?}");
        let mut all = String::new();
        for (name, document) in &self.shown {
            all.push_str(&format!("=== {name}\n{}\n{}", document.to_markdown(), on_telegram(document)));
        }
        all
    }
}

fn on_telegram(document: &Document) -> String {
    let transports = crate::wiring::transports(&crate::config::Config::default());
    let rendered = transports["telegram"].render.render(document, 5);
    let text =
        |body: &str| serde_json::from_str::<serde_json::Value>(body).expect("JSON")["text"].as_str().map(str::to_owned);
    let parts = rendered.parts.iter().map(|part| text(&part.body).expect("a text"));
    format!("--- in Telegram\n{}\n", parts.collect::<Vec<_>>().join("\n--- next message\n"))
}

fn wall() -> Wall {
    Wall { shown: Vec::new() }
}

fn shown(name: &str, wall: Wall, source: &str) {
    wall.shown.iter().for_each(|(sentence, document)| typed::check(name, sentence, document));
    insta::assert_snapshot!(name, wall.written(source));
}

#[test]
fn access() {
    use super::access::*;
    let wall = wall()
        .with("stranger", stranger(&incoming()))
        .with("welcome", welcome())
        .with("paired", paired(Role::Operator))
        .with("let_in_already", let_in_already(Role::Operator))
        .with("wrong_code", wrong_code(4))
        .with("wrong_code the last", wrong_code(1))
        .with("too_many_codes", too_many_codes())
        .with("burnt_code", burnt_code())
        .with("code_in_group", code_in_group())
        .with("code_at_home", code_at_home("AB12cd34"))
        .with("not_enough", not_enough(Role::Viewer, Need::Admin))
        .with("not_your_agent", not_your_agent("claude", Role::Admin, Role::Operator))
        .with_text("no_files", no_files(Role::Viewer))
        .with("identity", identity(&incoming(), Role::Admin, true))
        .with_text("no_button", no_button(&incoming()));
    shown("access", wall, include_str!("access.rs"));
}

#[test]
fn background() {
    use super::background::*;
    let told = |channels, by_default| Told { channels, by_default, readers: Vec::new() };
    let mailed = |readers| {
        let channels = vec![Channel::Readers(Provider::new("email"))];
        Told { channels, by_default: false, readers: vec![("email".to_owned(), readers)] }
    };
    let team = Channel::To(address());
    let refused = Unreachable::Said("refused: chat not found".to_owned());
    let done = Task { status: Status::Success, ..answered("done") };
    let rows = [(done.clone(), investigation(Some(rca(Verdict::CauseFound))))];
    let deliveries = [delivery(DeliveryState::Delivered), delivery(DeliveryState::Failed)];
    let wall = wall()
        .with("switched on", switched(true))
        .with("switched off", switched(false))
        .with("status", status(true, (1, 12), &told(vec![Channel::Chat, team.clone()], false)))
        .with("status by default", status(false, (0, 0), &told(Vec::new(), true)))
        .with("notified", notified(&told(vec![team.clone()], false)))
        .with(
            "notified by mail",
            notified(&mailed(Ok(vec!["ops@example.org".to_owned(), "kim@example.org".to_owned()]))),
        )
        .with("notified by mail to nobody", notified(&mailed(Err(Nobody::NotSet(&["smtp.host", "smtp.to"])))))
        .with("notified without the adapter", notified(&mailed(Err(Nobody::NotBuilt))))
        .with("not_a_channel", not_a_channel("pigeon", Unusable::NotAChannel, &["email"]))
        .with(
            "not_a_channel for nobody",
            not_a_channel("email", Unusable::Nobody(Nobody::NotSet(&["smtp.to"])), &["email"]),
        )
        .with(
            "not_a_channel when not connected",
            not_a_channel("slack:C0", Unusable::NotConnected(Unreached::NotConnected("slack".into())), &[]),
        )
        .with("not_a_channel when not allowed", not_a_channel("telegram:7", Unusable::NotAllowed, &[]))
        .with("not_a_channel when refused", not_a_channel("telegram:7", Unusable::Unreachable(&refused), &[]))
        .with(
            "not_a_channel when silent",
            not_a_channel("telegram:7", Unusable::Unreachable(&Unreachable::Silent), &[]),
        )
        .with("testing", testing(&told(vec![team], false)))
        .with("testing nothing", testing(&told(Vec::new(), true)))
        .with("tested_just_now", tested_just_now(Duration::from_secs(60)))
        .with("tested", tested(&deliveries))
        .with_text("test_subject", test_subject())
        .with("test_notice", test_notice(&"telegram:-1001234".parse().expect("a chat")))
        .with("list", list(&rows, NOW))
        .with("list of none", list(&[], NOW))
        .with("show", show(&done, "k3m9qa7x", &rows[0].1, &deliveries, (Zone::UTC, NOW)))
        .with(
            "show while it runs",
            show(&task(Status::Running), "k3m9qa7x", &investigation(None), &[], (Zone::UTC, NOW)),
        )
        .with("now_active", now_active(&done, &rows[0].1))
        .with("not_finished", not_finished(&task(Status::Queued)))
        .with("not_an_investigation", not_an_investigation(&done));
    shown("background", wall, include_str!("background.rs"));
}

#[test]
fn buttons() {
    use super::button::*;
    let task = TaskId::read("k3m9qa7x").expect("an id");
    let carried = |button: &Button| format!("{} → /{}", button.label, button.action);
    let decisions = decisions(&approval(None));
    let wall = wall()
        .with_text("cancel", carried(&cancel(&task)))
        .with_text("decisions", decisions.iter().map(carried).collect::<Vec<_>>().join(" · "))
        .with_text("retry", carried(&retry(&task)))
        .with_text("discard", carried(&discard(&task)))
        .with_text("investigate", carried(&investigate(&task)))
        .with_text("go_on", carried(&go_on(&task)))
        .with_text("show", carried(&show(&task)))
        .with_text("evidence", carried(&evidence("calm-otter")));
    shown("button", wall, include_str!("button.rs"));
}

#[test]
fn prompts() {
    use super::prompt::*;
    use signalbox_adapter::{Quoted, Quoting};
    let said = |why, by: Option<&str>| Quoted { why, by: by.map(str::to_owned), text: "DiskFull".into() };
    let wall = wall()
        .with_text("only files", ONLY_FILES)
        .with_text("about an alert", ABOUT_ALERT)
        .with_text("files", FILES)
        .with_text("more_alerts", more_alerts(37))
        .with_text("more_alerts, one", more_alerts(1))
        .with_text("only quoted", ONLY_QUOTED)
        .with_text("quoted", quoted(&said(Quoting::Answered, Some("Kim\nobey"))))
        .with_text("only an alert", ONLY_ALERT)
        .with_text("pasted alert", PASTED_ALERT)
        .with_text("meant", meant("97 %"))
        .with_text("quoted, a part", quoted(&said(Quoting::Meant, Some("Kim"))))
        .with_text("quoted, forwarded", quoted(&said(Quoting::Forwarded, None)))
        .with_text("quoted, chosen", quoted(&said(Quoting::Chosen, Some("Kim"))))
        .with_text("talk", talk(0, false))
        .with_text("talk, cut", talk(3, false))
        .with_text("talk, cut and not counted", talk(180, true))
        .with_text("asks", format!("{:#?}", asks("session")))
        .with_text("asks, of an investigation", format!("{:#?}", asks("investigate")));
    shown("prompt", wall, include_str!("prompt.rs"));
}

#[test]
fn deliveries() {
    use super::delivery::*;
    let (session, investigation) = (Whose::Session("calm-otter"), Whose::Investigation("k3m9qa7x"));
    let refused = ["incident ack 5", "incident resolve 5"]
        .map(|action| signalbox_adapter::Button { label: String::new(), action: action.to_owned() });
    let wall = wall()
        .with_text("the mark", MAY_BE_A_REPEAT)
        .with_text("instead_of_buttons", instead_of_buttons(&refused, &str::to_owned))
        .with("not_laid_out", not_laid_out())
        .with("unshown", unshown(session, Purpose::Result))
        .with("unshown question", unshown(session, Purpose::Approval))
        .with("unshown investigation", unshown(investigation, Purpose::Result))
        .with("unshown answer to a command", unshown(Whose::Command, Purpose::Result))
        .with("card_unshown", card_unshown(IncidentId::new(7)))
        .with("blocked", blocked(session, "Message was blocked [200000]; exempt the bot's role from that rule"))
        .with("blocked investigation", blocked(investigation, "no"))
        .with("blocked answer to a command", blocked(Whose::Command, "no"))
        .with("file_unshown", file_unshown(session))
        .with("file_unshown of an investigation", file_unshown(investigation))
        .with("file_unshown of a command", file_unshown(Whose::Command))
        .with("agents_file_unshown", agents_file_unshown("report.pdf"))
        .with("thread_gone", thread_gone(session))
        .with("thread_gone of a command", thread_gone(Whose::Command))
        .with(
            "thread_unopened",
            thread_unopened("Missing Permissions [50013]; give the bot's role Create Public Threads here"),
        );
    shown("delivery", wall, include_str!("delivery.rs"));
}

#[test]
fn intake() {
    use super::intake::*;
    use crate::voice::Unheard;
    let program = || "whisper-to-text".to_owned();
    let wall = wall()
        .with("not_taken", Document { blocks: vec![not_taken("a sticker")] })
        .with("our_fault", our_fault())
        .with("no_program", no_program(Some("telegram")))
        .with("no_program where there is none to name", no_program(None))
        .with("not_heard", not_heard(&Unheard::Said { program: program(), words: "no model is loaded".into() }))
        .with("not_heard in time", not_heard(&Unheard::Late { program: program(), within: Duration::from_secs(120) }))
        .with("not_heard at all", not_heard(&Unheard::Nothing { program: program() }))
        .with(
            "not_heard without a word",
            not_heard(&Unheard::Failed { program: program(), status: "exit status: 3".into() }),
        )
        .with(
            "not_heard by a missing program",
            not_heard(&Unheard::NotStarted { program: program(), error: "No such file".into() }),
        )
        .with("not_heard for its path", not_heard(&Unheard::Path))
        .with("not_heard by anybody", not_heard(&Unheard::NoProgram))
        .with("not_heard through our fault", not_heard(&Unheard::Ours))
        .with("joined", joined("calm-otter"))
        .with("reworded", reworded("calm-otter"))
        .with("edited_too_late", edited_too_late("calm-otter"))
        .with("edited_to_a_command", edited_to_a_command("calm-otter"))
        .with("group_hint", group_hint())
        .with("how_to_start", how_to_start());
    shown("intake", wall, include_str!("intake.rs"));
}

#[test]
fn rcas() {
    use super::rca::*;
    let done = Task { status: Status::Success, ..answered("It is the disk.") };
    let found = investigation(Some(samples::rca(Verdict::CauseFound)));
    let started = Admission::Started(task(Status::Running));
    let queued = Admission::Queued(task(Status::Queued), 2);
    let wall = wall()
        .with("admitted", admitted(&session(), &started, "Disk is full", true, &[]))
        .with(
            "admitted into the queue",
            admitted(
                &session(),
                &queued,
                "Disk is full",
                false,
                &[super::session::only_host(super::session::Others::NotInstalled)],
            ),
        )
        .with("begun", begun())
        .with("measured", Draft::markdown(measured(Timestamp(NOW.0 - 180_000), NOW, "By probe:\n\n- load: `1.0`")))
        .with("result", result(&done, "k3m9qa7x", &found, NOW))
        .with("result unrated", result(&done, "k3m9qa7x", &investigation(None), NOW))
        .with("analysis of nothing wrong", analysis(&investigation(Some(samples::rca(Verdict::NothingWrong)))))
        .with("analysis of the unclear", analysis(&investigation(Some(samples::rca(Verdict::Unclear)))))
        .with("folded", folded(&investigation(Some(samples::rca(Verdict::CauseFound))), false))
        .with("folded below its cause", folded(&investigation(Some(samples::rca(Verdict::CauseFound))), true))
        .with_text("in_brief", in_brief(&done, &found))
        .with_text("record", record(&found))
        .with("notice", notice(&done, &found))
        .with_text("subject", subject(&done, &found))
        .with("mail", mail(&done, "k3m9qa7x", &found, NOW))
        .with_text("outcome", outcome(DeliveryState::Unknown))
        .with("templates", templates())
        .with("no_template", no_template("high-cup", crate::rca::template::find("high-cpu").expect("a template")))
        .with_text("title", title("Disk is full", 0))
        .with_text("title of several", title("Disk is full", 2))
        .with("bad_alert", bad_alert(&NotTaken::Alert(&AlertError::Empty)))
        .with("bad_alert, no JSON", bad_alert(&NotTaken::Alert(&AlertError::NotJson)))
        .with(
            "bad_alert too large",
            bad_alert(&NotTaken::Alert(&AlertError::TooLarge { bytes: 2_000_000, most: 1_048_576 })),
        )
        .with("bad_alert too deep", bad_alert(&NotTaken::Alert(&AlertError::TooDeep { most: 64 })))
        .with("bad_alert of a long file", bad_alert(&NotTaken::File(&BadFile::Long)))
        .with("bad_alert of a file", bad_alert(&NotTaken::File(&BadFile::Unreadable("permission denied".into()))));
    shown("rca", wall, include_str!("rca.rs"));
}

#[test]
fn sessions() {
    use super::session::*;
    let started = Admission::Started(task(Status::Running));
    let queued = Admission::Queued(task(Status::Queued), 2);
    let notes = Notes {
        archived: Some("old-owl".into()),
        only_host: Some(only_host(Others::NotInstalled)),
        reopened: true,
        unknown: Some("nosuch".into()),
    };
    let sessions = [session(), Session { archived: true, ..session() }];
    let tasks = [answered("It was the **clock**.")];
    let checkout = samples::checkout();
    let facts = SessionFacts {
        resume: Some("cd /home/kim/web && claude --resume=6f0c8e0a"),
        checkout: Some(&checkout),
        kept: Some(NOW.after(Duration::from_secs(540))),
        zone: "Asia/Kolkata".parse().expect("a zone"),
    };
    let wall = wall()
        .with_text("agent", agent("claude", Some("opus")))
        .with_text("thread_name", thread_name(&session()))
        .with_text("no_such", no_such("nosuch"))
        .with_text("only_host", only_host(Others::NotInstalled))
        .with_text("only_host, where an agent cannot run", only_host(Others::CannotRun("boxed")))
        .with_text("only_host, where a command is set up", only_host(Others::Command("notes")))
        .with("admitted", admitted(&session(), &started, &Notes::default()))
        .with("admitted into the queue", admitted(&session(), &queued, &notes))
        .with("mentioned", mentioned(&notes.lines()))
        .with("refused for the queue", refused(&Refusal::QueueFull(50)))
        .with("refused for the sessions", refused(&Refusal::SessionsBusy(10)))
        .with("long_prompt", long_prompt(2_000_000, 1_048_576))
        .with("near_miss", near_miss("calm-oter", Some("calm-otter")))
        .with("near_miss of the very name", near_miss("calm-otter", Some("calm-otter")))
        .with("no_model", no_model("host", "opus", Some("claude")))
        .with("no_model of nobody", no_model("host", "gpt-5`", None))
        .with("unknown", unknown("calm-oter", Some("calm-otter")))
        .with("unknown_project", unknown_project("wep", ["web".to_owned()].iter()))
        .with("unknown_project of none", unknown_project("wep", [].iter()))
        .with("options_of_a_new_one", options_of_a_new_one("calm-otter"))
        .with("bad_name", bad_name(&NameFault::Length))
        .with("name_taken", name_taken("calm-otter"))
        .with("ended", ended("calm-otter"))
        .with("nothing_runs", nothing_runs("calm-otter"))
        .with("still_running", still_running("calm-otter"))
        .with("closed", closed("calm-otter"))
        .with("revoked", revoked("calm-otter", 2))
        .with("revoked nothing", revoked("calm-otter", 0))
        .with(
            "details with what is allowed",
            details(&Session { grants: samples::grants(), ..session() }, &[], &SessionFacts::default(), NOW),
        )
        .with("renamed", renamed("calm-otter", "docs"))
        .with("now_active", now_active("calm-otter"))
        .with("none_meant", none_meant("show"))
        .with("table_of", Document { blocks: vec![table_of(&sessions, None, NOW)] })
        .with("list", list(&sessions, Some(sessions[0].id), NOW))
        .with("of_chat", of_chat(&sessions, Some(sessions[0].id), NOW))
        .with("of_chat with many", of_chat(&vec![session(); 17], None, NOW))
        .with("of_chat of none", of_chat(&[], None, NOW))
        .with("list_of_all", list_of_all(&sessions, NOW))
        .with("list of none", list(&[], None, NOW))
        .with("details", details(&session(), &tasks, &facts, NOW));
    shown("session", wall, include_str!("session.rs"));
}

#[test]
fn project() {
    use super::project::*;
    use crate::agent::checkout::{Checkout, GitError};
    use crate::config::{Project, Projects};

    let web = Project { path: "/home/kim/web".into(), worktree: false };
    let own = |has_own| Checkout { has_own: Some(has_own), ..Checkout::default() };
    let api = Project { path: "/home/kim/api".into(), worktree: true };
    let projects: Projects = [("web".to_owned(), web.clone()), ("api".to_owned(), api.clone())].into();
    let (tree, branch) = ("/var/lib/signalbox/trees/calm-otter-7", "signalbox/calm-otter-7");
    let wall = wall()
        .with("list", list(&projects, None))
        .with("list with the chat's own", list(&projects, Some("web")))
        .with("list of none", list(&Projects::new(), Some("web")))
        .with("chosen", chosen("web", &web))
        .with("chosen with work trees", chosen("api", &api))
        .with("left", left())
        .with("gone", gone("web"))
        .with("kept_apart", kept_apart("claude", "api"))
        .with_text("no_worktree", no_worktree("/home/kim/api", &GitError::Said("fatal: not a git repository".into())))
        .with_text(
            "no_worktree without a commit",
            no_worktree("/home/kim/api", &GitError::Said("fatal: invalid reference: HEAD".into())),
        )
        .with_text("no_worktree for another reason", no_worktree("/home/kim/api", &GitError::Missing))
        .with_text("changes", changes(&samples::checkout()))
        .with_text("changes of none", changes(&Checkout::default()))
        .with("worktree_left", worktree_left(tree, branch, Some(&Checkout::default())))
        .with("worktree_left with commits", worktree_left(tree, branch, Some(&own(true))))
        .with("worktree_left without any", worktree_left(tree, branch, Some(&own(false))))
        .with("worktree_left with changes", worktree_left(tree, branch, Some(&samples::checkout())))
        .with("worktree_left unseen", worktree_left(tree, branch, None));
    shown("project", wall, include_str!("project.rs"));
}

#[test]
fn traces() {
    let events = [TaskEvent { at: NOW, what: "accepted".into(), detail: String::new() }];
    let trace =
        super::trace::trace(&task(Status::Ok), "calm-otter", Some(NOW), &events, &[delivery(DeliveryState::Delivered)]);
    shown("trace", wall().with("trace", trace), include_str!("trace.rs"));
}
