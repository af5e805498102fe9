//! Sockets are recycled and cut again and again, and the program is killed: each message is handled once, and none is lost.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::eventually;
use signalbox_test_support::slack::{Cut, Person};

use crate::slack::scene::{OPS, Workspace};

/// Cuts in a row.
const ROUNDS: usize = 50;
/// Messages around each cut, each of somebody else.
const MESSAGES: usize = 20;
/// People who write.
const PEOPLE: usize = 100;
/// Of so many messages one asks the bot something.
const ASKED: usize = 4;
/// How long the fake waits for an acknowledgement, so that what is lost with a socket comes again soon.
const AGAIN_MS: u64 = 500;

/// What happens to the sockets in a round.
fn cuts(round: usize) -> &'static [Cut] {
    match round % 10 {
        0 => &[Cut::Warn],
        1 => &[Cut::Drop],
        2 => &[Cut::Refresh],
        3 => &[Cut::Drop, Cut::Drop],
        4 => &[Cut::HalfFrame],
        5 => &[Cut::Twice, Cut::Close(1001)],
        // Swallowed, it is in the history alone, which is read when a socket is lost.
        6 => &[Cut::Lose, Cut::Drop],
        7 => &[Cut::Warn, Cut::Warn],
        8 => &[Cut::Nonsense, Cut::Close(1000)],
        // It takes fourteen seconds until nobody hears anything: twice is enough.
        _ if round % 25 == 24 || round == 9 => &[Cut::Freeze],
        _ => &[Cut::Refresh, Cut::Drop],
    }
}

/// Whether the program is killed in a round.
fn is_killed(round: usize) -> bool {
    round % 10 == 5
}

fn people() -> Vec<Person> {
    let id = |number: usize| -> &'static str { format!("U2{number:03}").leak() };
    (0..PEOPLE).map(|number| Person::new(id(number), "Kim")).collect()
}

#[test]
fn fifty_cuts_and_five_kills_lose_nothing_and_each_message_is_handled_once() {
    let people = people();
    let slack = Workspace::allowing("", &people);
    slack.fake.with(|state| state.again_ms = AGAIN_MS);
    let mut serving = slack.serve();
    let (mut said, mut asked) = (0, BTreeMap::new());
    for round in 0..ROUNDS {
        for number in 0..MESSAGES {
            if number == MESSAGES / 2 {
                cuts(round).iter().for_each(|cut| slack.fake.cut(*cut));
            }
            let person = people[said % PEOPLE];
            // Slack takes some hundred answers in a minute: one of four is asked for, the others only talk.
            if said % ASKED == 0 {
                slack.fake.say(&format!("D{}", person.id), person, "/id");
                *asked.entry(person.id).or_insert(0) += 1;
            } else {
                slack.fake.say(OPS, person, &format!("number {said}"));
            }
            said += 1;
        }
        if is_killed(round) {
            serving.signal(Signal::SIGKILL);
            serving.end();
            serving = slack.serve();
        }
        slack.until("two sockets stand, and all was taken", |state| {
            !state.has_cuts() && state.sockets.len() >= 2 && state.is_told_all()
        });
    }
    let house = &slack.house;
    eventually("each message is in the inbox", || house.count("inbox") >= said as i64);
    eventually("nothing waits to be sent", || {
        house.count("outbox WHERE state IN ('pending', 'sending', 'unknown')") == 0
    });
    assert_eq!(house.count("inbox"), said as i64, "each once");
    assert_eq!(asked.values().sum::<usize>() * ASKED, said);
    for (person, times) in asked {
        let answers = slack.fake.said(&format!("D{person}"));
        assert!(answers.iter().all(|answer| answer.contains(person)), "{answers:?}");
        assert_eq!(answers.len(), times, "{person} is answered once for each question: {answers:?}");
    }
    assert!(slack.fake.said(OPS).is_empty(), "nobody there asks the bot");
}
