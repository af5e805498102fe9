//! Sentry: issue alerts, metric alerts, changes of issues, and the older webhook plugin of projects.
//!
//! A metric alert tells when it was over. Of an issue that is resolved only the last event is told, which was before that: an
//! end is known to be late where a later event began what is known. The older plugin tells no end at all.
//!
//! Source: <https://docs.sentry.io/organization/integrations/integration-platform/webhooks/>, read 2026-11.

use serde_json::Value;

use super::draft::AlertDraft;
use super::lookup::{has_object, items, text};
use super::{Alert, Source, moment};

/// Labels of an event or issue, and where they stand.
const LABELS: [(&str, &[&str]); 6] = [
    ("project", &["/project/slug", "/project/name", "/project_slug", "/project_name", "/project"]),
    ("environment", &["/environment"]),
    ("level", &["/level"]),
    ("platform", &["/platform"]),
    ("release", &["/release/version", "/release"]),
    ("logger", &["/logger"]),
];

/// Actions by which people say that an issue is no problem.
const PUT_AWAY: [&str; 2] = ["archived", "ignored"];

/// Tells whether this is one of Sentry's webhooks.
pub(super) fn fits(value: &Value) -> bool {
    let has_subject = has_object(value, "/data/metric_alert")
        || has_object(value, "/data/issue")
        || has_object(value, "/data/error")
        || (has_object(value, "/data/event")
            && text(value, &["/data/triggered_rule", "/data/event/event_id", "/data/event/issue_id"]).is_some());
    (has_subject && value.get("action").is_some_and(Value::is_string)) || is_plugin(value)
}

/// Tells whether this is what the older plugin sends.
fn is_plugin(value: &Value) -> bool {
    let names_project = || text(value, &["/project_slug", "/project_name", "/project"]).is_some();
    let is_event = has_object(value, "/event") && value.get("culprit").is_some();
    is_event && (text(value, &["/event/event_id"]).is_some() || names_project())
}

/// Tells whether a webhook is about a problem's beginning or end; whose it is, and comments, are not.
pub(super) fn is_news(value: &Value) -> bool {
    let action = text(value, &["/action"]).unwrap_or_default();
    let tells = ["triggered", "critical", "warning", "open", "created", "unresolved", "resolved"];
    fits(value) && (is_plugin(value) || tells.contains(&action.as_str()) || PUT_AWAY.contains(&action.as_str()))
}

/// Reads a payload.
pub(super) fn read(value: &Value) -> Alert {
    let data = &value["data"];
    if has_object(data, "/metric_alert") {
        return of_metric(value);
    }
    let subject =
        ["issue", "event", "error"].iter().find_map(|key| data.get(key).filter(|subject| subject.is_object()));
    of_issue(value, subject.unwrap_or(&value["event"]))
}

/// Reads a metric alert. Its rule tells it, since each firing is another incident.
fn of_metric(value: &Value) -> Alert {
    let mut draft = AlertDraft::of(Source::Sentry);
    let alert = &value["data"]["metric_alert"];
    draft.title(text(value, &["/data/description_title"]));
    draft.title(text(alert, &["/alert_rule/name", "/title"]));
    draft.severity([text(value, &["/action"])]);
    draft.status(text(value, &["/action"]));
    draft.label("rule", text(alert, &["/alert_rule/name"]));
    draft.label("project", text(alert, &["/projects/0", "/alert_rule/projects/0"]));
    draft.label("environment", text(alert, &["/alert_rule/environment"]));
    draft.annotation("description", text(value, &["/data/description_text"]));
    draft.annotation("aggregate", text(alert, &["/alert_rule/aggregate"]));
    draft.annotation("query", text(alert, &["/alert_rule/query"]));
    draft.link(text(value, &["/data/web_url"]));
    draft.starts_at = moment::at(alert, &["/date_started", "/date_detected", "/date_created"]);
    draft.said_at = moment::at(alert, &["/date_closed"]).or(draft.starts_at);
    draft.fingerprint(text(alert, &["/alert_rule/id"]).map(|rule| format!("rule-{rule}")));
    draft.fingerprint(text(alert, &["/identifier", "/id"]).map(|incident| format!("incident-{incident}")));
    draft.finish()
}

/// Reads an event or an issue; the older plugin says of it what it has at the top.
fn of_issue(value: &Value, subject: &Value) -> Alert {
    let mut draft = AlertDraft::of(Source::Sentry);
    draft.title(text(subject, &["/title", "/message", "/metadata/title", "/metadata/value", "/occurrence/issueTitle"]));
    draft.title(text(value, &["/message"]));
    draft.severity([text(subject, &["/level"]), text(value, &["/level"])]);
    let action = text(value, &["/action"]).unwrap_or_default();
    draft.status(Some(if PUT_AWAY.contains(&action.as_str()) { "resolved".to_owned() } else { action.clone() }));
    draft.status(text(subject, &["/status"]));
    for (label, pointers) in LABELS {
        draft.label(label, text(subject, pointers).or_else(|| text(value, pointers)));
    }
    for tag in items(subject, "/tags") {
        if let Some(key) = text(tag, &["/0", "/key"]) {
            draft.label(&key, text(tag, &["/1", "/value"]));
        }
    }
    draft.annotation("culprit", text(subject, &["/culprit"]).or_else(|| text(value, &["/culprit"])));
    draft.annotation("message", text(subject, &["/message", "/logentry/formatted"]));
    draft.annotation("rule", text(value, &["/data/triggered_rule", "/triggering_rules/0"]));
    for exception in items(subject, "/exception/values") {
        let kind = text(exception, &["/type"]).unwrap_or_default();
        draft.annotation("exception", Some(format!("{kind}: {}", text(exception, &["/value"]).unwrap_or_default())));
    }
    // What the monitors of Sentry's own say: uptime, cron jobs, metrics.
    draft.annotation("subtitle", text(subject, &["/occurrence/subtitle"]));
    for evidence in items(subject, "/occurrence/evidenceDisplay") {
        if let Some(name) = text(evidence, &["/name"]) {
            draft.annotation(&name, text(evidence, &["/value"]));
        }
    }
    draft.annotation("location", text(subject, &["/location", "/metadata/filename"]));
    draft.annotation("count", text(subject, &["/count"]));
    draft.link(text(subject, &["/web_url", "/permalink"]));
    draft.link(text(value, &["/url"]));
    // An issue that is a problem again is so since it was last seen.
    let begins = if action == "unresolved" { "/lastSeen" } else { "/firstSeen" };
    draft.starts_at = moment::at(subject, &[begins, "/datetime", "/timestamp"]);
    // Nothing tells when somebody resolved it; at least when it was last seen it was no earlier.
    draft.said_at = moment::at(subject, &["/lastSeen"]);
    let own = text(subject, &["/issue_id", "/groupID", "/group_id"]);
    let own = own.or_else(|| text(value, &["/data/issue/id", "/id"]));
    draft.fingerprint(own.map(|issue| format!("issue-{issue}")));
    draft.finish()
}

/// An issue alert.
#[cfg(test)]
pub(super) const FIXTURE: &str = r#"{
  "action": "triggered",
  "actor": {"id": "sentry", "name": "Sentry", "type": "application"},
  "data": {
    "event": {
      "event_id": "e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0",
      "issue_id": "90210",
      "issue_url": "https://sentry.io/api/0/issues/90210/",
      "web_url": "https://sentry.io/organizations/acme/issues/90210/events/e0e0/",
      "url": "https://sentry.io/api/0/projects/acme/shop/events/e0e0/",
      "title": "KeyError: 'cart'",
      "culprit": "shop.views in checkout",
      "datetime": "2026-10-04T07:31:05.512000Z",
      "timestamp": 1791099065.512,
      "exception": {"values": [{"type": "KeyError", "value": "'cart'", "stacktrace": {"frames": []}}]},
      "level": "fatal",
      "location": "shop/views.py",
      "message": "",
      "platform": "python",
      "project": 7,
      "release": null,
      "tags": [["environment", "production"], ["server_name", "web-1"]]
    },
    "triggered_rule": "New fatal error"
  },
  "installation": {"uuid": "00000000-0000-0000-0000-000000000000"}
}"#;

/// A metric alert.
#[cfg(test)]
pub(super) const METRIC_FIXTURE: &str = r#"{
  "action": "critical",
  "actor": {"id": "sentry", "name": "Sentry", "type": "application"},
  "data": {
    "description_text": "1207 events in the last 10 minutes",
    "description_title": "Critical: Many errors",
    "metric_alert": {
      "alert_rule": {"aggregate": "count()", "environment": null, "id": "7", "name": "Many errors", "query": "level:error"},
      "date_started": "2026-10-04T07:31:05.000000Z",
      "id": "4",
      "identifier": "1",
      "projects": ["shop"],
      "status": 20,
      "title": "Sacred Marmot"
    },
    "web_url": "https://sentry.io/organizations/acme/alerts/1/"
  },
  "installation": {"uuid": "00000000-0000-0000-0000-000000000000"}
}"#;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Firing, Severity, read as read_text};
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn an_issue_alert_tells_its_event() {
        let alert = read_text(FIXTURE).unwrap().remove(0);
        assert_eq!((alert.source, alert.severity, alert.status), (Source::Sentry, Severity::Critical, Firing::Firing));
        assert_eq!((alert.title.as_str(), alert.fingerprint.as_str()), ("KeyError: 'cart'", "issue-90210"));
        assert_eq!(alert.labels["server_name"], "web-1");
        assert_eq!(alert.annotations["exception"], "KeyError: 'cart'");
        assert_eq!(alert.annotations["rule"], "New fatal error");
        assert_eq!(alert.links, ["https://sentry.io/organizations/acme/issues/90210/events/e0e0/"]);
        assert_eq!(alert.starts_at, Some(Timestamp(1_791_099_065_512)));
    }

    #[test]
    fn the_change_of_an_issue_is_of_the_same_alert() {
        let resolved = json!({"action": "resolved", "data": {"issue": {"id": "90210", "title": "KeyError: 'cart'",
            "level": "error", "status": "resolved", "permalink": "https://sentry.io/organizations/acme/issues/90210/"}}});
        let alert = read_text(&resolved.to_string()).unwrap().remove(0);
        assert_eq!((alert.status, alert.fingerprint.as_str()), (Firing::Resolved, "issue-90210"));
    }

    #[test]
    fn a_metric_alert_is_told_by_its_rule() {
        let fired = read_text(METRIC_FIXTURE).unwrap().remove(0);
        assert_eq!((fired.severity, fired.status), (Severity::Critical, Firing::Firing));
        assert_eq!((fired.title.as_str(), fired.fingerprint.as_str()), ("Critical: Many errors", "rule-7"));
        let resolved = METRIC_FIXTURE.replace("\"critical\"", "\"resolved\"").replace("Critical:", "Resolved:");
        let resolved = read_text(&resolved.replace("\"4\"", "\"5\"")).unwrap().remove(0);
        assert_eq!((resolved.status, resolved.fingerprint), (Firing::Resolved, fired.fingerprint));
    }

    #[test]
    fn the_older_plugin_is_understood() {
        let sent = json!({"id": "90210", "project_slug": "shop", "culprit": "shop.views", "level": "error",
            "url": "https://sentry.io/organizations/acme/issues/90210/", "event": {"event_id": "e0", "title": "KeyError"}});
        let alert = read_text(&sent.to_string()).unwrap().remove(0);
        assert_eq!((alert.source, alert.fingerprint.as_str()), (Source::Sentry, "issue-90210"));
        assert_eq!((alert.labels["project"].as_str(), alert.severity), ("shop", Severity::Error));
    }

    #[test]
    fn the_older_plugin_is_told_without_an_event_id() {
        for project in ["project_slug", "project_name", "project"] {
            let sent = json!({project: "notification-system", "message": "This is an example Python exception", "id": "1257",
                "culprit": "scripts.runner in main", "url": "http://sentry.example.com/project/issues/1257/", "level": "error",
                "triggering_rules": [], "event": {"timestamp": 1_790_000_000.0, "id": "e1",
                    "tags": [["level", "error"], ["server_name", "web-01"]]}});
            assert!(super::super::is_alert(&sent.to_string()), "{project}");
            let alert = read_text(&sent.to_string()).unwrap().remove(0);
            assert_eq!((alert.source, alert.fingerprint.as_str()), (Source::Sentry, "issue-1257"), "{project}");
            assert_eq!(alert.title, "This is an example Python exception");
            assert_eq!(
                (alert.labels["project"].as_str(), alert.labels["server_name"].as_str()),
                ("notification-system", "web-01")
            );
            assert_eq!(alert.starts_at, Some(Timestamp(1_790_000_000_000)));
        }
        let other = json!({"culprit": "x", "event": {"a": 1}});
        assert!(!fits(&other), "a culprit alone is anybody's");
    }

    #[test]
    fn a_monitor_says_what_happened_in_its_evidence() {
        let of = |occurrence: serde_json::Value| {
            let event = json!({"event_id": "e1", "project": 2, "title": "Downtime detected for https://shop.example.com",
                "level": "error", "timestamp": 1_790_000_000.5, "occurrence": occurrence, "tags": [["environment", "prod"]],
                "web_url": "https://acme.sentry.io/x", "issue_id": "77"});
            let sent = json!({"action": "triggered", "data": {"event": event, "triggered_rule": "Uptime"}});
            read_text(&sent.to_string()).unwrap().remove(0)
        };
        let uptime = of(
            json!({"type": 7001, "issueTitle": "Downtime detected", "subtitle": "Your monitored domain is down",
            "evidenceDisplay": [{"name": "Status Code", "value": "503", "important": true}, {"name": "Failure reason", "value": "timeout"}]}),
        );
        assert_eq!(uptime.annotations["subtitle"], "Your monitored domain is down");
        assert_eq!(
            (uptime.annotations["Status Code"].as_str(), uptime.annotations["Failure reason"].as_str()),
            ("503", "timeout")
        );
        let cron = of(
            json!({"subtitle": "Your monitor missed a check-in", "evidenceDisplay": [{"name": "Last successful check-in", "value": 5}, 7, {}]}),
        );
        assert_eq!(cron.annotations["Last successful check-in"], "5");
        let odd = of(json!({"evidenceDisplay": "none"}));
        assert_eq!(odd.annotations.get("subtitle"), None);
    }
}
