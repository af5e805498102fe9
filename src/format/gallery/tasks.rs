//! What is said of tasks and of their runs.

use std::time::{Duration, Instant};

use super::samples::{answered, approval, failed, task};
use super::{NOW, shown, wall};
use crate::agent::event::{Compacted, Denial};
use crate::agent::exit::{Bound, Cause, Ended};
use crate::agent::failure::{Failure, Unfinished};
use crate::agent::progress::{Doing, Progress};
use crate::agent::supervisor::client::StartError;
use crate::agent::supervisor::frame::FrameError;
use crate::format::Draft;
use crate::store::{Status, Task};

#[test]
fn tasks() {
    use super::super::task::*;
    let denied = Denial { tool: "Bash".into(), summary: "rm -r target".into() };
    let rows = [
        Row { task: task(Status::Running), name: "calm-otter".into(), position: None },
        Row { task: task(Status::Queued), name: "brave-elk".into(), position: Some(2) },
    ];
    let instant = Instant::now();
    let step = Doing::Tool { name: "Bash".into(), summary: "cargo test outbox".into() };
    let running = Progress { tools: 3, step, ..Progress::new(instant) };
    let waiting = |tasks: &[&str]| {
        let background = tasks.iter().map(|&task| task.to_owned()).collect();
        Progress { tools: 1, background, said: "I will be told.".into(), ..Progress::new(instant) }
    };
    let (one, three) = (waiting(&["look at the logs"]), waiting(&["look at the logs", "cargo test", "cargo doc"]));
    let name = "calm-otter";
    let long = Duration::from_secs(64);
    let doing = |step| progress_line(&Progress { step, ..running.clone() }, name, "claude", long, instant);
    let brief = in_brief(&task(Status::Running));
    let wall = wall()
        .with_text("in_brief", brief)
        .with("status", status(&rows, &[], 4, NOW))
        .with("status of none", status(&[], &[], 0, NOW))
        .with("status while one asks", status(&rows, &[(name.to_owned(), approval(None))], 0, NOW))
        .with("result", result(&answered("The test compared **two clocks**."), name, NOW))
        .with("result with denials", result(&Task { denials: vec![denied], ..answered("Done.") }, name, NOW))
        .with("result without words", result(&answered(" "), name, NOW))
        .with("result of a failure", result(&failed(Status::ErrorCli, "exit code 1\nno such file"), name, NOW))
        .with("result of a timeout", result(&failed(Status::ErrorTimeout, "It took longer than 30 min."), name, NOW))
        .with(
            "result of a cancelled run",
            result(&Task { result: Some("half".into()), ..task(Status::Aborted) }, name, NOW),
        )
        .with("result of an interrupted run", result(&task(Status::Interrupted), name, NOW))
        .with_text("our_fault", our_fault())
        .with("ended", ended(&task(Status::Ok), name, NOW))
        .with_text("progress_line", progress_line(&running, name, "claude/opus", Duration::from_secs(64), instant))
        .with("progress", progress(&task(Status::Running), name, &running, false, (NOW, instant)))
        .with_text("progress_line while it asks", doing(Doing::Asking { tool: "Bash".into() }))
        .with_text("progress_line while it asks for a command", doing(Doing::Asking { tool: "execute".into() }))
        .with_text(
            "progress_line with a command",
            doing(Doing::Tool { name: "execute".into(), summary: "make".into() }),
        )
        .with_text("progress_line with a question", doing(Doing::Questioning))
        .with_text("progress_line with a plan", doing(Doing::Proposing))
        .with_text("progress_line while it waits", doing(Doing::Retrying { attempt: 3, reason: "overloaded".into() }))
        .with("progress in the background", progress(&task(Status::Running), name, &one, false, (NOW, instant)))
        .with(
            "progress of much in the background",
            progress(&task(Status::Running), name, &three, false, (NOW, instant)),
        )
        .with("progress while it stops", progress(&task(Status::Running), name, &running, true, (NOW, instant)))
        .with("stopping", stopping(&[name.to_owned(), "brave-elk".to_owned()]))
        .with("nothing_to_stop", nothing_to_stop(false))
        .with("nothing_to_stop in the chat", nothing_to_stop(true))
        .with("already_ended", already_ended(&task(Status::Ok), name))
        .with("not_ended", not_ended(&task(Status::Running), name))
        .with("set_aside", set_aside(name))
        .with("discarded", discarded(name))
        .with("unknown", unknown("zzzz"))
        .with("ambiguous", ambiguous("k3", &[task(Status::Ok), task(Status::Ok)]))
        .with_text("asked", asked(&task(Status::Ok), NOW));
    shown("task", wall, include_str!("../task.rs"));
}

#[test]
fn unasked() {
    use super::super::unasked::*;
    use crate::agent::unasked::Unasked;
    let denials = vec![Denial { tool: "Bash".into(), summary: "touch x".into() }];
    let text = "The build is **done**. @everyone".to_owned();
    let (asked, name) = (task(Status::Ok), "calm-otter");
    let wall = wall()
        .with("said", said(&asked, name, &Unasked { text: text.clone(), denials: Vec::new() }, false))
        .with("said with denials", said(&asked, name, &Unasked { text: text.clone(), denials: denials.clone() }, false))
        .with("said without words", said(&asked, name, &Unasked { text: String::new(), denials }, false))
        .with("said once too often", said(&asked, name, &Unasked { text, denials: Vec::new() }, true));
    shown("unasked", wall, include_str!("../unasked.rs"));
}

#[test]
fn troubles() {
    use super::super::trouble::*;
    use crate::agent::trouble::{AgentTrouble, Remedy, Until};
    let codex = Remedy {
        agent: "codex".into(),
        log_in: Some("run `codex login`"),
        update: Some("npm install -g @openai/codex@latest".into()),
        version: Some("0.31.0".into()),
        args: vec!["--nosuch=1".into()],
    };
    let words = "error: unexpected argument '--output-schema' found";
    let of = |trouble: AgentTrouble| advice(&trouble, &codex, words);
    let notes = Remedy { agent: "notes".into(), ..Remedy::default() };
    let used_up = |until| of(AgentTrouble::UsedUp(Some(until)));
    let wall = wall()
        .with_text("advice", of(AgentTrouble::LoggedOut))
        .with_text("advice without a way to log in", advice(&AgentTrouble::LoggedOut, &notes, ""))
        .with_text("advice on a limit", of(AgentTrouble::Limited(None)))
        .with_text("advice on a limit that ends", of(AgentTrouble::Limited(Some(Until::In("33.5s".into())))))
        .with_text("advice on a quota", of(AgentTrouble::UsedUp(None)))
        .with_text("advice on a quota that is renewed", used_up(Until::At("3pm (Europe/Berlin)".into())))
        .with_text("advice on a quota that is renewed at a second", used_up(Until::Second(1_749_924_000)))
        .with_text("advice on a long conversation", of(AgentTrouble::TooLong))
        .with_text("advice on a model", of(AgentTrouble::NoSuchModel))
        .with_text("advice on another program", of(AgentTrouble::OpenElsewhere))
        .with_text("advice on a service", of(AgentTrouble::ServiceFails))
        .with_text("advice on a network", of(AgentTrouble::Unreached))
        .with_text("advice on a refusal", of(AgentTrouble::Refused))
        .with_text("advice on memory", of(AgentTrouble::OutOfMemory))
        .with_text("advice on a version", of(AgentTrouble::OldVersion))
        .with_text("advice on a version that is not known", advice(&AgentTrouble::OldVersion, &notes, words))
        .with_text(
            "advice on an argument of the configuration",
            advice(&AgentTrouble::OldVersion, &codex, "error: unexpected argument '--nosuch' found"),
        )
        .with_text("killed", killed("codex", 9))
        .with_text("killed by a shutdown", killed("codex", 15))
        .with_text("killed by itself", killed("codex", 11));
    shown("trouble", wall, include_str!("../trouble.rs"));
}

#[test]
fn runs() {
    use super::super::run::*;
    use crate::agent::trouble::Remedy;
    let run = |ended, cause, owed| Unfinished { ended, cause, owed, words: "no such file\n".into() };
    let code = Ended::Exited { code: 3 };
    let signal = Ended::Signalled { signal: 9 };
    let missing = Ended::NotFound { program: "claude".into() };
    let words = "error: unknown option '--x'\n\nUsage: claude [options]".to_owned();
    let old = Unfinished { words, ..run(code.clone(), None, true) };
    let remedy = Remedy {
        agent: "claude".into(),
        log_in: Some("run `claude` and type `/login`"),
        update: Some("npm install -g @anthropic-ai/claude-code@latest".into()),
        ..Remedy::default()
    };
    let broken = Ended::SpawnFailed { error: "permission denied".into() };
    let io = || std::io::Error::other("no room");
    let wall = wall()
        .with_text("failure", failure(&Failure::Said("401 Unauthorized".into()), &remedy))
        .with_text("failure of no known kind", failure(&Failure::Said("it broke".into()), &remedy))
        .with_text("failure as seen", failure(&Failure::Seen(run(code.clone(), None, true)), &remedy))
        .with_text("failure by a signal", failure(&Failure::Seen(run(signal.clone(), None, true)), &remedy))
        .with_text("failure of an old version", failure(&Failure::Seen(old), &remedy))
        .with_text("unfinished by a signal", unfinished(&run(signal.clone(), None, true)))
        .with_text("unfinished without a word of its own", unfinished(&run(code, None, false)))
        .with_text("unfinished by a signal without a word of its own", unfinished(&run(signal.clone(), None, false)))
        .with_text("unfinished", unfinished(&Unfinished { words: String::new(), ..run(missing, None, true) }))
        .with_text(
            "unfinished since broken",
            unfinished(&Unfinished { words: String::new(), ..run(broken, None, true) }),
        )
        .with_text("unfinished since cancelled", unfinished(&run(signal, Some(Cause::Cancelled), true)))
        .with_text("stopped", stopped(&Cause::OutputLimit))
        .with_text("stopped after its time", stopped(&Cause::Timeout { which: Bound::Background }))
        .with_text("stopped after silence", stopped(&Cause::Timeout { which: Bound::Idle }))
        .with_text("stopped after its answer", stopped(&Cause::Settled))
        .with_text("stopped for its files", stopped(&Cause::SpoolFailed { error: "no room".into() }))
        .with_text(
            "with_cut_off",
            with_cut_off("The agent ended.\nno such file".into(), &["a `look`".into(), "b".into()]),
        )
        .with_text("with_cut_off of nothing", with_cut_off("The agent ended.".into(), &[]))
        .with_text("no_reason", no_reason(""))
        .with_text("no_reason, with words", no_reason("no space left on device"))
        .with_text("compacted", compacted(&Compacted { before: 2737, after: Some(2607) }))
        .with_text("compacted to what is counted otherwise", compacted(&Compacted { before: 120, after: Some(3896) }))
        .with_text("compacted by nobody knows how much", compacted(&Compacted { before: 2737, after: None }))
        .with("late", super::super::line(&late(Bound::Background, Duration::from_secs(1800), "")))
        .with("late after silence", super::super::line(&late(Bound::Idle, Duration::from_secs(300), "")))
        .with_text("late with words", late(Bound::Idle, Duration::from_secs(300), "Log in at https://a.example/device"))
        .with("not_installed", super::super::line(&not_installed("claude", "install it with `npm install -g claude`")))
        .with_text("not_configured", not_configured("codex"))
        .with_text("rests", rests("gemini", Duration::from_secs(42)))
        .with_text("no_sandbox", no_sandbox("claude"))
        .with_text("not_started", not_started(&StartError::Spawn(io())))
        .with_text("not_started, handed over", not_started(&StartError::Frame(FrameError::TooLong)))
        .with_text("not_started, twice", not_started(&StartError::Exists))
        .with_text("not_started, refused", not_started(&StartError::Refused("no room".into())))
        .with_text("not_started, unknown", not_started(&StartError::Unknown(io())))
        .with("cut_answer", Draft::markdown(cut_answer("The first lines.", 2_000_000, "runs/k3m9qa7x-1/stdout")))
        .with("in_a_new_conversation", Draft::markdown(in_a_new_conversation("Done.")))
        .with_text("forgotten", forgotten(Some("No conversation found")))
        .with_text("forgotten without a word", forgotten(None));
    shown("run", wall, include_str!("../run.rs"));
}

#[test]
fn a_cent_is_a_cent_however_it_was_added_up() {
    let cents = [0.009_999_999_999_999_98, 0.01, 0.009_94, 0.000_5, 1.234].map(crate::format::cost);
    assert_eq!(cents, ["$0.01", "$0.01", "$0.0099", "$0.0005", "$1.23"]);
}
