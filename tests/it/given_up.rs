//! What fails alone: one sign, one change of a status message, one run whose supervisor is no help. The program goes on.
#![cfg(debug_assertions)]

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use signalbox_test_support::everyday::{Service, eventually};

use crate::phone::scene::Phone;
use crate::servants::{phone_with, times_said};

/// What the chat of a run that is given up is told.
const TOLD: &str = "signalbox itself failed";

/// Checks that a service was started once, and ends as it should when it is stopped.
pub(crate) fn went_on(service: Service) {
    assert_eq!((service.starts(), service.ends()), (1, vec![]));
    assert_eq!(service.stop(), 0);
}

#[test]
fn a_panic_within_one_sign_is_logged_and_the_next_is_given() {
    let phone = phone_with("sign", "panic");
    let service = Service::start(&phone.house);
    phone.house.touch("now");
    let asked = phone.say("/session script: answer <one>");
    eventually("it is logged", || service.journal().contains("a sign could not be given"));
    phone.shown(asked, "<one>");
    let next = phone.say("/session script: answer <two>");
    phone.shown(next, "<two>");
    phone.until("the next is given", |state| state.reactions.keys().any(|(_, message)| *message == next));
    assert_eq!((times_said(&phone, "<one>"), times_said(&phone, "<two>")), (1, 1));
    went_on(service);
}

#[test]
fn a_panic_within_one_change_of_a_status_message_is_logged_and_the_next_is_made() {
    let phone = phone_with("status-change", "panic");
    let service = Service::start(&phone.house);
    let gate = phone.house.text("gate");
    phone.house.touch("now");
    let asked = phone.say(&format!("/session script: tool Bash make; wait {gate}; answer <done>"));
    eventually("it is logged", || service.journal().contains("a change of a status message panicked"));
    let changes = phone.fake.count("editMessageText");
    phone.until("the next is made", |state| {
        state.calls.iter().filter(|call| call.method == "editmessagetext").count() > changes
    });
    phone.house.touch("gate");
    phone.shown(asked, "<done>");
    assert_eq!(times_said(&phone, "<done>"), 1);
    went_on(service);
}

/// Returns the only run's directory and the process that supervises it, once it is known.
pub(crate) fn only_run(phone: &Phone) -> (std::path::PathBuf, Pid) {
    eventually("its conversation is known", || phone.house.count("sessions WHERE agent_session IS NOT NULL") == 1);
    let run = fs::read_dir(phone.house.state().join("runs")).expect("runs").next().expect("a run").expect("readable");
    let record = fs::read(run.path().join("supervisor.json")).expect("the supervisor recorded itself");
    let record: Value = serde_json::from_slice(&record).expect("JSON");
    let pid = i32::try_from(record["pid"].as_i64().expect("a number")).expect("an id");
    (run.path(), Pid::from_raw(pid))
}

/// Returns the state of a process, as `/proc` tells it; `Z` where there is none.
pub(crate) fn state_of(process: Pid) -> char {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").and_then(|(_, fields)| fields.chars().next()).unwrap_or('Z')
}

/// A run cannot be followed any further, and its supervisor gets a signal just before.
fn is_given_up_though_its_supervisor_gets(signal: Signal) {
    let phone = phone_with("run", "panic");
    let service = Service::start(&phone.house);
    let (gate, good_gate) = (phone.house.text("gate"), phone.house.text("good-gate"));
    let bad = phone.say(&format!("/session --name bad script: wait {gate}; say now; hang"));
    let (run, supervisor) = only_run(&phone);
    let good = phone.say(&format!("/session --name good script: wait {good_gate}; answer <good>"));
    eventually("both conversations are known", || phone.house.count("sessions WHERE agent_session IS NOT NULL") == 2);
    // What the agent says next is sent to a program that does not read it before the supervisor is gone.
    service.signal(Signal::SIGSTOP);
    phone.house.touch("gate");
    let is_said = || fs::read_to_string(run.join("events")).is_ok_and(|events| events.contains("\"now\""));
    eventually("the agent has said it, and its supervisor waits again", || is_said() && state_of(supervisor) == 'S');
    kill(supervisor, signal).expect("it can be signalled");
    phone.house.touch("now");
    service.signal(Signal::SIGCONT);
    let told = phone.shown(bad, TOLD);
    assert!(told.text.contains("[bad] Failed · error:internal"), "{told:?}");
    phone.house.touch("good-gate");
    phone.shown(good, "<good>");
    eventually("no agent is left", || phone.house.agents().is_empty());
    eventually("its supervisor is gone", || state_of(supervisor) == 'Z');
    assert_eq!(phone.house.count("tasks WHERE status = 'error:internal'"), 1);
    assert_eq!(times_said(&phone, TOLD), 1);
    went_on(service);
}

#[test]
fn a_run_whose_supervisor_is_dead_is_given_up_and_its_agent_ended() {
    is_given_up_though_its_supervisor_gets(Signal::SIGKILL);
}

#[test]
fn a_run_whose_supervisor_is_stopped_is_given_up_and_its_agent_ended() {
    is_given_up_though_its_supervisor_gets(Signal::SIGSTOP);
}

#[test]
fn a_supervisor_that_does_not_answer_at_a_restart_is_looked_for_again() {
    let phone = Phone::new("");
    let service = Service::start(&phone.house);
    let gate = phone.house.text("gate");
    let asked = phone.say(&format!("/session script: wait {gate}; answer <late>"));
    let (_, supervisor) = only_run(&phone);
    kill(supervisor, Signal::SIGSTOP).expect("it can be signalled");
    service.signal(Signal::SIGKILL);
    service.until_ready(2);
    eventually("it is looked for", || service.journal().contains("a run's supervisor does not answer"));
    kill(supervisor, Signal::SIGCONT).expect("it can be signalled");
    phone.house.touch("gate");
    phone.shown(asked, "<late>");
    assert_eq!((times_said(&phone, "<late>"), phone.house.runs().len()), (1, 1));
    assert_eq!((service.ends(), service.stop()), (vec![-9], 0));
}
