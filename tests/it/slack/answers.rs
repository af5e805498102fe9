//! Answers that Slack refuses, loses or lets wait: none is lost, and none is shown twice.

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::eventually;
use signalbox_test_support::slack::{Fault, Post};

use crate::slack::scene::{ADA, OPS, Workspace};

#[test]
fn an_answer_whose_receipt_was_lost_is_found_in_the_history_and_not_sent_twice() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    for fault in [Fault::DropAfter, Fault::CutAnswer, Fault::InternalError { done: true }, Fault::Html { done: true }] {
        slack.fake.fail_next("chat.postMessage", fault.clone());
        let asked = slack.fake.say(&slack.direct, ADA, "/id");
        let answer = slack.shown(&slack.direct, &asked, ADA.id);
        let receipt = format!("outbox WHERE message = '{}'", answer.ts);
        eventually("its receipt is stored", || slack.house.count(&receipt) == 1);
        let shown = slack.fake.shows(&slack.direct);
        let answers = shown.iter().filter(|shown| shown.by_bot && shown.ts > asked).count();
        assert_eq!(answers, 1, "{fault:?}");
    }
}

#[test]
fn an_answer_in_a_thread_that_was_shown_when_the_program_was_killed_is_found_and_not_sent_twice() {
    let slack = Workspace::new("");
    let serving = slack.serve();
    let gate = slack.house.text("gate");
    let asked = slack.fake.post(OPS, ADA, Post::to_bot(&format!("script: say half; wait {gate}; answer <once>")));
    slack.shown(OPS, &asked, "half");
    let waiting = "outbox WHERE state IN ('pending', 'sending', 'unknown')";
    eventually("all else is said", || slack.house.count(waiting) == 0);
    slack.fake.fail_next("chat.postMessage", Fault::DropAfter);
    let looks = vec!["conversations.history", "conversations.replies"];
    slack.fake.with(|state| state.outage = Some((looks, Fault::Hold)));
    slack.house.touch("gate");
    let result = slack.shown(OPS, &asked, "<once>");
    let receipt = format!("outbox WHERE message = '{}'", result.ts);
    assert_eq!(slack.house.count(&receipt), 0, "nobody told it");
    serving.signal(Signal::SIGKILL);
    serving.end();
    slack.fake.with(|state| state.outage = None);
    slack.fake.release();
    let _serving = slack.serve();
    eventually("its receipt is stored", || slack.house.count(&receipt) == 1);
    let said = slack.fake.said(OPS);
    assert_eq!(said.iter().filter(|text| text.contains("<once>")).count(), 1, "{said:#?}");
}

#[test]
fn a_quick_answer_comes_alone_after_a_command_too() {
    let mut slack = Workspace::new("");
    slack.house.set("SIGNALBOX__PROGRESS__AFTER", "1h");
    let _serving = slack.serve();
    slack.fake.command(OPS, ADA, "/session", "script: answer <one>");
    let shown = slack.shown(OPS, "", "Ada: /session script: answer <one>");
    slack.shown(OPS, &shown.ts, "<one>");
    eventually("all is said", || slack.house.count("outbox WHERE state IN ('pending', 'sending', 'unknown')") == 0);
    let said = slack.fake.shows(OPS);
    assert_eq!(said.iter().filter(|one| one.by_bot && one.ts > shown.ts).count(), 1, "{said:?}");
}

#[test]
fn an_answer_in_blocks_that_are_refused_comes_in_plain_ones() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    for word in ["invalid_blocks", "msg_blocks_too_long", "msg_too_long"] {
        slack.fake.fail_next("chat.postMessage", Fault::Refuse(word));
        let asked = slack.fake.say(&slack.direct, ADA, "/id");
        let answer = slack.shown(&slack.direct, &asked, ADA.id);
        assert_eq!(answer.blocks[0]["type"], "section", "{word}");
    }
    let asked = slack.fake.say(&slack.direct, ADA, "/id");
    assert_ne!(slack.shown(&slack.direct, &asked, ADA.id).blocks[0]["type"], "section");
}

#[test]
fn an_answer_whose_thread_is_gone_comes_to_the_channel() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    let gate = slack.house.text("gate");
    let asked = slack.fake.post(OPS, ADA, Post::to_bot(&format!("script: say half; wait {gate}; answer <one>")));
    let status = slack.shown(OPS, &asked, "half");
    assert_eq!(status.thread.as_deref(), Some(asked.as_str()));
    slack.fake.with(|state| state.messages.remove(&(OPS.to_owned(), asked.clone())));
    slack.house.touch("gate");
    let result = slack.shown(OPS, &status.ts, "<one>");
    assert_eq!(result.thread, None);
}

#[test]
fn a_run_in_a_thread_is_told_of_below_it_until_its_result_comes() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    let gate = slack.house.text("gate");
    let asked = slack.fake.post(OPS, ADA, Post::to_bot(&format!("script: wait {gate}; answer <one>")));
    slack.until("it is told of", |state| {
        state.statuses.iter().any(|(channel, thread, _)| channel == OPS && *thread == asked)
    });
    slack.house.touch("gate");
    slack.until("the result ends it", |state| {
        state.said(OPS).iter().any(|text| text.contains("<one>")) && state.statuses.is_empty()
    });
}

#[test]
fn a_long_answer_comes_in_numbered_parts_of_which_none_is_too_long() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    let words: Vec<String> = (0..1200).map(|number| format!("<w{number}>")).collect();
    let asked = slack.fake.say(&slack.direct, ADA, &format!("/session script: answer {}", words.join(" ")));
    let last = slack.shown(&slack.direct, &asked, "(4/4)");
    let shown = slack.fake.shows(&slack.direct).into_iter().filter(|shown| shown.by_bot && shown.ts <= last.ts);
    let parts: Vec<_> = shown.filter(|shown| shown.words().contains("/4)")).collect();
    assert!(parts.iter().all(|part| part.text.chars().count() <= 4000), "escaped");
    let said: Vec<String> = parts.iter().map(|part| part.words()).collect();
    assert!(words.iter().all(|word| said.iter().filter(|part| part.contains(word)).count() == 1), "{said:?}");
    assert!(slack.fake.with(|state| state.pings.is_empty()));
}
