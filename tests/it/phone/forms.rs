//! Telegram refuses a message as it is written, or where it is to go: the answer comes in another form, or the chat is told.

use signalbox_test_support::everyday::eventually;
use signalbox_test_support::telegram::state::State;
use signalbox_test_support::telegram::{ChatKind, Fault, Post};

use crate::phone::scene::{ADA, Phone};

/// A forum with topics.
const FORUM: i64 = -1_001_000_900;
/// A refusal of how a text is written.
const FORMATTING: Fault = Fault::Refuse { code: 400, description: "Bad Request: can't parse entities: something new" };

/// How a topic goes away.
type Going = fn(&mut State);

/// Starts an agent that answers when the gate is opened, and waits until its chat says so.
fn begin(phone: &Phone, answer: &str) -> i64 {
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session --name otter script: wait {gate}; answer {answer}"));
    phone.shown(asked, "Started");
    asked
}

fn is_all_sent(phone: &Phone) -> bool {
    phone.house.count("outbox WHERE state IN ('pending', 'sending', 'unknown')") == 0
}

#[test]
fn an_answer_whose_formatting_is_refused_comes_as_plain_text() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = begin(&phone, "**read** [this](https://a.example/), @bob");
    phone.fake.fail_next("sendMessage", FORMATTING);
    phone.house.touch("gate");
    let shown = phone.shown(asked, "read this (https://a.example/), ＠bob");
    assert!(shown.entities.is_empty() && shown.reply_to == Some(asked) && !shown.text.contains("repeat"), "{shown:?}");
    assert_eq!(phone.house.count("outbox WHERE state = 'failed'"), 0);
}

#[test]
fn what_is_refused_in_every_form_is_told_in_one_line_and_can_be_shown() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = begin(&phone, "<kept>");
    // As it is, as plain text, and without the message that it answers.
    for _ in 0..3 {
        phone.fake.fail_next("sendMessage", FORMATTING);
    }
    phone.house.touch("gate");
    phone.shown(asked, "An answer of otter could not be shown here. /session show otter shows it.");
    assert_eq!(phone.house.count("outbox WHERE state = 'failed'"), 1);
    phone.house.run(&["outbox", "list"]).was(0, "can't parse entities");
    assert!(phone.fake.said(ADA.id).iter().all(|text| !text.contains("<kept>")));
    let asked = phone.say("/session show otter");
    phone.shown(asked, "<kept>");
    eventually("nothing is left", || is_all_sent(&phone));
    let lines = phone.fake.said(ADA.id).into_iter().filter(|text| text.contains("could not be shown"));
    assert_eq!(lines.count(), 1);
}

#[test]
fn what_cannot_even_be_told_is_not_told_again_and_again() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    begin(&phone, "<kept>");
    phone.fake.with(|state| state.outage = Some((vec!["sendmessage"], FORMATTING)));
    phone.house.touch("gate");
    eventually("it is given up", || phone.house.count("outbox WHERE state = 'failed'") == 1);
    eventually("nothing is left", || is_all_sent(&phone));
    assert_eq!(phone.house.count("outbox WHERE state = 'failed'"), 1, "the line is no dead letter");
}

#[test]
fn what_is_too_old_at_last_is_told_when_the_chat_answers_again() {
    let phone = Phone::new("delivery.max_age = \"5s\"\n");
    let _serving = phone.serve();
    let asked = begin(&phone, "<late>");
    phone.fake.with(|state| state.outage = Some((vec!["sendmessage"], Fault::ServerError { done: false })));
    phone.house.touch("gate");
    eventually("it is given up", || phone.house.count("outbox WHERE state = 'failed'") == 1);
    phone.fake.with(|state| state.outage = None);
    phone.shown(asked, "An answer of otter could not be shown here. /session show otter shows it.");
}

#[test]
fn an_answer_to_a_topic_that_is_gone_goes_to_the_group_and_the_session_with_it() {
    let gone: [(&str, Going); 3] = [
        ("closed", |state| state.set_topic(FORUM, 7, false)),
        ("deleted", |state| state.delete_topic(FORUM, 7)),
        ("no topics any more", |state| {
            state.delete_topic(FORUM, 7);
            state.chats.get_mut(&FORUM).expect("a chat").kind = ChatKind::Supergroup;
        }),
    ];
    for (how, goes) in gone {
        let phone = Phone::new("");
        let _serving = phone.serve();
        phone.fake.open(FORUM, ChatKind::Forum, "forum");
        phone.fake.with(|state| state.set_topic(FORUM, 7, true));
        let gate = phone.house.text("gate");
        let prompt = format!("/session --name otter script: wait {gate}; answer <**kept**>");
        let asked = phone.fake.post(FORUM, ADA, Post::text(prompt).in_topic(7));
        phone.shown_in(FORUM, asked, "Started");
        phone.fake.with(goes);
        phone.house.touch("gate");
        let shown = phone.shown_in(FORUM, asked, "<kept>");
        assert_eq!((shown.thread, shown.reply_to), (None, None), "{how}");
        assert!(shown.entities.iter().any(|entity| entity["type"] == "bold"), "{how}: {shown:?}");
        phone.shown_in(FORUM, asked, "The topic is closed or gone: otter answers here from now on.");
        // The session goes on in the group's main stream, and nothing more is said of it.
        let asked = phone.fake.post(FORUM, ADA, Post::text("and now?").reply_to(phone.known(&shown)));
        assert_eq!(phone.shown_in(FORUM, asked, "turn 2: and now?").thread, None, "{how}");
        eventually("nothing is left", || is_all_sent(&phone));
        let said = phone.fake.said(FORUM);
        assert_eq!(said.iter().filter(|text| text.contains("closed or gone")).count(), 1, "{how}: {said:#?}");
        assert_eq!(phone.house.count("outbox WHERE state = 'failed'"), 0, "{how}");
    }
}
