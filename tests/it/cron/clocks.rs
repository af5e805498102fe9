//! Clocks that jump, and a machine that was asleep.

use std::time::Duration;

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::eventually;

use super::{NINE_IN_KOLKATA_MS, digests, shift};
use crate::phone::scene::{ADA, Phone};

/// An hour, in milliseconds.
const HOUR_MS: i64 = 3_600_000;

/// Serves at an instant, so many hours after the first nine, until everything that is due has been looked at.
fn serve_at(phone: &mut Phone, hours: i64, is_done: impl Fn(&Phone) -> bool) {
    shift(&mut phone.house, NINE_IN_KOLKATA_MS + hours * HOUR_MS, Duration::ZERO);
    let serving = phone.serve();
    let asked = phone.say("/cron");
    phone.shown(asked, "Daily summary");
    eventually("all that is due is looked at", || is_done(phone));
    serving.signal(Signal::SIGTERM);
    serving.end();
}

#[test]
fn after_three_days_asleep_the_last_digest_comes_once_and_a_clock_that_jumps_brings_none() {
    let mut phone = Phone::new("");
    shift(&mut phone.house, NINE_IN_KOLKATA_MS - HOUR_MS, Duration::ZERO);
    let target = format!("telegram:{}", ADA.id);
    let add =
        ["cron", "add", "--kind", "daily_summary", "--cron", "0 9 * * *", "--tz", "Asia/Kolkata", "--to", &target];
    phone.house.run(&add).was(0, "Added #1");
    serve_at(&mut phone, -1, |_| true);
    assert_eq!(digests(&phone), 0, "it is eight");
    let is_whole = |phone: &Phone| phone.house.count("fires WHERE state = 'done'") == 1 && digests(phone) == 1;
    // At ten, three days later, the last of four is an hour late.
    serve_at(&mut phone, 3 * 24 + 1, is_whole);
    phone.house.run(&["cron", "logs", "1"]).was(0, "missed, with 2 before").was(0, "caught up");
    for hours in [23, 71, 72, 73] {
        serve_at(&mut phone, hours, is_whole);
    }
    assert_eq!(phone.house.count("fires"), 2, "{:#?}", phone.fake.said(ADA.id));
}

#[test]
fn all_that_is_caught_up_with_comes_in_its_order() {
    let mut phone = Phone::new("");
    shift(&mut phone.house, NINE_IN_KOLKATA_MS, Duration::ZERO);
    let target = format!("telegram:{}", ADA.id);
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "30 * * * *", "--catch-up", "all", "--to", &target];
    phone.house.run(&add).was(0, "Added #1");
    serve_at(&mut phone, 10, |phone| digests(phone) == 10);
    let told: Vec<String> = phone.fake.said(ADA.id).into_iter().filter(|text| text.starts_with("Daily")).collect();
    let mut sorted = told.clone();
    // They are of one night, each an hour after the other.
    sorted.sort_by_key(|text| text.split_once(" – ").map(|(_, to)| to[..17].to_owned()));
    assert_eq!(told, sorted);
}
