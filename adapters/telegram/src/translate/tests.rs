//! Updates as Telegram writes them, with all the fields that do not matter here.

use serde_json::{Value, json};
use signalbox_adapter::{FileKind, IncomingKind};

use super::*;

fn bot() -> Bot {
    serde_json::from_value(json!({ "id": 42, "username": "SignalboxBot" })).expect("a bot")
}

fn piece(kind: &str, content: Value) -> Piece {
    let update = json!({ "update_id": 7, kind: content });
    translate(&bot(), serde_json::from_value(update).expect("an update"))
}

/// Fills a message of a group up with what always comes with one.
fn message(fields: Value) -> Value {
    let mut message = json!({
        "message_id": 12, "date": 1_764_000_000, "has_protected_content": true, "sender_boost_count": 2,
        "from": {
            "id": 1001, "is_bot": false, "first_name": "Ada", "last_name": "L.", "username": "ada",
            "language_code": "en", "is_premium": true
        },
        "chat": { "id": -1_001_234, "type": "supergroup", "title": "team", "username": "team", "is_forum": true },
    });
    let all = message.as_object_mut().expect("an object");
    all.extend(fields.as_object().expect("an object").clone());
    message
}

fn said_of(fields: Value) -> Said {
    match piece("message", message(fields)) {
        Piece::Said(said) => *said,
        other => panic!("{other:?}"),
    }
}

fn is_nothing(kind: &str, content: Value) -> bool {
    matches!(piece(kind, content), Piece::Nothing(_))
}

#[test]
fn a_message_with_entities_of_a_later_time_is_read() {
    let said = said_of(json!({
        "text": "👍 @SignalboxBot do it",
        "entities": [
            { "type": "date_time", "offset": 0, "length": 2, "unix_time": 5 },
            { "type": "mention", "offset": 3, "length": 13 },
        ],
        "link_preview_options": { "is_disabled": true }, "effect_id": "5", "reply_to_story": { "id": 1, "chat": { "id": 1 } },
    }));
    assert_eq!(said.text, "👍 @SignalboxBot do it", "a mention in the middle stays");
    assert!(said.incoming.addressed);
    assert_eq!(said.incoming.sender.name, "Ada L.");
    assert_eq!(said.sent, 1_764_000_000);
}

#[test]
fn a_mention_by_id_is_one_and_offsets_of_another_text_are_none() {
    let mention = |offset: usize, length: usize, user: u64| {
        let user = json!({ "id": user, "is_bot": true, "first_name": "signalbox" });
        said_of(json!({
            "text": "𝔘 signalbox: go",
            "entities": [{ "type": "text_mention", "offset": offset, "length": length, "user": user }],
        }))
    };
    assert!(mention(3, 9, 42).incoming.addressed);
    assert!(!mention(3, 9, 43).incoming.addressed);
    assert!(!mention(1, 2, 42).incoming.addressed, "within a surrogate pair");
    assert!(!mention(usize::MAX, usize::MAX, 42).incoming.addressed);
}

#[test]
fn each_kind_of_file_is_read_and_an_animation_once() {
    let file = |name: Value| json!({ "file_id": "id", "file_unique_id": "u", "file_size": 9, "file_name": name });
    let photo = |id: &str, side: u64| json!({ "file_id": id, "file_unique_id": "u", "width": side, "height": side });
    for (fields, name, kind) in [
        (json!({ "document": file("a.pdf".into()), "caption": "read" }), "a.pdf", FileKind::Document),
        (
            json!({ "photo": [photo("small", 90), photo("id", 1280), photo("mid", 320)] }),
            "photo.jpg",
            FileKind::Document,
        ),
        (json!({ "voice": { "file_id": "id", "file_unique_id": "u", "duration": 3 } }), "voice.ogg", FileKind::Voice),
        (json!({ "audio": file("song.mp3".into()) }), "song.mp3", FileKind::Document),
        (json!({ "video": file(Value::Null) }), "video.mp4", FileKind::Document),
        (json!({ "video_note": file(Value::Null) }), "video.mp4", FileKind::Document),
        (json!({ "animation": file("a.mp4".into()), "document": file("b.mp4".into()) }), "a.mp4", FileKind::Document),
    ] {
        let said = said_of(fields);
        assert_eq!(said.files.len(), 1, "{name}");
        let file = &said.files[0];
        assert_eq!((file.id.as_str(), file.name.as_str(), file.content.kind()), ("id", name, kind));
    }
}

#[test]
fn a_reply_to_what_opened_the_topic_is_no_reply() {
    let reply = |to: i64| {
        let replied = json!({ "message_id": to, "chat": { "id": -1_001_234 }, "forum_topic_created": { "name": "x" } });
        said_of(json!({
            "text": "x", "message_thread_id": 5, "is_topic_message": true, "reply_to_message": replied,
        }))
    };
    assert_eq!(reply(5).incoming.reply_to, None);
    assert_eq!(reply(6).incoming.reply_to, Some(MessageId::new("6")));
    assert_eq!(reply(5).incoming.address.to_string(), "telegram:-1001234/5");
}

#[test]
fn a_press_below_a_message_that_is_too_old_still_counts() {
    let press = json!({
        "id": "99", "from": { "id": 5, "is_bot": false, "first_name": "Eve" }, "chat_instance": "-1", "data": "ack 1",
        "message": { "message_id": 3, "date": 0, "chat": { "id": 5, "type": "private", "first_name": "Eve" } },
    });
    let Piece::Whole(incoming) = piece("callback_query", press) else { panic!("no press") };
    assert_eq!(incoming.kind, IncomingKind::Button { action: "ack 1".into(), press: Some("99".into()) });
    assert_eq!((incoming.address.to_string().as_str(), incoming.direct), ("telegram:5", true));
    assert_eq!(incoming.key.as_str(), "telegram:42:7");
}

#[test]
fn what_says_nothing_to_us_is_nothing() {
    let from = json!({ "id": 5, "is_bot": false, "first_name": "Eve" });
    assert!(is_nothing("message", message(json!({ "sticker": { "file_id": "x", "emoji": "👍" } }))));
    assert!(is_nothing("message", message(json!({ "new_chat_members": [from] }))));
    assert!(is_nothing("message", message(json!({ "from": null, "text": "of nobody" }))));
    assert!(is_nothing("edited_message", message(json!({ "location": { "latitude": 1.0, "longitude": 2.0 } }))));
    assert!(is_nothing("callback_query", json!({ "id": "1", "from": from, "game_short_name": "chess" })));
    assert!(is_nothing("poll", json!({ "id": "1" })));
    let member = json!({ "user": from, "status": "kicked", "until_date": 0 });
    let change = json!({ "chat": { "id": 5 }, "from": from, "date": 1, "new_chat_member": member });
    assert!(is_nothing("my_chat_member", change));
}
