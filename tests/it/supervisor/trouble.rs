//! Supervisors that are killed, and disks that are full.

use std::path::Path;

use nix::sys::inotify::{InitFlags, Inotify};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signalbox::agent::exit::Cause;
use signalbox::agent::supervisor::client::{Attached, Launcher, RunNews, attach};
use signalbox::agent::supervisor::{Record, SUPERVISOR_FILE, end_by_force, end_leftovers};
use signalbox::config::Permission;
use signalbox_test_support::everyday::PATIENCE;
use tokio::time::timeout;

use super::scene::{NOBODY, Scene, end_of, final_word, launcher, living, play, said, until};

pub(crate) fn supervisor(run: &Path) -> Record {
    let json = std::fs::read(run.join(SUPERVISOR_FILE)).expect("the supervisor recorded itself");
    serde_json::from_slice(&json).expect("a record")
}

#[tokio::test]
async fn what_a_killed_supervisor_leaves_is_found_and_ended() {
    let scene = Scene::new();
    let spec = scene.claude("script: ignore-term; leave; leave; say ready; hang");
    let mut run = launcher().start(&spec).await.expect("the run starts");
    until(&mut run, said("ready")).await;
    assert!(end_leftovers(&spec.directory).is_err(), "a living supervisor is asked instead");
    kill(Pid::from_raw(supervisor(&spec.directory).process.pid), Signal::SIGKILL).expect("it is killed");
    let news = timeout(PATIENCE, run.next()).await.expect("in time");
    assert_eq!(news, Some(RunNews::Lost));
    assert_eq!(run.next().await, None);
    assert!(matches!(attach(&spec.directory, 0).await, Ok(Attached::Dead)));
    assert!(living(&spec.directory).len() >= 3);
    assert!(end_leftovers(&spec.directory).expect("they can be ended") >= 3);
    assert_eq!(living(&spec.directory), NOBODY);
    assert_eq!(end_leftovers(&spec.directory).expect("nothing is left"), 0);
}

#[tokio::test]
async fn a_supervisor_that_is_stopped_does_not_answer_and_is_ended_with_its_run() {
    let scene = Scene::new();
    let spec = scene.claude("script: leave; say ready; hang");
    let mut run = launcher().start(&spec).await.expect("the run starts");
    until(&mut run, said("ready")).await;
    let supervisor = supervisor(&spec.directory).process;
    kill(Pid::from_raw(supervisor.pid), Signal::SIGSTOP).expect("it is stopped");
    assert!(matches!(attach(&spec.directory, 0).await, Ok(Attached::Mute)));
    assert!(end_leftovers(&spec.directory).is_err(), "it lives");
    assert!(end_by_force(&spec.directory).expect("they can be ended") >= 3);
    assert!(!supervisor.is_alive());
    assert_eq!(living(&spec.directory), NOBODY);
}

#[tokio::test]
async fn a_full_disk_ends_the_run_and_says_so() {
    let scene = Scene::new();
    let program = scene.path("limited");
    let script = format!("#!/bin/sh\nulimit -f 8\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_signalbox"));
    std::fs::write(&program, script).expect("a program");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&program, mode).expect("a program");
    // What the agent writes fits; as JSON it is several times as long.
    let spec = scene.shell("head -c 3000 /dev/zero; sleep 0");
    let mut run = Launcher::new(program).start(&spec).await.expect("the run starts");
    let (events, exit) = end_of(&mut run).await;
    assert!(matches!(exit.cause, Some(Cause::SpoolFailed { .. })), "{exit:?}");
    assert!(!exit.final_seen);
    assert_eq!(events, [], "half an event is none");
}

#[tokio::test]
async fn an_agent_cannot_speak_to_its_own_supervisor_as_a_bot() {
    let scene = Scene::new();
    let (events, exit) = play(&scene.claude("script: cancel-itself; answer done")).await;
    assert_eq!(exit.cause, None);
    assert_eq!(final_word(&events).outcome, Ok("done".into()));
}

#[tokio::test]
async fn a_run_goes_on_where_the_kernel_has_no_more_watches_to_give() {
    // The usual limit is 128 a user; where it is higher, this is a run like any other.
    let taken: Vec<Inotify> = (0..200).map_while(|_| Inotify::init(InitFlags::IN_CLOEXEC).ok()).collect();
    let scene = Scene::new();
    let mut spec = scene.claude("script: ask Bash touch a; say after; answer done");
    spec.permission = Permission::All;
    let (events, exit) = play(&spec).await;
    drop(taken);
    assert!(events.iter().any(said("after")));
    assert!(exit.final_seen);
}
