//! What somebody meets who makes schedules for the first time.

use signalbox_test_support::everyday::House;

use super::refused;
use crate::phone::scene::{ADA, Phone};

const DAILY: [&str; 6] = ["cron", "add", "--kind", "daily_summary", "--cron", "0 0 29 2 *"];

#[test]
fn the_hint_of_an_empty_list_can_be_typed_as_it_stands() {
    let house = House::new("");
    let listed = house.run(&["cron", "list"]).was(0, "No schedules. signalbox cron add ");
    let hint = listed.out.split_once("signalbox ").and_then(|(_, hint)| hint.split_once(" adds one."));
    let words = shlex::split(hint.expect("it is there").0).expect("its quotes are closed");
    house.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).was(0, "Added #1");
}

#[test]
fn who_may_not_add_a_schedule_is_not_told_how() {
    let mut phone = Phone::new("");
    let serving = phone.serve();
    let asked = phone.say("/cron list");
    assert!(!phone.shown(asked, "No schedules.").text.contains("/cron add"));
    serving.signal(nix::sys::signal::Signal::SIGTERM);
    serving.end();
    phone.promote();
    let _serving = phone.serve();
    let asked = phone.say("/cron list");
    phone.shown(asked, "/cron add --kind daily_summary");
    let asked = phone.say("/cron help");
    phone.shown(asked, "custom_investigation");
    let asked = phone.say("/cron lst");
    assert!(!phone.shown(asked, "Did you mean /cron list?").text.contains("Usage"));
    let asked = phone.say("/cron export");
    phone.shown(asked, "export is for the command line: signalbox cron export.");
    let asked = phone.say("/cron add daily summary at nine");
    phone.shown(asked, "say what and when, as --kind daily_summary --cron \"0 9 * * 1-5\".");
}

#[test]
fn what_waits_for_a_terminal_has_not_failed_and_has_no_hour() {
    let house = House::new("");
    house.run(&[&DAILY[..], &["--to", "console:local"]].concat()).was(0, "Added #1");
    house.run(&["cron", "run", "1"]).was(0, "the next signalbox shell shows it");
    for command in ["list", "show"] {
        let words = ["cron", command, "1"];
        let words = if command == "list" { &words[..2] } else { &words[..] };
        house.run(words).was(0, "waits for signalbox shell");
    }
    house.run(&["cron", "logs", "1"]).was(0, "console:local waits for signalbox shell");
    let logs = house.run(&["cron", "logs", "1", "--json"]).was(0, "");
    let logs: serde_json::Value = serde_json::from_str(&logs.out).expect("JSON");
    assert!(logs[0]["deliveries"][0]["next_try"].is_null(), "{logs}");
}

#[test]
fn a_name_that_is_a_number_and_a_parameter_that_is_not_there_are_refused() {
    let house = House::new("");
    let add = |more: &[&str]| house.run(&[&DAILY[..], &["--to", "console:local"], more].concat());
    for name in ["7", "#7", "00123456789012345678901234567890"] {
        refused(&add(&["--name", name]), "would be taken for the number of a schedule");
    }
    add(&["--name", "7 up"]).was(0, "Added #1: 7 up");
    refused(&house.run(&["cron", "edit", "1", "--name", "7"]), "Not changed: --name 7 would be taken");
    refused(&house.run(&["cron", "edit", "1", "--param", "foo="]), "Not changed: it has no parameter foo");
    refused(&add(&["--param", "prompt= "]), "Not added: it has no parameter prompt");
}

#[test]
fn clocks_that_go_like_utc_are_told_once() {
    let house = House::new("");
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "0 9 15 1 *", "--to", "console:local", "--tz"];
    let added = house.run(&[&add[..], &["Europe/London"]].concat()).was(0, "09:00 Europe/London");
    assert!(!added.out.contains("UTC"), "{added:#?}");
    house.run(&[&add[..], &["Asia/Kolkata"]].concat()).was(0, "09:00 Asia/Kolkata (");
}

#[test]
fn an_agent_that_is_not_installed_is_told_when_it_is_named_and_is_nobodys_failed_task() {
    let phone = Phone::new("[agents.gone]\nkind = \"command\"\ncommand = [\"/nonexistent/gone\"]\nalerts = true");
    let target = format!("telegram:{}", ADA.id);
    let add = [&DAILY[..], &["--to", &target, "--agent", "gone"]].concat();
    phone.house.run(&add).was(0, "gone is not installed here: the digest comes without its remarks until it is.");
    phone.house.run(&["cron", "edit", "1", "--tz", "Asia/Kolkata"]).was(0, "gone is not installed here");
    let last = || phone.fake.said(ADA.id).pop().expect("something was said");
    for _ in 0..2 {
        phone.house.run(&["cron", "run", "1"]).was(0, "done: delivered");
        let said = last();
        assert!(
            said.contains("Nothing happened") && said.contains("No remarks by gone: it is not installed."),
            "{said}"
        );
    }
    let checked = phone.house.run(&["config", "check"]).was(0, "good");
    assert!(checked.err.contains("agents.gone.command: there is no such program"), "{checked:#?}");
}
