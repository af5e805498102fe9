//! Sessions go on: over lost connections, dead ones, restarts of the program and Discord's own wishes.

use std::time::{Duration, Instant};

use signalbox_adapter::{ListenError, Occurrence};
use signalbox_test_support::discord::{Cut, Fault, Greeting, Scope, WAIT};

use crate::scene::{ADA, OPS, Scene, direct, text};

/// Heartbeats so close that a dead connection is noticed in time.
const HEARTBEAT_MS: u64 = 300;
/// Longest until a session goes on whose connection is known to be dead.
const AGAIN_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_restart_goes_on_with_the_session() {
    let scene = Scene::new().await;
    scene
        .listening(async {
            scene.fake.say(direct(ADA), ADA, "before");
            scene.wait_for(1).await;
        })
        .await;
    scene.fake.say(direct(ADA), ADA, "while it was away");
    scene.restart().await;
    let taken = scene.listening(async { scene.wait_for(2).await }).await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["before", "while it was away"]);
    assert_eq!(scene.fake.with(|state| (state.identified, state.resumed)), (1, 1));
}

#[tokio::test]
async fn a_session_that_is_over_is_begun_anew() {
    let scene = Scene::new().await;
    scene.listening(async {}).await;
    scene.fake.with(|state| state.end_sessions());
    scene.restart().await;
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "again");
            scene.wait_for(1).await
        })
        .await;
    assert_eq!(text(&taken[0]), "again");
    assert_eq!(scene.fake.with(|state| (state.identified, state.resumed)), (2, 0));
}

#[tokio::test]
async fn a_session_that_ends_while_it_is_listened_in_is_begun_anew_without_a_pause() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "before");
            scene.wait_for(1).await;
            for (number, cut) in [Cut::Close(4009), Cut::Invalid { resumable: false }].into_iter().enumerate() {
                scene.fake.cut(cut);
                scene.fake.wait_until("the session is over", |state| !state.has_cuts()).await;
                scene.fake.say(OPS, ADA, "meanwhile");
                scene.fake.wait_until("another begins", |state| state.identified == number + 2).await;
                scene.wait_for(number + 2).await;
            }
            scene.wait_for(3).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["before", "meanwhile", "meanwhile"]);
    assert_eq!(scene.occurred(Occurrence::Begun), 3);
    assert_eq!(scene.occurred(Occurrence::Lost), 2);
}

#[tokio::test]
async fn a_session_that_never_goes_on_is_given_up_and_what_was_said_is_read() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "before");
            scene.wait_for(1).await;
            for greeting in [Greeting::HangUp, Greeting::CloseWith(4000), Greeting::HangUp] {
                scene.fake.greet_next(greeting);
            }
            scene.fake.cut(Cut::Reset);
            scene.fake.wait_until("the cut", |state| state.has_greetings(2)).await;
            scene.fake.say(OPS, ADA, "meanwhile");
            scene.fake.wait_until("another begins", |state| state.identified == 2).await;
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["before", "meanwhile"]);
    assert_eq!(scene.fake.with(|state| state.resumed), 0);
    // At the beginning, twice when the session's own address was no good, and for the new session.
    assert_eq!(scene.fake.count("GET gateway/bot"), 4);
}

#[tokio::test]
async fn a_session_that_is_slow_to_begin_is_waited_for_as_long_as_heartbeats_are_heard() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.heartbeat_ms = HEARTBEAT_MS);
    scene.fake.greet_next(Greeting::Slow);
    let mut heard = scene.alive.subscribe();
    let release = async {
        tokio::time::timeout(WAIT, heard.wait_for(|times| *times >= 3)).await.expect("in time").expect("it is there");
        assert_eq!(scene.fake.with(|state| state.identified), 0);
        scene.fake.release();
    };
    let story = async {
        scene.fake.say(OPS, ADA, "hello");
        scene.wait_for(1).await
    };
    let ((), taken) = tokio::join!(release, scene.listening(story));
    assert_eq!(text(&taken[0]), "hello");
    assert_eq!(scene.fake.with(|state| state.identified), 1);
}

#[tokio::test]
async fn a_number_that_is_left_out_and_an_event_that_says_nothing_are_counted_and_passed_over() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "before");
            scene.wait_for(1).await;
            for cut in [Cut::Gap, Cut::Nonsense, Cut::Gap] {
                scene.fake.cut(cut);
                scene.fake.wait_until("it is done", |state| !state.has_cuts()).await;
            }
            scene.fake.say(OPS, ADA, "behind");
            scene.wait_for(2).await;
            scene.fake.cut(Cut::Reset);
            scene.fake.wait_until("it goes on", |state| state.resumed == 1).await;
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(3).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["before", "behind", "and on"]);
    assert_eq!(scene.fake.with(|state| (state.identified, state.resumed)), (1, 1), "nothing of it ends the connection");
    assert_eq!((scene.occurred(Occurrence::Skipped), scene.occurred(Occurrence::Unreadable)), (2, 1));
    assert_eq!(scene.occurred(Occurrence::Resumed), 1);
}

#[tokio::test]
async fn every_cut_is_survived_and_nothing_comes_twice() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.heartbeat_ms = HEARTBEAT_MS);
    let cuts = [
        Cut::Close(4000),
        Cut::Reset,
        Cut::Reconnect,
        Cut::Invalid { resumable: true },
        Cut::HalfFrame,
        Cut::Mute,
        Cut::Close(1001),
    ];
    let count = cuts.len() - 1;
    let taken = scene
        .listening(async {
            for (number, cut) in cuts.iter().take(count).enumerate() {
                let sessions = scene.fake.with(|state| state.identified + state.resumed);
                scene.fake.cut(*cut);
                scene.fake.say(OPS, ADA, &format!("message {number}"));
                let is_again =
                    |state: &signalbox_test_support::discord::state::State| state.identified + state.resumed > sessions;
                scene.fake.wait_until("it listens again", is_again).await;
                scene.wait_for(number + 1).await;
            }
            scene.wait_for(count).await
        })
        .await;
    let expected: Vec<String> = (0..count).map(|number| format!("message {number}")).collect();
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), expected);
    assert_eq!(scene.fake.with(|state| state.identified), 1);
}

#[tokio::test]
async fn a_dead_connection_is_noticed_within_two_heartbeats() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.heartbeat_ms = HEARTBEAT_MS);
    let away = scene
        .listening(async {
            let began = Instant::now();
            scene.fake.cut(Cut::Mute);
            scene.fake.wait_until("it goes on", |state| state.resumed == 1).await;
            began.elapsed()
        })
        .await;
    // Two heartbeats, and the pause between two connections.
    assert!(away < Duration::from_millis(HEARTBEAT_MS * 2) + AGAIN_WITHIN, "{away:?}");
    assert_eq!(scene.fake.with(|state| state.identified), 1);
}

#[tokio::test]
async fn a_wrong_token_and_too_few_sessions_are_told() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.sessions_left = 49);
    let few = scene.listen_to_the_end().await;
    assert!(matches!(&few, Err(ListenError::Lost(why)) if why.contains("49 of 1000")), "{few:?}");
    assert_eq!(scene.fake.with(|state| state.identified), 0);
    scene.fake.with(|state| state.sessions_left = 1000);
    scene.fake.greet_next(Greeting::CloseWith(4004));
    let wrong = scene.listen_to_the_end().await;
    assert!(matches!(&wrong, Err(ListenError::Refused(why)) if why.contains("page Bot")), "{wrong:?}");
}

#[tokio::test]
async fn without_the_intent_it_listens_to_what_there_is() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.allows_content = false);
    let told = scene.listen_to_the_end().await;
    assert!(matches!(&told, Err(ListenError::Lost(why)) if why.contains("Message Content Intent")), "{told:?}");
    let limited = scene.limited.lock().expect("not poisoned").clone().expect("it is told");
    assert!(limited.contains("on the page Bot") && limited.contains("commands, mentions"), "{limited}");
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "not seen");
            scene.fake.say(OPS, ADA, "<@4242> seen");
            scene.fake.say(direct(ADA), ADA, "seen too");
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["seen", "seen too"]);
}

#[tokio::test]
async fn a_frame_that_comes_broken_each_time_is_kept_and_passed_over() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.breaks = Some("garbled"));
    let taken = scene
        .listening(async {
            for text in ["before", "garbled", "behind"] {
                scene.fake.say(OPS, ADA, text);
            }
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["before", "behind"]);
    assert_eq!(scene.fake.with(|state| (state.identified, state.resumed)), (1, 2), "it was asked for three times");
    let unread = scene.unread();
    assert_eq!((&unread["count"], &unread["newest"][0]["what"]), (&1.into(), &"a broken frame".into()), "{unread}");
    scene.restart().await;
    scene.listening(async { scene.fake.say(OPS, ADA, "and on") }).await;
    assert_eq!(scene.unread()["count"], 1, "the session has gone on behind it");
}

#[tokio::test]
async fn what_comes_twice_is_taken_once() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.repeats = true);
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "one");
            scene.fake.say(OPS, ADA, "two");
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn a_new_life_begins_no_session_too_soon_after_the_last_one() {
    let scene = Scene::with_sessions_apart(Duration::from_secs(1)).await;
    for _ in 0..3 {
        scene.listening(async {}).await;
        scene.fake.with(|state| state.end_sessions());
        scene.restart().await;
    }
    assert_eq!(scene.fake.with(|state| (state.identified, state.too_soon)), (3, 0));
}

#[tokio::test]
async fn a_crash_before_a_session_has_begun_counts_as_one_that_did() {
    let scene = Scene::with_sessions_apart(Duration::from_secs(1)).await;
    for crash in 1..=2 {
        // It hears the bot ask for a session, and the bot is gone before it answers.
        scene.fake.greet_next(Greeting::Slow);
        tokio::select! {
            ended = scene.listen_to_the_end() => panic!("it waits: {ended:?}"),
            () = scene.fake.wait_until("it is asked", |state| state.asked == crash) => {}
        }
        scene.fake.release();
        scene.restart().await;
    }
    scene.listening(async {}).await;
    assert_eq!(scene.fake.with(|state| state.too_soon), 0);
}

#[tokio::test]
async fn a_short_wait_and_an_address_that_is_gone_end_no_listening() {
    let scene = Scene::new().await;
    let wait = Fault::TooMany { retry_after: 0.2, scope: Scope::User };
    scene.fake.fail_next("GET gateway/bot", wait);
    tokio::select! {
        ended = scene.listen_to_the_end() => panic!("it waits by itself: {ended:?}"),
        () = scene.fake.wait_until("a session begins", |state| state.identified == 1) => {}
    }
    scene
        .listening(async {
            scene.fake.say(OPS, ADA, "one");
            scene.wait_for(1).await;
        })
        .await;
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    scene.restart().await;
    {
        let mut notes = scene.inbox.notes.lock().expect("not poisoned");
        let mut session: serde_json::Value = serde_json::from_str(&notes["session"]).expect("JSON");
        session["url"] = format!("ws://{gone}").into();
        notes.insert("session".to_owned(), session.to_string());
    }
    let resumed = scene.fake.with(|state| state.resumed);
    tokio::select! {
        ended = scene.listen_to_the_end() => panic!("it asks for another address: {ended:?}"),
        () = scene.fake.wait_until("it goes on", |state| state.resumed == resumed + 1) => {}
    }
}
