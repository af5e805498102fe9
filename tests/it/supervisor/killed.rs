//! What a killed supervisor has left behind without any sign of its run.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signalbox::agent::supervisor::client::RunNews;
use signalbox::agent::supervisor::end_leftovers;
use signalbox_test_support::everyday::PATIENCE;
use tokio::time::timeout;

use super::scene::{Scene, eventually, launcher, living, said, until};
use super::trouble::supervisor;

fn is_there(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with('Z'))
}

fn number_of(pid: i32) -> i32 {
    let number = fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).expect("it is there");
    number.trim().parse().expect("a number")
}

/// Starts a run that leaves a process behind which has nothing of ours; returns that process.
async fn leaving(scene: &Scene, name: &str) -> (signalbox::agent::supervisor::client::Run, std::path::PathBuf, i32) {
    let mut spec = scene.claude(&format!("script: leave-clean {}; say ready; hang", scene.path(name).display()));
    spec.directory = spec.directory.with_file_name(name);
    let mut run = launcher().start(&spec).await.expect("the run starts");
    until(&mut run, said("ready")).await;
    let left = fs::read_to_string(scene.path(name)).expect("it was started").parse().expect("an id");
    (run, spec.directory, left)
}

#[tokio::test]
async fn what_left_a_killed_run_with_a_clean_environment_is_ended_and_that_of_another_run_is_not() {
    let scene = Scene::new();
    let (mut killed, directory, stray) = leaving(&scene, "killed").await;
    let (mut goes_on, other_directory, other) = leaving(&scene, "other").await;
    assert!(!living(&directory).contains(&stray), "it carries no mark");
    kill(Pid::from_raw(supervisor(&directory).process.pid), Signal::SIGKILL).expect("it is killed");
    assert_eq!(timeout(PATIENCE, killed.next()).await.expect("in time"), Some(RunNews::Lost));
    end_leftovers(&directory).expect("they can be ended");
    eventually("it is gone", || !is_there(stray)).await;
    assert!(is_there(other), "its supervisor lives");
    kill(Pid::from_raw(supervisor(&other_directory).process.pid), Signal::SIGKILL).expect("it is killed");
    while timeout(PATIENCE, goes_on.next()).await.expect("in time").is_some() {}
    end_leftovers(&other_directory).expect("they can be ended");
    eventually("it is gone, too", || !is_there(other)).await;
}

#[tokio::test]
async fn where_memory_runs_out_the_agent_goes_before_its_supervisor() {
    let scene = Scene::new();
    let (_run, directory, left) = leaving(&scene, "run").await;
    let supervisor = supervisor(&directory).process.pid;
    assert!(number_of(left) >= 500 && number_of(left) > number_of(supervisor), "{}", number_of(left));
    assert!(living(&directory).into_iter().all(|pid| number_of(pid) == number_of(left)));
    end_leftovers(&directory).expect_err("it lives");
    signalbox::agent::supervisor::end_by_force(&directory).expect("all can be ended");
    eventually("it is gone", || !is_there(left)).await;
}
