//! Ten thousand alerts of fifty groups within seconds: few cards, few changes, right counts. How soon, and with how much
//! memory, is printed, and fails nothing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use signalbox_test_support::discord::state::{Shown, State};

use crate::discord::scene::{OPS, Server};
use crate::hooks::scene::{SECRET, group, hooks, post};

/// Groups of alerts.
const GROUPS: usize = 50;
/// Times that each group is told of, each time with new alerts.
const ROUNDS: usize = 10;
/// New alerts of a group in each round.
const NEW: usize = 20;
/// Senders that call at once.
const SENDERS: usize = 4;
/// Least time between two rounds.
const ROUND_EVERY: Duration = Duration::from_millis(1500);
/// Messages that the channel takes in five seconds, and as many changes. With the five that are usual, fifty cards take fifty
/// seconds to be shown, and as long to be changed.
const ALLOWANCE: u64 = 50;
/// Calls that may be refused for their number, until what the headers tell is known.
const MOST_TOO_MANY: usize = 5;
/// Least time between two changes of a card.
const CHANGED_EVERY: Duration = Duration::from_secs(5);

/// Tells of one round of every group; returns the longest time that a call took.
fn tell(address: SocketAddr, round: usize) -> Duration {
    let call = |number: usize| {
        let body = group(&format!("Storm{number}"), NEW, round * NEW).to_string();
        let bearer = format!("Bearer {SECRET}");
        let begun = Instant::now();
        let answer = post(address, "/hooks/alertmanager/alertmanager", &[("Authorization", &bearer)], &body);
        assert_eq!(answer.told()["news"], NEW, "{answer:?}");
        begun.elapsed()
    };
    std::thread::scope(|scope| {
        let senders = (0..SENDERS)
            .map(|first| scope.spawn(move || (first..GROUPS).step_by(SENDERS).map(call).max().expect("some calls")));
        let senders: Vec<_> = senders.collect();
        senders.into_iter().map(|sender| sender.join().expect("it is told")).max().expect("some senders")
    })
}

fn cards(state: &State) -> Vec<Shown> {
    state.shows(OPS).into_iter().filter(|shown| shown.by_bot && shown.text.contains("Storm")).collect()
}

#[test]
fn ten_thousand_alerts_are_fifty_cards_that_say_what_is_so() {
    let triage = "[triage]\ngroup_wait = \"1s\"\nauto_investigate = []\n";
    let mut server = Server::new(&format!("{triage}{}", hooks(&format!("discord:{OPS}"))));
    server.fake.with(|state| state.allowance = ALLOWANCE);
    server.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    let serving = server.serve();
    let address = crate::http::address(&serving);
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    for round in 0..ROUNDS {
        let due = begun + ROUND_EVERY * u32::try_from(round).expect("few");
        std::thread::park_timeout(due.saturating_duration_since(Instant::now()));
        slowest = slowest.max(tell(address, round));
    }
    let last = Instant::now();
    let all = format!("{0} alerts, {0} firing", ROUNDS * NEW);
    server.until_at_length("every card counts all of its alerts", |state| {
        let cards = cards(state);
        cards.len() == GROUPS && cards.iter().all(|card| card.text.contains(&all))
    });
    let settled = last.elapsed();
    println!(
        "slowest answer to a call: {slowest:?} (wanted: 1 s); all cards right after the last: {settled:?} (wanted: 10 s); \
         most memory at once: {} MiB",
        serving.peak_bytes() >> 20
    );
    let edits: Vec<usize> = server.fake.with(|state| cards(state)).iter().map(|card| card.edits).collect();
    let too_many = server.fake.with(|state| state.calls.iter().filter(|call| call.answer == 429).count());
    assert!(too_many <= MOST_TOO_MANY, "{too_many} calls were refused for their number");
    let span = (last - begun) + settled;
    let most = usize::try_from(span.as_millis() / CHANGED_EVERY.as_millis()).expect("few") + 1;
    assert!(edits.iter().all(|edits| *edits <= most), "{edits:?} in {span:?}");
    assert_eq!(
        server.house.count("incident_alerts WHERE firing"),
        i64::try_from(GROUPS * ROUNDS * NEW).expect("a count")
    );
    assert_eq!(server.house.count("incidents"), i64::try_from(GROUPS).expect("few"));
}
