//! The built-in investigator on this very machine.

use std::time::Instant;

use signalbox_test_support::everyday::{Hog, House, PATIENCE};

#[test]
fn a_process_that_burns_a_core_is_found_with_nothing_installed() {
    let house = House::bare();
    let hog = Hog::start();
    let pid = format!("(pid {})", hog.id());
    let started = Instant::now();
    // Other tests take the processors too; asked again, the hog is still there.
    loop {
        let said = house.say("/session why is the cpu busy?").was(0, "· host ·");
        if said.out.contains(&pid) || said.out.contains(&hog.id().to_string()) {
            assert!(said.out.contains("CPU"), "{said:#?}");
            return;
        }
        assert!(started.elapsed() < PATIENCE, "in time, {pid} in {said:#?}");
    }
}

#[test]
fn a_log_that_is_named_is_read_and_our_own_state_is_not() {
    let house = House::bare();
    let log = house.path("app.log");
    let lines: String = (0..40).map(|n| if n < 20 { "fine\n".into() } else { format!("ERROR no {n}\n") }).collect();
    std::fs::write(&log, lines).expect("a log");
    let said = house.say(&format!("/session why are there errors in {}", log.display())).was(0, "· host ·");
    assert!(said.out.contains("(ERROR no …) became 20.0 times as many"), "{said:#?}");
    let own = std::fs::read_dir(house.state()).expect("a state directory").flatten();
    let own = own.map(|entry| entry.path()).find(|path| path.is_file()).expect("a file of ours");
    let said = house.say(&format!("/session read the log {}", own.display())).was(0, "· host ·");
    assert!(said.out.contains("signalbox's own state and configuration are never read"), "{said:#?}");
}

#[test]
fn why_the_built_in_one_answers_is_said_once() {
    let house = House::bare();
    let mut talk = house.begin("/session --name look why is this machine slow?").end();
    talk = talk.was(0, "· host ·");
    let all = format!("{}{}", talk.err, talk.out);
    assert_eq!(all.matches("No agent is installed").count(), 1, "{talk:#?}");
}

#[test]
fn a_name_that_names_nothing_is_said_once_and_stays_in_the_text() {
    let house = House::new("");
    for (times, line) in [(1, "/session --name one @nosuch go on"), (0, "/session --name two @NoSuch go on")] {
        let said = house.say(line).was(0, &format!("{} go on", line.split(' ').nth(3).expect("a word")));
        let all = format!("{}{}", said.err, said.out);
        assert_eq!(all.matches("No agent or session here is called nosuch").count(), times, "{said:#?}");
    }
    let said = house.say("@other go on").was(0, "@other go on");
    assert!(format!("{}{}", said.err, said.out).contains("called other; it went along as text."), "{said:#?}");
    let said = house.say("/investigate @third why is it slow?").was(0, "Complete");
    assert!(format!("{}{}", said.err, said.out).contains("called third; it went along as text."), "{said:#?}");
}

#[test]
fn the_evidence_is_what_was_measured_for_the_answer() {
    let house = House::bare();
    house.say("/session --name look @host how is this machine?").was(0, "Reply evidence for all that was measured.");
    let shown = house.say("@look evidence").was(0, "Measured ");
    assert!(shown.out.contains("By probe"), "{shown:#?}");
    // The second run has looked at nothing.
    assert_eq!(house.count("tasks WHERE evidence IS NOT NULL AND tools > 0"), 1);
    assert_eq!(house.count("tasks WHERE evidence IS NULL AND tools = 0 AND status = 'ok'"), 1);
}
