//! An agent that is kept when its run ends, as a bot finds it.

use std::fs;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use signalbox::agent::exit::Ended;
use signalbox::agent::run::RunSpec;
use signalbox::agent::supervisor::client::{KeptAgent, StartError};
use signalbox::agent::supervisor::{MAX_UNASKED_AN_HOUR, UnaskedNote, frame};
use signalbox::config::Permission;

use super::scene::{NOBODY, Scene, end_of, eventually, final_word, launcher, living};

/// A run of an agent that is to be kept.
fn keeping(scene: &Scene, run: &str, prompt: &str) -> RunSpec {
    let spec = scene.claude(prompt);
    let directory = spec.directory.with_file_name(run);
    RunSpec { directory, keep_warm: Some(Duration::from_secs(600)), conversation: Some("s-1".into()), ..spec }
}

/// The agent that is kept after a first run.
async fn kept(scene: &Scene, spec: &RunSpec) -> KeptAgent {
    let mut run = launcher().start(spec).await.expect("the run starts");
    let (events, exit) = end_of(&mut run).await;
    assert_eq!((&final_word(&events).outcome.is_ok(), &exit.ended), (&true, &Ended::Kept));
    let mut all = KeptAgent::all(&scene.path(""));
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[tokio::test]
async fn it_takes_a_run_that_is_like_its_own_and_is_gone_for_another() {
    let scene = Scene::new();
    let first = keeping(&scene, "1-1", "one");
    let agent = kept(&scene, &first).await;
    assert!(agent.memory_bytes() > 100_000, "{}", agent.memory_bytes());
    let second = keeping(&scene, "2-1", "two");
    let mut run = agent.hand_over(&second).await.expect("it takes it");
    let (events, exit) = end_of(&mut run).await;
    assert_eq!(final_word(&events).outcome, Ok("turn 2: two".into()));
    assert_eq!((exit.pid, exit.ended), (Some(agent.record().pid), Ended::Kept));
    let stdout = fs::read_to_string(second.directory.join("stdout")).expect("its own output");
    assert!(stdout.contains("turn 2: two") && !stdout.contains("turn 1"), "{stdout}");
    let third = RunSpec { permission: Permission::All, ..keeping(&scene, "3-1", "three") };
    let refused = agent.hand_over(&third).await;
    assert!(matches!(refused, Err(StartError::Gone)), "{refused:?}");
    assert!(!third.directory.exists());
    assert_eq!(living(&first.directory), NOBODY);
    assert_eq!(KeptAgent::all(&scene.path("")).len(), 0);
    eventually("its home is gone", || !scene.path("warm/1-1").exists()).await;
}

#[tokio::test]
async fn a_run_that_was_begun_elsewhere_is_not_begun_by_it_and_half_a_word_is_none() {
    let scene = Scene::new();
    let first = keeping(&scene, "1-1", "one");
    let agent = kept(&scene, &first).await;
    let second = keeping(&scene, "2-1", "two");
    let frame = frame::encode(&second).expect("a frame");
    for length in [0, 5, 9, frame.len() - 1] {
        let mut stream = UnixStream::connect(scene.path("warm/1-1/sock")).expect("it listens");
        stream.write_all(&frame[..length]).expect("it is written");
    }
    fs::create_dir(&second.directory).expect("made");
    let refused = agent.hand_over(&second).await;
    assert!(matches!(refused, Err(StartError::Exists)), "{refused:?}");
    assert_eq!(scene.prompts(), ["one"]);
    assert_eq!(living(&first.directory), NOBODY, "another may have the conversation");
}

#[tokio::test]
async fn one_that_ends_without_a_word_is_started_once_more() {
    let scene = Scene::new();
    let answers = r#"read prompt; echo '{"type":"system","subtype":"init","session_id":"s-1"}'
        echo '{"type":"result","is_error":false,"result":"answered","num_turns":1,"session_id":"s-1"}'
        read prompt; exit 7"#;
    let argv = || vec!["sh".to_owned(), "-c".to_owned(), answers.to_owned()];
    let agent = kept(&scene, &RunSpec { argv: argv(), ..keeping(&scene, "1-1", "one") }).await;
    let second = RunSpec { argv: argv(), ..keeping(&scene, "2-1", "two") };
    let mut run = agent.hand_over(&second).await.expect("it takes it");
    let (events, exit) = end_of(&mut run).await;
    assert_eq!(final_word(&events).outcome, Ok("answered".into()));
    assert_ne!(exit.pid, Some(agent.record().pid));
    let agent = KeptAgent::all(&scene.path("")).remove(0);
    assert!(agent.end().await && KeptAgent::all(&scene.path("")).is_empty());
}

#[tokio::test]
async fn one_that_has_failed_is_not_kept() {
    let scene = Scene::new();
    let spec = keeping(&scene, "1-1", "script: fail Not logged in");
    let mut run = launcher().start(&spec).await.expect("the run starts");
    let (_, exit) = end_of(&mut run).await;
    assert_ne!(exit.ended, Ended::Kept);
    assert_eq!(living(&spec.directory), NOBODY);
}

#[tokio::test]
async fn one_that_goes_on_by_itself_is_heard_so_often_within_an_hour_and_then_ended() {
    let scene = Scene::new();
    let notes = scene.path("unasked");
    // Each turn of its own is written down before the next begins.
    let goes_on = format!(
        r#"turn() {{ echo '{{"type":"system","subtype":"init","session_id":"s-1"}}'
            echo '{{"type":"result","is_error":false,"result":"'"$1"'","num_turns":1,"session_id":"s-1"}}'; }}
        read prompt; turn answered; number=0
        while :; do turn "by itself"; while [ ! -e '{}/1-1.'$number.json ]; do sleep 0.01; done
            number=$((number + 1)); done"#,
        notes.display()
    );
    let argv = vec!["sh".to_owned(), "-c".to_owned(), goes_on];
    let first = RunSpec { argv, ..keeping(&scene, "1-1", "one") };
    let mut run = launcher().start(&first).await.expect("the run starts");
    let (events, exit) = end_of(&mut run).await;
    assert_eq!((final_word(&events).outcome.clone(), exit.ended), (Ok("answered".into()), Ended::Kept));
    let all = || fs::read_dir(&notes).into_iter().flatten().flatten().map(|note| note.path()).collect::<Vec<_>>();
    eventually("it is ended", || all().len() >= MAX_UNASKED_AN_HOUR && living(&first.directory) == NOBODY).await;
    let read = |path: &std::path::PathBuf| serde_json::from_slice::<UnaskedNote>(&fs::read(path).expect("a note"));
    let told: Vec<UnaskedNote> = all().iter().map(|path| read(path).expect("JSON")).collect();
    assert_eq!((told.len(), told.iter().filter(|note| note.is_last).count()), (MAX_UNASKED_AN_HOUR, 1));
    assert!(told.iter().all(|note| note.run == "1-1" && note.said.text == "by itself"), "{told:?}");
    eventually("its home is gone", || KeptAgent::all(&scene.path("")).is_empty()).await;
}
