//! From a call to the card, and hooks that are made while the program serves.

use serde_json::json;
use signalbox_test_support::telegram::ChatKind;

use super::scene::{SECRET, Watch, ago, disk, hooks, post, proof};
use crate::http::address;
use crate::phone::scene::Phone;

/// The team's group.
const TEAM: i64 = -1_001_000_900;

fn team() -> Phone {
    let mut phone = Phone::new(&format!(
        "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n{}",
        hooks(&format!("telegram:{TEAM}"))
    ));
    phone.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    phone.allow_chat(TEAM, "operator");
    phone.fake.open(TEAM, ChatKind::Supergroup, "on-call");
    phone
}

#[test]
fn an_alertmanagers_group_becomes_a_card_in_telegram_and_its_end_turns_it_green() {
    let phone = team();
    let serving = phone.serve();
    let address = address(&serving);
    let began = ago(3);
    let tell = |status: &str| {
        let body = disk(status, &began).to_string();
        let proof = proof("alertmanager", &body, SECRET);
        post(address, "/hooks/alertmanager/alertmanager", &[(&proof[0].0, &proof[0].1)], &body).told()
    };
    assert_eq!(tell("firing")["new_incidents"], 1);
    let card = phone.shown_in(TEAM, 0, "DiskWillFill");
    assert!(card.text.contains("CRITICAL"), "{card:?}");
    assert_eq!(tell("firing")["again"], 1);
    assert_eq!(tell("resolved")["news"], 1);
    phone.until_patiently("the card is green", |state| {
        state.messages.get(&(TEAM, card.id)).is_some_and(|shown| shown.text.contains("Resolved"))
    });
    assert_eq!(phone.house.count("incidents"), 1);
}

#[test]
fn a_hook_is_made_while_the_program_serves_and_tried_and_removed() {
    let phone = team();
    let serving = phone.serve();
    let address = address(&serving);
    let target = format!("--target=telegram:{TEAM}");
    let made = phone.house.run(&["hooks", "add", "alertmanager", "--id", "new", &target]).was(0, "credentials:");
    assert!(made.out.contains(&format!("http://{address}/hooks/alertmanager/new")), "{}", made.out);
    let secret =
        made.out.lines().find_map(|line| line.trim().strip_prefix("credentials: ")).expect("a secret").to_owned();
    let body = disk("firing", &ago(1)).to_string();
    let bearer = format!("Bearer {secret}");
    assert_eq!(post(address, "/hooks/alertmanager/new", &[("Authorization", &bearer)], &body).told()["news"], 1);
    let listed = phone.house.run(&["hooks", "list", "--json"]).was(0, "\"new\"");
    assert!(!listed.out.contains(&secret) && listed.out.contains("command line"), "{}", listed.out);
    let tried = phone.house.run(&["hooks", "test", "new"]).was(0, "The whole path holds");
    assert!(tried.out.contains("Card: incident #"), "{tried:?}");
    let card = phone.shown_in(TEAM, 0, "Test of signalbox");
    assert!(!card.text.contains('…'), "its title is whole: {card:?}");
    phone.house.run(&["hooks", "add", "alertmanager", "--id", "new", &target]).was(2, "");
    let closed = phone.house.run(&["hooks", "add", "generic", "--target", "telegram:-404"]).was(2, "");
    assert!(
        closed.err.contains("telegram:-404 cannot be written to: refused: ") && closed.err.contains("chat not found")
    );
    phone.house.run(&["hooks", "remove", "new"]).was(0, "is gone");
    assert_eq!(post(address, "/hooks/alertmanager/new", &[("Authorization", &bearer)], &body).status, 404);
    phone.house.run(&["hooks", "remove", "new"]).was(2, "");
    assert!(!serving.err().contains(&secret), "no secret is logged");
}

#[test]
fn who_acknowledges_in_pagerduty_has_the_incident_here_and_its_chat_is_told() {
    let phone = team();
    let serving = phone.serve();
    let (address, began) = (address(&serving), ago(5));
    let call = |event: &str| {
        let data =
            json!({"id": "P1", "title": "Database is down", "urgency": "high", "created_at": began, "status": event});
        let event = json!({"id": event, "event_type": format!("incident.{event}"), "occurred_at": ago(1),
            "agent": {"summary": "Ada", "type": "user_reference"}, "data": data});
        let body = json!({ "event": event }).to_string();
        let proof = proof("pagerduty", &body, SECRET);
        let headers: Vec<(&str, &str)> = proof.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(post(address, "/hooks/pagerduty/pagerduty", &headers, &body).status, 200);
    };
    call("triggered");
    let card = phone.shown_in(TEAM, 0, "Database is down");
    call("acknowledged");
    let told = phone.shown_in(TEAM, card.id, "Acknowledged by Ada (PagerDuty)");
    assert_eq!(told.reply_to, Some(card.id), "{told:?}");
    phone.until_patiently("the card names her", |state| {
        state.messages.get(&(TEAM, card.id)).is_some_and(|shown| shown.text.contains("Acknowledged by Ada (PagerDuty)"))
    });
    assert_eq!(phone.house.count("incidents WHERE state = 'acknowledged'"), 1);
}

#[test]
fn a_try_for_the_console_says_that_a_shell_must_be_open() {
    let watch = super::scene::Watch::new("");
    let trying = watch.house.start(watch.house.command(&["hooks", "test", "generic"]));
    trying.until("keep a `signalbox shell` open, for it is shown there alone");
    trying.signal(nix::sys::signal::Signal::SIGINT);
    trying.end();
}

#[test]
fn a_hook_of_each_source_passes_its_own_test() {
    let phone = team();
    let _serving = phone.serve();
    for source in ["grafana", "pagerduty", "datadog", "sentry", "github", "uptime-kuma", "healthchecks", "generic"] {
        phone.house.run(&["hooks", "test", source]).was(0, "The whole path holds");
    }
    let tries = "incidents WHERE is_try AND alerts <= 1";
    assert_eq!(phone.house.count(tries), phone.house.count("incidents"), "no digest counts any of them");
}

#[test]
fn a_try_that_is_broken_off_leaves_nothing_open() {
    let mut phone = team();
    phone.house.set("SIGNALBOX__TRIAGE__GROUP_WAIT", "1h");
    let _serving = phone.serve();
    let trying = phone.house.start(phone.house.command(&["hooks", "test", "generic"]));
    trying.until("The card is shown after");
    trying.signal(nix::sys::signal::Signal::SIGINT);
    trying.end().was(1, "Resolved: taken");
    assert_eq!(phone.house.count("incidents WHERE state = 'resolved'"), 1);
    assert_eq!(phone.house.count("incidents"), 1);
}

#[test]
fn what_cannot_be_is_said_with_what_can() {
    let watch = Watch::new("");
    let run = |arguments: &[&str]| watch.house.run(arguments);
    for (arguments, why) in [
        (vec!["hooks", "add", "nagios"], "there are: alertmanager, grafana"),
        (vec!["hooks", "add", "generic", "--id", "n"], "--target"),
        (vec!["hooks", "add", "generic", "--id", "n", "--target", "slak:C0123"], "did you mean slack?"),
        (vec!["hooks", "add", "generic", "--id", "n", "--target", "C0123"], "must be provider:chat, as in"),
        (vec!["hooks", "add", "generic", "--id", "n", "--target", "telegram:ops"], "its ids are numbers"),
        (vec!["hooks", "add", "generic", "--id", "a b", "--target", "console:local"], "an id must be"),
        (vec!["hooks", "add", "generic", "--target", "console:local"], "there is a hook \"generic\" already"),
        (vec!["hooks", "add", "generic", "--id", "n", "--target", "console:local", "--secret", "x"], "--secret -"),
        (vec!["hooks", "remove", "generic"], "stands in the configuration"),
        (vec!["hooks", "test", "nothing"], "there is no hook"),
    ] {
        let said = run(&arguments).was(2, "");
        assert!(said.err.contains(why), "{said:?}");
    }
    let add = ["hooks", "add", "sentry", "--id", "own", "--target", "console:local"];
    let short = watch.house.pipe(&add, b"short\n").was(2, "");
    assert!(short.err.contains("the secret must be 16 to 512") && !short.err.contains("short\n"), "{short:?}");
    let made = watch.house.pipe(&add, b"the-client-secret-of-sentry\n").was(0, "/hooks/sentry/own");
    assert!(!made.out.contains("the-client-secret"), "what the vendor made is not repeated");
}

#[test]
fn a_try_without_a_program_that_serves_says_so() {
    let mut watch = Watch::new("");
    watch.serving.signal(nix::sys::signal::Signal::SIGTERM);
    eventually_gone(&mut watch);
    let said = watch.house.run(&["hooks", "test", "generic"]).was(1, "");
    assert!(said.err.contains("start `signalbox serve`"), "{said:?}");
}

fn eventually_gone(watch: &mut Watch) {
    signalbox_test_support::everyday::eventually("it stops", || !watch.serving.goes_on());
}
