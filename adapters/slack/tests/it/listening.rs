//! What is said reaches the inbox: where, by whom, whether for us.

use serde_json::json;
use signalbox_adapter::{IncomingKind, Occurrence, Quoting};
use signalbox_test_support::slack::{Cut, Fault, Person, Post};

use crate::scene::{ADA, BOB, OPS, Scene, direct, text};

#[tokio::test]
async fn direct_messages_channels_and_threads_are_told_apart() {
    let scene = Scene::new().await;
    let root = scene
        .listening(async {
            let root = scene.fake.say(&direct(ADA), ADA, "to you <alone> & only");
            scene.wait_for(1).await;
            let root_in_ops = scene.fake.say(OPS, ADA, "to all");
            scene.wait_for(2).await;
            scene.fake.post(OPS, BOB, Post::text("in its thread").in_thread(&root_in_ops));
            scene.wait_for(3).await;
            (root, root_in_ops)
        })
        .await;
    let taken = scene.inbox.taken.accepted();
    let places: Vec<_> = taken.iter().map(|taken| (taken.address.to_string(), taken.direct, taken.addressed)).collect();
    let expected = [
        (format!("slack:{}", direct(ADA)), true, false),
        (format!("slack:{OPS}"), false, false),
        (format!("slack:{OPS}/{}", root.1), false, false),
    ];
    assert_eq!(places, expected);
    assert_eq!((text(&taken[0]), taken[0].sender.name.as_str()), ("to you <alone> & only", "Ada"));
    assert_eq!(taken[0].message.as_ref().map(|message| message.as_str()), Some(root.0.as_str()));
}

#[tokio::test]
async fn a_mention_is_one_message_however_often_it_is_told() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.cut(Cut::Twice);
            let asked = scene.fake.post(OPS, ADA, Post::to_bot("status?"));
            // The same gesture once more, as Slack sometimes tells it.
            let again = json!({ "client_msg_id": format!("gesture-{asked}") });
            scene.fake.post(OPS, ADA, Post::to_bot("status?").with(again));
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(2).await
        })
        .await;
    assert_eq!((text(&taken[0]), taken[0].addressed), ("status?", true));
    assert_eq!((text(&taken[1]), taken.len()), ("and on", 2));
}

#[tokio::test]
async fn a_gesture_is_one_message_in_the_next_life_too() {
    let scene = Scene::new().await;
    let gesture = json!({ "client_msg_id": "one gesture" });
    scene
        .listening(async {
            scene.fake.post(OPS, ADA, Post::to_bot("status?").with(gesture.clone()));
            scene.wait_for(1).await;
            scene.fake.wait_until("acknowledged", |state| state.envelopes.iter().all(|one| one.acked.is_some())).await;
        })
        .await;
    scene.restart().await;
    let taken = scene
        .listening(async {
            scene.fake.post(OPS, ADA, Post::to_bot("status?").with(gesture));
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["status?", "and on"]);
}

#[tokio::test]
async fn an_edit_and_a_deletion_are_told_and_a_preview_is_not() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            let said = scene.fake.say(OPS, ADA, "helo");
            scene.fake.change(OPS, &said, json!({ "attachments": [{ "title": "A page" }] }));
            scene.fake.edit(OPS, &said, "hello");
            scene.wait_for(2).await;
            scene.fake.delete(OPS, &said);
            scene.wait_for(3).await;
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(4).await
        })
        .await;
    let kinds: Vec<_> = taken.iter().map(|taken| taken.kind.clone()).collect();
    let text = |text: &str| IncomingKind::Text(text.to_owned());
    assert_eq!(kinds, [text("helo"), IncomingKind::Edited("hello".to_owned()), IncomingKind::Deleted, text("and on")]);
    assert!(taken[..3].iter().all(|one| one.message == taken[0].message && one.address == taken[0].address));
}

#[tokio::test]
async fn an_edit_that_overtakes_its_message_is_that_message() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.cut(Cut::Lose);
            let said = scene.fake.say(OPS, ADA, "helo");
            scene.fake.wait_until("it is late", |state| !state.has_cuts()).await;
            scene.fake.edit(OPS, &said, "hello");
            scene.wait_for(2).await;
            scene.fake.find_lost();
            scene.fake.wait_until("acknowledged", |state| state.envelopes.iter().all(|one| one.acked.is_some())).await;
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(3).await
        })
        .await;
    let kinds: Vec<_> = taken.iter().map(|taken| taken.kind.clone()).collect();
    let text = |text: &str| IncomingKind::Text(text.to_owned());
    assert_eq!(kinds, [text("hello"), IncomingKind::Edited("hello".to_owned()), text("and on")]);
}

#[tokio::test]
async fn files_are_fetched_with_the_token_and_what_cannot_be_had_is_said() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.post(&direct(ADA), ADA, Post::text("look").file("a b.txt", b"seven").voice(b"OggS..."));
            let taken = scene.wait_for(1).await;
            scene.fake.with(|state| state.lacks.insert("files:read"));
            scene.fake.post(&direct(ADA), ADA, Post::text("and this").file("c.txt", b"eight"));
            scene.wait_for(2).await;
            let deaf = scene.inbox.taken.accepted();
            assert!(deaf[1].not_taken[0].contains("files:read"), "{deaf:?}");
            taken
        })
        .await;
    let read: Vec<_> = taken[0].files.iter().map(|file| std::fs::read(&file.path).expect("a file")).collect();
    assert_eq!(read, [b"seven".to_vec(), b"OggS...".to_vec()]);
    assert!(taken[0].files[0].path.starts_with(scene.files().to_str().expect("a path")));
}

#[tokio::test]
async fn a_file_of_another_organisation_is_asked_for() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            let files = Post::text("look").file("a.txt", b"one").foreign_file("b.txt", b"two");
            scene.fake.post(&direct(ADA), ADA, files);
            scene.wait_for(1).await
        })
        .await;
    let read: Vec<_> = taken[0].files.iter().map(|file| std::fs::read(&file.path).expect("a file")).collect();
    assert_eq!(read, [b"one".to_vec(), b"two".to_vec()]);
    assert!(taken[0].files[1].path.ends_with("b.txt"), "{:?}", taken[0].files);
}

#[tokio::test]
async fn a_shared_message_is_data_and_links_are_written_out() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            let shared = json!({ "attachments": [{ "is_share": true, "author_name": "Kim", "text": "disk is full" }] });
            scene.fake.post(&direct(ADA), ADA, Post::raw("see <https://a.example|the docs>, <@U1002>").with(shared));
            scene.wait_for(1).await
        })
        .await;
    assert_eq!(text(&taken[0]), "see the docs, @Bob");
    assert_eq!(taken[0].written.as_deref(), Some("see the docs (https://a.example), @Bob"));
    let quoted = &taken[0].quoted[0];
    assert_eq!(
        (quoted.why, quoted.by.as_deref(), quoted.text.as_str()),
        (Quoting::Forwarded, Some("Kim"), "disk is full")
    );
}

#[tokio::test]
async fn what_bots_post_is_read_whole_with_their_id_for_a_name() {
    let scene = Scene::new().await;
    let monitor = Person::new("B900", "Alertmanager");
    let taken = scene
        .listening(async {
            let alert = json!({ "username": "Ada", "attachments": [{ "color": "danger", "title": "[FIRING:1] DiskFull",
                "fields": [{ "title": "severity", "value": "critical" }] }],
                "metadata": { "event_type": "x", "event_payload": { "n": 7 } } });
            scene.fake.post(OPS, monitor, Post::raw("").with(alert));
            scene.wait_for(1).await
        })
        .await;
    assert_eq!(text(&taken[0]), "Color: #a30200\n[FIRING:1] DiskFull\nseverity: critical");
    assert_eq!((taken[0].sender.id.as_str(), taken[0].sender.bot), ("B900", true));
}

#[tokio::test]
async fn what_cannot_be_understood_is_kept_and_holds_nothing_up() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.cut(Cut::Nonsense);
            scene.fake.post(OPS, ADA, Post::text("odd").with(json!({ "ts": 7 })));
            scene.fake.say(OPS, ADA, "even");
            scene.wait_for(1).await
        })
        .await;
    assert_eq!(text(&taken[0]), "even");
    scene.fake.wait_until("all is acknowledged", |state| state.envelopes.iter().all(|e| e.acked.is_some())).await;
    let unread = scene.unread();
    assert_eq!(unread["count"], 2, "{unread}");
    assert!(unread.to_string().contains("no JSON, whatever") && unread.to_string().contains("odd"), "{unread}");
}

#[tokio::test]
async fn a_frame_that_is_json_and_no_object_is_kept_too() {
    let scene = Scene::new().await;
    let frames = ["[]", "7", "\"x\"", "true", "null", "[\"events_api\"]"];
    scene
        .listening(async {
            for (number, frame) in frames.into_iter().enumerate() {
                scene.fake.cut(Cut::Frame(frame));
                scene.fake.wait_until("it is sent", |state| !state.has_cuts()).await;
                scene.fake.say(OPS, ADA, &format!("number {number}"));
                scene.wait_for(number + 1).await;
            }
        })
        .await;
    assert_eq!(scene.unread()["count"], frames.len(), "{}", scene.unread());
    assert_eq!(scene.occurred(Occurrence::Lost), 0);
}

#[tokio::test]
async fn a_name_that_may_not_be_asked_for_costs_no_message_and_is_told() {
    let scene = Scene::new().await;
    scene.fake.fail_next("users.info", Fault::MissingScope("users:read"));
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "hi");
            scene.wait_for(1).await
        })
        .await;
    assert_eq!((text(&taken[0]), taken[0].sender.name.as_str()), ("hi", "U1001"));
    let limited = scene.limited.lock().expect("no panic").clone().unwrap_or_default();
    assert!(limited.contains("users:read"), "{limited}");
}

#[tokio::test]
async fn what_was_missed_is_read_from_the_history_threads_too_in_order_and_once() {
    let scene = Scene::new().await;
    let root = scene
        .listening(async {
            let root = scene.fake.say(OPS, ADA, "before");
            scene.fake.post(OPS, BOB, Post::text("in a thread").in_thread(&root));
            scene.fake.say(&direct(ADA), ADA, "to you");
            scene.wait_for(3).await;
            root
        })
        .await;
    let told = scene.fake.with(|state| state.envelopes.len());
    scene.fake.say(OPS, ADA, "missed one");
    scene.fake.post(OPS, BOB, Post::text("missed in a thread").in_thread(&root));
    scene.fake.say(OPS, ADA, "missed two");
    scene.fake.say(&direct(BOB), BOB, "the first words of somebody");
    // Nobody tells of these.
    scene.fake.with(|state| state.envelopes.truncate(told));
    scene.restart().await;
    let taken = scene
        .listening(async {
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(8).await
        })
        .await;
    let in_ops: Vec<_> = taken.iter().filter(|one| one.address.chat.as_str() == OPS).map(text).collect();
    let expected = ["before", "in a thread", "missed one", "missed in a thread", "missed two", "and on"];
    assert_eq!(in_ops, expected);
    assert!(taken.iter().any(|one| text(one) == "the first words of somebody"));
}

#[tokio::test]
async fn the_first_message_of_a_channel_is_marked_before_it_is_acknowledged() {
    let scene = Scene::new().await;
    scene
        .listening(async {
            let said = scene.fake.say(OPS, ADA, "the first of all");
            scene
                .fake
                .wait_until("it is acknowledged", |state| state.envelopes.iter().all(|e| e.acked.is_some()))
                .await;
            // A program that is killed now knows in its next life from where to read.
            let notes = scene.inbox.notes.lock().expect("no panic").clone();
            assert!(notes.get("marks").is_some_and(|marks| marks.contains(OPS)), "{said}: {notes:?}");
        })
        .await;
}
