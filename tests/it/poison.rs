//! One thing that cannot be read stands between good ones, wherever something is read: the others are served soon, and the
//! log names it once.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rusqlite::Connection;
use serde_json::json;
use signalbox_test_support::everyday::{Talk, eventually};
use signalbox_test_support::telegram::{HALF_A_CHARACTER, Post};
use signalbox_test_support::{discord as on_discord, slack as on_slack};

use crate::discord::scene as discord;
use crate::phone::scene::{ADA, Phone};
use crate::slack::scene as slack;

/// How soon the others are served; five seconds, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// Checks that the others were served soon, and what the log says of it.
fn is_named(serving: &mut Talk, began: Instant, words: &str, times: usize) {
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    eventually("it is named", || serving.err().matches(words).count() >= times);
    assert_eq!(serving.err().matches(words).count(), times, "{}", serving.err());
    assert!(serving.goes_on(), "{}", serving.err());
}

/// Changes something in the database beside the program.
fn spoil(phone: &Phone, sql: &str) {
    let database = Connection::open(phone.house.state().join("signalbox.db")).expect("the database opens");
    database.busy_timeout(Duration::from_secs(10)).expect("a time-out");
    assert_eq!(database.execute(sql, []).expect("spoilt"), 1);
}

#[test]
fn updates_that_cannot_be_read() {
    let phone = Phone::new("");
    let mut serving = phone.serve();
    let began = Instant::now();
    let before = phone.say("/session script: answer <before>");
    phone.say(&format!("half {HALF_A_CHARACTER}"));
    let deep = (0..200).fold(json!("x"), |inner, _| json!([inner]));
    phone.fake.post(ADA.id, ADA, Post::text("deep").with(json!({ "gift": deep })));
    let after = phone.say("/session script: answer <after>");
    phone.shown(before, "<before>");
    phone.shown(after, "<after>");
    is_named(&mut serving, began, "an update that cannot be understood was passed over", 2);
    assert_eq!(phone.house.runs().len(), 2);
}

#[test]
fn an_event_of_the_gateway_that_cannot_be_read() {
    let server = discord::Server::new("");
    let mut serving = server.serve();
    let began = Instant::now();
    let before = server.fake.say(server.direct, discord::ADA, "/session script: answer before");
    server.shown(server.direct, before, "before");
    server.fake.cut(on_discord::Cut::Nonsense);
    server.until("it is said", |state| !state.has_cuts());
    let after = server.fake.say(server.direct, discord::ADA, "/session script: answer after");
    server.shown(server.direct, after, "after");
    is_named(&mut serving, began, "what cannot be understood is kept in the notes and passed over", 1);
    assert_eq!(server.fake.with(|state| (state.identified, state.resumed)), (1, 0), "the connection goes on");
}

#[test]
fn an_envelope_that_cannot_be_read() {
    let work = slack::Workspace::new("");
    let mut serving = work.serve();
    let began = Instant::now();
    let before = work.fake.say(&work.direct, slack::ADA, "/session script: answer before");
    work.shown(&work.direct, &before, "before");
    let stood = work.fake.with(|state| state.stood);
    work.fake.cut(on_slack::Cut::Nonsense);
    work.until("it is said", |state| !state.has_cuts());
    let after = work.fake.say(&work.direct, slack::ADA, "/session script: answer after");
    work.shown(&work.direct, &after, "after");
    is_named(&mut serving, began, "what cannot be understood is kept in the notes", 1);
    assert_eq!(work.fake.with(|state| state.stood), stood, "the sockets stay");
}

#[test]
fn a_row_of_the_inbox_that_cannot_be_read() {
    let phone = Phone::new("");
    let mut serving = phone.serve();
    phone.house.say("/id").was(0, "console:local");
    let began = Instant::now();
    spoil(
        &phone,
        "UPDATE inbox SET state = 'open', outcome = NULL, done_at = NULL, incoming = '{\"of\":\"a later version\"}'",
    );
    phone.house.say("/session script: answer <after>").was(0, "<after>");
    let asked = phone.say("/id");
    phone.shown(asked, "1001");
    phone.house.say("/id").was(0, "console:local");
    is_named(&mut serving, began, "passed over a message that cannot be read", 1);
}

#[test]
fn a_row_of_the_outbox_that_cannot_be_read() {
    let phone = Phone::new("");
    let mut serving = phone.serve();
    let asked = phone.say("/id");
    let shown = phone.shown(asked, "1001");
    phone.known(&shown);
    let began = Instant::now();
    spoil(
        &phone,
        "UPDATE outbox SET state = 'pending', message = NULL, sender = NULL, finished_at = NULL, buttons = '{'",
    );
    let asked = phone.say("/session script: answer <after>");
    phone.shown(asked, "<after>");
    is_named(&mut serving, began, "a message cannot be read; it is among the dead letters now", 1);
    assert_eq!(phone.house.count("outbox WHERE state = 'failed'"), 1);
}

#[test]
fn files_of_runs_that_cannot_be_read() {
    let phone = Phone::new("");
    let serving = phone.serve();
    let gate = phone.house.text("gate");
    let ask =
        |name: &str| phone.say(&format!("/session --name {name} script: say begun; wait {gate}; answer <{name}>"));
    let asked = ["good", "odd", "bad"].map(ask);
    eventually("all are at work", || phone.house.count("sessions WHERE agent_session IS NOT NULL") == 3);
    serving.signal(Signal::SIGKILL);
    serving.end();
    phone.house.touch("gate");
    let runs = || fs::read_dir(phone.house.state().join("runs")).expect("runs").map(|run| run.expect("a run").path());
    eventually("all have ended", || runs().filter(|run| run.join("exit.json").exists()).count() == 3);
    for run in runs() {
        let events = fs::read_to_string(run.join("events")).expect("events");
        if events.contains("<odd>") {
            let (first, rest) = events.split_once('\n').expect("several events");
            let spoilt = format!("{first}\n{{\"of\":\"a later version\"}}\nno JSON\n{rest}");
            fs::write(run.join("events"), spoilt).expect("written");
        }
        if events.contains("<bad>") {
            fs::write(run.join("exit.json"), "{").expect("written");
        }
    }
    let began = Instant::now();
    let mut serving = phone.serve();
    phone.shown(asked[0], "<good>");
    phone.shown(asked[1], "<odd>");
    // Its agent's last word was kept, and counts.
    eventually("no task is left", || phone.house.count("tasks WHERE status IN ('queued', 'running')") == 0);
    is_named(&mut serving, began, "an event of a run cannot be read", 1);
}
