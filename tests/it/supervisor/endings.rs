//! Ways in which runs end; none leaves a process.

use std::time::Duration;

use signalbox::agent::exit::{Bound, Cause, Ended};
use signalbox::agent::supervisor::client::Attached;
use signalbox::agent::supervisor::client::attach;
use signalbox::agent::supervisor::wire::Control;

use super::scene::{NOBODY, Scene, end_of, eventually, final_word, launcher, living, play, said, unfinished, until};

/// A time that is over before anything else happens.
const SHORT: Duration = Duration::from_millis(100);
/// A silence that no agent keeps by being slow to start, on a busy machine either.
const LONG_SILENCE: Duration = Duration::from_secs(6);

#[tokio::test]
async fn cancelling_ends_even_what_ignores_signals_and_has_left_its_family() {
    let scene = Scene::new();
    let mut spec = scene.claude("script: ignore-term; leave; leave; say ready; hang");
    spec.bounds.kill_grace = SHORT;
    let mut run = launcher().start(&spec).await.expect("the run starts");
    until(&mut run, said("ready")).await;
    assert!(living(&spec.directory).len() >= 3, "the agent and what it left");
    run.control(&Control::cancel()).await.expect("cancelled");
    let (events, exit) = end_of(&mut run).await;
    assert_eq!(living(&spec.directory), NOBODY);
    assert_eq!(exit.ended, Ended::Signalled { signal: 9 });
    assert_eq!((exit.cause, exit.final_seen, exit.survivors), (Some(Cause::Cancelled), false, 0));
    assert_eq!(unfinished(&events).cause, Some(Cause::Cancelled));
}

#[tokio::test]
async fn an_agent_that_heeds_sigterm_is_not_waited_for() {
    let scene = Scene::new();
    let mut run = launcher().start(&scene.claude("script: leave; say ready; hang")).await.expect("the run starts");
    until(&mut run, said("ready")).await;
    run.control(&Control::cancel()).await.expect("cancelled");
    let (_, exit) = end_of(&mut run).await;
    assert_eq!(exit.ended, Ended::Signalled { signal: 15 });
    assert_eq!(living(run.directory()), NOBODY);
}

#[tokio::test]
async fn a_run_that_takes_too_long_is_ended() {
    let scene = Scene::new();
    let mut spec = scene.claude("script: open-tool Bash sleep; leave; hang");
    spec.bounds.background = SHORT;
    spec.bounds.kill_grace = SHORT;
    let (_, exit) = play(&spec).await;
    assert_eq!(exit.cause, Some(Cause::Timeout { which: Bound::Background }));
}

#[tokio::test]
async fn a_silent_run_is_ended_unless_a_tool_works() {
    let scene = Scene::new();
    let mut spec = scene.claude("script: hang");
    spec.bounds.idle = Some(SHORT);
    let (_, exit) = play(&spec).await;
    assert_eq!(exit.cause, Some(Cause::Timeout { which: Bound::Idle }));

    let scene = Scene::new();
    let mut spec = scene.claude("script: open-tool Bash make; hang");
    spec.bounds.idle = Some(LONG_SILENCE);
    spec.bounds.background = LONG_SILENCE + Duration::from_secs(1);
    let (_, exit) = play(&spec).await;
    assert_eq!(exit.cause, Some(Cause::Timeout { which: Bound::Background }));
}

#[tokio::test]
async fn a_result_stands_when_its_agent_does_not_exit() {
    let scene = Scene::new();
    let mut spec = scene.claude("script: stay; ignore-term; leave; answer done");
    spec.bounds.settle = SHORT;
    spec.bounds.kill_grace = SHORT;
    let (events, exit) = play(&spec).await;
    assert_eq!((exit.cause, exit.final_seen), (Some(Cause::Settled), true));
    assert_eq!(final_word(&events).outcome, Ok("done".into()));
}

#[tokio::test]
async fn what_an_agent_leaves_behind_ends_with_it() {
    let scene = Scene::new();
    let (events, exit) = play(&scene.claude("script: leave; answer done")).await;
    assert_eq!(exit.ended, Ended::Exited { code: 0 });
    assert_eq!(final_word(&events).outcome, Ok("done".into()));
    // A shell's background job holds the output open.
    let scene = Scene::new();
    let (events, _) = play(&scene.shell("setsid sleep 1000 & echo done")).await;
    assert_eq!(final_word(&events).outcome, Ok("done".into()));
}

#[tokio::test]
async fn a_tree_that_keeps_growing_is_ended() {
    let scene = Scene::new();
    let mut spec = scene.shell("trap '' TERM; while :; do setsid sleep 1000 & done");
    spec.bounds.kill_grace = Duration::from_millis(1);
    let mut run = launcher().start(&spec).await.expect("the run starts");
    eventually("some processes", || living(&spec.directory).len() > 20).await;
    run.control(&Control::cancel()).await.expect("cancelled");
    let (_, exit) = end_of(&mut run).await;
    assert_eq!((living(&spec.directory), exit.survivors), (NOBODY.to_vec(), 0));
}

#[tokio::test]
async fn an_agent_that_writes_without_end_is_ended() {
    let scene = Scene::new();
    let mut spec = scene.text(&["yes"], "");
    spec.bounds.max_output_bytes = 1024 * 1024;
    let (events, exit) = play(&spec).await;
    assert_eq!(exit.cause, Some(Cause::OutputLimit));
    assert!(exit.output_bytes > 1024 * 1024);
    assert_eq!(unfinished(&events).cause, Some(Cause::OutputLimit));
}

#[tokio::test]
async fn a_hundred_megabytes_without_a_line_break_are_survived() {
    let scene = Scene::new();
    let (events, exit) = play(&scene.claude("script: flood 100000000; raw; say after; answer done")).await;
    assert!(exit.output_bytes > 100_000_000);
    assert!(events.iter().any(said("after")));
    assert_eq!(final_word(&events).outcome, Ok("done".into()));
}

#[tokio::test]
async fn an_agent_without_a_final_word_is_truncated() {
    for script in ["crash 0", "raw garbage {; err it broke; crash 3", "raw {\"type\":\"result\"; crash 0"] {
        let scene = Scene::new();
        let (events, exit) = play(&scene.claude(&format!("script: {script}"))).await;
        let unfinished = unfinished(&events);
        assert!(unfinished.owed && unfinished.cause.is_none(), "{unfinished:?}");
        assert!(!exit.final_seen);
        assert_eq!(unfinished.words.contains("it broke"), script.contains("err"), "{unfinished:?}");
    }
}

#[tokio::test]
async fn a_program_that_is_missing_or_no_program_is_said_so() {
    let scene = Scene::new();
    let (events, exit) = play(&scene.text(&["no-such-agent"], "x")).await;
    assert_eq!(exit.ended, Ended::NotFound { program: "no-such-agent".into() });
    assert_eq!(unfinished(&events).ended, exit.ended);

    let scene = Scene::new();
    std::fs::create_dir_all(scene.path("work")).expect("a directory");
    std::fs::write(scene.path("work/agent"), "no program").expect("a file");
    let (_, exit) = play(&scene.text(&["./agent"], "x")).await;
    assert!(matches!(&exit.ended, Ended::SpawnFailed { error } if error.contains("ermission")), "{exit:?}");
}

#[tokio::test]
async fn sigterm_to_the_supervisor_cancels_its_run() {
    let scene = Scene::new();
    let spec = scene.claude("script: say ready; hang");
    let mut run = launcher().start(&spec).await.expect("the run starts");
    until(&mut run, said("ready")).await;
    let record = std::fs::read(spec.directory.join("supervisor.json")).expect("the record");
    let record: serde_json::Value = serde_json::from_slice(&record).expect("JSON");
    let pid = i32::try_from(record["pid"].as_i64().expect("a pid")).expect("a pid");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM).expect("a signal");
    let (_, exit) = end_of(&mut run).await;
    assert_eq!(exit.cause, Some(Cause::Cancelled));
    assert!(matches!(attach(&spec.directory, 0).await, Ok(Attached::Ended(_))));
}
