//! Discord's limits: whom a 429 holds up, and what is not asked for again.

use std::time::{Duration, Instant};

use signalbox_test_support::discord::state::{Call, Channel, State};
use signalbox_test_support::discord::{Fault, Scope};
use signalbox_test_support::everyday::eventually;

use crate::discord::scene::{ADA, OPS, Server};
use crate::http::{address, ask};

/// What Discord asks to wait, in seconds.
const WAIT_S: f64 = 2.0;
/// A channel that takes no message of the bot.
const CLOSED: u64 = 901;
const SEND: &str = "POST channels/messages";

/// When and where a route was called, and how that was answered.
fn calls(state: &State, route: &str) -> Vec<(Option<u64>, u16, Instant)> {
    state.calls.iter().filter(|call| call.route == route).map(|call| (call.channel, call.answer, call.at)).collect()
}

fn limited(scope: Scope) -> Fault {
    Fault::TooMany { retry_after: WAIT_S, scope }
}

#[test]
fn a_limit_of_a_route_holds_up_its_channel_and_a_global_one_all_but_interactions() {
    let mut server = Server::new("");
    server.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    let serving = server.serve();
    let address = address(&serving);
    let wait = Duration::from_secs_f64(WAIT_S);
    server.fake.fail_next(SEND, limited(Scope::User));
    let alone = server.fake.say(server.direct, ADA, "/id");
    server.until("it is refused", |state| calls(state, SEND).len() == 1);
    let mentioned = server.fake.say(OPS, ADA, "<@4242> /id");
    server.shown(OPS, mentioned, "1001");
    server.shown(server.direct, alone, "1001");
    server.until("both calls are told of", |state| calls(state, SEND).len() == 3);
    let made = server.fake.with(|state| calls(state, SEND));
    assert_eq!(
        made.iter().map(|call| (call.0, call.1)).collect::<Vec<_>>(),
        [(Some(server.direct), 429), (Some(OPS), 200), (Some(server.direct), 200)]
    );
    assert!(made[2].2 - made[0].2 >= wait, "exactly as long as Discord asks");

    server.fake.fail_next(SEND, limited(Scope::Global));
    let alone = server.fake.say(server.direct, ADA, "/id");
    server.until("it is refused", |state| calls(state, SEND).len() == 4);
    let mentioned = server.fake.say(OPS, ADA, "<@4242> /id");
    let command = server.fake.command(OPS, ADA, "id", "");
    server.until("a command is answered meanwhile", |state| state.interactions[&command].answered.is_some());
    let (refused, answered) = server.fake.with(|state| {
        let interaction = &state.interactions[&command];
        (calls(state, SEND)[3].2, interaction.at + interaction.answered.expect("it is answered").1)
    });
    assert!(answered - refused < wait, "interactions are outside of the limits");
    server.shown(OPS, mentioned, "1001");
    server.shown(server.direct, alone, "1001");
    let meanwhile: Vec<String> = server.fake.with(|state| {
        let is_limited = |call: &&Call| !call.route.contains("interactions") && !call.route.contains("webhooks");
        let is_meanwhile = |call: &&Call| call.at > refused && call.at - refused < wait;
        let calls = state.calls.iter().filter(is_limited).filter(is_meanwhile);
        calls.map(|call| format!("{} {:?} {:?}", call.route, call.channel, call.at - refused)).collect()
    });
    assert!(meanwhile.is_empty(), "nothing else is asked for meanwhile: {meanwhile:?}");
    eventually("both are counted", || {
        let page = ask(address, "GET", "/metrics").body;
        page.lines().any(|line| line == "signalbox_rate_limited_total{provider=\"discord\"} 2")
    });
}

#[test]
fn what_is_refused_for_good_is_not_asked_for_again() {
    let server = Server::new("");
    let _serving = server.serve();
    let refuses = Some((403, 50013, "Missing Permissions"));
    server.fake.open(CLOSED, Channel { name: "closed".to_owned(), refuses, ..Channel::default() });
    for _ in 0..3 {
        server.fake.say(CLOSED, ADA, "<@4242> /id");
    }
    eventually("they are given up", || server.house.count("outbox WHERE state = 'failed'") == 3);
    let refused = server.fake.with(|state| calls(state, SEND).iter().filter(|call| call.1 == 403).count());
    assert_eq!(refused, 3, "each was tried once");
    let told = "outbox WHERE state = 'failed' AND error LIKE '%role Send Messages in #closed'";
    assert_eq!(server.house.count(told), 3, "which right is missing, and where");
}

#[test]
fn a_channel_that_the_bot_does_not_see_is_told_with_the_right_that_it_needs() {
    let server = Server::new("");
    let _serving = server.serve();
    let refuses = Some((403, 50001, "Missing Access"));
    server.fake.open(CLOSED, Channel { name: "closed".to_owned(), refuses, ..Channel::default() });
    server.fake.say(CLOSED, ADA, "<@4242> /id");
    let told = "outbox WHERE state = 'failed' AND error LIKE '%Missing Access [50001]%(View Channel)'";
    eventually("it is given up", || server.house.count(told) == 1);
}

#[test]
fn a_token_that_is_good_no_more_is_not_tried_by_every_message() {
    let server = Server::new("");
    let _serving = server.serve();
    server.fake.with(|state| state.revoked = true);
    for number in 0..20_u64 {
        let channel =
            server.fake.open(20_000 + number, Channel { kind: 1, name: "Ada".to_owned(), ..Channel::default() });
        server.fake.say(channel, ADA, "/id");
    }
    eventually("all wait", || server.house.count("outbox WHERE state = 'pending'") == 20);
    let refused = || server.fake.with(|state| state.calls.iter().filter(|call| call.answer == 401).count());
    assert!(refused() <= 12, "{} calls with a token that is no good", refused());
    let before = refused();
    std::thread::park_timeout(Duration::from_secs(3));
    assert_eq!(refused(), before, "and it is left alone for a while");
}
