//! Events become messages for the core.

use serde_json::{Value, json};

use super::*;
use crate::places::address;

fn us() -> Us {
    Us { bot_id: "42".to_owned(), user: "42".to_owned(), hears_all: true }
}

fn message(more: Value) -> Message {
    let mut all = json!({
        "id": "900", "channel_id": "7", "guild_id": "1", "type": 0, "content": "hello",
        "author": { "id": "1001", "username": "ada", "global_name": "Ada" },
        "member": { "nick": "Ada L.", "roles": ["55"] },
    });
    all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    serde_json::from_value(all).expect("a message")
}

#[test]
fn without_the_content_of_messages_it_says_that_not_all_is_heard() {
    for hears_all in [true, false] {
        let us = Us { hears_all, ..us() };
        let said = said(&us, address("7", None), &message(json!({})), false).expect("taken").incoming;
        let command = interaction(json!({ "type": 2, "data": { "name": "status" } }));
        let given = interacted(&us, &command, &Answered::Late).expect("taken");
        assert_eq!((said.hears_all, given.hears_all), (hears_all, hears_all));
    }
}

fn taken(more: Value) -> Option<Incoming> {
    said(&us(), address("7", None), &message(more), false).map(|said| said.incoming)
}

#[test]
fn a_message_says_who_where_and_what() {
    let incoming = taken(json!({})).expect("taken");
    assert_eq!(incoming.key.as_str(), "discord:42:900");
    assert_eq!(incoming.address.to_string(), "discord:7");
    assert_eq!((incoming.sender.name.as_str(), incoming.sender.roles.as_slice()), ("Ada L.", &["55".to_owned()][..]));
    assert_eq!(incoming.kind, IncomingKind::Text("hello".to_owned()));
    assert!(!incoming.direct && !incoming.addressed && !incoming.sender.bot);
}

#[test]
fn a_mention_is_for_us_and_not_part_of_the_text() {
    for (content, text) in [
        ("<@42> list", "list"),
        ("<@!42>, list", "list"),
        ("list <@42>", "list"),
        ("ask <@42> and <@9>", "ask <@42> and @Bob"),
        ("<@42> <@9> what do you think?", "“Bob” what do you think?"),
        ("<@42> /session <@!9> fix it", "/session “Bob” fix it"),
    ] {
        let mentions = json!([{ "id": "9", "username": "bob", "global_name": "Bob" }]);
        let incoming = taken(json!({ "content": content, "mentions": mentions })).expect("taken");
        assert_eq!(incoming.kind, IncomingKind::Text(text.to_owned()));
        assert!(incoming.addressed, "{content}");
    }
}

#[test]
fn an_answer_to_us_is_for_us() {
    let replied = json!({ "id": "800", "channel_id": "7", "author": { "id": "42", "bot": true } });
    let reference = json!({ "type": 0, "message_id": "800" });
    let incoming =
        taken(json!({ "type": 19, "referenced_message": replied, "message_reference": reference })).expect("taken");
    assert!(incoming.addressed);
    assert_eq!(incoming.reply_to.expect("a reply").as_str(), "800");
}

#[test]
fn an_answer_to_us_is_for_us_also_where_discord_does_not_show_what_is_answered() {
    let answering = |mentions: Value| {
        let reference = json!({ "type": 0, "message_id": "800" });
        taken(json!({ "type": 19, "referenced_message": null, "message_reference": reference, "mentions": mentions }))
    };
    assert!(answering(json!([{ "id": "42", "username": "signalbox" }])).expect("taken").addressed);
    assert!(!answering(json!([{ "id": "9", "username": "bob" }])).expect("taken").addressed);
}

#[test]
fn what_nobody_wrote_is_not_taken() {
    assert_eq!(taken(json!({ "type": 7 })), None);
    assert_eq!(taken(json!({ "content": "" })), None);
    assert_eq!(taken(json!({ "author": { "id": "42", "bot": true } })), None);
}

#[test]
fn a_webhook_is_a_bot_and_known_by_its_own_id() {
    let incoming = taken(json!({ "webhook_id": "777" })).expect("taken");
    assert_eq!((incoming.sender.id.as_str(), incoming.sender.bot), ("777", true));
}

#[test]
fn an_edit_has_a_key_of_its_own_and_a_preview_is_none() {
    let edit = |more| said(&us(), address("7", None), &message(more), true).map(|said| said.incoming);
    let incoming = edit(json!({ "edited_timestamp": "2026-11-29T08:00:00+00:00" })).expect("taken");
    assert_eq!(incoming.key.as_str(), "discord:42:900:1795939200000");
    assert_eq!(incoming.kind, IncomingKind::Edited("hello".to_owned()));
    assert_eq!(edit(json!({ "edited_timestamp": null })), None);
    let key = |when: &str| edit(json!({ "edited_timestamp": when })).expect("taken").key;
    let twice = ["2026-11-29T08:00:00.766195+00:00", "2026-11-29T08:00:00.766000+00:00"];
    assert_eq!(key(twice[0]), key(twice[1]), "Discord tells of one edit in two ways");
}

fn interaction(more: Value) -> Interaction {
    let mut all = json!({
        "id": "950", "application_id": "43", "token": "t0k", "guild_id": "1", "channel_id": "70",
        "channel": { "id": "70", "type": 11, "parent_id": "7" },
        "member": { "roles": ["55"], "user": { "id": "1001", "username": "ada" } },
    });
    all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    serde_json::from_value(all).expect("an interaction")
}

#[test]
fn a_command_in_a_thread_is_answered_there() {
    let command = interaction(json!({ "type": 2, "data": { "name": "session", "options": [{ "value": "list" }] } }));
    let incoming = interacted(&us(), &command, &Answered::Shown(MessageId::new("951"))).expect("taken");
    assert_eq!(incoming.address.to_string(), "discord:7/70");
    assert_eq!(incoming.kind, IncomingKind::Text("/session list".to_owned()));
    assert_eq!(incoming.message.expect("shown").as_str(), "951");
    let late = interacted(&us(), &command, &Answered::Late).expect("taken");
    assert_eq!((late.key.as_str(), late.message), ("discord:42:950", None));
}

#[test]
fn a_press_names_its_message_and_can_be_answered_in_time() {
    let press = interaction(json!({ "type": 3, "data": { "custom_id": "cancel a" },
        "message": { "id": "800", "channel_id": "70" } }));
    let incoming = interacted(&us(), &press, &Answered::Taken).expect("taken");
    assert_eq!(incoming.reply_to.expect("a message").as_str(), "800");
    let action = "cancel a".to_owned();
    assert_eq!(incoming.kind, IncomingKind::Button { action: action.clone(), press: Some("43/t0k".to_owned()) });
    let late = interacted(&us(), &press, &Answered::Late).expect("taken");
    assert_eq!(late.kind, IncomingKind::Button { action, press: None });
}
