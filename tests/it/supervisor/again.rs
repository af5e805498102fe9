//! Supervisors that take one run after the other.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signalbox::agent::supervisor::client::{Attached, Launcher, attach};
use signalbox::agent::supervisor::{SUPERVISOR_FILE, end_by_force, end_leftovers};

use super::scene::{NOBODY, Scene, end_of, eventually, final_word, launcher, living, said, until};
use super::trouble::supervisor;

/// Tells the supervisor, the mask for files, the number by which a run is known, and what is held open beside the usual.
const TELL: &str = "echo $PPID $(umask) $(cat /proc/self/oom_score_adj) $(ls /proc/self/fd | wc -w)";

/// Runs a shell's script to its end; returns the words of its answer.
async fn run(launcher: &Launcher, scene: &Scene, name: &str, script: &str) -> Vec<String> {
    let mut spec = scene.shell(script);
    spec.directory = spec.directory.with_file_name(name);
    let mut run = launcher.start(&spec).await.expect("the run starts");
    let (events, exit) = end_of(&mut run).await;
    assert!(exit.final_seen, "{exit:?}");
    let answer = final_word(&events).outcome.as_ref().expect("an answer").to_string();
    answer.split_whitespace().map(str::to_owned).collect()
}

fn is_there(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with('Z'))
}

fn signal(pid: &str, signal: Signal) {
    kill(Pid::from_raw(pid.parse().expect("an id")), signal).expect("it is there");
}

#[tokio::test]
async fn a_supervisor_whose_run_is_over_takes_the_next_as_if_it_were_its_first() {
    let (scene, launcher) = (Scene::new(), launcher());
    let first = run(&launcher, &scene, "1-1", TELL).await;
    assert!(!scene.path("runs/1-1").join(SUPERVISOR_FILE).exists(), "it is nobody's any more");
    let again = run(&launcher, &scene, "2-1", TELL).await;
    assert_eq!((&again[0], &again[1], &again[3]), (&first[0], &first[1], &first[3]));
    assert_ne!(again[2], first[2], "each run has a number of its own");
    let other = run(&super::scene::launcher(), &scene, "1-1b", TELL).await;
    assert_ne!(other[0], first[0], "another bot has its own");
    assert!(is_there(&first[0]));
    drop(launcher);
    eventually("it ends with its bot", || !is_there(&first[0])).await;
}

#[tokio::test]
async fn one_that_is_gone_when_it_is_wanted_is_missed_by_nobody() {
    for how in [Signal::SIGKILL, Signal::SIGTERM] {
        let (scene, launcher) = (Scene::new(), launcher());
        let first = run(&launcher, &scene, "1-1", TELL).await;
        signal(&first[0], how);
        let next = run(&launcher, &scene, "2-1", TELL).await;
        assert_ne!(next[0], first[0], "{how}");
        assert_eq!(living(&scene.path("runs/2-1")), NOBODY);
    }
}

#[tokio::test]
async fn the_end_of_an_earlier_run_does_not_touch_a_supervisor_that_has_the_next() {
    let (scene, launcher) = (Scene::new(), launcher());
    let first = run(&launcher, &scene, "1-1", "echo $PPID").await;
    let mut spec = scene.claude("script: say ready; hang");
    spec.directory = spec.directory.with_file_name("2-1");
    let mut next = launcher.start(&spec).await.expect("the run starts");
    until(&mut next, said("ready")).await;
    assert_eq!(supervisor(&spec.directory).process.pid.to_string(), first[0]);
    assert_eq!(end_by_force(&scene.path("runs/1-1")).expect("nothing is in the way"), 0);
    assert_eq!(end_leftovers(&scene.path("runs/1-1")).expect("nothing is left"), 0);
    assert!(matches!(attach(&scene.path("runs/1-1"), 0).await, Ok(Attached::Ended(_))));
    assert!(matches!(attach(&spec.directory, 0).await, Ok(Attached::Live(_))), "it goes on");
    assert_eq!(living(&spec.directory).len(), 1);
    // Its bot is gone: the run goes on, and the supervisor ends with it.
    drop((next, launcher));
    assert!(matches!(attach(&spec.directory, 0).await, Ok(Attached::Live(_))), "without its bot, too");
    signal(&first[0], Signal::SIGTERM);
    eventually("it ends", || !is_there(&first[0])).await;
    assert!(matches!(attach(&spec.directory, 0).await, Ok(Attached::Ended(_))));
}

#[tokio::test]
async fn what_was_cancelled_or_said_much_is_the_last_of_its_supervisor() {
    let (scene, launcher) = (Scene::new(), launcher());
    let much = run(&launcher, &scene, "1-1", "echo $PPID; head -c 2000000 /dev/zero | tr '\\0' x").await;
    eventually("it ends", || !is_there(&much[0])).await;
    let next = run(&launcher, &scene, "2-1", TELL).await;
    assert_ne!(next[0], much[0]);
}
