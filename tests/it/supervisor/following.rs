//! Bots that come, go, and come back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signalbox::agent::event::Event;
use signalbox::agent::run::RunSpec;
use signalbox::agent::supervisor::client::{Attached, Run, StartError, attach};
use signalbox::agent::supervisor::wire::Control;
use signalbox_test_support::everyday::PATIENCE;

use super::scene::{Scene, end_of, eventually, final_word, launcher, play, said, until};
use super::trouble::supervisor;

async fn live(scene: &Scene, from: u64) -> Run {
    match attach(&scene.path("runs/1-1"), from).await.expect("the directory can be read") {
        Attached::Live(run) => run,
        other => panic!("{other:?}"),
    }
}

async fn ended(scene: &Scene, from: u64) -> Run {
    match attach(&scene.path("runs/1-1"), from).await.expect("the directory can be read") {
        Attached::Ended(run) => run,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_outlives_the_bot_that_started_it() {
    let scene = Scene::new();
    let go = scene.path("go");
    let prompt = format!("script: say one; wait {}; say two; answer done", go.display());
    let runtime = || tokio::runtime::Runtime::new().expect("a runtime");
    let seen = runtime().block_on(async {
        let mut run = launcher().start(&scene.claude(&prompt)).await.expect("the run starts");
        until(&mut run, said("one")).await;
        run.seen()
    });
    let events = runtime().block_on(async {
        let mut run = live(&scene, seen).await;
        fs::write(go, "").expect("a file");
        end_of(&mut run).await.0
    });
    assert!(said("two")(&events[0]), "what was seen is not repeated: {events:?}");
    assert_eq!(final_word(&events).outcome, Ok("done".into()));
    assert_eq!(scene.prompts().len(), 1);
}

#[tokio::test]
async fn every_event_is_seen_once_however_often_the_bot_reconnects() {
    let scene = Scene::new();
    let steps: Vec<String> = (0..50).map(|n| format!("say {n}; sleep 2")).collect();
    let mut run = launcher().start(&scene.claude(&format!("script: {}", steps.join(";")))).await.expect("it starts");
    let mut said = Vec::new();
    for _ in 0..20 {
        for _ in 0..2 {
            if let Event::Text { text } = until(&mut run, |_| true).await {
                said.push(text);
            }
        }
        run = live(&scene, run.seen()).await;
    }
    let (events, _) = end_of(&mut run).await;
    said.extend(events.into_iter().filter_map(|event| match event {
        Event::Text { text } => Some(text),
        _ => None,
    }));
    assert_eq!(said, (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn several_bots_see_the_same_and_one_that_does_not_read_holds_nobody_up() {
    let scene = Scene::new();
    let go = scene.path("go");
    let long = "x".repeat(100_000);
    let prompt = format!("script: say {long}; say {long}; say {long}; wait {}; answer done", go.display());
    let mut first = launcher().start(&scene.claude(&prompt)).await.expect("the run starts");
    let mut second = live(&scene, 0).await;
    let mut lazy = live(&scene, 0).await;
    fs::write(go, "").expect("a file");
    let (seen, exit) = end_of(&mut first).await;
    assert_eq!(end_of(&mut second).await, (seen.clone(), exit.clone()));
    assert_eq!(end_of(&mut lazy).await, (seen, exit), "the files tell what the socket did not");
}

#[tokio::test]
async fn an_ended_run_is_read_again_from_its_files() {
    let scene = Scene::new();
    let (events, exit) = play(&scene.claude("script: say one; answer done")).await;
    let mut again = ended(&scene, 0).await;
    assert_eq!(end_of(&mut again).await, (events.clone(), exit));
    assert_eq!(again.next().await, None);
    let mut rest = ended(&scene, 2).await;
    assert_eq!(end_of(&mut rest).await.0, events[2..]);
}

#[tokio::test]
async fn a_run_is_started_once() {
    let scene = Scene::new();
    let spec = scene.claude("hello");
    let launcher = launcher();
    let (one, two) = tokio::join!(launcher.start(&spec), launcher.start(&spec));
    let (mut run, refused) = match (one, two) {
        (Ok(run), Err(refused)) | (Err(refused), Ok(run)) => (run, refused),
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused, StartError::Exists), "{refused:?}");
    end_of(&mut run).await;
    assert!(matches!(launcher.start(&spec).await, Err(StartError::Exists)), "nor later");
    assert_eq!(scene.prompts(), ["hello"]);
}

#[tokio::test]
async fn a_supervisor_that_gets_no_run_starts_nothing() {
    let scene = Scene::new();
    drop(launcher().spawn().await.expect("it starts"));
    assert!(matches!(attach(&scene.path("runs/1-1"), 0).await, Ok(Attached::NeverStarted)));
}

#[tokio::test]
async fn what_supervisors_are_forked_from_ends_with_the_bot() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("a pair");
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_signalbox"));
    let mut child = command.arg("supervise").stdin(std::os::fd::OwnedFd::from(theirs)).spawn().expect("it starts");
    // The command holds the other end open.
    drop((command, ours));
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.expect("in time").expect("a status");
    assert!(status.success());
}

fn parent(pid: i32) -> i32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok()).expect("a parent")
}

#[tokio::test]
async fn all_runs_are_started_though_what_supervisors_are_forked_from_does_not_move() {
    let scene = Scene::new();
    let launcher = launcher();
    let spec = |run: &str| RunSpec { directory: scene.path(run), ..scene.claude("script: answer done") };
    let mut first = launcher
        .start(&RunSpec { prompt: "script: say one; hang".into(), ..spec("runs/1-1") })
        .await
        .expect("it starts");
    until(&mut first, said("one")).await;
    let zygote = Pid::from_raw(parent(supervisor(&spec("runs/1-1").directory).process.pid));
    kill(zygote, Signal::SIGSTOP).expect("it is stopped");
    // Whoever has waited for long enough has it replaced, and not what has taken its place for the others.
    let specs = [spec("runs/2-1"), spec("runs/3-1"), spec("runs/4-1")];
    let (two, three, four) =
        tokio::join!(launcher.start(&specs[0]), launcher.start(&specs[1]), launcher.start(&specs[2]));
    for run in [two, three, four] {
        let (events, _) = end_of(&mut run.expect("the run starts")).await;
        assert_eq!(final_word(&events).outcome, Ok("done".into()));
    }
    first.control(&Control::cancel()).await.expect("the first goes on");
    end_of(&mut first).await;
}

#[tokio::test]
async fn a_run_is_started_though_what_supervisors_are_forked_from_was_killed() {
    let scene = Scene::new();
    let launcher = launcher();
    let mut spec = scene.claude("script: say one; hang");
    let mut first = launcher.start(&spec).await.expect("the run starts");
    until(&mut first, said("one")).await;
    let zygote = parent(supervisor(&spec.directory).process.pid);
    kill(Pid::from_raw(zygote), Signal::SIGKILL).expect("it is killed");
    spec.directory = scene.path("runs/2-1");
    spec.prompt = "script: answer two".into();
    let mut second = launcher.start(&spec).await.expect("the next run starts");
    assert_eq!(final_word(&end_of(&mut second).await.0).outcome, Ok("two".into()));
    first.control(&Control::cancel()).await.expect("the first goes on");
    end_of(&mut first).await;
}

#[tokio::test]
async fn a_directory_may_be_deeper_than_a_socket_address_is_long() {
    let scene = Scene::new();
    let mut spec = scene.claude("script: say one; answer done");
    spec.directory = scene.path(&"a-long-name/".repeat(20)).join("1-1");
    assert!(spec.directory.as_os_str().len() > 200);
    let mut run = launcher().start(&spec).await.expect("the run starts");
    until(&mut run, said("one")).await;
    let (events, _) = end_of(&mut run).await;
    assert_eq!(final_word(&events).outcome, Ok("done".into()));
}

#[tokio::test]
async fn what_a_run_leaves_is_for_its_user_only() {
    let scene = Scene::new();
    let spec = scene.claude("script: say one; hang");
    let mut run = launcher().start(&spec).await.expect("the run starts");
    until(&mut run, said("one")).await;
    eventually("the agent's record", || spec.directory.join("agent.json").exists()).await;
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    assert_eq!(mode(&spec.directory), 0o700);
    for file in fs::read_dir(&spec.directory).expect("a directory").flatten() {
        assert_eq!(mode(&file.path()), 0o600, "{:?}", file.path());
    }
}

#[tokio::test]
async fn an_agent_has_its_own_three_descriptors_whatever_the_bot_was_started_with() {
    let scene = Scene::new();
    fs::write(scene.path("secret"), "x").expect("written");
    let file = fs::File::open(scene.path("secret")).expect("opened");
    // A copy that programs which are started inherit, as a service manager or a shell leaves it open.
    let lent = nix::unistd::dup(&file).expect("a copy");
    let list = "for fd in /proc/$$/fd/*; do readlink $fd; done; true";
    let (events, exit) = play(&scene.shell(list)).await;
    drop(lent);
    assert!(exit.final_seen, "{exit:?}");
    let said = final_word(&events).outcome.as_ref().expect("it answers");
    let of_others: Vec<_> =
        said.lines().filter(|it| !it.starts_with("pipe:") && !it.contains("/runs/1-1/std")).collect();
    assert_eq!((of_others, said.lines().count()), (Vec::<&str>::new(), 3), "{said}");
}
