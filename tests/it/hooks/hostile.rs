//! Alerts that flap, come too late, come from another time, or say what they should not.

use serde_json::{Value, json};
use signalbox_test_support::everyday::eventually;

use super::scene::{SECRET, Watch, ago, disk, group, hooks, now, post, proof};
use crate::discord::scene::{OPS, Server};
use crate::http::address;

/// Tells the hook of Alertmanager something; returns what became of it.
fn tell(watch: &Watch, body: &Value) -> Value {
    watch.call_rightly("alertmanager", body).told()
}

/// An alert whose summary, label and link are these.
fn saying(summary: &str, label: &str, link: &str) -> Value {
    let mut body = group("Hostile", 1, 0);
    body["alerts"][0]["annotations"]["summary"] = json!(summary);
    body["alerts"][0]["labels"]["note"] = json!(label);
    body["alerts"][0]["generatorURL"] = json!(link);
    body
}

#[test]
fn an_alert_that_flaps_is_one_incident_with_its_count_and_few_words() {
    let watch = Watch::new("");
    let began = now() - 600_000;
    let at =
        |second: i64| chrono::DateTime::from_timestamp_millis(began + second * 1000).expect("an instant").to_rfc3339();
    for round in 0..20 {
        for status in ["firing", "resolved"] {
            tell(&watch, &disk(status, &at(round * 10)));
        }
    }
    tell(&watch, &disk("firing", &at(300)));
    assert_eq!(watch.house.count("incidents"), 1);
    assert_eq!(watch.house.count("incidents WHERE times = 21 AND firing = 1 AND state = 'firing'"), 1);
    eventually("the card is shown", || watch.house.count("incidents WHERE card IS NOT NULL") == 1);
    // One card, and its thread hears of it at most once in ten minutes.
    assert!(watch.house.count("outbox WHERE NOT is_edit") <= 2, "few words");
}

#[test]
fn an_end_that_overtakes_its_beginning_shows_nothing_and_the_next_beginning_does() {
    let watch = Watch::new("");
    let early = tell(&watch, &disk("resolved", &ago(5)));
    assert_eq!((&early["unheard"], &early["news"]), (&json!(1), &json!(0)), "{early}");
    let late = tell(&watch, &disk("resolved", &ago(9)));
    assert_eq!(late["stale"], 1, "{late}");
    assert_eq!(watch.house.count("incidents WHERE card IS NOT NULL OR state <> 'resolved'"), 0);
    assert_eq!(tell(&watch, &disk("firing", &ago(1)))["news"], 1);
    eventually("the card is shown", || watch.house.count("incidents WHERE card IS NOT NULL AND state = 'firing'") == 1);
}

#[test]
fn a_clock_that_is_ahead_makes_no_incident_of_tomorrow() {
    let watch = Watch::new("");
    assert_eq!(tell(&watch, &disk("firing", &ago(-30)))["news"], 1);
    assert_eq!(
        watch.house.count(&format!("incidents WHERE starts_at <= {}", now())),
        1,
        "it began by now at the latest"
    );
    assert_eq!(tell(&watch, &disk("resolved", &ago(-30)))["news"], 1);
    assert_eq!(watch.house.count("incidents WHERE state = 'resolved'"), 1);
}

#[test]
fn keys_and_tokens_in_an_alert_are_masked_wherever_they_are_kept_or_shown() {
    let watch = Watch::new("");
    let key = ["ghp_", "abcdefghijklmnopqrstuvwxyz0123456789"].concat();
    let body = saying(&format!("push failed with {key}"), SECRET, &format!("https://ci.example.org/?token={key}"));
    assert_eq!(tell(&watch, &body)["news"], 1);
    for secret in [key.as_str(), SECRET] {
        for table in ["incidents WHERE alert", "incident_alerts WHERE alert", "outbox WHERE part"] {
            assert_eq!(watch.house.count(&format!("{table} LIKE '%{secret}%'")), 0, "{table}");
        }
    }
    assert_eq!(watch.house.count("incidents WHERE alert LIKE '%[redacted]%'"), 1);
    // Its end still finds it.
    let mut over = body;
    over["status"] = json!("resolved");
    over["alerts"][0]["status"] = json!("resolved");
    tell(&watch, &over);
    assert_eq!(watch.house.count("incidents WHERE state = 'resolved'"), 1);
    assert!(!watch.serving.err().contains(&key));
}

#[test]
fn in_discord_an_alert_pings_nobody_marks_nothing_up_and_leads_nowhere() {
    let mut server = Server::new(&format!(
        "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n{}",
        hooks(&format!("discord:{OPS}"))
    ));
    server.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    let serving = server.serve();
    let words =
        "@everyone <@1001> <@&7> **bold** ||hidden|| \u{1b}[2J\u{202e} [here](javascript:alert(1)) /session rm -rf /";
    for (link, is_shown) in [("javascript:steal()", false), ("http://", false), ("https://metrics.example.org/g", true)]
    {
        let mut body = saying(words, "@here `code` # head", link);
        body["groupKey"] = json!(link);
        body["alerts"][0]["fingerprint"] = json!(link);
        let body = body.to_string();
        let proof = proof("alertmanager", &body, SECRET);
        let after = server.fake.with(|state| state.shows(OPS).last().map_or(0, |shown| shown.id));
        let answer = post(address(&serving), "/hooks/alertmanager/alertmanager", &[(&proof[0].0, &proof[0].1)], &body);
        assert_eq!(answer.told()["news"], 1);
        let card = server.shown(OPS, after, "Hostile");
        assert_eq!(card.text.contains(&format!("](<{link}>)")), is_shown, "{card:?}");
        for mark in ["**bold**", "||hidden||", " <@1001>", "\u{1b}", "\u{202e}", "[here](", "`code`"] {
            assert!(!card.text.contains(mark), "{mark:?} in {card:?}");
        }
    }
    assert!(server.fake.with(|state| state.pings.is_empty()));
    assert_eq!(server.house.count("sessions"), 0, "an order is no command");
}
