//! The store cannot be used for a while under a process that serves: it waits, says so, and goes on when it can.

use std::process::{Command, Stdio};
use std::time::Instant;

use rusqlite::Connection;
use signalbox_test_support::everyday::{Talk, eventually};
use signalbox_test_support::telegram::Fault;

use crate::http::{address, ask};
use crate::phone::scene::{ADA, Phone};

/// Prompts said while the store cannot be used.
const PROMPTS: usize = 5;

fn watched() -> Phone {
    let mut phone = Phone::new("");
    phone.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    phone
}

/// Waits until `/readyz` says why the store cannot be used.
fn is_not_ready(serving: &Talk, why: &str) {
    eventually(&format!("it is not ready: {why}"), || {
        let ready = ask(address(serving), "GET", "/readyz");
        ready.status == 503 && ready.body.contains(why)
    });
}

/// Checks that the trouble was logged once, and its end.
fn is_told_once(serving: &Talk) {
    eventually("it is ready again", || ask(address(serving), "GET", "/readyz").status == 200);
    let log = serving.err();
    for told in ["the store cannot be used now", "the store can be used again"] {
        assert_eq!(log.matches(told).count(), 1, "{told:?} in {log}");
    }
}

/// Checks that every answer is said once, without a mark.
fn all_is_said_once(phone: &Phone, answers: &[String]) {
    for answer in answers {
        let said = phone.fake.said(ADA.id);
        let texts: Vec<&String> = said.iter().filter(|text| text.contains(answer.as_str())).collect();
        assert!(texts.len() == 1 && !texts[0].contains("repeat"), "{answer}: {said:#?}");
    }
}

#[test]
fn a_database_that_is_held_for_long_is_waited_for_and_nothing_is_lost() {
    let phone = watched();
    let mut serving = phone.serve();
    let gate = phone.house.text("gate");
    let first = phone.say(&format!("/session script: wait {gate}; answer <first>"));
    eventually("its conversation is known", || phone.house.count("sessions WHERE agent_session IS NOT NULL") == 1);
    phone.shown(first, "Started");
    // An answer is on its way, and its receipt cannot be stored.
    phone.fake.fail_next("sendMessage", Fault::Hold);
    phone.say("/id");
    phone.until("the answer is on its way", |state| !state.has_faults());
    let other = Connection::open(phone.house.state().join("signalbox.db")).expect("the database opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    phone.fake.release();
    phone.house.touch("gate");
    let answers: Vec<String> = (0..PROMPTS).map(|number| format!("<{number}>")).collect();
    let asked: Vec<i64> =
        answers.iter().map(|answer| phone.say(&format!("/session script: answer {answer}"))).collect();
    let held = Instant::now();
    is_not_ready(&serving, "another process has held the database");
    eventually("it is held for longer than the busy time-out", || held.elapsed().as_secs() >= 12);
    assert!(serving.goes_on(), "{}", serving.err());
    other.execute_batch("ROLLBACK").expect("free");
    phone.shown(first, "<first>");
    for (asked, answer) in asked.into_iter().zip(&answers) {
        phone.shown(asked, answer);
    }
    all_is_said_once(&phone, &answers);
    all_is_said_once(&phone, &["<first>".into(), "1001".into()]);
    is_told_once(&serving);
    assert!(serving.goes_on());
}

#[test]
fn a_process_stops_in_time_while_the_database_is_held() {
    let phone = watched();
    let serving = phone.serve();
    let other = Connection::open(phone.house.state().join("signalbox.db")).expect("the database opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    phone.say("/session script: answer <late>");
    is_not_ready(&serving, "another process has held the database");
    let told = Instant::now();
    serving.signal(nix::sys::signal::Signal::SIGTERM);
    serving.end().was(0, "");
    assert!(told.elapsed().as_secs() < 10, "{:?}", told.elapsed());
}

#[test]
fn a_database_that_is_taken_away_ends_the_program_with_clear_words() {
    let phone = watched();
    let serving = phone.serve();
    let database = phone.house.state().join("signalbox.db");
    std::fs::rename(&database, phone.house.state().join("elsewhere.db")).expect("moved");
    let said = serving.end().was(1, "");
    assert!(said.err.contains("was removed or replaced while it was in use"), "{said:#?}");
}

#[test]
fn a_database_that_is_damaged_while_it_is_used_ends_the_program_with_clear_words() {
    let phone = watched();
    let serving = phone.serve();
    let asked = phone.say("/session script: answer <before>");
    phone.shown(asked, "<before>");
    // All of it is scribbled over, its log as well, so that the next look meets the damage wherever it looks.
    for file in ["signalbox.db", "signalbox.db-wal"] {
        let file = std::fs::OpenOptions::new().write(true).open(phone.house.state().join(file)).expect("a file");
        let length = file.metadata().expect("a length").len();
        for at in (0..length).step_by(4096) {
            std::os::unix::fs::FileExt::write_all_at(&file, &[0xa5; 4096], at).expect("scribbled");
        }
    }
    phone.say("/session script: answer <after>");
    let said = serving.end().was(1, "");
    assert!(said.err.contains("is damaged"), "{said:#?}");
}

/// Mounts a small disk of its own, which only those whom the system lets have one can see; returns whether it may.
fn may_mount(at: &std::path::Path) -> bool {
    std::fs::create_dir_all(at).expect("a directory");
    let mount = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs"]).arg(at).status();
    let may = mount.is_ok_and(|status| status.success());
    if !may {
        println!("skipped: the system gives us no disk of our own");
    }
    may
}

/// Serves within a script that has a small disk of its own; `$0` is the program.
fn serve_within(phone: &Phone, script: &str) -> Talk {
    let serve = phone.house.command(&["serve"]);
    let mut shell = Command::new("unshare");
    shell
        .args(["-rm", "sh", "-c", script])
        .arg(serve.get_program())
        .env_clear()
        .envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(phone.house.path(""))
        .stdin(Stdio::null());
    phone.house.start(shell)
}

#[test]
fn a_full_disk_is_waited_for_and_nothing_is_lost() {
    let phone = watched();
    if !may_mount(&phone.house.state()) {
        return;
    }
    let script = "mount -t tmpfs -o size=6m tmpfs state; trap 'kill $!' TERM; \"$0\" serve & serve=$!
        until [ -e fill ]; do sleep 0.02; done; dd if=/dev/zero of=state/filler bs=4k 2> dd.log; : > filled
        until [ -e clear ]; do sleep 0.02; done; rm state/filler
        wait $serve; echo \"ended with $?.\"";
    let serving = serve_within(&phone, script);
    serving.until("serving");
    let gate = phone.house.text("gate");
    let first = phone.say(&format!("/session script: say at it; wait {gate}; answer <first>"));
    phone.shown(first, "at it");
    phone.house.touch("fill");
    eventually("the disk is full", || phone.house.path("filled").exists());
    let answers: Vec<String> = (0..PROMPTS).map(|number| format!("<{number}>")).collect();
    let asked: Vec<i64> =
        answers.iter().map(|answer| phone.say(&format!("/session script: answer {answer}"))).collect();
    is_not_ready(&serving, "is full");
    phone.house.touch("clear");
    for (asked, answer) in asked.into_iter().zip(&answers) {
        phone.shown(asked, answer);
    }
    phone.house.touch("gate");
    phone.shown(first, "<first>");
    all_is_said_once(&phone, &answers);
    is_told_once(&serving);
    assert!(!serving.out().contains("ended with"), "{}", serving.err());
}

#[test]
fn a_run_that_finds_no_room_for_its_files_waits_for_it() {
    let phone = watched();
    if !may_mount(&phone.house.state().join("runs")) {
        return;
    }
    // The database has room, the files of runs have none.
    let script = "chmod 700 state; mount -t tmpfs -o size=512k,mode=700 tmpfs state/runs
        dd if=/dev/zero of=state/runs/filler bs=4k 2> dd.log; trap 'kill $!' TERM; \"$0\" serve & serve=$!
        until [ -e clear ]; do sleep 0.02; done; rm state/runs/filler
        wait $serve; echo \"ended with $?.\"";
    let serving = serve_within(&phone, script);
    serving.until("serving");
    let answers: Vec<String> = (0..PROMPTS).map(|number| format!("<{number}>")).collect();
    let asked: Vec<i64> =
        answers.iter().map(|answer| phone.say(&format!("/session script: answer {answer}"))).collect();
    is_not_ready(&serving, "is full");
    phone.house.touch("clear");
    for (asked, answer) in asked.into_iter().zip(&answers) {
        phone.shown(asked, answer);
    }
    all_is_said_once(&phone, &answers);
    is_told_once(&serving);
    assert!(!serving.out().contains("ended with"), "{}", serving.err());
}
