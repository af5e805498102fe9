//! What a person who waits for a fire is told while its provider is down.

use signalbox_test_support::telegram::Fault;

use super::refused;
use crate::phone::scene::{ADA, Phone};

#[test]
fn who_waits_for_a_digest_is_told_what_it_waits_for_and_the_log_says_so_too() {
    let phone = Phone::new("");
    let target = format!("telegram:{}", ADA.id);
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "@daily", "--to", &target];
    phone.house.run(&add).was(0, "Added #1");
    phone.fake.with(|state| state.outage = Some((vec!["sendmessage"], Fault::ServerError { done: false })));
    let run = phone.house.start(phone.house.command(&["cron", "run", "1"]));
    let said = run.until("It goes on by itself; Ctrl-C leaves it to `signalbox serve`");
    assert!(said.contains(&target) && said.contains(" so far: it may have arrived"), "{said}");
    let logs = phone.house.run(&["cron", "logs", "1"]).was(0, " so far");
    assert!(logs.out.contains(&target), "{logs:#?}");
    let logs = phone.house.run(&["cron", "logs", "1", "--json"]).was(0, "");
    let logs: serde_json::Value = serde_json::from_str(&logs.out).expect("JSON");
    assert!(logs[0]["deliveries"][0]["since"].is_string(), "{logs}");
    phone.fake.with(|state| state.outage = None);
    run.end().was(0, "done: delivered");
    phone.house.run(&["cron", "logs", "1"]).was(0, "delivered");
}

#[test]
fn options_that_are_not_understood_are_refused_with_what_to_write() {
    let phone = Phone::new("");
    let target = format!("telegram:{}", ADA.id);
    let add = |more: &[&str]| phone.house.run(&[&["cron", "add", "--to", &target], more].concat());
    refused(&add(&["0", "9", "*", "*", "1-5"]), "an expression needs quotes: --cron \"0 9 * * 1-5\"");
    refused(
        &add(&["--kind", "daily_summary", "--cron", "0", "9", "Cargo.toml", "src", "1-5"]),
        "an expression needs quotes, as --cron \"0 9 * * 1-5\"",
    );
    refused(&add(&["--kind", "daily_summary", "--cron", "@daily", "--window", "1d"]), "write --window 24");
    refused(&add(&["--cron", "@daily"]), "say what is delivered, with --kind daily_summary");
    refused(&add(&["--kind", "daily_summary"]), "say when, as --cron");
    phone.house.run(&["cron", "list"]).was(0, "No schedules");
}
