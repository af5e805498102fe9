//! Cards of incidents: components, embeds where these are wanted, ordinary text where Discord refuses both; changed in place,
//! and followed by another where they cannot be changed any more.

use signalbox_test_support::discord::state::{Channel, Shown};
use signalbox_test_support::discord::{Fault, Person};
use signalbox_test_support::everyday::eventually;

use crate::discord::scene::{ADA, OPS, Server};

/// The bot that posts alerts.
const MONITOR: Person = Person { id: 700, name: "Monitor", is_bot: true };

const TRIAGE: &str =
    "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[triage.channels]]\naddress = \"discord:500\"\n";

fn fires(server: &Server) -> Shown {
    let post = server.fake.say(OPS, MONITOR, "[FIRING:1] DiskFull (db-1 prod)\nSeverity: critical @everyone");
    server.shown(OPS, post, "DiskFull")
}

fn press(server: &Server, card: u64, label: &str) {
    server.until(&format!("a button {label}"), |state| {
        state.messages[&(OPS, card)].buttons.iter().any(|(other, _)| other == label)
    });
    server.fake.press(OPS, ADA, card, label);
}

#[test]
fn a_card_is_a_container_with_a_colour_that_keeps_its_form_when_it_changes() {
    let server = Server::new(TRIAGE);
    let _serving = server.serve();
    let card = fires(&server);
    assert_eq!((&card.more["flags"], &card.more["components"][0]["type"]), (&32768.into(), &17.into()), "{card:?}");
    let colour = card.more["components"][0]["accent_color"].clone();
    assert!(card.buttons.len() == 4 && card.text.chars().count() < 500, "{card:?}");
    press(&server, card.id, "Resolve");
    server.until("it is over", |state| {
        let shown = &state.messages[&(OPS, card.id)];
        shown.buttons.iter().any(|(label, _)| label == "Reopen")
            && shown.more["components"][0]["accent_color"] != colour
    });
    assert!(server.fake.with(|state| state.pings.is_empty()));
}

#[test]
fn a_card_is_an_embed_where_that_is_wanted_and_text_where_it_is_refused() {
    let server = Server::new(&format!("{TRIAGE}\n"));
    let refused = Fault::Refuse { status: 400, code: 50035, message: "Invalid Form Body" };
    server.fake.fail_next("POST channels/messages", refused);
    let _serving = server.serve();
    let card = fires(&server);
    assert!(card.more["components"].is_null() && !card.buttons.is_empty(), "{card:?}");

    let mut server = Server::new(TRIAGE);
    server.house.set("SIGNALBOX__DISCORD__CARDS", "embed");
    let _serving = server.serve();
    let card = fires(&server);
    assert!(card.more["embeds"][0]["color"].is_u64() && card.buttons.len() == 4, "{card:?}");
    press(&server, card.id, "Ack");
    server.until("it is acknowledged", |state| {
        let shown = &state.messages[&(OPS, card.id)];
        shown.edits > 0 && shown.more["embeds"][0]["description"].as_str().is_some_and(|text| text.contains("Ada"))
    });
}

/// What Discord says of a field that it does not like.
fn misshapen(path: &str) -> Fault {
    let wrong = serde_json::json!({ "_errors": [{ "code": "BASE_TYPE_BAD_LENGTH", "message": "Must be shorter" }] });
    Fault::Form(path.rsplit('.').fold(wrong, |below, name| serde_json::json!({ name: below })))
}

#[test]
fn a_card_whose_text_is_refused_goes_plain_and_keeps_its_buttons() {
    for path in ["components.0.components.0.content", "components.0.accent_color", "components"] {
        let server = Server::new(TRIAGE);
        server.fake.fail_next("POST channels/messages", misshapen(path));
        let _serving = server.serve();
        let card = fires(&server);
        assert!(card.more["components"].is_null() && card.buttons.len() == 4, "{path}: {card:?}");
        assert!(!card.text.contains("/incident"), "{card:?}");
        press(&server, card.id, "Ack");
        server.shown(card.id, 0, "Acknowledged by Ada");
    }
}

#[test]
fn a_card_whose_buttons_are_refused_stays_a_card_and_says_what_to_type() {
    let server = Server::new(TRIAGE);
    server.fake.fail_next("POST channels/messages", misshapen("components.0.components.2.components.0.custom_id"));
    let _serving = server.serve();
    let card = fires(&server);
    assert!(card.more["components"][0]["accent_color"].is_u64() && card.buttons.is_empty(), "{card:?}");
    assert!(card.text.contains("type /incident ack 1, or /incident assign 1"), "{card:?}");
    server.fake.say(OPS, ADA, "/incident ack 1");
    server.until("it says what can be done next", |state| {
        let shown = &state.messages[&(OPS, card.id)];
        shown.buttons.is_empty()
            && shown.text.contains("Ada")
            && !shown.text.contains("/incident ack")
            && shown.text.contains("/incident resolve 1")
    });
}

#[test]
fn where_both_are_refused_the_text_alone_says_what_to_type() {
    let server = Server::new(TRIAGE);
    server.fake.fail_next("POST channels/messages", misshapen("components.0.components.0.content"));
    server.fake.fail_next("POST channels/messages", misshapen("components.0.components.0.custom_id"));
    let _serving = server.serve();
    let card = fires(&server);
    assert!(card.more["components"].is_null() && card.buttons.is_empty(), "{card:?}");
    assert!(card.text.contains("type /incident ack 1"), "{card:?}");
}

/// What Discord says to one change too many of an old message.
const FROZEN: Fault = Fault::Refuse {
    status: 400,
    code: 30046,
    message: "Maximum number of edits to messages older than 1 hour reached. Try again later",
};

/// The threads at messages of the channel.
fn threads(server: &Server) -> Vec<u64> {
    let is_one = |channel: &Channel| channel.parent == Some(OPS);
    server.fake.with(|state| state.channels.iter().filter(|(_, one)| is_one(one)).map(|(id, _)| *id).collect())
}

#[test]
fn a_card_that_cannot_be_changed_any_more_is_followed_by_another_that_answers_it_and_keeps_the_thread() {
    let server = Server::new(TRIAGE);
    let _serving = server.serve();
    let card = fires(&server);
    server.fake.fail_next("PATCH channels/messages", FROZEN);
    press(&server, card.id, "Ack");
    server.shown(card.id, 0, "Acknowledged");
    let next = server.shown(OPS, card.id, "DiskFull");
    assert_eq!(next.reply_to, Some(card.id), "it links back");
    server.until("the buttons of the first go", |state| state.messages[&(OPS, card.id)].buttons.is_empty());
    press(&server, next.id, "Resolve");
    server.until("the new one is changed in place", |state| {
        state.messages[&(OPS, next.id)].buttons.iter().any(|(label, _)| label == "Reopen")
    });
    server.shown(card.id, 0, "Resolved");
    assert_eq!(threads(&server), [card.id], "it has one thread");
}

#[test]
fn the_buttons_of_a_card_that_another_follows_act_where_they_cannot_be_taken_away() {
    let server = Server::new(TRIAGE);
    let _serving = server.serve();
    let card = fires(&server);
    server.fake.fail_next("PATCH channels/messages", FROZEN);
    server.fake.fail_next("PATCH channels/messages", FROZEN);
    press(&server, card.id, "Ack");
    let next = server.shown(OPS, card.id, "DiskFull");
    server.until("both changes are refused", |state| !state.has_faults());
    press(&server, card.id, "Resolve");
    server.until("the new one says so", |state| {
        state.messages[&(OPS, next.id)].buttons.iter().any(|(label, _)| label == "Reopen")
    });
    server.shown(card.id, 0, "Resolved");
    assert!(!server.fake.with(|state| state.messages[&(OPS, card.id)].buttons.is_empty()));
}

#[test]
fn what_is_done_before_the_card_is_shown_is_told_in_its_thread() {
    let server = Server::new(TRIAGE);
    server.fake.fail_next("POST channels/messages", Fault::Hold);
    let _serving = server.serve();
    server.fake.say(OPS, MONITOR, "[FIRING:1] DiskFull (db-1 prod)\nSeverity: critical");
    server.until("the card is on its way", |state| !state.has_faults());
    for words in ["ack 1", "silence 1 2h"] {
        server.fake.command(OPS, ADA, "incident", words);
    }
    eventually("both are done", || server.house.count("incident_events WHERE name = 'Ada'") == 2);
    server.fake.release();
    let card = server.shown(OPS, 0, "DiskFull");
    let acked = server.shown(card.id, 0, "Acknowledged by Ada");
    server.shown(card.id, acked.id, "Silenced for 2 h");
    assert_eq!(server.house.count("incident_lines"), 0);
}
