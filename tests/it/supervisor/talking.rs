//! What agents say and are told.

use std::time::Duration;

use signalbox::agent::digest::Digest;
use signalbox::agent::event::{Decision, Event};
use signalbox::agent::exit::{Cause, Ended};
use signalbox::agent::supervisor::client::RunNews;
use signalbox::agent::supervisor::wire::Control;
use signalbox::config::Permission;
use signalbox_test_support::programs::scripted_agent;

use super::scene::{Scene, end_of, final_word, launcher, play, said, unfinished, until};

#[tokio::test]
async fn a_filter_answers_with_its_whole_output() {
    let scene = Scene::new();
    let (events, exit) = play(&scene.text(&["sh", "-c", "cat | tr a-z A-Z"], "--version; $HOME `x`\n")).await;
    assert_eq!(final_word(&events).outcome, Ok("--VERSION; $HOME `X`".into()));
    assert_eq!(exit.ended, Ended::Exited { code: 0 });
    assert!(exit.final_seen && exit.cause.is_none());
}

#[tokio::test]
async fn a_prompt_of_a_mebibyte_comes_through() {
    let scene = Scene::new();
    let prompt = "äöü€".repeat(100_000);
    let (events, _) = play(&scene.text(&["cat"], &prompt)).await;
    assert_eq!(final_word(&events).outcome, Ok(prompt));
}

#[tokio::test]
async fn an_agent_need_not_read_its_prompt() {
    let scene = Scene::new();
    let (events, _) = play(&scene.text(&["true"], &"x".repeat(1024 * 1024))).await;
    assert_eq!(final_word(&events).outcome, Ok(String::new()));
}

#[tokio::test]
async fn an_agent_gets_its_own_environment_directory_and_scratch_only() {
    let scene = Scene::new();
    let (events, _) = play(&scene.shell("pwd; echo \"$TMPDIR\"; umask; env | sort | cut -d= -f1 | tr '\\n' ' '")).await;
    let answer = final_word(&events).outcome.clone().expect("success");
    let lines: Vec<&str> = answer.lines().collect();
    assert_eq!(lines[0], scene.path("work").display().to_string());
    assert_eq!(lines[1], scene.path("scratch").display().to_string());
    let own = std::process::Command::new("sh").args(["-c", "umask"]).output().expect("a shell").stdout;
    assert_eq!(format!("{}\n", lines[2]).as_bytes(), own, "files of the user's project keep the user's mask");
    assert_eq!(lines[3].trim(), "PATH PWD SCRIPTED_AGENT_LOG SCRIPTED_AGENT_SESSIONS SIGNALBOX_RUN TMPDIR");
    assert!(scene.path("scratch").exists(), "the scratch directory stays for the session's next run");
}

#[tokio::test]
async fn another_exit_code_is_an_error_with_its_text() {
    let scene = Scene::new();
    let (events, exit) = play(&scene.shell("echo no such model >&2; exit 7")).await;
    let unfinished = unfinished(&events);
    assert_eq!((&unfinished.ended, unfinished.words.as_str()), (&Ended::Exited { code: 7 }, "no such model"));
    assert_eq!(exit.stderr_tail, "no such model\n");
}

#[tokio::test]
async fn events_of_our_own_agents_pass_through() {
    let scene = Scene::new();
    let agent = scripted_agent().display().to_string();
    let spec = scene.spec("host", &[&agent, "--native"], "script: tool probe load; raw noise; answer fine");
    let (events, _) = play(&spec).await;
    assert!(matches!(&events[1], Event::ToolStarted { name, summary, .. } if name == "probe" && summary == "load"));
    assert_eq!(final_word(&events).outcome, Ok("fine".into()));
    assert_eq!(events.len(), 4, "{events:?}");
}

#[tokio::test]
async fn a_session_is_resumed_with_its_history_and_an_unknown_one_is_said_to_be() {
    let scene = Scene::new();
    let mut spec = scene.claude("one");
    let (events, _) = play(&spec).await;
    assert!(matches!(&events[0], Event::Session { id, .. } if id == "s-1"));
    for (directory, session) in [("runs/1-2", "s-1"), ("runs/1-3", "s-2")] {
        spec.directory = scene.path(directory);
        spec.prompt = "two".into();
        spec.argv.truncate(3);
        spec.argv.extend(["--resume".into(), session.into()]);
        let (events, _) = play(&spec).await;
        let word = final_word(&events);
        match session {
            "s-1" => assert_eq!(word.outcome, Ok("turn 2: two".into())),
            _ => assert!(word.unknown_session && word.outcome.is_err(), "{word:?}"),
        }
    }
}

#[tokio::test]
async fn permission_is_asked_for_and_the_answer_reaches_the_agent() {
    let scene = Scene::new();
    let spec = scene.claude("script: ask Bash touch a; ask Bash touch b; ask Write c; answer done");
    let mut run = launcher().start(&spec).await.expect("the run starts");
    let mut events = Vec::new();
    let mut decisions = [Decision::AllowForSession, Decision::Deny].into_iter();
    let exit = loop {
        match run.next().await.expect("the run ends with an exit") {
            RunNews::Event(event) => {
                if let Event::Asked { id, digest, .. } = &event {
                    let decision = decisions.next().expect("Bash is asked for once, Write once");
                    let stray = Control::answer("no such request", Decision::Allow, digest.clone(), Vec::new());
                    run.control(&stray).await.expect("it is ignored");
                    run.control(&Control::answer(id, decision, digest.clone(), Vec::new()))
                        .await
                        .expect("the answer is taken");
                }
                events.push(event);
            }
            RunNews::Exit(exit) => break exit,
            RunNews::Lost => panic!("lost after {events:?}"),
        }
    };
    for line in ["allowed touch a", "allowed touch b", "denied c"] {
        assert!(events.iter().any(said(line)), "{line} in {events:?}");
    }
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Answered { .. })).count(), 2);
    assert_eq!(final_word(&events).outcome, Ok("done".into()));
    assert!(exit.final_seen);
}

#[tokio::test]
async fn an_answer_is_not_used_for_another_request_of_the_same_id() {
    let scene = Scene::new();
    let spec = scene.claude("script: request 1 Read README; ask-as 1 Bash rm -rf /important; answer done");
    let mut run = launcher().start(&spec).await.expect("the run starts");
    let (mut events, mut shown) = (Vec::new(), Vec::new());
    loop {
        match run.next().await.expect("the run ends with an exit") {
            RunNews::Event(event) => {
                if let Event::Asked { id, digest, .. } = &event {
                    shown.push(digest.clone().expect("a digest"));
                    if let [read, bash] = &shown[..] {
                        let answer =
                            |decision, digest: &Digest| Control::answer(id, decision, Some(digest.clone()), Vec::new());
                        run.control(&answer(Decision::Allow, read)).await.expect("it is ignored");
                        run.control(&answer(Decision::Deny, bash)).await.expect("it is taken");
                    }
                }
                events.push(event);
            }
            RunNews::Exit(_) => break,
            RunNews::Lost => panic!("lost after {events:?}"),
        }
    }
    assert!(events.iter().any(said("denied rm -rf /important")), "{events:?}");
}

#[tokio::test]
async fn only_this_program_answers_and_never_from_within_a_run() {
    let scene = Scene::new();
    let mut run = launcher().start(&scene.claude("script: ask Bash touch a; answer done")).await.expect("it starts");
    until(&mut run, |event| matches!(event, Event::Asked { .. })).await;
    let directory = run.directory().display().to_string();
    let agent = scripted_agent().display().to_string();
    // Another program of the same user; and one that is gone, its connection in the hands of a third.
    for word in ["allow", "allow-and-go"] {
        let mut stranger = tokio::process::Command::new(&agent);
        stranger.args([word, &directory, "request-1"]).stdout(std::process::Stdio::piped());
        // The pipe is closed by the last of them.
        assert!(stranger.output().await.expect("it runs").status.success(), "{word}");
    }
    // The agent of another run, which is turned away.
    let mut other = scene.claude(&format!("script: allow-other {directory} request-1; answer tried"));
    other.directory = scene.path("runs/2-1");
    let (events, _) = play(&other).await;
    assert_eq!(final_word(&events).outcome, Ok("tried".into()));
    run.control(&Control::answer("request-1", Decision::Deny, None, Vec::new())).await.expect("it is taken");
    let (events, _) = end_of(&mut run).await;
    assert!(events.iter().any(said("denied touch a")), "{events:?}");
}

#[tokio::test]
async fn no_process_of_a_run_allows_what_that_run_asks_for() {
    let scene = Scene::new();
    for (step, run) in [("allow-other", "1-1"), ("allow-orphaned", "1-2")] {
        let directory = scene.path(&format!("runs/{run}"));
        let tries = format!("{step} {} r1", directory.display());
        let mut spec = scene.claude(&format!("script: request r1 Bash touch a; {tries}; say tried; hang"));
        spec.directory = directory;
        let mut run = launcher().start(&spec).await.expect("the run starts");
        let is_told = |event: &Event| matches!(event, Event::Answered { .. }) || said("tried")(event);
        let event = until(&mut run, is_told).await;
        assert!(said("tried")(&event), "{step}: {event:?}");
        run.control(&Control::cancel()).await.expect("cancelled");
        let (events, _) = end_of(&mut run).await;
        assert!(matches!(events[0], Event::Answered { decision: Decision::Deny, .. }), "{events:?}");
    }
}

#[tokio::test]
async fn a_bot_of_the_first_version_answers_without_a_digest() {
    let scene = Scene::new();
    let spec = scene.claude("script: ask Bash touch a; answer done");
    let mut run = launcher().start(&spec).await.expect("the run starts");
    until(&mut run, |event| matches!(event, Event::Asked { .. })).await;
    run.control(&Control::answer("request-1", Decision::Allow, None, Vec::new())).await.expect("it is taken");
    let (events, _) = end_of(&mut run).await;
    assert!(events.iter().any(said("allowed touch a")), "{events:?}");
}

#[tokio::test]
async fn a_request_that_nobody_answers_is_denied() {
    let scene = Scene::new();
    let mut spec = scene.claude("script: ask Bash touch a; answer done");
    spec.bounds.approval = Duration::from_millis(50);
    let (events, _) = play(&spec).await;
    let timed_out = |event: &Event| matches!(event, Event::Answered { decision: Decision::Deny, timed_out: true, .. });
    assert!(events.iter().any(timed_out), "{events:?}");
    assert!(events.iter().any(said("denied touch a")), "{events:?}");
}

#[tokio::test]
async fn a_reading_run_is_denied_without_asking_anybody() {
    let scene = Scene::new();
    let mut spec = scene.claude("script: ask Bash touch a; answer done");
    spec.permission = Permission::Read;
    let (events, _) = play(&spec).await;
    assert!(!events.iter().any(|event| matches!(event, Event::Asked { .. })), "{events:?}");
    assert!(events.iter().any(said("denied touch a")), "{events:?}");
}

#[tokio::test]
async fn a_request_is_closed_when_its_run_is_cancelled() {
    let scene = Scene::new();
    let mut run = launcher().start(&scene.claude("script: ask Bash touch a")).await.expect("the run starts");
    until(&mut run, |event| matches!(event, Event::Asked { .. })).await;
    run.control(&Control::cancel()).await.expect("cancelled");
    let (events, _) = end_of(&mut run).await;
    assert!(matches!(events[0], Event::Answered { decision: Decision::Deny, .. }), "{events:?}");
    assert_eq!(unfinished(&events).cause, Some(Cause::Cancelled));
}
