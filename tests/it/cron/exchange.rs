//! Schedules that travel: from one machine to another, and from OpenSRE.

use serde_json::{Value, json};
use signalbox_test_support::everyday::House;

use crate::phone::scene::{ADA, Phone};

fn listed(house: &House) -> Vec<Value> {
    serde_json::from_str(&house.run(&["cron", "list", "--json"]).out).expect("JSON")
}

#[test]
fn what_is_exported_is_imported_elsewhere_and_once() {
    let here = Phone::new("");
    let target = format!("telegram:{}", ADA.id);
    let add = |more: &[&str]| {
        let base = ["cron", "add", "--cron", "0 9 * * 1-5", "--tz", "Asia/Kolkata", "--to", &target];
        here.house.run(&[&base[..], more].concat()).was(0, "Added #");
    };
    add(&["--kind", "weekly_audit", "--window", "48", "--quiet-when-empty", "--new-thread", "--catch-up", "all"]);
    add(&["--kind", "custom_investigation", "--param", "prompt=Is the backup fresh?", "--name", "Backup"]);
    here.house.run(&["cron", "pause", "2"]).was(0, "paused");
    let exported = here.house.run(&["cron", "export"]).was(0, "\"signalbox\": 1").out;
    let there = Phone::new("");
    there.house.pipe(&["cron", "import", "-"], exported.as_bytes()).was(0, "2 schedules taken.");
    let again = there.house.run(&["cron", "export"]).was(0, "").out;
    assert_eq!(again, exported);
    there.house.pipe(&["cron", "import", "-"], exported.as_bytes()).was(0, "0 schedules taken.");
    assert_eq!(listed(&there.house).len(), 2);
}

#[test]
fn the_tasks_of_opensre_are_read_and_what_is_not_understood_is_said() {
    let phone = Phone::new("");
    let task = |more: Value| {
        let mut task = json!({
            "id": "a1b2c3d4e5f6", "kind": "daily_summary", "cron": "0 9 * * 1-5", "timezone": "Asia/Kolkata",
            "provider": "telegram", "chat_id": ADA.id.to_string(), "window_hours": 24, "enabled": true, "params": {},
            "created_at": "2026-08-20T03:30:00+00:00", "last_run": null, "next_run": null,
        });
        task.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        task
    };
    let tasks = json!([
        task(json!({ "params": { "bot_token": "hunter2secret" } })),
        task(
            json!({ "kind": "manual_loop", "params": { "loop_prompt": "Overnight?" }, "enabled": false, "colour": "red" })
        ),
        task(json!({ "provider": "slack", "chat_id": "C0123" })),
        task(json!({ "cron": "0 9 L * *" })),
        task(json!({ "kind": "github_pr_sweep" })),
    ]);
    std::fs::write(phone.house.path("scheduler_tasks.json"), tasks.to_string()).expect("written");
    let said = phone
        .house
        .run(&["cron", "import", &phone.house.text("scheduler_tasks.json")])
        .was(1, "2 schedules taken, 3 not.");
    for told in [
        "entry 1, Daily summary: left out: params.bot_token (a credential)",
        "entry 2, Investigation: left out: colour",
        "entry 3: Not added: slack is not connected",
        "entry 4: Not added: `0 9 L * *`",
        "entry 5: Not added: there is no kind github_pr_sweep",
    ] {
        assert!(said.err.contains(told), "{told} in {said:#?}");
    }
    let listed = listed(&phone.house);
    assert_eq!((&listed[0]["zone"], &listed[0]["enabled"]), (&json!("Asia/Kolkata"), &json!(true)));
    assert_eq!((&listed[1]["params"]["prompt"], &listed[1]["enabled"]), (&json!("Overnight?"), &json!(false)));
    assert!(!phone.house.run(&["cron", "export"]).out.contains("hunter2"), "credentials stay behind");
    phone.house.pipe(&["cron", "import", "-"], b"{").was(2, "");
    phone.house.run(&["cron", "import", "/nowhere"]).was(2, "");
}

#[test]
fn a_long_file_is_taken_in_few_steps_and_each_entry_counts_alone() {
    let house = House::new("");
    let one = |number: usize| {
        let (name, cron) = (format!("Fire {number}"), format!("{} {} * * *", number % 60, number % 24));
        json!({ "name": name, "kind": "daily_summary", "cron": cron, "targets": ["console:local"] })
    };
    let mut entries: Vec<Value> = (0..1200).map(one).collect();
    entries.push(one(7));
    entries.push(json!({ "name": "Odd", "kind": "daily_summary", "cron": "0 9 L * *", "targets": ["console:local"] }));
    let file = json!(entries).to_string();
    let said = house.pipe(&["cron", "import", "-"], file.as_bytes()).was(1, "1200 schedules taken, 1 not.");
    assert!(said.out.contains("Entry 1201, Fire 7, is there already."), "{said:#?}");
    assert!(said.err.contains("entry 1202: Not added"), "{said:#?}");
    // Once more, after whatever has ended it, it goes on with what is not there.
    house.run(&["cron", "remove", "Fire 7"]).was(0, "removed");
    house.pipe(&["cron", "import", "-"], file.as_bytes()).was(1, "1 schedule taken, 1 not.");
    assert_eq!(house.count("schedules"), 1200);
}
