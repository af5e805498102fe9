//! Telegram is down, slow, or says no: nothing is lost, nothing is said twice, and no result waits for an edit.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::eventually;
use signalbox_test_support::telegram::state::Call;
use signalbox_test_support::telegram::{ChatKind, Fate, Fault};

use crate::phone::scene::{ADA, Phone};

/// Chats with results.
const CHATS: i64 = 20;
/// Results in each.
const RESULTS: usize = 10;

fn chat(number: i64) -> i64 {
    1_000_000 + number
}

#[test]
fn after_an_outage_two_hundred_results_come_in_order_and_within_the_limits() {
    let phone = Phone::new("limits.max_tasks = 8\nlimits.max_queued_per_chat = 100\n");
    for number in 0..CHATS {
        phone.fake.open(chat(number), ChatKind::Private, "Ada");
    }
    let _serving = phone.serve();
    // Heard, but not written to: all results wait for the end.
    phone.fake.with(|state| state.outage = Some((vec!["sendmessage"], Fault::ServerError { done: false })));
    for number in 0..CHATS {
        for result in 0..RESULTS {
            let name = if result == 0 { "--name all" } else { "@all" };
            phone.fake.say(chat(number), ADA, &format!("/session {name} script: answer <{result}>"));
        }
    }
    phone.until("all is accepted", |state| state.updates.is_empty());
    phone.fake.with(|state| state.outage = Some((Vec::new(), Fault::ServerError { done: false })));
    let all = i64::try_from(RESULTS).expect("small") * CHATS;
    eventually("all have run", || phone.house.count("tasks WHERE finished_at IS NOT NULL") == all);
    // Long enough for every lane to have met it several times: what may have arrived is first asked for a sign.
    phone.until("it is noticed", |state| {
        (0..CHATS).all(|number| {
            let met = |call: &&Call| call.chat == Some(chat(number)) && call.answer >= 500;
            state.calls.iter().filter(met).count() >= 3
        })
    });
    let back = phone.fake.with(|state| {
        assert!(!state.messages.values().any(|shown| shown.by_bot), "nothing was shown before");
        state.outage = None;
        Instant::now()
    });
    phone.until_patiently("every result is shown", |state| {
        let results = state.messages.values().filter(|shown| shown.by_bot && shown.text.contains('<'));
        results.count() == RESULTS * usize::try_from(CHATS).expect("small")
    });
    for number in 0..CHATS {
        let said = phone.fake.said(chat(number));
        let order: Vec<&str> = said.iter().filter_map(|text| text.split('<').nth(1)?.split('>').next()).collect();
        let expected: Vec<String> = (0..RESULTS).map(|result| result.to_string()).collect();
        assert_eq!(order, expected, "{said:?}");
    }
    let sends = phone.fake.with(|state| {
        let counted = state.calls.iter().filter(|call| call.answer == 200 && call.at >= back);
        let counted = counted.filter(|call| ["sendmessage", "editmessagetext"].contains(&call.method.as_str()));
        counted.map(|call| (call.chat.expect("a chat"), call.at)).collect::<Vec<_>>()
    });
    let most = |times: &[Instant], span: Duration| {
        times.iter().map(|from| times.iter().filter(|at| **at >= *from && **at - *from < span).count()).max()
    };
    let all: Vec<Instant> = sends.iter().map(|(_, at)| *at).collect();
    assert!(most(&all, Duration::from_secs(1)) <= Some(30), "{:?} in a second", most(&all, Duration::from_secs(1)));
    for number in 0..CHATS {
        let own: Vec<Instant> = sends.iter().filter(|(to, _)| *to == chat(number)).map(|(_, at)| *at).collect();
        // Twenty at once, and then one a second.
        assert!(most(&own, Duration::from_secs(1)) <= Some(21), "{number}");
        assert!(most(&own, Duration::from_secs(5)) <= Some(25), "{number}");
    }
}

#[test]
fn in_a_storm_of_429_no_result_waits_for_an_edit() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    // Telegram takes no edits and asks to wait long.
    let refuses_edits = Some((vec!["editmessagetext"], Fault::TooMany { retry_after: 3000 }));
    phone.fake.with(|state| state.outage = refuses_edits);
    let gate = phone.house.text("gate");
    let mut asked = Vec::new();
    for number in 0..5 {
        asked.push(phone.say(&format!("/session script: say working; wait {gate}; answer <{number}>")));
    }
    phone.until("edits are refused", |state| {
        state.calls.iter().any(|call| call.method == "editmessagetext" && call.answer == 429)
    });
    phone.house.touch("gate");
    for (number, asked) in asked.into_iter().enumerate() {
        phone.shown(asked, &format!("<{number}>"));
    }
}

#[test]
fn a_429_is_obeyed_to_the_second_and_holds_no_other_chat_up() {
    let phone = Phone::new("");
    let other = chat(1);
    phone.fake.open(other, ChatKind::Private, "Ada");
    let _serving = phone.serve();
    phone.fake.fail_next("sendMessage", Fault::TooMany { retry_after: 3 });
    let asked = phone.say("/session script: answer <held>");
    phone.until("it was refused", |state| state.calls.iter().any(|call| call.answer == 429));
    phone.fake.say(other, ADA, "/session script: answer <free>");
    phone.shown_in(other, 0, "<free>");
    phone.shown(asked, "<held>");
    phone.until("it was sent after the wait, and not before", |state| {
        let to_ada = state.calls.iter().filter(|call| call.method == "sendmessage" && call.chat == Some(ADA.id));
        let refused = to_ada.clone().find(|call| call.answer == 429).expect("refused").at;
        let next = to_ada.filter(|call| call.at > refused).map(|call| call.at).min();
        assert!(next.is_none_or(|next| next - refused >= Duration::from_secs(3)), "{next:?} after {refused:?}");
        next.is_some()
    });
}

#[test]
fn what_surely_did_not_arrive_is_sent_again_silently() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    phone.fake.fail_next("sendMessage", Fault::TooMany { retry_after: 1 });
    phone.fake.fail_next("sendMessage", Fault::TooMany { retry_after: 1 });
    let asked = phone.say("/session script: answer <once>");
    phone.shown(asked, "<once>");
    assert!(phone.fake.said(ADA.id).iter().all(|text| !text.contains("repeat")));
}

#[test]
fn a_lost_answer_means_one_repeat_that_is_marked_and_a_lost_status_none() {
    for fault in [
        Fault::DropAfter,
        Fault::DropBefore,
        Fault::CutAnswer,
        Fault::Html { done: true },
        Fault::Html { done: false },
        Fault::ServerError { done: true },
        Fault::ServerError { done: false },
    ] {
        let phone = Phone::new("");
        let _serving = phone.serve();
        // An answer to a command is a result.
        phone.fake.fail_next("sendMessage", fault.clone());
        let asked = phone.say("/id");
        phone.shown(asked, "(may be a repeat)");
        let done = matches!(
            fault,
            Fault::DropAfter | Fault::CutAnswer | Fault::Html { done: true } | Fault::ServerError { done: true }
        );
        assert_eq!(phone.fake.said(ADA.id).len(), 1 + usize::from(done), "{fault:?}");
        // A status message is replaced when there is something to show.
        phone.fake.fail_next("sendMessage", fault);
        let asked = phone.say("/session script: say at it; hang");
        let status = phone.shown(asked, "Running");
        assert!(!status.text.contains("repeat"), "{status:?}");
        phone.fake.press(ADA.id, ADA, status.id, "Cancel");
        phone.shown(status.id, "Cancelled");
    }
}

#[test]
fn an_unclear_answer_is_never_the_end_and_doubles_are_marked_over_restarts_too() {
    let phone = Phone::new("");
    let mut serving = phone.serve();
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session script: wait {gate}; answer <kept>"));
    phone.shown(asked, "Started");
    let faults = [
        Fault::Html { done: false },
        Fault::ServerError { done: true },
        Fault::DropAfter,
        Fault::Html { done: false },
        Fault::CutAnswer,
        Fault::ServerError { done: false },
    ];
    for fault in faults.clone() {
        phone.fake.fail_next("sendMessage", fault);
    }
    phone.house.touch("gate");
    // Killed in the middle of it, and once more when the row waits.
    for left in [4, 2] {
        phone.until("some have gone wrong", |state| state.faults_left() <= left);
        serving.signal(Signal::SIGKILL);
        serving.end();
        serving = phone.serve();
    }
    phone.until_patiently("all have gone wrong", |state| state.faults_left() == 0);
    eventually("it is delivered", || phone.house.count("outbox WHERE purpose = 0 AND state <> 'delivered'") == 0);
    let said: Vec<String> = phone.fake.said(ADA.id).into_iter().filter(|text| text.contains("<kept>")).collect();
    assert!(said.len() >= 4, "done three times unseen, and once more: {said:#?}");
    assert!(said.iter().filter(|text| !text.contains("(may be a repeat)")).count() <= 1, "{said:#?}");
    assert_eq!(phone.house.run(&["outbox", "list"]).was(0, "").out.trim(), "Nothing here.");
    drop(serving);
}

#[test]
fn a_message_that_is_refused_for_good_is_kept_with_telegrams_words() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session script: wait {gate}; answer <never>"));
    phone.shown(asked, "Started");
    phone.fake.change_membership(ADA.id, ADA, Fate::Blocked);
    phone.house.touch("gate");
    eventually("it is in the list", || {
        phone.house.run(&["outbox", "list"]).out.contains("bot was blocked by the user")
    });
    assert_eq!(phone.house.count("tasks WHERE status = 'ok'"), 1, "the task itself went well");
}
