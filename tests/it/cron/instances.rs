//! Several instances: each fire is run by one of them, and each digest comes once.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use signalbox_test_support::everyday::{House, eventually};

use super::{NINE_IN_KOLKATA_MS, shift};
use crate::investigations::scene::Post;

/// Schedules that fire at one instant.
const MANY: usize = 1_000;

#[test]
fn two_instances_deliver_a_thousand_fires_once_each() {
    let post = Post::open();
    let mut house = House::new(&post.config(&["ops@example.net"]));
    shift(&mut house, NINE_IN_KOLKATA_MS, Duration::from_secs(3600));
    let schedules: Vec<_> = (0..MANY)
        .map(|number| {
            json!({ "name": format!("Fire {number}"), "kind": "daily_summary", "cron": "30 3 * * *", "targets": ["email:ops@example.net"] })
        })
        .collect();
    house.pipe(&["cron", "import", "-"], json!(schedules).to_string().as_bytes()).was(0, "1000 schedules taken.");
    // However long that took, their hour comes now.
    shift(&mut house, NINE_IN_KOLKATA_MS, Duration::from_secs(2));
    let _first = house.serve();
    let second = house.start(house.command(&["cron", "start"]));
    eventually("all are told", || post.server.mails().len() >= MANY);
    eventually("all receipts are kept", || house.count("outbox WHERE state <> 'delivered'") == 0);
    let mails = post.server.mails();
    let id = |data: &[u8]| {
        let text = String::from_utf8_lossy(data).into_owned();
        text.lines().find(|line| line.starts_with("Message-ID:")).map(str::to_owned)
    };
    let ids: BTreeSet<_> = mails.iter().map(|mail| id(&mail.data)).collect();
    assert_eq!((mails.len(), ids.len()), (MANY, MANY), "each once");
    let many = i64::try_from(MANY).expect("few");
    assert_eq!((house.count("fires"), house.count("fires WHERE state = 'done'")), (many, many));
    drop(second);
}
