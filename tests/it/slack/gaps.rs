//! Sockets are recycled and cut again and again, and the program is killed: each message is handled once, and none is lost.

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::eventually;
use signalbox_test_support::slack::{Cut, Person};

use crate::slack::scene::Workspace;

/// Cuts in a row.
const ROUNDS: usize = 50;
/// Messages around each cut, each of somebody else.
const MESSAGES: usize = 20;
/// People who write to the bot.
const PEOPLE: usize = 100;
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
    let mut said = 0;
    for round in 0..ROUNDS {
        for number in 0..MESSAGES {
            if number == MESSAGES / 2 {
                cuts(round).iter().for_each(|cut| slack.fake.cut(*cut));
            }
            let person = people[said % PEOPLE];
            slack.fake.say(&format!("D{}", person.id), person, "/id");
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
    let of_each = said / PEOPLE;
    for person in &people {
        let answers = slack.fake.said(&format!("D{}", person.id));
        assert!(answers.iter().all(|answer| answer.contains(person.id)), "{answers:?}");
        assert_eq!(answers.len(), of_each, "{person:?} is answered once for each message: {answers:?}");
    }
}
