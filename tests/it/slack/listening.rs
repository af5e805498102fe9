//! What Slack will not have, it says; whose alerts count; how the app comes to be.

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use signalbox_test_support::everyday::{House, eventually};
use signalbox_test_support::slack::state::Channel;
use signalbox_test_support::slack::{Cut, Fault, Person, Post};

use crate::http::{address, ask};
use crate::slack::scene::{ADA, OPS, Workspace};

/// The bot of a monitoring system.
const MONITOR: Person = Person::new("B900", "Alertmanager");
/// An alert channel.
const ALERTS: &str = "C900";

/// What `/readyz` says of Slack.
fn told(address: std::net::SocketAddr) -> Value {
    let page: Value = serde_json::from_str(&ask(address, "GET", "/readyz").body).expect("JSON");
    page["transports"]["slack"].clone()
}

#[test]
fn what_slack_will_not_have_is_told_with_what_to_do_and_all_else_goes_on() {
    for (no, remedy) in [
        ("app", "Basic Information"),
        ("bot", "OAuth & Permissions"),
        ("scope", "lacks the scope connections:write"),
        ("socket", "Socket Mode is switched off"),
    ] {
        let mut slack = Workspace::new("");
        slack.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
        slack.fake.with(|state| match no {
            "app" => state.app_revoked = true,
            "bot" => state.revoked = true,
            "scope" => {
                let opens = vec!["apps.connections.open"];
                state.outage = Some((opens, Fault::MissingScope("connections:write")));
            }
            _ => {}
        });
        if no == "socket" {
            slack.fake.cut(Cut::Disable);
        }
        let serving = slack.house.serve();
        let address = address(&serving);
        eventually(&format!("it says {remedy:?}"), || {
            let told = told(address);
            told["state"] == "refused" && told["why"].as_str().is_some_and(|why| why.contains(remedy))
        });
        let off = if no == "bot" { "this transport is off" } else { "it is still written to" };
        eventually(&format!("it says {off:?}"), || serving.err().contains(off));
        assert_eq!(ask(address, "GET", "/healthz").status, 200, "{no}");
        assert_eq!(slack.house.say("/id").code, 0);
    }
}

#[test]
fn an_app_that_is_taken_away_says_so_and_another_token_that_is_revoked_changes_nothing() {
    for by in ["uninstalled", "revoked"] {
        let mut slack = Workspace::new("");
        slack.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
        let serving = slack.serve();
        let address = address(&serving);
        slack.fake.revoke(false);
        let asked = slack.fake.say(&slack.direct, ADA, "/id");
        slack.shown(&slack.direct, &asked, ADA.id);
        assert_eq!((told(address)["state"].as_str(), ask(address, "GET", "/readyz").status), (Some("listening"), 200));
        if by == "uninstalled" {
            slack.fake.uninstall()
        } else {
            slack.fake.revoke(true)
        }
        eventually(&format!("it is told that it is {by}"), || {
            let told = told(address);
            told["state"] == "refused" && told["why"].as_str().is_some_and(|why| why.contains("OAuth & Permissions"))
        });
        assert_ne!(ask(address, "GET", "/readyz").status, 200, "{by}");
        eventually("the log says so", || serving.err().contains("this transport is off"));
    }
}

#[test]
fn what_was_missed_and_could_not_be_read_is_told_until_it_is() {
    let mut slack = Workspace::new("");
    slack.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    let serving = slack.serve();
    let asked = slack.fake.say(&slack.direct, ADA, "/id");
    slack.shown(&slack.direct, &asked, ADA.id);
    serving.signal(Signal::SIGTERM);
    serving.end();
    slack.fake.with(|state| {
        state.outage = Some((vec!["conversations.history"], Fault::Html { done: false }));
    });
    let missed = slack.fake.say(&slack.direct, ADA, "/id");
    slack.fake.with(|state| state.envelopes.clear());
    let serving = slack.serve();
    let address = address(&serving);
    eventually("it is told", || {
        told(address)["limited"].as_str().is_some_and(|told| {
            told.contains("what was missed in") && told.contains(&slack.direct) && told.contains("is tried again")
        })
    });
    let counted = "signalbox_transport_catch_up_failures_total{provider=\"slack\"} 0";
    assert!(!ask(address, "GET", "/metrics").body.contains(counted));
    slack.fake.with(|state| state.outage = None);
    slack.shown(&slack.direct, &missed, ADA.id);
    eventually("nothing is missing", || told(address)["limited"].is_null());
}

#[test]
fn what_other_bots_say_counts_in_alert_channels_only() {
    let triage =
        "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[triage.channels]]\naddress = \"slack:C900\"\n";
    let slack = Workspace::new(triage);
    slack.fake.open(ALERTS, Channel { name: "alerts".to_owned(), ..Channel::default() });
    let _serving = slack.serve();
    let alert = |channel: &str, rule: &str| {
        let attachment = json!({ "color": "danger", "title": format!("[FIRING:1] {rule} (db-1 prod)"),
            "text": "Severity: critical" });
        slack.fake.post(channel, MONITOR, Post::raw("").with(json!({ "attachments": [attachment] })));
    };
    alert(OPS, "Elsewhere");
    alert(ALERTS, "DiskFills");
    slack.shown(ALERTS, "", "DiskFills");
    assert_eq!(slack.house.count("incidents"), 1);
    assert!(slack.fake.said(OPS).is_empty(), "nobody answers a bot");
}

#[test]
fn the_manifest_is_printed_from_the_grammar_and_the_integration_is_verified() {
    let said = House::bare().run(&["slack-manifest"]).was(0, "");
    let manifest: Value = serde_json::from_str(&said.out).expect("JSON");
    let commands: Vec<_> = manifest["features"]["slash_commands"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|command| command["command"].as_str().expect("a name"))
        .collect();
    assert_eq!(commands, ["/session", "/background", "/investigate", "/cron", "/incidents", "/signalbox"]);
    assert!(said.err.contains("https://api.slack.com/apps?new_app=1&manifest_json="), "{}", said.err);
    let slack = Workspace::new("");
    slack
        .house
        .run(&["integrations", "verify", "slack"])
        .was(0, "@signalbox (id U4242) in the workspace team at http://");
    slack.fake.with(|state| state.app_revoked = true);
    let deaf = slack.house.run(&["integrations", "verify", "slack"]).was(1, "");
    let told = "slack: sends: good, @signalbox (id U4242) in the workspace team";
    let remedy = "; hears nothing: the app-level token was refused (invalid_auth); the page \"Basic Information\"";
    assert!(deaf.err.contains(told) && deaf.err.contains(remedy), "{deaf:#?}");
    slack.fake.fail_next("apps.connections.open", Fault::Html { done: false });
    let unsure = slack.house.run(&["integrations", "verify", "slack"]).was(1, "");
    assert!(unsure.err.contains("hears nothing: the app-level token could not be tried"), "{unsure:#?}");
    slack.fake.with(|state| state.revoked = true);
    let refused = slack.house.run(&["integrations", "verify", "slack"]);
    assert!(refused.code != 0 && (refused.out + &refused.err).contains("token_revoked"));
}
