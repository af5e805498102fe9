//! Nothing that was said is lost, whatever becomes of connections and sessions.

use std::collections::BTreeMap;

use signalbox_adapter::{Deliver as _, IncomingKind, UserId};
use signalbox_test_support::discord::state::{Channel, Right};
use signalbox_test_support::discord::{Cut, Fault, GUILD_ID, Post};

use crate::scene::{ADA, BOB, OPS, Scene, THREAD, direct, outgoing, text};

/// Heartbeats so close that a dead connection is noticed in time.
const HEARTBEAT_MS: u64 = 300;
/// Another channel of the server.
const OTHER: u64 = 510;
/// Cuts in a row.
const CUTS: usize = 50;
/// Messages for each cut.
const MESSAGES: usize = 20;
/// Presses for each cut.
const PRESSES: usize = 4;

#[tokio::test]
async fn what_was_said_while_no_session_listened_is_read_again() {
    let scene = Scene::new().await;
    scene
        .listening(async {
            scene.fake.say(direct(ADA), ADA, "one");
            scene.fake.say(OPS, ADA, "two");
            scene.wait_for(2).await;
        })
        .await;
    scene.fake.with(|state| state.end_sessions());
    let missed: Vec<String> = (0..120).map(|number| format!("missed {number}")).collect();
    for text in &missed {
        scene.fake.say(OPS, BOB, text);
    }
    scene.fake.say(direct(ADA), ADA, "missed alone");
    scene.fake.say(THREAD, ADA, "missed in a thread");
    scene.fake.open(600, Channel { kind: 11, name: "new".to_owned(), parent: Some(OPS), ..Channel::default() });
    scene.fake.say(600, ADA, "missed in a new thread");
    scene.restart().await;
    let taken = scene
        .listening(async {
            scene.wait_for(2 + missed.len() + 3).await;
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(2 + missed.len() + 4).await
        })
        .await;
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for taken in &taken {
        places.entry(taken.address.to_string()).or_default().push(text(taken));
    }
    let expected: Vec<&str> = ["two"].into_iter().chain(missed.iter().map(String::as_str)).chain(["and on"]).collect();
    assert_eq!(places[&format!("discord:{OPS}")], expected, "in their order");
    assert_eq!(places[&format!("discord:{}", direct(ADA))], ["one", "missed alone"]);
    assert_eq!(places[&format!("discord:{OPS}/{THREAD}")], ["missed in a thread"]);
    assert_eq!(places[&format!("discord:{OPS}/600")], ["missed in a new thread"]);
    assert!(taken.iter().filter(|taken| taken.direct).map(text).eq(["one", "missed alone"]));
}

#[tokio::test]
async fn a_thread_that_was_archived_meanwhile_is_read_again_too() {
    let scene = Scene::new().await;
    scene
        .listening(async {
            scene.fake.say(THREAD, ADA, "before");
            scene.wait_for(1).await;
        })
        .await;
    scene.fake.with(|state| state.end_sessions());
    scene.fake.say(THREAD, ADA, "missed and archived");
    scene.fake.with(|state| {
        state.channels.get_mut(&THREAD).expect("it is open").archived = true;
        // Nobody has said anything there for longer than it takes.
        state.ahead_ms = 2 * 60 * 60 * 1000;
    });
    scene.fake.say(OPS, ADA, "much later");
    scene.restart().await;
    let taken = scene.listening(async { scene.wait_for(3).await }).await;
    let mut said: Vec<&str> = taken.iter().map(text).collect();
    said.sort_unstable();
    assert_eq!(said, ["before", "missed and archived", "much later"]);
}

#[tokio::test]
async fn a_first_start_reads_nothing_again() {
    let scene = Scene::new().await;
    scene.fake.say(OPS, ADA, "long ago");
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "now");
            scene.wait_for(1).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["now"]);
}

/// Listens once, so that there is something to have missed since, and lets the session end.
async fn listened_once() -> Scene {
    let scene = Scene::new().await;
    scene.fake.open(OTHER, Channel { name: "other".to_owned(), ..Channel::default() });
    scene
        .listening(async {
            scene.fake.say(OPS, ADA, "before");
            scene.wait_for(1).await;
        })
        .await;
    scene.fake.with(|state| state.end_sessions());
    scene
}

fn said(taken: &[signalbox_adapter::Incoming]) -> Vec<&str> {
    taken.iter().map(text).collect()
}

#[tokio::test]
async fn a_channel_that_cannot_be_read_holds_nobody_up_and_is_read_in_a_later_session() {
    let scene = listened_once().await;
    for (channel, text) in [(OPS, "missed"), (OTHER, "missed too")] {
        scene.fake.say(channel, ADA, text);
    }
    scene.fake.with(|state| state.sick.insert(OTHER, Fault::Html { done: false }));
    scene
        .listening(async {
            scene.fake.say(OPS, ADA, "now");
            assert_eq!(said(&scene.wait_for(3).await), ["before", "missed", "now"]);
        })
        .await;
    // What was heard since in one channel says nothing of another.
    scene.fake.with(|state| state.end_sessions());
    scene.restart().await;
    scene
        .listening(async {
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(4).await;
            scene.fake.with(|state| state.sick.clear());
            assert_eq!(said(&scene.wait_for(5).await)[3..], ["and on", "missed too"], "it is tried again by itself");
        })
        .await;
}

#[tokio::test]
async fn what_is_said_meanwhile_waits_for_no_history_but_that_of_its_own_channel() {
    let scene = listened_once().await;
    for number in 0..3 {
        scene.fake.say(OPS, BOB, &format!("missed {number}"));
    }
    // Discord does not answer what is asked of this channel.
    scene.fake.with(|state| state.sick.insert(OPS, Fault::Hold));
    let taken = scene
        .listening(async {
            scene.fake.wait_until("it is asked for", |state| state.is_told_all()).await;
            scene.fake.say(OPS, ADA, "behind");
            scene.fake.command(OPS, ADA, "session", "urgent");
            scene.fake.say(OTHER, ADA, "elsewhere");
            assert_eq!(said(&scene.wait_for(3).await), ["before", "/session urgent", "elsewhere"]);
            scene.fake.with(|state| state.sick.clear());
            scene.fake.release();
            scene.wait_for(7).await
        })
        .await;
    assert_eq!(said(&taken)[3..], ["missed 0", "missed 1", "missed 2", "behind"], "a channel keeps its order");
}

#[tokio::test]
async fn what_is_still_to_be_read_is_read_after_a_restart_with_which_the_session_goes_on() {
    let scene = listened_once().await;
    scene.fake.say(OPS, ADA, "missed");
    scene.fake.with(|state| state.sick.insert(OPS, Fault::Hold));
    scene
        .listening(async {
            scene.fake.say(OPS, ADA, "behind");
            scene.fake.say(OTHER, ADA, "elsewhere");
            scene.wait_for(2).await;
            scene.fake.wait_until("all is told", |state| state.is_told_all()).await;
        })
        .await;
    scene.fake.with(|state| state.sick.clear());
    scene.restart().await;
    let taken = scene.listening(scene.wait_for(4)).await;
    assert_eq!(scene.fake.with(|state| state.resumed), 1, "the servers are not told of again");
    let of_ops: Vec<&str> = said(&taken).into_iter().filter(|said| *said != "elsewhere").collect();
    assert_eq!(of_ops, ["before", "missed", "behind"]);
}

#[tokio::test]
async fn the_first_words_of_somebody_who_may_use_the_bot_are_read_too() {
    let scene = listened_once().await;
    scene.inbox.people.lock().expect("not poisoned").push(UserId::new(BOB.id.to_string()));
    for round in 1..=2 {
        scene.fake.with(|state| state.end_sessions());
        scene.fake.say(direct(BOB), BOB, &format!("words {round}"));
        scene.restart().await;
        let taken = scene.listening(scene.wait_for(1 + round)).await;
        assert_eq!((said(&taken)[round], taken[round].direct), (format!("words {round}").as_str(), true));
    }
    assert_eq!(scene.fake.count("POST users/@me/channels"), 1, "it is asked for once");
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_read_when_it_can() {
    let scene = listened_once().await;
    scene.fake.say(OPS, ADA, "missed");
    scene.fake.with(|state| state.is_down = true);
    let taken = scene
        .listening(async {
            scene.fake.say(direct(ADA), ADA, "alone");
            scene.wait_for(2).await;
            scene.fake.with(|state| {
                state.is_down = false;
                state.tell_guild(GUILD_ID);
            });
            scene.wait_for(3).await
        })
        .await;
    assert_eq!(said(&taken), ["before", "alone", "missed"]);
}

#[tokio::test]
async fn of_a_server_that_the_bot_joins_nothing_is_read_that_was_said_before() {
    let scene = listened_once().await;
    let joined = 700;
    scene.fake.with(|state| {
        state.channels.insert(joined, Channel { guild: Some(78), name: "old".to_owned(), ..Channel::default() })
    });
    scene.fake.say(joined, BOB, "/investigate what was, long ago");
    let taken = scene
        .listening(async {
            scene.fake.with(|state| state.tell_guild(78));
            scene.fake.say(joined, BOB, "hello");
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(said(&taken), ["before", "hello"]);
}

#[tokio::test]
async fn a_missed_message_that_cannot_be_understood_costs_no_other() {
    let scene = listened_once().await;
    scene.fake.say(OPS, ADA, "one");
    scene.fake.post(OPS, ADA, Post::text("odd").with(serde_json::json!({ "channel_id": 5 })));
    scene.fake.say(OPS, ADA, "two");
    let taken = scene.listening(scene.wait_for(3)).await;
    assert_eq!(said(&taken), ["before", "one", "two"]);
    assert_eq!(scene.unread()["count"], 1, "{}", scene.unread());
}

#[tokio::test]
async fn archived_threads_are_looked_through_however_many_there_are() {
    let scene = listened_once().await;
    let threads: Vec<u64> = (2000..2105).collect();
    scene.fake.with(|state| {
        for thread in &threads {
            let name = "done".to_owned();
            let thread_of = Channel { kind: 11, name, parent: Some(OPS), ..Channel::default() };
            state.channels.insert(*thread, thread_of);
        }
    });
    for thread in &threads {
        scene.fake.say(*thread, ADA, &format!("in {thread}"));
        scene.fake.with(|state| state.channels.get_mut(thread).expect("open").archived = true);
    }
    let taken = scene.listening(scene.wait_for(1 + threads.len())).await;
    let mut texts = said(&taken)[1..].to_vec();
    texts.sort_unstable();
    assert_eq!(texts, threads.iter().map(|thread| format!("in {thread}")).collect::<Vec<_>>());
    assert!(taken[1..].iter().all(|taken| taken.address.to_string().starts_with(&format!("discord:{OPS}/"))));
}

#[tokio::test]
async fn archived_private_threads_are_read_as_far_as_the_bot_may_see_them() {
    for may_manage in [true, false] {
        let scene = listened_once().await;
        let joined: Vec<u64> = (3000..3120).collect();
        scene.fake.with(|state| {
            if !may_manage {
                state.channels.get_mut(&OPS).expect("open").lacks.push(Right::ManageThreads);
            }
            for (id, joined) in joined.iter().map(|id| (*id, true)).chain([(4000, false)]) {
                let thread =
                    Channel { kind: 12, name: "secret".to_owned(), parent: Some(OPS), joined, ..Channel::default() };
                state.channels.insert(id, thread);
            }
        });
        for thread in joined.iter().chain([&4000]) {
            scene.fake.say(*thread, ADA, &format!("in {thread}"));
            scene.fake.with(|state| state.channels.get_mut(thread).expect("open").archived = true);
        }
        let expected = joined.len() + usize::from(may_manage);
        let taken = scene.listening(scene.wait_for(1 + expected)).await;
        assert_eq!(said(&taken).contains(&"in 4000"), may_manage);
        assert!(taken[1..].iter().all(|taken| taken.address.to_string().starts_with(&format!("discord:{OPS}/"))));
    }
}

#[tokio::test]
async fn of_more_than_is_read_again_the_newest_are_read() {
    let scene = listened_once().await;
    for number in 0..5100 {
        scene.fake.say(OPS, ADA, &number.to_string());
    }
    let taken = scene.listening(scene.wait_for(1 + 5000)).await;
    assert_eq!((text(&taken[1]), text(&taken[5000])), ("100", "5099"));
}

#[tokio::test]
async fn what_the_bot_says_itself_counts_as_heard() {
    let scene = Scene::new().await;
    let ours = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "why?");
            scene.wait_for(1).await;
            let ours = scene.deliver.deliver(&outgoing(1, OPS, "because")).await.expect("delivered").message;
            scene.fake.wait_until("it is told", |state| state.is_told_all()).await;
            ours
        })
        .await;
    let notes = scene.inbox.notes.lock().expect("not poisoned");
    let heard: serde_json::Value = serde_json::from_str(&notes["heard"]).expect("JSON");
    assert_eq!(heard["until"].to_string(), ours.as_str());
}

#[tokio::test]
async fn fifty_cuts_lose_none_of_a_thousand_messages_and_two_hundred_presses() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.heartbeat_ms = HEARTBEAT_MS);
    let cuts = [
        Cut::Close(4000),
        Cut::Reset,
        Cut::Reconnect,
        Cut::Invalid { resumable: true },
        Cut::HalfFrame,
        Cut::Mute,
        Cut::Close(4008),
    ];
    let taken = scene
        .listening(async {
            let button = signalbox_adapter::Button { label: "Show".to_owned(), action: "show a".to_owned() };
            let card = signalbox_adapter::Outgoing { buttons: vec![button], ..outgoing(1, OPS, "card") };
            let card = scene.deliver.deliver(&card).await.expect("delivered").message;
            let card: u64 = card.as_str().parse().expect("a number");
            for round in 0..CUTS {
                for number in 0..MESSAGES {
                    if number == MESSAGES / 2 {
                        scene.fake.cut(cuts[round % cuts.len()]);
                    }
                    let (channel, person) = [(OPS, ADA), (THREAD, BOB), (direct(ADA), ADA)][number % 3];
                    scene.fake.say(channel, person, &format!("{round} {number}"));
                }
                for _ in 0..PRESSES {
                    scene.fake.press(OPS, ADA, card, "Show");
                }
                scene.fake.wait_until("the cut", |state| !state.has_cuts()).await;
            }
            scene.wait_for(CUTS * (MESSAGES + PRESSES)).await
        })
        .await;
    let mut said: Vec<&str> = Vec::new();
    let mut pressed = 0;
    for taken in &taken {
        match &taken.kind {
            IncomingKind::Button { .. } => pressed += 1,
            IncomingKind::Text(text) => said.push(text),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pressed, CUTS * PRESSES);
    let expected: Vec<String> =
        (0..CUTS).flat_map(|round| (0..MESSAGES).map(move |number| format!("{round} {number}"))).collect();
    assert_eq!(said, expected, "each once, in the order in which they were said");
    assert_eq!(scene.fake.with(|state| state.identified), 1, "one session went on");
}
