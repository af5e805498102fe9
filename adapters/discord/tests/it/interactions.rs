//! Commands and presses: answered in time, whatever the inbox does, and done also where they were not.

use std::time::Duration;

use signalbox_adapter::{Deliver as _, IncomingKind, Outgoing, Signal};
use signalbox_test_support::discord::state::{Channel, State};
use signalbox_test_support::discord::{Fault, Post, Scope};

use crate::scene::{ADA, BOB, OPS, SECRET, Scene, THREAD, address, direct, message, outgoing, text};

fn with_button(number: u128) -> Outgoing {
    let button = signalbox_adapter::Button { label: "Cancel".to_owned(), action: "cancel amber-fox".to_owned() };
    Outgoing { buttons: vec![button], ..outgoing(number, OPS, "running") }
}

#[tokio::test]
async fn a_command_is_shown_and_taken() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.command(THREAD, ADA, "session", "fix the *flaky* test, @everyone");
            scene.wait_for(1).await
        })
        .await;
    let shown = scene.fake.shows(THREAD).remove(0);
    assert_eq!(shown.text, r"/session fix the \*flaky\* test, \@everyone");
    assert_eq!(text(&taken[0]), "/session fix the *flaky* test, @everyone");
    assert_eq!(taken[0].message, Some(message(shown.id)));
    assert_eq!(taken[0].address.to_string(), format!("discord:{OPS}/{THREAD}"));
    assert!(taken[0].addressed && !taken[0].direct);
    assert!(scene.fake.with(|state| state.pings.is_empty()));
}

#[tokio::test]
async fn a_command_is_shown_without_the_secrets_that_were_typed_with_it() {
    let scene = Scene::new().await;
    let typed = format!("log in with {SECRET}");
    let taken = scene
        .listening(async {
            scene.fake.command(THREAD, ADA, "session", &typed);
            scene.wait_for(1).await
        })
        .await;
    assert_eq!(scene.fake.shows(THREAD).remove(0).text, r"/session log in with \[redacted\]");
    assert_eq!(text(&taken[0]), format!("/session {typed}"), "its prompt is what was typed");
}

#[tokio::test]
async fn a_press_is_answered_at_once_and_told_what_came_of_it() {
    let scene = Scene::new().await;
    let (interaction, taken) = scene
        .listening(async {
            let shown = scene.deliver.deliver(&with_button(1)).await.expect("delivered");
            let shown: u64 = shown.message.as_str().parse().expect("a number");
            let pressed = scene.fake.press(OPS, ADA, shown, "Cancel");
            (pressed, scene.wait_for(1).await)
        })
        .await;
    let IncomingKind::Button { action, press: Some(press) } = &taken[0].kind else { panic!("{taken:?}") };
    assert_eq!(action, "cancel amber-fox");
    assert_eq!(scene.fake.with(|state| state.interactions[&interaction].answered.map(|(kind, _)| kind)), Some(6));
    for notice in ["", "Only for\n*admins*"] {
        let pressed = Signal::Pressed { press: press.clone(), notice: notice.to_owned() };
        scene.deliver.signal(&pressed).await.expect("told");
    }
    assert_eq!(scene.fake.with(|state| state.whispers.clone()), [r"Only for \*admins\*"]);
    scene.fake.with(|state| state.interactions.get_mut(&interaction).expect("it is known").lapsed = true);
    let pressed = Signal::Pressed { press: press.clone(), notice: "too late".to_owned() };
    scene.deliver.signal(&pressed).await.expect("nobody says that the token of the bot is wrong");
    scene.deliver.deliver(&outgoing(2, OPS, "and on")).await.expect("nothing is held back for it");
}

#[tokio::test]
async fn a_slow_inbox_does_not_keep_an_interaction_waiting() {
    let scene = Scene::new().await;
    scene.fake.fail_next("GET channels", Fault::Hold);
    let (interaction, taken) = scene
        .listening(async {
            // What stands before it cannot be placed until Discord tells of its thread, which the fault holds back.
            scene.fake.with(|state| {
                state.channels.insert(888, Channel { kind: 11, parent: Some(OPS), ..Channel::default() })
            });
            scene.fake.say(888, ADA, "slow");
            let interaction = scene.fake.command(direct(ADA), ADA, "status", "");
            scene.fake.wait_until("the answer", |state| state.interactions[&interaction].answered.is_some()).await;
            assert_eq!(scene.inbox.taken.accepted(), []);
            scene.fake.release();
            (interaction, scene.wait_for(2).await)
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["slow", "/status"]);
    let (kind, after) = scene.fake.with(|state| state.interactions[&interaction].answered).expect("answered");
    assert!(kind == 4 && after < Duration::from_secs(3), "{after:?}");
}

#[tokio::test]
async fn what_was_acknowledged_is_done_by_the_next_life_also_where_no_session_goes_on() {
    let scene = Scene::new().await;
    let card = scene
        .listening(async {
            let card = scene.deliver.deliver(&with_button(1)).await.expect("delivered");
            let card: u64 = card.message.as_str().parse().expect("a number");
            scene.fake.say(direct(ADA), ADA, "before");
            scene.wait_for(1).await;
            card
        })
        .await;
    let (command, press) = scene
        .listening(async {
            // What stands before them cannot be placed until Discord tells of its thread, which it never does.
            scene.fake.with(|state| {
                state.channels.insert(888, Channel { kind: 11, parent: Some(OPS), ..Channel::default() });
                state.sick.insert(888, Fault::Hold);
            });
            scene.fake.say(888, ADA, "slow");
            let command = scene.fake.command(OPS, ADA, "session", "fix it");
            let press = scene.fake.press(OPS, ADA, card, "Cancel");
            let is_answered = |state: &State| {
                [command, press].iter().all(|interaction| state.interactions[interaction].answered.is_some())
            };
            scene.fake.wait_until("both are acknowledged", is_answered).await;
            (command, press)
        })
        .await;
    assert_eq!(scene.inbox.taken.accepted().len(), 1, "the program ends before they are taken");
    scene.fake.with(|state| {
        state.end_sessions();
        state.sick.clear();
    });
    scene.restart().await;
    let shown = scene.fake.with(|state| state.interactions[&command].shows);
    scene
        .listening(async {
            let taken = scene.wait_for(4).await;
            let taken_as = |wanted: &str| taken.iter().find(|taken| text(taken) == wanted).expect("it is taken");
            assert_eq!(taken_as("/session fix it").message, shown.map(message));
            assert!(taken_as("cancel amber-fox").key.as_str().ends_with(&press.to_string()));
            assert_eq!(text(taken_as("slow")), "slow");
        })
        .await;
    let left = |name: &&String| name.starts_with("asked-");
    let notes = scene.inbox.notes.lock().expect("not poisoned");
    assert!(
        notes.iter().filter(|(name, _)| left(name)).all(|(_, words)| words.is_empty()),
        "nothing is left: {notes:?}"
    );
}

#[tokio::test]
async fn a_command_that_does_not_tell_of_its_thread_is_answered_there() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.tells_channels = false);
    let taken = scene
        .listening(async {
            scene.fake.command(THREAD, ADA, "session", "list");
            scene.wait_for(1).await
        })
        .await;
    assert_eq!(taken[0].address, address(OPS, Some(THREAD)));
}

#[tokio::test]
async fn a_rate_limit_of_an_answer_is_waited_for() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.fail_next("POST interactions/callback", Fault::TooMany { retry_after: 0.8, scope: Scope::User });
            scene.fake.command(OPS, ADA, "session", "list");
            scene.wait_for(1).await
        })
        .await;
    assert!(taken[0].message.is_some(), "it is answered in time");
    assert_eq!(scene.fake.count("POST interactions/callback"), 2, "and not asked for before");
}

#[tokio::test]
async fn what_came_too_late_is_done_all_the_same() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.fail_next(
                "POST interactions/callback",
                Fault::Refuse { status: 404, code: 10062, message: "Unknown interaction" },
            );
            scene.fake.command(OPS, ADA, "session", "list");
            scene.wait_for(1).await
        })
        .await;
    assert_eq!((text(&taken[0]), &taken[0].message), ("/session list", &None));
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_again() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.fail_next("POST interactions/callback", Fault::DropAfter);
            scene.fake.command(OPS, ADA, "session", "list");
            scene.wait_for(1).await
        })
        .await;
    let shown = scene.fake.shows(OPS);
    assert_eq!(shown.len(), 1, "it is shown once");
    assert_eq!(taken[0].message, Some(message(shown[0].id)));
}

#[tokio::test]
async fn a_message_is_investigated_with_all_that_it_says() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            let embed = serde_json::json!({ "title": "[FIRING:1] DiskFull", "description": "severity = critical" });
            let alert = Post::default().with(serde_json::json!({ "embeds": [embed], "webhook_id": "9" }));
            let alert = scene.fake.post(OPS, BOB, alert);
            scene.fake.command_at(OPS, ADA, "Investigate", alert);
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(text(&taken[0]), "[FIRING:1] DiskFull\nseverity = critical");
    assert!(taken[0].sender.bot);
    assert_eq!(text(&taken[1]), "/investigate");
    assert_eq!(taken[1].quoted[0].text, "[FIRING:1] DiskFull\nseverity = critical");
    assert_eq!(scene.fake.said(OPS), ["/investigate"]);
}
