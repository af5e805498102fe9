//! Every shape with its example: what an adapter writes of a post, and what is read of it.

use super::super::{Alert, AlertError, Firing, MAX_INPUT_BYTES, Payload, Severity, Source, is_alert, read_payload};

/// The examples by their names.
const FIXTURES: [(&str, &str); 21] = [
    ("alertmanager", include_str!("fixtures/alertmanager.txt")),
    ("alertmanager-resolved", include_str!("fixtures/alertmanager-resolved.txt")),
    ("alertmanager-cut", include_str!("fixtures/alertmanager-cut.txt")),
    ("grafana", include_str!("fixtures/grafana.txt")),
    ("grafana-content", include_str!("fixtures/grafana-content.txt")),
    ("uptime-kuma", include_str!("fixtures/uptime-kuma.txt")),
    ("uptime-kuma-up", include_str!("fixtures/uptime-kuma-up.txt")),
    ("uptime-kuma-short", include_str!("fixtures/uptime-kuma-short.txt")),
    ("healthchecks", include_str!("fixtures/healthchecks.txt")),
    ("healthchecks-up", include_str!("fixtures/healthchecks-up.txt")),
    ("sentry", include_str!("fixtures/sentry.txt")),
    ("sentry-resolved", include_str!("fixtures/sentry-resolved.txt")),
    ("github", include_str!("fixtures/github.txt")),
    ("github-fixed", include_str!("fixtures/github-fixed.txt")),
    ("boxed", include_str!("fixtures/boxed.txt")),
    ("boxed-over", include_str!("fixtures/boxed-over.txt")),
    ("uptime-kuma-short-up", include_str!("fixtures/uptime-kuma-short-up.txt")),
    ("datadog", include_str!("fixtures/datadog.txt")),
    ("datadog-recovered", include_str!("fixtures/datadog-recovered.txt")),
    ("pagerduty", include_str!("fixtures/pagerduty.txt")),
    ("pagerduty-resolved", include_str!("fixtures/pagerduty-resolved.txt")),
];

fn payload(name: &str) -> Payload {
    let (_, text) = FIXTURES.iter().find(|(other, _)| *other == name).expect(name);
    read_payload(text).expect(name)
}

fn one(name: &str) -> Alert {
    let mut alerts = payload(name).alerts;
    assert_eq!(alerts.len(), 1, "{name}: {alerts:?}");
    alerts.remove(0)
}

#[test]
fn every_shape_is_read_as_its_example_says() {
    let mut told = String::new();
    for (name, _) in FIXTURES {
        let payload = payload(name);
        told.push_str(&format!("=== {name}\n"));
        if let Some(group) = &payload.group {
            told.push_str(&format!("group: {:?} {:?}\n", group.key, group.labels));
        }
        told.push_str(&format!("left out: {}\n", payload.left_out));
        for alert in &payload.alerts {
            told.push_str(&format!("--- alert\n{}\n", alert.describe()));
        }
    }
    insta::assert_snapshot!("shapes", told);
}

#[test]
fn an_end_has_the_fingerprint_of_its_beginning() {
    let fires = payload("alertmanager").alerts;
    let over = one("alertmanager-resolved");
    assert_eq!((over.status, &over.fingerprint), (Firing::Resolved, &fires[0].fingerprint));
    assert_ne!(fires[0].fingerprint, fires[1].fingerprint);
    assert_eq!(
        payload("alertmanager").group.expect("a group").key,
        payload("alertmanager-resolved").group.expect("a group").key
    );
    for (beginning, end) in [
        ("uptime-kuma", "uptime-kuma-up"),
        ("uptime-kuma-short", "uptime-kuma-short-up"),
        ("datadog", "datadog-recovered"),
        ("pagerduty", "pagerduty-resolved"),
        ("sentry", "sentry-resolved"),
        ("healthchecks", "healthchecks-up"),
        ("github", "github-fixed"),
        ("boxed", "boxed-over"),
    ] {
        let (beginning, end) = (one(beginning), one(end));
        assert_eq!((beginning.status, end.status), (Firing::Firing, Firing::Resolved), "{}", beginning.title);
        assert_eq!(beginning.fingerprint, end.fingerprint, "{}", beginning.title);
    }
    let (tagged, checked) = (one("datadog"), one("healthchecks"));
    let labels = ["env", "service", "canary"].map(|name| tagged.labels[name].clone());
    assert_eq!(labels, ["prod", "shop", "true"].map(str::to_owned));
    assert_eq!((checked.labels["nas"].as_str(), checked.labels["prod"].as_str()), ("true", "true"));
    assert_eq!(one("uptime-kuma").fingerprint, one("uptime-kuma-short").fingerprint);
    assert_eq!((one("boxed").severity, one("github").severity), (Severity::Warning, Severity::Error));
}

#[test]
fn what_is_cut_is_counted_and_not_guessed() {
    let cut = payload("alertmanager-cut");
    assert_eq!((cut.alerts.len(), cut.left_out), (1, 8), "the second is cut in its labels");
    assert_eq!(cut.alerts[0].labels["instance"], "db-1:9100");
    let text = FIXTURES[2].1;
    // Where no alert is whole there is only the title.
    let worse = &text[..text.find("Annotations:").expect("there are some")];
    let alert = read_payload(worse).expect("an alert").alerts.remove(0);
    assert_eq!((alert.source, alert.severity, alert.labels.len()), (Source::Plain, Severity::Critical, 0), "{alert:?}");
    for end in (1..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let payload = read_payload(&text[..end]);
        let is_sound = payload.is_ok_and(|payload| payload.alerts.len() <= 1);
        assert!(is_sound || text[..end].trim().len() < 2, "cut at {end}");
    }
}

#[test]
fn chatter_is_no_alert_and_nobody_s_words_are_taken_for_one() {
    let push = include_str!("fixtures/github-push.txt");
    assert_eq!(read_payload(push), Err(AlertError::Empty));
    for text in [
        "Is your service Shop up?",
        "We should look at what Your service Shop went down. means",
        "Labels:\n - alertname = X\nSource: http://x",
        "“Backup” is DOWN, I think",
        "Color: blue\nall is well",
    ] {
        assert_eq!(read_payload(text).expect("a text").alerts[0].source, Source::Plain, "{text}");
        assert!(!is_alert(text), "{text}");
    }
}

#[test]
fn a_post_of_nothing_but_marks_is_bounded() {
    let endless = "Color: #ff0000\nLabels:\n".repeat(20_000);
    assert!(endless.len() < MAX_INPUT_BYTES);
    assert_eq!(read_payload(&endless).expect("a text").alerts.len(), 1);
    let many = format!("[FIRING:1] A\nAlerts Firing:\n{}", "Labels:\n - alertname = A\nAnnotations:\n".repeat(10_000));
    assert_eq!(read_payload(&many).expect("a list").alerts.len(), super::MAX_ALERTS);
}

#[test]
fn the_posts_of_one_number_are_one_alert_and_say_who_has_taken_it() {
    let post = |title: &str, color: &str, more: &str| {
        let text = format!(
            "{title}\nColor: #{color}\n{title}\nhttps://acme.pagerduty.com/incidents/Q1\nService: Shop\n{more}"
        );
        read_payload(&text).expect("an alert").alerts.remove(0)
    };
    let fired = post("Triggered #33: Database is down", "a30200", "");
    let taken = post("Acknowledged #33: Database is down", "daa038", "Acknowledged by: Ada");
    let over = post("Resolved #33: Database is down", "2eb886", "");
    for one in [&taken, &over] {
        assert_eq!((&one.fingerprint, &one.title), (&fired.fingerprint, &fired.title));
    }
    assert_eq!((fired.status, taken.status, over.status), (Firing::Firing, Firing::Firing, Firing::Resolved));
    assert_eq!((fired.title.as_str(), taken.acknowledged.as_deref()), ("#33: Database is down", Some("Ada")));
    assert_eq!((fired.acknowledged, over.acknowledged), (None, None));
    let plain = |title: &str| read_payload(title).expect("an alert").alerts.remove(0);
    assert_eq!(plain("Triggered #33: x").fingerprint, plain("Resolved #33: x").fingerprint);
}

#[test]
fn a_failure_is_as_bad_by_a_post_as_by_a_hook() {
    let post = |branch: &str, said: &str| {
        let text =
            format!("Color: #cb2431\nada\n[acme/shop{branch}] {said}\nhttps://github.com/acme/shop/actions/runs/7");
        read_payload(&text).expect("an alert").alerts.remove(0).severity
    };
    let hook = |kind: &str, branch: &str| {
        let run = serde_json::json!({"name": "CI", "conclusion": "failure", "head_branch": branch, "workflow_id": 1,
            "check_suite": {"head_branch": branch}});
        let sent = serde_json::json!({"action": "completed", kind: run, "repository": {"full_name": "acme/shop", "default_branch": "main"}});
        read_payload(&sent.to_string()).expect("an alert").alerts.remove(0).severity
    };
    for kind in ["workflow_run", "check_run"] {
        assert_eq!((hook(kind, "main"), hook(kind, "fix")), (Severity::Error, Severity::Warning), "{kind}");
    }
    assert_eq!(
        (post(":main", "CI failed on 3f2c1d0"), post(":fix", "CI failed")),
        (Severity::Error, Severity::Warning)
    );
    assert_eq!(post("", "Dependabot alert: left-pad (moderate severity)"), Severity::Warning);
    assert_eq!(post("", "Secret scanning alert: Acme API Key"), Severity::Critical);
}

#[test]
fn marks_of_markdown_are_no_part_of_a_title_and_hide_no_label() {
    let read = |said: &str| read_payload(&format!("Color: #ff0000\n{said}")).expect("an alert").alerts.remove(0);
    for title in ["## Disk full", "**Disk full**", "*Disk full*", "# [FIRING:1] Disk full", "-# **Disk** full"] {
        let alert = read(&format!("{title}\nHost: db-1"));
        assert_eq!((alert.title.as_str(), alert.labels["host"].as_str()), ("Disk full", "db-1"), "{title}");
    }
    for said in [
        "- **Host:** db-1\n- **Service:** shop",
        "> **Host**: `db-1`\n> **Service**: `shop`",
        "-# Host: db-1 · Service: shop",
        "**Host**\ndb-1\n**Service**\nshop",
        "`host`: db-1 | `service`: shop",
        "• *Host:* db-1\n• *Service:* shop",
    ] {
        let alert = read(&format!("## Disk full\n{said}"));
        let labels = ["host", "service"].map(|name| alert.labels.get(name).map(String::as_str));
        assert_eq!(labels, [Some("db-1"), Some("shop")], "{said}");
    }
}
