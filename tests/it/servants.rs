//! Each part is made to fail under a process that serves: it is seen, the service manager starts the program again, and
//! nothing is lost or said twice. Release builds cannot be made to fail, so there is nothing to see there.
#![cfg(debug_assertions)]

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::{Service, eventually};

use crate::http::{address, ask};
use crate::phone::scene::{ADA, Phone};

/// What the parts of a process that serves Telegram are called.
const SERVANTS: [&str; 11] = [
    "signals",
    "observer",
    "outbox",
    "signs",
    "live status",
    "inbox",
    "housekeeping",
    "http",
    "store",
    "role",
    "transport telegram",
];

/// A phone whose bot has a part that fails as soon as there is a file `now`.
pub(crate) fn phone_with(part: &str, how: &str) -> Phone {
    let mut phone = Phone::new("");
    let wish = format!("{part}:{how}:{}", phone.house.text("now"));
    phone.house.set("SIGNALBOX_TEST_FAIL", &wish);
    phone.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    phone
}

/// How often the bot has said something in Ada's chat.
pub(crate) fn times_said(phone: &Phone, needle: &str) -> usize {
    phone.fake.said(ADA.id).iter().filter(|text| text.contains(needle)).count()
}

fn is_started_again(part: &str, how: &str) {
    let phone = phone_with(part, how);
    let service = Service::start(&phone.house);
    let gate = phone.house.text("gate");
    let before = phone.say(&format!("/session script: wait {gate}; answer <before>"));
    eventually("the agent runs", || phone.house.runs().len() == 1);
    phone.house.touch("now");
    // Some parts fail only when there is something to do.
    let during = phone.say("/session script: answer <during>");
    service.until_ready(2);
    phone.shown(during, "<during>");
    phone.house.touch("gate");
    phone.shown(before, "<before>");
    let log = service.journal();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("a part has failed")).collect();
    assert!(told.iter().any(|line| line.contains(&format!("\"servant\":\"{part}\""))), "{part} {how}: {told:#?}");
    eventually("all is delivered", || phone.house.count("outbox WHERE purpose = 0 AND state <> 'delivered'") == 0);
    for answer in ["<before>", "<during>"] {
        assert_eq!(times_said(&phone, answer), 1, "{part} {how}: {:#?}", phone.fake.said(ADA.id));
    }
    assert_eq!((service.ends(), service.starts()), (vec![1], 2), "{part} {how}");
    assert_eq!(phone.house.runs().len(), 2, "each prompt was run once");
}

#[test]
fn a_part_that_reports_an_error_makes_the_program_start_again() {
    for servant in SERVANTS {
        is_started_again(servant, "error");
    }
}

#[test]
fn a_part_that_panics_makes_the_program_start_again() {
    for servant in SERVANTS {
        is_started_again(servant, "panic");
    }
}

#[test]
fn a_part_that_ends_early_makes_the_program_start_again() {
    is_started_again("outbox", "end");
}

#[test]
fn a_writer_that_panics_makes_the_program_start_again() {
    let phone = phone_with("writer", "panic");
    let service = Service::start(&phone.house);
    phone.house.touch("now");
    let asked = phone.say("/session script: answer <kept>");
    service.until_ready(2);
    phone.shown(asked, "<kept>");
    assert_eq!(service.ends(), [1]);
    assert!(service.journal().contains("the thread that writes to the database panicked"));
    assert_eq!(times_said(&phone, "<kept>"), 1);
}

#[test]
fn a_thread_that_copies_the_log_back_and_panics_makes_the_program_start_again() {
    let phone = phone_with("checkpoint", "panic");
    let service = Service::start(&phone.house);
    phone.house.touch("now");
    // Enough for the log to be copied back after the next commit, and left alone by the connection that wrote it.
    let other = rusqlite::Connection::open(phone.house.state().join("signalbox.db")).expect("the database opens");
    let rows = "PRAGMA wal_autocheckpoint = 0;
        CREATE TABLE story (x); INSERT INTO story VALUES (zeroblob(6000000)); DROP TABLE story";
    other.execute_batch(rows).expect("written");
    let asked = phone.say("/session script: answer <kept>");
    service.until_ready(2);
    phone.shown(asked, "<kept>");
    assert_eq!(service.ends(), [1]);
    assert!(service.journal().contains("the thread that copies the write-ahead log back panicked"));
    assert_eq!(times_said(&phone, "<kept>"), 1);
}

#[test]
fn a_panic_within_one_run_ends_that_task_alone_and_its_chat_is_told() {
    let phone = phone_with("run", "panic");
    let serving = phone.serve();
    let (bad_gate, good_gate) = (phone.house.text("bad-gate"), phone.house.text("good-gate"));
    let bad = phone.say(&format!("/session --name bad script: wait {bad_gate}; say now; hang"));
    let good = phone.say(&format!("/session --name good script: wait {good_gate}; answer <good>"));
    eventually("both conversations are known", || phone.house.count("sessions WHERE agent_session IS NOT NULL") == 2);
    phone.house.touch("now");
    phone.house.touch("bad-gate");
    let told = phone.shown(bad, "signalbox itself failed");
    assert!(told.text.contains("[bad] Failed · error:internal"), "{told:?}");
    phone.house.touch("good-gate");
    phone.shown(good, "<good>");
    eventually("no agent is left", || phone.house.agents().is_empty());
    assert_eq!(phone.house.count("tasks WHERE status = 'error:internal'"), 1);
    serving.signal(Signal::SIGTERM);
    serving.end().was(0, "");
}

#[test]
fn a_message_that_cannot_be_handled_is_answered_and_holds_up_nobody() {
    let phone = phone_with("message", "panic");
    let serving = phone.serve();
    phone.house.touch("now");
    let bad = phone.say("/session script: answer <never>");
    let good = phone.say("/session script: answer <good>");
    phone.shown(bad, "signalbox itself failed");
    phone.shown(good, "<good>");
    assert_eq!(phone.house.runs().len(), 1, "nothing was started of it");
    eventually("it is logged", || serving.err().contains("could not handle a message"));
    serving.signal(Signal::SIGTERM);
    serving.end().was(0, "");
}

#[test]
fn a_panic_within_one_delivery_means_one_repeat_that_is_marked() {
    let phone = phone_with("delivery", "panic");
    let serving = phone.serve();
    phone.house.touch("now");
    let asked = phone.say("/id");
    phone.shown(asked, "(may be a repeat)");
    assert_eq!(times_said(&phone, "1001"), 1);
    eventually("it is logged", || serving.err().contains("a delivery attempt failed"));
    serving.signal(Signal::SIGTERM);
    serving.end().was(0, "");
}

#[test]
fn a_panic_within_one_connection_is_logged_and_the_next_is_answered() {
    let phone = phone_with("connection", "panic");
    let serving = phone.serve();
    let address = address(&serving);
    phone.house.touch("now");
    let mut cut_off = std::net::TcpStream::connect(address).expect("a connection");
    let mut nothing = Vec::new();
    std::io::Read::read_to_end(&mut cut_off, &mut nothing).ok();
    assert_eq!(nothing, b"");
    assert_eq!(ask(address, "GET", "/healthz").status, 200);
    eventually("it is logged", || serving.err().contains("an HTTP connection failed"));
    serving.signal(Signal::SIGTERM);
    serving.end().was(0, "");
}

#[test]
fn a_shell_whose_part_fails_exits_with_1() {
    let phone = phone_with("outbox", "error");
    let talk = phone.house.begin("/session script: hang");
    talk.until("Started");
    phone.house.touch("now");
    let said = talk.end().was(1, "");
    assert!(said.err.contains("a part has failed"), "{said:#?}");
}
