//! Sockets come and go; what was said stays, and is taken once.

use std::time::Duration;

use serde_json::json;
use signalbox_adapter::{ListenError, Occurrence};
use signalbox_test_support::slack::state::Channel;
use signalbox_test_support::slack::{Cut, Fault, Greeting};

use crate::scene::{ADA, BOB, OPS, Scene, direct, text};

/// Slack hands an envelope over again after three seconds.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(3);

#[tokio::test]
async fn two_sockets_stand_and_a_warning_leaves_never_fewer() {
    let scene = Scene::new().await;
    scene
        .listening(async {
            for round in 1..=3_usize {
                scene.fake.cut(Cut::Warn);
                scene.fake.wait_until("the next stands", |state| state.stood >= 2 + round).await;
                scene.fake.wait_until("the old one is gone", |state| state.sockets.len() == 2).await;
                scene.fake.say(OPS, ADA, &format!("round {round}"));
                scene.wait_for(round).await;
            }
        })
        .await;
    assert_eq!(scene.occurred(Occurrence::Lost), 0);
    assert_eq!(scene.fake.with(|state| state.fewest), Some(2), "the next stands before the old one ends");
    assert_eq!((scene.occurred(Occurrence::Begun), scene.occurred(Occurrence::Resumed)), (1, 3));
}

#[tokio::test]
async fn every_envelope_is_acknowledged_in_time_and_none_before_it_is_taken() {
    let scene = Scene::new().await;
    scene
        .listening(async {
            for number in 0..50 {
                scene.fake.say([OPS, &direct(ADA)][number % 2], ADA, &format!("number {number}"));
            }
            scene.wait_for(50).await;
            scene.fake.wait_until("acknowledged", |state| state.envelopes.iter().all(|one| one.acked.is_some())).await;
        })
        .await;
    let slowest = scene.fake.with(|state| state.envelopes.iter().filter_map(|one| one.acked).max());
    assert!(slowest.expect("some") < ACKNOWLEDGED_WITHIN, "{slowest:?}");
    assert!(scene.fake.with(|state| state.envelopes.iter().all(|one| one.ids.len() == 1)), "none was given twice");
}

#[tokio::test]
async fn whatever_happens_to_a_socket_what_is_said_is_taken_once_and_in_order() {
    let scene = Scene::new().await;
    let cuts = [
        Cut::Drop,
        Cut::Close(1001),
        Cut::Refresh,
        Cut::Warn,
        Cut::HalfFrame,
        Cut::Nonsense,
        Cut::Twice,
        Cut::Close(1006 - 6),
    ];
    scene.fake.with(|state| state.again_ms = 500);
    let taken = scene
        .listening(async {
            for number in 0..40 {
                scene.fake.cut(cuts[number % cuts.len()]);
                scene.fake.say(OPS, [ADA, BOB][number % 2], &format!("number {number}"));
                scene.wait_for(number + 1).await;
            }
            scene.wait_for(40).await
        })
        .await;
    let expected: Vec<String> = (0..40).map(|number| format!("number {number}")).collect();
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn what_a_broken_socket_has_swallowed_is_found_in_the_history() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "one");
            scene.wait_for(1).await;
            scene.fake.cut(Cut::Lose);
            scene.fake.say(OPS, ADA, "swallowed");
            scene.fake.wait_until("it is lost", |state| !state.has_cuts()).await;
            scene.fake.cut(Cut::Drop);
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(text(&taken[1]), "swallowed");
}

#[tokio::test]
async fn what_a_broken_socket_has_swallowed_is_found_in_quiet_and_new_channels_too() {
    let scene = Scene::new().await;
    let quiet = "C501";
    scene.fake.open(quiet, Channel { name: "quiet".to_owned(), ..Channel::default() });
    // Nobody has said anything there for a quarter of an hour.
    let now = scene.micros();
    scene.mark(&json!({ "newest": now, "channels": { quiet: { "newest": now - 900_000_000 } } }));
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "one");
            scene.wait_for(1).await;
            for channel in [quiet, &direct(BOB)] {
                scene.fake.cut(Cut::Lose);
                scene.fake.say(channel, BOB, "swallowed");
                scene.fake.wait_until("it is lost", |state| !state.has_cuts()).await;
            }
            scene.fake.cut(Cut::Drop);
            scene.wait_for(3).await
        })
        .await;
    let mut places: Vec<_> = taken[1..].iter().map(|one| (one.address.chat.as_str(), text(one))).collect();
    places.sort_unstable();
    assert_eq!(places, [(quiet, "swallowed"), (direct(BOB).as_str(), "swallowed")]);
}

#[tokio::test]
async fn a_dead_socket_is_noticed_and_replaced() {
    let scene = Scene::new().await;
    scene
        .listening(async {
            // How soon is stated beside the times in `connection.rs`; the fake's socket stays frozen for longer.
            scene.fake.cut(Cut::Freeze);
            scene.fake.wait_until("another stands", |state| state.stood >= 3).await;
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(1).await;
        })
        .await;
}

#[tokio::test]
async fn what_only_a_person_can_change_is_told_with_what_to_do() {
    let scene = Scene::new().await;
    let why = |ended: Result<(), ListenError>| match ended {
        Err(ListenError::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    scene.fake.with(|state| state.app_revoked = true);
    let told = why(scene.listen_to_the_end().await);
    assert!(told.contains("app-level token") && told.contains("Basic Information"), "{told}");
    assert_eq!(scene.fake.count("apps.connections.open"), 1, "it is asked once");
    scene.fake.with(|state| (state.app_revoked, state.revoked) = (false, true));
    let told = why(scene.listen_to_the_end().await);
    assert!(told.contains("token_revoked") && told.contains("OAuth & Permissions"), "{told}");
    scene.fake.with(|state| state.revoked = false);
    scene.fake.fail_next("apps.connections.open", Fault::MissingScope("connections:write"));
    let told = why(scene.listen_to_the_end().await);
    assert!(told.contains("connections:write"), "{told}");
    scene.fake.cut(Cut::Disable);
    let told = why(scene.listen_to_the_end().await);
    assert!(told.contains("Socket Mode is switched off"), "{told}");
}

#[tokio::test]
async fn a_socket_that_cannot_be_had_is_asked_for_again() {
    let scene = Scene::new().await;
    for greeting in [Greeting::Unavailable, Greeting::HangUp] {
        scene.fake.greet_next(greeting);
        let ended = scene.listen_to_the_end().await;
        assert!(matches!(&ended, Err(ListenError::Lost(_))), "{ended:?}");
    }
    scene.fake.fail_next("apps.connections.open", Fault::Html { done: false });
    scene
        .listening(async {
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(1).await;
        })
        .await;
}
