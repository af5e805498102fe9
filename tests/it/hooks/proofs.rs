//! Who sends: secrets, signatures, times, and deliveries that come again.

use serde_json::json;

use super::scene::{BY_SECRET, SECRET, Watch, ago, group, now, problem, proof};

const ALL: [&str; 9] =
    ["alertmanager", "grafana", "pagerduty", "datadog", "sentry", "github", "uptime-kuma", "healthchecks", "generic"];

#[test]
fn every_source_is_believed_when_it_proves_itself_and_refused_when_it_does_not() {
    let watch = Watch::new("");
    for source in ALL {
        let body = problem(source);
        let text = body.to_string();
        assert_eq!(watch.call(source, &[], &text).status, 401, "{source}");
        let wrong = proof(source, &text, "another-secret-than-ours");
        let wrong: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(watch.call(source, &wrong, &text).status, 403, "{source}");
        let taken = watch.call_rightly(source, &body).told();
        assert_eq!(
            (&taken["alerts"], &taken["news"], &taken["new_incidents"]),
            (&json!(1), &json!(1), &json!(1)),
            "{source}"
        );
    }
    for source in ALL {
        watch.counts(&format!("signalbox_hook_calls_total{{source=\"{source}\"}}"), 1);
    }
    assert_eq!(watch.house.count("incidents WHERE state = 'firing'"), 9);
    let log = watch.serving.err();
    assert!(!log.contains(SECRET) && !log.contains("another-secret"), "no secret is logged");
    assert!(!watch.house.run(&["config", "show"]).was(0, "hooks").out.contains(SECRET));
    assert!(!watch.house.run(&["hooks", "list", "--json"]).was(0, "uptime-kuma").out.contains(SECRET));
}

#[test]
fn a_signature_is_of_this_body_and_of_this_time() {
    let watch = Watch::new("");
    let body = problem("github").to_string();
    let signed = proof("github", &body, SECRET);
    let (name, value) = (signed[0].0.as_str(), signed[0].1.as_str());
    let other = body.replace("acme/shop", "acme/bank");
    assert_eq!(watch.call("github", &[(name, value)], &other).status, 403);
    let body = problem("grafana").to_string();
    let signed = proof("grafana", &body, SECRET);
    let later = (now() / 1000 + 1).to_string();
    let moved = [(signed[0].0.as_str(), signed[0].1.as_str()), ("X-Grafana-Alerting-Timestamp", later.as_str())];
    assert_eq!(watch.call("grafana", &moved, &body).status, 403);
    assert_eq!(watch.call("grafana", &moved[..1], &body).status, 403, "the time cannot be taken away");
    assert_eq!(watch.house.count("incidents"), 0);
}

#[test]
fn basic_authentication_and_a_token_will_do_where_the_source_cannot_sign() {
    use base64::Engine as _;
    let watch = Watch::new("");
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("signalbox:{SECRET}"));
    for source in BY_SECRET {
        let body = problem(source).to_string();
        assert_eq!(watch.call(source, &[("Authorization", &format!("Basic {encoded}"))], &body).status, 200);
        assert_eq!(watch.call(source, &[("Authorization", &format!("Bearer {SECRET}"))], &body).status, 200);
    }
}

#[test]
fn a_delivery_that_comes_again_changes_nothing() {
    let watch = Watch::new("");
    for source in ["pagerduty", "sentry", "github", "datadog"] {
        let body = problem(source);
        assert_eq!(watch.call_rightly(source, &body).told()["copy"], false, "{source}");
        assert_eq!(watch.call_rightly(source, &body).told()["copy"], true, "{source}");
    }
    for source in ["alertmanager", "grafana", "uptime-kuma", "healthchecks", "generic"] {
        let body = problem(source);
        assert_eq!(watch.call_rightly(source, &body).told()["news"], 1, "{source}");
        let again = watch.call_rightly(source, &body).told();
        assert_eq!((&again["again"], &again["news"]), (&json!(1), &json!(0)), "{source}");
    }
    assert_eq!(watch.house.count("incidents"), 9);
    assert_eq!(watch.house.count("incident_events WHERE event = 'fired'"), 9);
    watch.counts("signalbox_hook_copies_total{source=\"github\"}", 1);
}

#[test]
fn what_began_long_ago_is_taken_and_makes_no_incident_unless_it_is_known() {
    let watch = Watch::new("");
    let old = json!({"title": "Old", "startsAt": ago(25 * 60)});
    let told = watch.call_rightly("generic", &old).told();
    assert_eq!((&told["too_old"], &told["news"]), (&json!(1), &json!(0)));
    assert_eq!(watch.house.count("incidents"), 0);
    watch.serving.until("began too long ago");
    watch.counts("signalbox_hook_alerts_too_old_total{source=\"generic\"}", 1);
    let mut repeated = group("Repeated", 1, 0);
    repeated["alerts"][0]["startsAt"] = json!(ago(25 * 60));
    assert_eq!(
        watch.call_rightly("alertmanager", &repeated).told()["news"],
        1,
        "it fires still, and nobody has heard of it"
    );
    let mut future = group("Skewed", 1, 0);
    future["alerts"][0]["startsAt"] = json!(ago(-10));
    assert_eq!(watch.call_rightly("alertmanager", &future).told()["news"], 1, "a clock that is ahead loses nothing");
}

#[test]
fn pings_and_successes_are_answered_and_are_no_incidents() {
    let watch = Watch::new("");
    for (source, ping) in [
        ("github", json!({"zen": "Design for failure.", "hook_id": 1, "repository": {"full_name": "acme/shop"}})),
        ("pagerduty", json!({"event": {"id": "01P", "event_type": "pagey.ping", "data": {"message": "Hello"}}})),
        ("sentry", json!({"action": "created", "data": {"installation": {"status": "installed"}}})),
        ("uptime-kuma", json!({"heartbeat": null, "monitor": null, "msg": "Shop Testing"})),
    ] {
        assert_eq!(watch.call_rightly(source, &ping).told()["alerts"], 0, "{source}");
    }
    watch.counts("signalbox_hook_no_news_total{source=\"github\"}", 1);
    let mut success = problem("github");
    success["workflow_run"]["conclusion"] = json!("success");
    assert_eq!(watch.call_rightly("github", &success).told()["unheard"], 1);
    assert_eq!(watch.house.count("incidents"), 0);
    assert_eq!(watch.call_rightly("github", &problem("github")).told()["new_incidents"], 1);
    success["sender"] = json!({"login": "ada"});
    assert_eq!(watch.call_rightly("github", &success).told()["news"], 1);
    assert_eq!(watch.house.count("incidents WHERE state = 'resolved'"), 1);
}
