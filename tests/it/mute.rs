//! Supervisors that do not move, are killed, or whose runs end this program each time: the program's own deadline.
#![cfg(debug_assertions)]

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signalbox_test_support::everyday::{Service, eventually};

use crate::given_up::{only_run, state_of, went_on};
use crate::phone::scene::{ADA, Phone};
use crate::servants::{phone_with, times_said};

/// Deaths of the program within this time say nothing of what it concludes; with a little more.
const QUICK_DEATHS: Duration = Duration::from_millis(2200);
/// Short bounds for a run: what is waited for is the program's own margin beyond them.
const SHORT: &str = "timeouts = { background = \"2s\", settle = \"1s\", kill_grace = \"1s\", approval = \"1min\" }";

/// Returns the process that a run has left behind with nothing of ours.
fn stray(phone: &Phone) -> Pid {
    let path = phone.house.path("stray");
    eventually("a process was left behind", || path.exists());
    Pid::from_raw(fs::read_to_string(path).expect("readable").parse().expect("an id"))
}

/// Lets Ada begin a run that leaves a process behind and does not end; returns her message and the run's supervisor.
fn begin(phone: &Phone, last: &str) -> (i64, Pid, Pid) {
    let path = phone.house.text("stray");
    let asked = phone.say(&format!("/session --name ada script: leave-clean {path}; {last}"));
    let (_, supervisor) = only_run(phone);
    (asked, supervisor, stray(phone))
}

/// Waits until Ada is told something in answer to a message, as long as the margin takes.
fn told(phone: &Phone, asked: i64, words: &str) {
    let is_told = |shown: &signalbox_test_support::telegram::state::Shown| {
        shown.by_bot && shown.reply_to == Some(asked) && shown.text.contains(words)
    };
    phone.until_patiently(words, |state| state.shows(ADA.id).iter().any(is_told));
}

fn nothing_is_left(phone: &Phone, supervisor: Pid, stray: Pid) {
    eventually("its supervisor is gone", || state_of(supervisor) == 'Z');
    eventually("what it has left behind is gone", || state_of(stray) == 'Z');
    eventually("no agent is left", || phone.house.agents().is_empty());
    // Its place is free.
    let next = phone.say("/session script: answer <next>");
    phone.shown(next, "<next>");
}

#[test]
fn a_run_whose_supervisor_is_stopped_ends_when_its_time_is_over() {
    let phone = Phone::new(SHORT);
    let service = Service::start(&phone.house);
    let (asked, supervisor, stray) = begin(&phone, "hang");
    kill(supervisor, Signal::SIGSTOP).expect("it can be signalled");
    told(&phone, asked, "error:timeout");
    assert_eq!(times_said(&phone, "0.0 s"), 0, "it is said how long it has run");
    nothing_is_left(&phone, supervisor, stray);
    went_on(service);
}

#[test]
fn a_run_whose_supervisor_is_stopped_can_be_cancelled() {
    let phone = Phone::new("timeouts.kill_grace = \"1s\"");
    let service = Service::start(&phone.house);
    let (asked, supervisor, stray) = begin(&phone, "ask Bash ls");
    phone.shown(asked, "asks for permission");
    kill(supervisor, Signal::SIGSTOP).expect("it can be signalled");
    phone.say("/stop all");
    told(&phone, asked, "Cancelled");
    nothing_is_left(&phone, supervisor, stray);
    went_on(service);
}

#[test]
fn whatever_a_run_is_at_when_its_supervisor_is_killed_its_chat_is_told_and_nothing_is_left() {
    for (last, shown) in [
        ("hang", "Started"),
        ("ask Bash ls", "asks for permission"),
        ("open-tool Bash make; hang", "make"),
        ("leave; ignore-term; say stubborn; hang", "stubborn"),
    ] {
        let phone = Phone::new("");
        let service = Service::start(&phone.house);
        let (asked, supervisor, stray) = begin(&phone, last);
        phone.shown(asked, shown);
        kill(supervisor, Signal::SIGKILL).expect("it can be signalled");
        told(&phone, asked, "Interrupted");
        nothing_is_left(&phone, supervisor, stray);
        went_on(service);
    }
}

#[test]
fn an_agent_that_answered_before_its_supervisor_was_killed_has_answered() {
    let phone = Phone::new("");
    let service = Service::start(&phone.house);
    let gate = phone.house.text("gate");
    let path = phone.house.text("stray");
    let asked = phone.say(&format!("/session script: leave-clean {path}; wait {gate}; answer <kept>; stay"));
    let (run, supervisor) = only_run(&phone);
    let stray = stray(&phone);
    phone.house.touch("gate");
    let is_said = || fs::read_to_string(run.join("events")).is_ok_and(|events| events.contains("<kept>"));
    eventually("it has answered, and its supervisor waits for it", || is_said() && state_of(supervisor) == 'S');
    kill(supervisor, Signal::SIGKILL).expect("it can be signalled");
    phone.shown(asked, "<kept>");
    assert_eq!((times_said(&phone, "<kept>"), times_said(&phone, "Interrupted")), (1, 0));
    nothing_is_left(&phone, supervisor, stray);
    went_on(service);
}

#[test]
fn a_run_whose_end_stops_the_program_each_time_is_given_up_after_the_third() {
    let phone = phone_with("conclude", "hold");
    let service = Service::start(&phone.house);
    phone.house.touch("now");
    let bad = phone.say("/session --name bad script: answer <never>");
    let mut first = None;
    for life in 2..=4 {
        // Taken by what concludes the run, which then goes no further.
        eventually("its end is being concluded", || !phone.house.path("now").exists());
        let first = *first.get_or_insert_with(Instant::now);
        eventually("it is no quick death", || life < 4 || first.elapsed() > QUICK_DEATHS);
        if life < 4 {
            phone.house.touch("now");
        }
        service.signal(Signal::SIGKILL);
        service.until_ready(life);
    }
    phone.shown(bad, "error:internal");
    let good = phone.say("/session script: answer <good>");
    phone.shown(good, "<good>");
    assert_eq!((times_said(&phone, "<never>"), times_said(&phone, "signalbox itself failed")), (0, 1));
    assert_eq!(phone.house.runs().len(), 2, "it was run once");
    assert_eq!((service.ends(), service.stop()), (vec![-9, -9, -9], 0));
}
