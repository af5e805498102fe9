//! Events become messages for the core.

use serde_json::json;
use signalbox_adapter::FileKind;

use super::*;

fn us() -> Us {
    Us { id: "1-2".to_owned(), user: "UBOT".to_owned(), bot: "BBOT".to_owned() }
}

fn read(message: Value) -> Option<Said> {
    said(&us(), "C1", &message, false, &Names::from([("U1".to_owned(), "Ada".to_owned())]))
}

#[test]
fn a_message_says_where_it_stands_and_a_thread_is_named_by_its_first() {
    let plain =
        read(json!({ "type": "message", "user": "U1", "text": "hi", "ts": "5.1" })).expect("a message").incoming;
    assert_eq!((plain.key.as_str(), plain.address.to_string().as_str()), ("slack:1-2:C1:5.1", "slack:C1"));
    assert_eq!((plain.sender.name.as_str(), plain.direct, plain.addressed), ("Ada", false, false));
    let reply = json!({ "type": "message", "user": "U1", "text": "hi", "ts": "5.2", "thread_ts": "5.1" });
    assert_eq!(read(reply).expect("a reply").incoming.address.to_string(), "slack:C1/5.1");
    let root = json!({ "type": "message", "user": "U1", "text": "hi", "ts": "5.1", "thread_ts": "5.1" });
    assert_eq!(read(root).expect("a thread's first").incoming.address.to_string(), "slack:C1");
}

#[test]
fn a_mention_and_the_message_of_it_are_one() {
    let event = |kind: &str| json!({ "type": kind, "user": "U1", "text": "<@UBOT> status?", "ts": "5.1" });
    let [mention, message] = ["app_mention", "message"].map(|kind| read(event(kind)).expect("it is read").incoming);
    assert_eq!(mention, message);
    assert!(mention.addressed && mention.kind == IncomingKind::Text("status?".to_owned()));
}

#[test]
fn our_own_and_what_nobody_wrote_is_left_alone() {
    for left in [
        json!({ "type": "message", "user": "UBOT", "text": "x", "ts": "1.1" }),
        json!({ "type": "message", "bot_id": "BBOT", "text": "x", "ts": "1.1" }),
        json!({ "type": "message", "subtype": "channel_join", "user": "U1", "text": "x", "ts": "1.1" }),
        json!({ "type": "message", "user": "U1", "text": "", "ts": "1.1" }),
        json!({ "type": "message", "user": "U1", "text": "no time" }),
        json!({ "type": "message", "text": "nobody's", "ts": "1.1" }),
    ] {
        assert!(read(left.clone()).is_none(), "{left}");
    }
    let odd = json!({ "type": "message", "user": "U1", "text": "kept", "ts": "1.1", "metadata": { "event_payload": { "n": 7 } } });
    assert!(read(odd).is_some(), "another app's metadata costs nothing");
}

#[test]
fn another_bot_is_one_by_its_id_whatever_it_calls_itself() {
    let alert = json!({ "type": "message", "subtype": "bot_message", "bot_id": "B9", "username": "Ada", "ts": "1.1",
        "attachments": [{ "title": "[FIRING:1] DiskFull" }] });
    let sender = read(alert).expect("an alert").incoming.sender;
    assert_eq!((sender.id.as_str(), sender.bot, sender.name.as_str()), ("B9", true, "Ada"));
}

#[test]
fn a_preview_is_no_edit_and_a_bot_s_change_is_one() {
    let event = |message: Value, before: Value| json!({ "type": "message", "subtype": "message_changed", "channel": "C1", "message": message, "previous_message": before });
    let before = json!({ "user": "U1", "text": "helo", "ts": "1.1" });
    let preview = json!({ "user": "U1", "text": "helo", "ts": "1.1", "attachments": [{ "title": "A page" }] });
    assert_eq!(told(&event(preview, before.clone())), Told::Nothing);
    let edit = json!({ "user": "U1", "text": "hello", "ts": "1.1", "edited": { "user": "U1", "ts": "2.0" } });
    assert_eq!(told(&event(edit.clone(), before)), Told::Edited(&edit));
    let key = said(&us(), "C1", &edit, true, &Names::new()).expect("an edit").incoming.key;
    assert_eq!(key.as_str(), "slack:1-2:C1:1.1:2.0");
    let firing = json!({ "bot_id": "B9", "text": "", "ts": "1.1", "attachments": [{ "title": "[FIRING:1] x" }] });
    let resolved = json!({ "bot_id": "B9", "text": "", "ts": "1.1", "attachments": [{ "title": "[RESOLVED] x" }] });
    assert_eq!(told(&event(resolved.clone(), firing)), Told::Edited(&resolved));
    let gone = json!({ "subtype": "tombstone", "text": "This message was deleted.", "ts": "1.1", "thread_ts": "1.1" });
    assert_eq!(told(&event(gone, json!({}))), Told::Deleted { ts: "1.1", thread: None });
}

#[test]
fn what_was_taken_away_is_told_where_it_stood() {
    let event = json!({ "type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "1.2",
        "previous_message": { "ts": "1.2", "thread_ts": "1.1", "text": "x" } });
    assert_eq!(told(&event), Told::Deleted { ts: "1.2", thread: Some("1.1") });
    assert_eq!(deleted(&us(), "C1", "1.2", Some("1.1")).address.to_string(), "slack:C1/1.1");
}

#[test]
fn files_come_along_and_an_edit_has_none() {
    let message = json!({ "type": "message", "subtype": "file_share", "user": "U1", "text": "", "ts": "1.1", "files": [
        { "id": "F1", "name": "a.txt", "size": 3, "url_private_download": "https://files.slack.com/a" },
        { "id": "F2", "name": "audio_message.m4a", "subtype": "slack_audio", "url_private_download": "https://files.slack.com/b" },
    ] });
    let kinds: Vec<_> = read(message.clone()).expect("files").files.iter().map(|file| file.content.kind()).collect();
    assert_eq!(kinds, [FileKind::Document, FileKind::Voice]);
    assert!(said(&us(), "C1", &message, true, &Names::new()).is_none());
}
