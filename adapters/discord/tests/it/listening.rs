//! What is said reaches the inbox: where, by whom, whether for us.

use signalbox_adapter::{Incoming, IncomingKind};
use signalbox_test_support::discord::state::Channel;
use signalbox_test_support::discord::{BOT_ROLE, Fault, Post};

use crate::scene::{ADA, BOB, OPS, Scene, THREAD, direct, message, outgoing, text};
use signalbox_adapter::Deliver as _;

#[tokio::test]
async fn direct_messages_channels_and_threads_are_told_apart() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.say(direct(ADA), ADA, "to you alone");
            scene.fake.say(OPS, ADA, "to all");
            scene.fake.say(THREAD, BOB, "in a thread");
            scene.wait_for(3).await
        })
        .await;
    let places: Vec<_> = taken.iter().map(|taken| (taken.address.to_string(), taken.direct)).collect();
    let expected = [
        (format!("discord:{}", direct(ADA)), true),
        (format!("discord:{OPS}"), false),
        (format!("discord:{OPS}/{THREAD}"), false),
    ];
    assert_eq!(places, expected);
    assert_eq!(taken[0].sender.name, "Ada");
}

#[tokio::test]
async fn a_thread_that_nobody_told_of_is_asked_for() {
    let scene = Scene::new().await;
    scene.listening(async {}).await;
    // Opened where no event says so.
    let hidden = 777;
    scene.fake.with(|state| {
        let thread = Channel { kind: 11, name: "hidden".to_owned(), parent: Some(OPS), ..Channel::default() };
        state.channels.insert(hidden, thread);
    });
    scene.restart().await;
    let taken = scene
        .listening(async {
            scene.fake.say(hidden, ADA, "here");
            scene.fake.say(hidden, ADA, "and here");
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(taken[0].address.to_string(), format!("discord:{OPS}/{hidden}"));
    assert_eq!(scene.fake.count("GET channels"), 1, "it is asked once");
}

#[tokio::test]
async fn an_edit_is_told_and_our_own_messages_are_not() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            let said = scene.fake.say(OPS, ADA, "helo");
            scene.fake.edit(OPS, said, "hello");
            scene.deliver.deliver(&outgoing(1, OPS, "hi")).await.expect("delivered");
            let ours = scene.fake.shows(OPS)[1].id;
            scene.fake.post(OPS, BOB, Post::text("what?").reply_to(ours));
            scene.wait_for(3).await
        })
        .await;
    assert_eq!(taken[1].kind, IncomingKind::Edited("hello".to_owned()));
    assert_eq!((text(&taken[2]), taken[2].addressed), ("what?", true));
    assert_eq!(taken[2].reply_to, Some(message(scene.fake.shows(OPS)[1].id)));
}

#[tokio::test]
async fn what_is_taken_away_is_told_where_it_stood_once_each_and_nothing_of_it_comes_later() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            let said = scene.fake.say(THREAD, ADA, "one");
            let [two, three] = ["two", "three"].map(|text| scene.fake.say(OPS, ADA, text));
            scene.fake.with(|state| {
                state.delete(THREAD, said);
                state.delete_all(OPS, &[two, three]);
                state.delete(OPS, two);
            });
            // Told of in another order than it was done in.
            let early = scene.fake.with(|state| {
                let early = state.next_id();
                state.delete(OPS, early);
                early
            });
            let late = serde_json::json!({ "id": early.to_string() });
            scene.fake.post(OPS, ADA, Post::text("never said").with(late));
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(8).await
        })
        .await;
    let gone: Vec<_> = taken.iter().filter(|taken| taken.kind == IncomingKind::Deleted).collect();
    let places: Vec<_> = gone.iter().map(|gone| gone.address.to_string()).collect();
    let [thread, channel] = [format!("discord:{OPS}/{THREAD}"), format!("discord:{OPS}")];
    assert_eq!(places, [&thread, &channel, &channel, &channel].map(String::as_str));
    let messages = |taken: &[&Incoming]| taken.iter().map(|taken| taken.message.clone()).collect::<Vec<_>>();
    assert_eq!(messages(&gone[..3]), messages(&taken[..3].iter().collect::<Vec<_>>()));
    assert_eq!(text(&taken[7]), "and on");
}

#[tokio::test]
async fn one_edit_is_taken_once_and_a_pin_is_none() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            let old = serde_json::json!({ "edited_timestamp": "2026-01-01T08:00:00.766195+00:00" });
            let old = scene.fake.post(OPS, ADA, Post::text("/session of long ago").with(old));
            let said = scene.fake.say(OPS, ADA, "helo");
            scene.fake.edit(OPS, said, "hello");
            scene.fake.pin(OPS, old);
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(4).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["/session of long ago", "helo", "hello", "and on"]);
}

#[tokio::test]
async fn a_channel_that_discord_cannot_tell_of_keeps_nobody_waiting_for_ever() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.with(|state| {
                let hidden = Channel { kind: 11, parent: Some(OPS), ..Channel::default() };
                state.channels.insert(777, hidden);
                state.sick.insert(777, Fault::ServerError { done: false });
            });
            scene.fake.say(777, ADA, "hidden");
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["hidden", "and on"]);
}

#[tokio::test]
async fn a_mention_of_the_bot_s_own_role_is_one_of_the_bot() {
    let scene = Scene::new().await;
    scene
        .listening(async {
            scene.fake.say(OPS, ADA, "before");
            scene.wait_for(1).await;
        })
        .await;
    // A session that goes on is not told of roles.
    scene.restart().await;
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, &format!("<@&{BOT_ROLE}> status?"));
            scene.fake.say(OPS, ADA, "<@&7> status?");
            scene.wait_for(3).await
        })
        .await;
    assert_eq!((text(&taken[1]), taken[1].addressed), ("status?", true));
    assert!(!taken[2].addressed);
    assert_eq!(scene.fake.count("GET guilds/roles"), 1);
}

#[tokio::test]
async fn an_event_that_cannot_be_understood_holds_nothing_up() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.post(OPS, ADA, Post::text("odd").with(serde_json::json!({ "channel_id": 5 })));
            scene.fake.say(OPS, ADA, "even");
            scene.wait_for(1).await
        })
        .await;
    assert_eq!(text(&taken[0]), "even");
    let unread = scene.unread();
    assert_eq!((&unread["count"], &unread["newest"][0]["what"]), (&1.into(), &"MESSAGE_CREATE".into()), "{unread}");
    assert!(unread["newest"][0]["text"].as_str().expect("a text").contains("odd"), "{unread}");
}
