//! A schedule is changed, found by its name and listed, on the command line and on a phone.

use signalbox_test_support::everyday::eventually;

use super::refused;
use crate::phone::scene::{ADA, Phone};

fn target() -> String {
    format!("telegram:{}", ADA.id)
}

#[test]
fn what_is_named_of_a_schedule_is_changed_and_all_else_stays() {
    let phone = Phone::new("");
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "0 9 * * 1-5", "--tz", "Asia/Kolkata", "--to"];
    phone
        .house
        .run(&[&add[..], &[&target(), "--quiet-when-empty", "--param", "prompt=Why?"]].concat())
        .was(0, "Added #1");
    phone.house.run(&["cron", "run", "1"]).was(0, "nothing to say");
    let edit = |more: &[&str]| phone.house.run(&[&["cron", "edit"], more].concat());
    let edited =
        edit(&["1", "--cron", "30 8 * * *", "--quiet-when-empty=false"]).was(0, "Changed #1: Daily summary to");
    assert!(edited.out.contains("08:30 Asia/Kolkata") && edited.out.contains("UTC"), "{}", edited.out);
    let shown = phone.house.run(&["cron", "show", "Daily summary", "--json"]).was(0, "");
    let shown: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!((&shown["cron"], &shown["zone"]), (&"30 8 * * *".into(), &"Asia/Kolkata".into()));
    assert_eq!((&shown["quiet_when_empty"], &shown["params"]["prompt"]), (&false.into(), &"Why?".into()));
    assert_eq!(shown["last"]["status"], "quiet", "its fires stay");
    // Another kind brings along what is usual for it, where that was not chosen.
    edit(&["1", "--kind", "weekly_audit", "--param", "prompt="]).was(0, "Changed #1: Weekly audit to");
    let shown = phone.house.run(&["cron", "show", "1"]).was(0, "Looks back: 7 d");
    assert!(!shown.out.contains("prompt="), "{}", shown.out);
    phone.house.run(&["cron", "pause", "1"]).was(0, "paused");
    edit(&["1", "--tz", "UTC"]).was(0, "It is paused");
    refused(&edit(&["1"]), "Not changed: name what is to be otherwise");
    refused(&edit(&["1", "--cron", "0 9 * *"]), "Not changed: `0 9 * *` cannot be used");
    refused(&edit(&["1", "--agent", "nobody"]), "there is no agent nobody; there are ");
    refused(&edit(&["7", "--tz", "UTC"]), "No schedule 7 here");
}

#[test]
fn an_admin_changes_a_schedule_from_a_phone_and_nobody_else_does() {
    let mut phone = Phone::new("");
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "@daily", "--name", "Standup", "--to", &target()];
    phone.house.run(&add).was(0, "Added #1");
    let serving = phone.serve();
    let asked = phone.say("/cron edit 1 --tz Asia/Kolkata");
    phone.shown(asked, "This needs the role admin.");
    serving.signal(nix::sys::signal::Signal::SIGTERM);
    serving.end();
    phone.promote();
    let _serving = phone.serve();
    let asked = phone.say("/cron edit standup —cron “30 8 * * 1-5” --tz Asia/Kolkata");
    phone.shown(asked, "Changed #1: Standup to");
    let asked = phone.say("/cron edit 1 --cron 0 9 * * 1-5");
    phone.shown(asked, "an expression needs quotes: --cron \"0 9 * * 1-5\"");
    let asked = phone.say("/cron pause standpu");
    phone.shown(asked, "No schedule standpu here; did you mean #1 Standup?");
    let asked = phone.say("/cron show 1");
    assert!(phone.shown(asked, "30 8 * * 1-5").text.contains("Asia/Kolkata"));
}

#[test]
fn a_fire_whose_schedule_is_changed_meanwhile_is_delivered_once_and_where_it_is_to_now() {
    let phone = Phone::new("");
    let group = -1_001_234;
    phone.fake.open(group, signalbox_test_support::telegram::ChatKind::Supergroup, "ops");
    let _serving = phone.serve();
    let wait = format!("prompt=script: wait {}; answer All is well.", phone.house.text("go"));
    let add = ["cron", "add", "--kind", "custom_investigation", "--cron", "0 0 29 2 *", "--agent", "claude", "--to"];
    phone.house.run(&[&add[..], &[&target(), "--param", &wait]].concat()).was(0, "Added #1");
    let asked = phone.say("/cron run 1");
    phone.shown(asked, "#1 is run now");
    eventually("it works", || !phone.house.agents().is_empty());
    phone.house.run(&["cron", "edit", "1", "--to", &format!("telegram:{group}")]).was(0, "Changed #1");
    phone.house.touch("go");
    eventually("it is told", || phone.fake.said(group).iter().any(|text| text.contains("All is well.")));
    eventually("its receipt is kept", || phone.house.count("fires WHERE state = 'done'") == 1);
    assert!(!phone.fake.said(ADA.id).iter().any(|text| text.contains("All is well.")));
}

#[test]
fn many_schedules_fit_a_phone_and_two_of_one_name_are_told_apart() {
    let phone = Phone::new("");
    let schedules: Vec<_> = (0..20)
        .map(|minute| {
            let cron = format!("{minute} 0 1 1 *");
            serde_json::json!({ "name": "Standup", "kind": "daily_summary", "cron": cron, "targets": [target()] })
        })
        .collect();
    let import = serde_json::json!(schedules).to_string();
    phone.house.pipe(&["cron", "import", "-"], import.as_bytes()).was(0, "20 schedules taken.");
    let _serving = phone.serve();
    let asked = phone.say("/cron list");
    let listed = phone.shown(asked, "and 5 more").text;
    assert!(listed.lines().count() < 40 && listed.contains("#1 Standup") && !listed.contains("#20 "), "{listed}");
    refused(
        &phone.house.run(&["cron", "pause", "standup"]),
        "Several are called standup: name one by its number: #1 Standup",
    );
    refused(&phone.house.run(&["cron", "pause", "abc"]), "No schedule abc here");
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "@daily", "--to", &target(), "--name"];
    phone.house.run(&[&add[..], &["Evening"]].concat()).was(0, "Added #21: Evening to telegram:");
    phone.house.run(&[&add[..], &["evening"]].concat()).was(0, "#21 is called so, too; --name tells them apart.");
    let rename = ["cron", "edit", "22", "--name"];
    phone.house.run(&[&rename[..], &["Night"]].concat()).was(0, "Changed #22: Night to telegram:");
    let said = phone.house.run(&["cron", "edit", "22", "--cron", "@weekly"]).was(0, "Changed #22");
    assert!(!said.out.contains("called so"), "{said:#?}");
    let said = phone.house.run(&[&rename[..], &["EVENING"]].concat());
    said.was(0, "#21 is called so, too; --name tells them apart.");
}
