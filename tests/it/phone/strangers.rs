//! Who may use the bot, and how somebody becomes one of them.

use signalbox_test_support::telegram::{BOT_NAME, ChatKind, Post};

use crate::phone::scene::{ADA, EVE, Phone};

/// A group with Ada and Eve in it.
const TEAM: i64 = -1_001_000_700;

#[test]
fn a_stranger_is_told_the_ids_once_and_pairs_with_a_code() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    phone.fake.open_private(EVE);
    let first = phone.fake.say(EVE.id, EVE, "/session hello");
    let refusal = phone.shown_in(EVE.id, first, "not allowed");
    assert!(refusal.text.contains("666") && refusal.text.contains("signalbox pair"), "{refusal:?}");
    phone.fake.say(EVE.id, EVE, "/session hello again");
    let wrong = phone.fake.say(EVE.id, EVE, "/start aaaaaaaa");
    phone.shown_in(EVE.id, wrong, "4 tries left");

    let said = phone.house.run(&["pair"]).was(0, "");
    assert!(said.err.contains(&format!("https://t.me/{BOT_NAME}?start=")), "{said:?}");
    let code = said.out.trim().to_owned();
    // In a group everybody can read it: it is good for nothing any more.
    phone.fake.open(TEAM, ChatKind::Supergroup, "team");
    let in_group = phone.fake.say(TEAM, EVE, &format!("/start {code}"));
    phone.shown_in(TEAM, in_group, "in a direct chat");
    let code = phone.house.run(&["pair"]).was(0, "").out.trim().to_owned();
    let right = phone.fake.say(EVE.id, EVE, &format!("/start {}", code.to_uppercase()));
    phone.shown_in(EVE.id, right, "You are paired");
    // The same link once more is no fault of hers, however often she presses it.
    for _ in 0..7 {
        let again = phone.fake.say(EVE.id, EVE, &format!("/start {code}"));
        phone.shown_in(EVE.id, again, "You can use this bot already; your role is operator");
    }
    let asked = phone.fake.say(EVE.id, EVE, "/session script: answer for Eve");
    phone.shown_in(EVE.id, asked, "for Eve");
    assert_eq!(phone.house.runs().len(), 1, "what she said as a stranger never ran");
    let said = phone.fake.said(EVE.id);
    assert_eq!(said.iter().filter(|text| text.contains("not allowed")).count(), 1, "{said:?}");

    // The code is used up, and the pairing can be taken back.
    phone.house.run(&["pair", "--list"]).was(0, "telegram:666");
    phone.house.run(&["pair", "--remove", "telegram:666"]).was(0, "no longer paired");
    let again = phone.fake.say(EVE.id, EVE, &format!("/start {code}"));
    phone.shown_in(EVE.id, again, "3 tries left");
}

#[test]
fn a_link_comes_before_the_first_start_or_it_is_said_when_it_comes() {
    let mut phone = Phone::new("");
    let said = phone.house.run(&["pair"]).was(0, "");
    let link = format!("In Telegram: https://t.me/{BOT_NAME}?start={}", said.out.trim());
    assert!(said.err.contains(&link) && !said.err.contains("no link yet"), "{said:?}");
    phone.house.set("SIGNALBOX__TELEGRAM__API_URL", "http://127.0.0.1:9");
    let said = phone.house.run(&["pair"]).was(0, "");
    assert!(said.err.contains(&format!("In Telegram: /start {}", said.out.trim())), "{said:?}");
    assert!(said.err.contains("there is no link yet: `signalbox pair` prints one once"), "{said:?}");
}

#[test]
fn guessing_codes_ends_after_five_tries() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    phone.fake.open_private(EVE);
    let mut last = 0;
    for number in 0..7 {
        last = phone.fake.say(EVE.id, EVE, &format!("/start wrong{number:03}"));
    }
    phone.shown_in(EVE.id, last, "Too many wrong codes");
    phone.until("every message is confirmed", |state| state.updates.is_empty());
    let code = phone.house.run(&["pair"]).was(0, "").out;
    phone.fake.say(EVE.id, EVE, code.trim());
    phone.until("that one too", |state| state.updates.is_empty());
    phone.house.run(&["pair", "--list"]).was(0, "Nobody is paired");
    assert_eq!(phone.fake.said(EVE.id).len(), 6);
}

#[test]
fn a_strangers_word_is_a_code_only_while_one_is_open_and_is_answered_once_an_hour() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    phone.fake.open_private(EVE);
    let first = phone.fake.say(EVE.id, EVE, "sunshine");
    phone.shown_in(EVE.id, first, "not allowed");
    let code = phone.house.run(&["pair"]).was(0, "").out;
    for word in ["sunshine", "midnight", "whatever"] {
        phone.fake.say(EVE.id, EVE, word);
    }
    let right = phone.fake.say(EVE.id, EVE, code.trim());
    phone.shown_in(EVE.id, right, "You are paired");
    assert_eq!(phone.fake.said(EVE.id).len(), 2, "{:?}", phone.fake.said(EVE.id));
}

#[test]
fn a_button_pressed_by_a_stranger_twice_or_late_does_nothing_and_says_so() {
    let mut phone = Phone::new("");
    phone.allow_chat(TEAM, "viewer");
    let serving = phone.serve();
    phone.fake.open(TEAM, ChatKind::Supergroup, "team");
    let asked = phone.fake.say(TEAM, ADA, "/session script: ask Bash rm -rf build; answer done");
    let question = phone.shown_in(TEAM, asked, "asks for permission");
    let press = phone.fake.press(TEAM, EVE, question.id, "Approve");
    phone.until("Eve is told", |state| state.answers.get(&press).is_some_and(|text| text.contains("role operator")));
    // The buttons outlive a restart.
    drop(serving);
    let _serving = phone.serve();
    let (first, second) = phone.press_twice(TEAM, ADA, question.id, "Deny");
    phone.until("the first counts", |state| state.answers.get(&first).is_some_and(|text| text.contains("Denied")));
    phone.until("the second is told", |state| state.answers.get(&second).is_some_and(|text| text.contains("denied")));
    phone.shown_in(TEAM, asked, "done");
    phone.until("and the buttons are gone", |state| state.messages[&(TEAM, question.id)].buttons.is_empty());
}

#[test]
fn a_group_hears_commands_mentions_and_replies_and_learns_how_once() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    phone.fake.open(TEAM, ChatKind::Supergroup, "team");
    phone.fake.say(TEAM, ADA, "just between us");
    let asked = phone.fake.say(TEAM, ADA, &format!("/session@{BOT_NAME} script: answer one"));
    let answer = phone.shown_in(TEAM, asked, "\none");
    phone.shown_in(TEAM, asked, "In a group");
    phone.fake.post(TEAM, ADA, Post::text("script: answer two").reply_to(phone.known(&answer)));
    phone.shown_in(TEAM, answer.id, "\ntwo");
    let asked = phone.fake.say(TEAM, ADA, &format!("@{BOT_NAME} script: answer three"));
    phone.shown_in(TEAM, asked, "\nthree");
    phone.fake.say(TEAM, ADA, "/session@OtherBot script: answer four");
    phone.until("all is confirmed", |state| state.updates.is_empty());
    assert_eq!(phone.house.runs().len(), 3);
    let hints = phone.fake.said(TEAM).iter().filter(|text| text.contains("In a group")).count();
    assert_eq!(hints, 1, "{:?}", phone.fake.said(TEAM));
}
