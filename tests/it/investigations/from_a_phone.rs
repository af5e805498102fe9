//! The same from Telegram.

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::eventually;
use signalbox_test_support::telegram::{ChatKind, Fault, Post as Said};

use super::scene::{Post, finds};
use crate::phone::scene::{ADA, Phone};

/// A group, and one that the bot is not in.
const TEAM: i64 = -1_001_000_800;
const ELSEWHERE: i64 = -1_001_000_801;

#[test]
fn an_investigation_runs_in_the_background_and_is_used_with_its_button_after_a_restart() {
    let phone = Phone::new("");
    let serving = phone.serve();
    let asked = phone.say(&format!("/investigate {}", finds("The disk is full")));
    let result = phone.shown(asked, "Root cause");
    assert!(result.text.contains("The disk is full"), "{result:?}");
    assert!(result.text.contains("Root cause") && result.text.contains("Validity 0.50"), "{result:?}");
    assert_eq!(result.reply_to, Some(asked));
    let other = phone.say("script: answer something else");
    phone.shown(other, "something else");
    serving.signal(Signal::SIGKILL);
    serving.end();
    let _serving = phone.serve();
    let press = phone.fake.press(ADA.id, ADA, result.id, "Use");
    phone.until("the press is answered", |state| {
        state.answers.get(&press).is_some_and(|text| text.contains("now goes on from"))
    });
    let asked = phone.say("what filled it?");
    phone.shown(asked, "turn 2: what filled it?");
    // A reply goes on from it without that.
    let asked = phone.fake.post(ADA.id, ADA, Said::text("since when?").reply_to(phone.known(&result)));
    phone.shown(asked, "turn 3: since when?");
    let asked = phone.say("/background list");
    phone.shown(asked, "The disk is full");
}

#[test]
fn the_first_answer_to_plain_text_offers_to_investigate_instead() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = phone.say("why is web-1 slow?");
    let answer = phone.shown(asked, "turn 1: why is web-1 slow?");
    assert_eq!(answer.buttons[0].0, "Investigate");
    phone.fake.press(ADA.id, ADA, answer.id, "Investigate");
    phone.shown(answer.id, "in the background");
    phone.shown(answer.id, "Validity unrated");
    assert_eq!(phone.house.count("investigations WHERE question = 'why is web-1 slow?'"), 1);
    let asked = phone.say("and web-2?");
    let answer = phone.shown(asked, "turn 2: and web-2?");
    assert!(answer.buttons.is_empty(), "only the first: {answer:?}");
}

#[test]
fn quick_presses_of_investigate_below_an_answer_begin_one_investigation() {
    let phone = Phone::new("");
    let serving = phone.serve();
    let asked = phone.say("why is web-1 slow?");
    let answer = phone.shown(asked, "turn 1: why is web-1 slow?");
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.end().code, 0);
    let press = |_| phone.fake.press(ADA.id, ADA, answer.id, "Investigate");
    let presses: Vec<String> = (0..3).map(press).collect();
    let _serving = phone.serve();
    phone.until("all presses are answered", |state| presses.iter().all(|press| state.answers.contains_key(press)));
    let repeats = phone.fake.with(|state| {
        presses.iter().filter(|press| state.answers[*press].contains("This is investigated already")).count()
    });
    assert_eq!((repeats, phone.house.count("investigations")), (2, 1));
    phone.until("the button is gone", |state| state.messages[&(ADA.id, answer.id)].buttons.is_empty());
}

#[test]
fn an_alert_comes_as_text_and_as_a_file() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = phone.say("[FIRING:1] DiskFull web-1");
    phone.shown(asked, "Validity");
    let alert = br#"{"id":"1","event":{"event_type":"incident.triggered","data":{"id":"PGR0VU2","type":"incident","title":"Checkout is down","status":"triggered","urgency":"high"}}}"#;
    let asked = phone.fake.post(ADA.id, ADA, Said::text("/investigate").document("alert.json", alert));
    phone.until("both are done", |state| {
        state.messages.values().filter(|shown| shown.by_bot && shown.text.contains("Validity")).count() == 2
    });
    assert!(phone.shown(asked, "Validity").text.contains("Checkout is down"));
    assert_eq!(phone.house.count("investigations WHERE alert IS NOT NULL"), 2);
}

#[test]
fn other_chats_are_told_that_can_be_and_a_dead_one_fails_nothing() {
    let post = Post::open();
    let mut phone = Phone::new(&post.config(&["ops@example.net"]));
    phone.house.set("SIGNALBOX__ALLOW__TELEGRAM__USERS", &format!("[{{ id = \"{}\", role = \"admin\" }}]", ADA.id));
    let _serving = phone.serve();
    phone.fake.open(TEAM, ChatKind::Supergroup, "team");
    let asked = phone.say(&format!("/background notify set telegram:{ELSEWHERE}"));
    let refusal = phone.shown(asked, "Nothing changed");
    assert!(refusal.text.contains("chat not found"), "{refusal:?}");
    let asked = phone.say(&format!("/background notify set email,telegram:{TEAM}"));
    phone.shown(asked, &format!("telegram:{TEAM}"));
    phone.fake.fail_next("sendMessage", Fault::ServerError { done: false });
    let asked = phone.say(&format!("/investigate {}", finds("The disk is full")));
    phone.shown(asked, "Validity 0.50");
    phone.shown_in(TEAM, 0, "The disk is full");
    post.took(1);
    // Thrown out of the team's chat, the work goes on and says where it could not tell.
    phone.fake.with(|state| state.set_fate(TEAM, signalbox_test_support::telegram::Fate::Kicked));
    let asked = phone.say(&format!("/investigate {}", finds("Again full")));
    let result = phone.shown(asked, "Validity 0.50");
    let id = result.text.split(['[', ']']).nth(1).expect("an id").to_owned();
    eventually("it is given up", || phone.house.count("outbox WHERE state = 'failed'") == 1);
    let asked = phone.say(&format!("/background show {id}"));
    let shown = phone.shown(asked, "success");
    assert!(shown.text.contains("failed") && shown.text.contains("kicked"), "{shown:?}");
}

#[test]
fn only_an_admin_says_who_is_told() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = phone.say("/background notify set none");
    phone.shown(asked, "role admin");
    let asked = phone.say("/background notify list");
    phone.shown(asked, "only the chat that asked");
}

#[test]
fn an_edit_of_a_waiting_investigation_is_what_is_investigated() {
    let mut phone = Phone::new("");
    phone.house.set("SIGNALBOX__LIMITS__MAX_TASKS_PER_CHAT", "1");
    let _serving = phone.serve();
    let gate = phone.house.text("gate");
    let first = phone.say(&format!("/session script: wait {gate}; answer first"));
    phone.shown(first, "Running");
    let asked = phone.say("/investigate why is web-1 slow?");
    phone.shown(asked, "Queued");
    phone.fake.edit(ADA.id, ADA, asked, "/investigate why is web-2 slow?");
    phone.until("the edit is confirmed", |state| state.updates.is_empty());
    phone.house.touch("gate");
    phone.shown(asked, "Validity");
    let prompts: Vec<String> = phone.house.runs().into_iter().map(|run| run.2).collect();
    assert!(prompts.iter().any(|prompt| prompt.contains("web-2")), "{prompts:#?}");
    assert!(prompts.iter().all(|prompt| !prompt.contains("web-1")), "{prompts:#?}");
}

#[test]
fn background_mode_is_switched_watched_and_looked_after() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = phone.say("/background status");
    phone.shown(asked, "Background mode: on");
    let asked = phone.say("/investigate");
    phone.shown(asked, "kubernetes-high-cpu");
    let asked = phone.say("/investigate @host high-cpu");
    let result = phone.shown(asked, " tool calls · ");
    assert!(result.text.contains("host"), "{result:?}");

    let asked = phone.say("/background off");
    phone.shown(asked, "Background mode is off");
    let gate = phone.house.text("gate");
    let asked =
        phone.say(&format!("/investigate script: say looking at the disk; wait {gate}; {}", &finds("Full")[8..]));
    let status = phone.shown(asked, "looking at the disk");
    let waiting = phone.say("why?");
    phone.shown(waiting, "Queued");
    phone.house.touch("gate");
    let result = phone.shown(status.id, "Validity 0.50");
    assert!(result.buttons.is_empty(), "it is the chat's context already: {result:?}");
    phone.shown(result.id, "turn 2: why?");
    let id = result.text.split(['[', ']']).nth(1).expect("an id").to_owned();
    let asked = phone.say(&format!("/background show {}", &id[..6]));
    let shown = phone.shown(asked, "Status: success");
    assert!(shown.text.contains("Validity 0.50") && shown.text.contains("1 tool call"), "{shown:?}");

    let asked = phone.say("/investigate script: hang");
    let status = phone.shown(asked, "Investigating");
    phone.fake.press(ADA.id, ADA, status.id, "Cancel");
    phone.shown(status.id, "Cancelled");
    let asked = phone.say("/background list");
    phone.shown(asked, "aborted");
}
