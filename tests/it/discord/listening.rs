//! What the bot is kept from, it says; what comes while the store is slow is acknowledged; whose alerts count.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;
use signalbox_test_support::discord::state::{Channel, Right, State};
use signalbox_test_support::discord::{Greeting, Person, Post};
use signalbox_test_support::everyday::eventually;

use crate::discord::scene::{ADA, OPS, Server};
use crate::http::{address, ask};

/// The bot of a monitoring system, and the hook of one.
const MONITOR: Person = Person { id: 700, name: "Alertmanager", is_bot: true };
/// An alert channel.
const ALERTS: u64 = 900;
/// Discord gives so long to answer an interaction.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
/// What a slow store takes for a write.
const SLOW: Duration = Duration::from_secs(5);

fn watched(more: &str) -> Server {
    let mut server = Server::new(more);
    server.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    server
}

/// What `/readyz` says of Discord.
fn told(address: std::net::SocketAddr) -> Value {
    let page: Value = serde_json::from_str(&ask(address, "GET", "/readyz").body).expect("JSON");
    page["transports"]["discord"].clone()
}

#[test]
fn the_last_sessions_of_a_day_are_spared_and_readiness_says_so() {
    let server = watched("");
    server.fake.with(|state| state.sessions_left = 49);
    let serving = server.house.serve();
    let address = address(&serving);
    eventually("it says so", || told(address)["why"].as_str().is_some_and(|why| why.contains("49 of 1000")));
    assert_eq!((told(address)["ready"].clone(), server.fake.with(|state| state.identified)), (false.into(), 0));
    server.fake.with(|state| state.sessions_left = 50);
    eventually("it listens when there are more", || told(address)["ready"] == true);
    let asked = server.fake.say(server.direct, ADA, "/id");
    server.shown(server.direct, asked, "1001");
}

#[test]
fn what_discord_will_not_have_is_told_with_what_to_do_and_all_else_goes_on() {
    for (code, remedy) in [
        (4004, "a new one on the page Bot"),
        (4010, "report it"),
        (4011, "fewer servers"),
        (4012, "a newer version"),
        (4013, "report it"),
    ] {
        let server = watched("");
        server.fake.greet_next(Greeting::CloseWith(code));
        let serving = server.house.serve();
        let address = address(&serving);
        eventually("it says so", || {
            let told = told(address);
            told["state"] == "refused" && told["why"].as_str().is_some_and(|why| why.contains(remedy))
        });
        assert_eq!(ask(address, "GET", "/healthz").status, 200, "{code}");
        assert_eq!(server.house.say("/id").code, 0);
    }
}

#[test]
fn without_the_intent_it_says_where_to_switch_it_on_and_does_what_it_can() {
    let server = watched("");
    server.fake.with(|state| state.allows_content = false);
    let serving = server.serve();
    let address = address(&serving);
    eventually("it listens and says what it is kept from", || {
        let told = told(address);
        told["ready"] == true && told["limited"].as_str().is_some_and(|why| why.contains("Message Content Intent"))
    });
    server.fake.say(OPS, ADA, "/id");
    let mentioned = server.fake.say(OPS, ADA, "<@4242> /id");
    assert_eq!(server.shown(OPS, 0, "1001").reply_to, Some(mentioned), "what it cannot read it does not answer");
    let alone = server.fake.say(server.direct, ADA, "/id");
    server.shown(server.direct, alone, "1001");
    let command = server.fake.command(OPS, ADA, "id", "");
    server.until("a command is answered", |state| state.interactions[&command].answered.is_some());
}

#[test]
fn a_right_that_is_missing_where_alerts_are_watched_or_told_is_named_until_it_is_granted() {
    let places = "[[triage.channels]]\naddress = \"discord:900\"\n[[hooks]]\nid = \"ops\"\nsource = \"alertmanager\"\n\
                  secret = \"s3cret-s3cret-s3cret\"\ntarget = \"discord:500\"\n";
    let server = watched(places);
    server.fake.open(ALERTS, Channel { name: "alerts".to_owned(), lacks: vec![Right::View], ..Channel::default() });
    server
        .fake
        .with(|state| state.channels.get_mut(&OPS).expect("open").lacks = vec![Right::Send, Right::SendInThreads]);
    let serving = server.serve();
    let address = address(&serving);
    let page = || serde_json::from_str::<Value>(&ask(address, "GET", "/readyz").body).expect("JSON");
    let why = |place: &str| page()["places"][place]["why"].as_str().unwrap_or_default().to_owned();
    eventually("both are named", || {
        why("discord:900").contains("View Channel")
            && why("discord:500").contains("Send Messages and Send Messages in Threads in #ops")
    });
    assert_eq!((&page()["ready"], ask(address, "GET", "/readyz").status), (&true.into(), 200), "alerts come in");
    server.fake.with(|state| state.channels.get_mut(&OPS).expect("open").lacks = vec![Right::OpenThreads]);
    eventually("what is granted is named no more", || {
        why("discord:500").ends_with("lacks Create Public Threads in #ops")
    });
    server.fake.with(|state| state.channels.values_mut().for_each(|channel| channel.lacks.clear()));
    eventually("all is well", || page()["places"].is_null());
    assert!(serving.err().contains("View Channel"), "it is logged");
}

#[test]
fn a_press_and_a_command_are_acknowledged_in_time_while_the_store_is_slow_and_done_later() {
    let server = watched("");
    let _serving = server.serve();
    server.fake.command(OPS, ADA, "session", "script: say busy; hang");
    let asked = server.shown(OPS, 0, "/session script: say busy");
    let thread = asked.id;
    let status = server.shown(thread, 0, "busy");
    let database = rusqlite::Connection::open(server.house.state().join("signalbox.db")).expect("the database opens");
    database.busy_timeout(ANSWERED_WITHIN).expect("a time-out");
    database.execute_batch("BEGIN IMMEDIATE").expect("the store is held");
    let held = std::time::Instant::now();
    let press = server.fake.press(thread, ADA, status.id, "Cancel");
    let command = server.fake.command(OPS, ADA, "id", "");
    for interaction in [press, command] {
        server.until("it is acknowledged", |state| state.interactions[&interaction].answered.is_some());
        let within = server.fake.with(|state| state.interactions[&interaction].answered.expect("it is answered").1);
        assert!(within < ANSWERED_WITHIN && held.elapsed() < SLOW, "{within:?}");
    }
    std::thread::park_timeout(SLOW.saturating_sub(held.elapsed()));
    database.execute_batch("ROLLBACK").expect("the store is free");
    server.shown(thread, status.id, "Cancelled");
    server.until("the command is answered", |state| state.whispers.iter().any(|text| text.contains("1001")));
}

#[test]
fn what_was_acknowledged_while_the_store_was_slow_is_done_also_after_a_kill_and_without_a_session() {
    let server = watched("");
    let serving = server.serve();
    server.fake.command(OPS, ADA, "session", "script: say busy; hang");
    let asked = server.shown(OPS, 0, "/session script: say busy");
    let thread = asked.id;
    let status = server.shown(thread, 0, "busy");
    let database = rusqlite::Connection::open(server.house.state().join("signalbox.db")).expect("the database opens");
    database.busy_timeout(ANSWERED_WITHIN).expect("a time-out");
    database.execute_batch("BEGIN IMMEDIATE").expect("the store is held");
    let press = server.fake.press(thread, ADA, status.id, "Cancel");
    let command = server.fake.command(OPS, ADA, "session", "--name late script: answer <late>");
    for interaction in [press, command] {
        server.until("it is acknowledged", |state| state.interactions[&interaction].answered.is_some());
    }
    serving.signal(Signal::SIGKILL);
    serving.end();
    database.execute_batch("ROLLBACK").expect("the store is free");
    server.fake.with(State::end_sessions);
    let _serving = server.serve();
    server.shown(thread, status.id, "Cancelled");
    let shown = server.fake.with(|state| state.interactions[&command].shows.expect("it was shown"));
    server.shown(shown, shown, r"\<late>");
    let kept = server.house.state().join("files/discord/asked");
    eventually("nothing is kept of it", || std::fs::read_dir(&kept).map_or(0, Iterator::count) == 0);
}

#[test]
fn what_other_bots_and_webhooks_say_counts_in_alert_channels_only() {
    let triage =
        "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[triage.channels]]\naddress = \"discord:900\"\n";
    let server = watched(triage);
    server.fake.open(ALERTS, Channel { name: "alerts".to_owned(), ..Channel::default() });
    let _serving = server.serve();
    let alert = |channel: u64, rule: &str| {
        server.fake.say(channel, MONITOR, &format!("[FIRING:1] {rule} (db-1 prod)\nSeverity: critical"))
    };
    alert(OPS, "Elsewhere");
    alert(ALERTS, "DiskFills");
    let text = "[FIRING:1] NetFails (db-1 prod)\nSeverity: critical";
    let hook = Post::text(text).with(serde_json::json!({ "webhook_id": "701" }));
    server.fake.post(ALERTS, MONITOR, hook);
    server.shown(ALERTS, 0, "DiskFills");
    server.shown(ALERTS, 0, "NetFails");
    assert_eq!(server.house.count("incidents"), 2);
    assert!(server.fake.said(OPS).is_empty(), "nobody answers a bot");
}
