//! JSON of no known shape: read by the names that most tools use.
//!
//! What names no time at all speaks of now: an end or a begin of it that comes late cannot be told from one in time.

use serde_json::Value;

use super::draft::{AlertDraft, shown};
use super::lookup::{items, scalar, text};
use super::{Alert, MAX_ALERTS, Source, moment};
use crate::config::HookFields;

const TITLES: [&str; 9] =
    ["/title", "/name", "/alertname", "/alert_name", "/summary", "/subject", "/message", "/text", "/description"];
const SEVERITIES: [&str; 5] = ["/severity", "/priority", "/level", "/urgency", "/labels/severity"];
const STATES: [&str; 4] = ["/status", "/state", "/alert_status", "/event"];
const STARTS: [&str; 8] =
    ["/startsAt", "/starts_at", "/started_at", "/created_at", "/timestamp", "/time", "/date", "/occurred_at"];
/// Where the end of what is over stands, or else when that was said; a begin is no later than its end.
const ENDS: [&str; 10] = [
    "/endsAt",
    "/ends_at",
    "/ended_at",
    "/resolved_at",
    "/closed_at",
    "/timestamp",
    "/time",
    "/date",
    "/occurred_at",
    "/updated_at",
];
const OWN_KEYS: [&str; 6] = ["/fingerprint", "/dedup_key", "/dedupKey", "/incident_key", "/alert_id", "/alertId"];
/// Objects whose fields say what the alert is of.
const LABEL_OBJECTS: [&str; 3] = ["labels", "tags", "dimensions"];
/// Objects whose fields say something about it.
const ANNOTATION_OBJECTS: [&str; 3] = ["annotations", "details", "custom_details"];
/// Fields that say what the alert is of.
const LABELS: [&str; 14] = [
    "host",
    "hostname",
    "instance",
    "service",
    "job",
    "cluster",
    "namespace",
    "pod",
    "region",
    "environment",
    "env",
    "team",
    "component",
    "monitor",
];

/// Reads one value of a payload; none if there is nothing in it.
pub(super) fn read(value: &Value) -> Option<Alert> {
    complete(AlertDraft::of(Source::Generic), unwrapped(value))
}

/// Reads the alerts of a payload of which somebody has said where things stand; the rest goes by the usual names.
pub(super) fn read_by(value: &Value, fields: &HookFields) -> Vec<Alert> {
    let alerts = match &fields.alerts {
        Some(list) => items(value, list),
        None => value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice),
    };
    alerts.iter().take(MAX_ALERTS).filter_map(|alert| complete(placed(alert, fields), alert)).collect()
}

/// Starts an alert with what stands where somebody has said.
fn placed(alert: &Value, fields: &HookFields) -> AlertDraft {
    let at = |path: &Option<String>| path.as_ref().and_then(|path| text(alert, &[path]));
    let mut draft = AlertDraft::of(Source::Generic);
    draft.title(at(&fields.title));
    draft.severity([at(&fields.severity)]);
    draft.annotation("severity", at(&fields.severity));
    draft.status(at(&fields.status));
    draft.fingerprint(at(&fields.fingerprint));
    draft.starts_at = fields.starts_at.as_ref().and_then(|path| moment::at(alert, &[path]));
    draft.labels(fields.all_labels.as_ref().and_then(|path| alert.pointer(path)));
    for (name, path) in &fields.labels {
        draft.label(name, text(alert, &[path]));
    }
    for path in &fields.links {
        draft.link(text(alert, &[path]));
    }
    draft
}

/// Completes an alert by the usual names; none if there is nothing in it.
fn complete(mut draft: AlertDraft, value: &Value) -> Option<Alert> {
    let Some(fields) = value.as_object() else {
        draft.title(scalar(value));
        draft.annotation("text", Some(shown(value)?));
        return Some(draft.finish());
    };
    if fields.values().all(|value| shown(value).is_none()) {
        return None;
    }
    draft.title(text(value, &TITLES));
    draft.severity(SEVERITIES.map(|pointer| text(value, &[pointer])));
    for state in STATES {
        draft.status(text(value, &[state]));
    }
    draft.starts_at = draft.starts_at.or_else(|| moment::at(value, &STARTS));
    draft.said_at = moment::at(value, &ENDS).or(draft.starts_at);
    draft.fingerprint(text(value, &OWN_KEYS));
    for (key, value) in fields {
        if LABEL_OBJECTS.contains(&key.as_str()) && value.is_object() {
            draft.labels(Some(value));
        } else if ANNOTATION_OBJECTS.contains(&key.as_str()) && value.is_object() {
            draft.annotations(Some(value));
        } else if LABELS.contains(&key.to_lowercase().as_str()) {
            draft.label(key, shown(value));
        } else {
            draft.link(scalar(value));
            draft.annotation(key, shown(value));
        }
    }
    Some(draft.finish())
}

/// Takes off wrappers: objects of one field that is an object, such as `{"incident": {…}}`.
fn unwrapped(mut value: &Value) -> &Value {
    let is_part = |key: &str| LABEL_OBJECTS.contains(&key) || ANNOTATION_OBJECTS.contains(&key);
    while let Some(fields) = value.as_object().filter(|fields| fields.len() == 1)
        && let Some((_, inside)) = fields.iter().next().filter(|(key, inside)| inside.is_object() && !is_part(key))
    {
        value = inside;
    }
    value
}

/// An alert of a home-made monitor.
#[cfg(test)]
pub(super) const FIXTURE: &str = r#"{
  "name": "Backup is late",
  "state": "open",
  "priority": "high",
  "host": "nas-1",
  "time": "2026-10-04T07:31:05Z",
  "url": "https://backups.example.com/nas-1",
  "labels": {"volume": "home"},
  "details": {"last": "2026-10-01"},
  "checks": [1, 2]
}"#;

#[cfg(test)]
mod tests {
    use super::super::{AlertError, Firing, Severity, is_alert, read as read_text};
    use super::*;

    #[test]
    fn usual_names_are_understood() {
        let alert = read_text(FIXTURE).unwrap().remove(0);
        assert_eq!((alert.source, alert.severity, alert.status), (Source::Generic, Severity::Error, Firing::Firing));
        assert_eq!(alert.title, "Backup is late");
        assert_eq!((alert.labels["host"].as_str(), alert.labels["volume"].as_str()), ("nas-1", "home"));
        assert_eq!((alert.annotations["last"].as_str(), alert.annotations["checks"].as_str()), ("2026-10-01", "[1,2]"));
        assert_eq!(alert.links, ["https://backups.example.com/nas-1"]);
        let wrapped = format!(r#"{{"data": {{"alert": {FIXTURE}}}}}"#);
        assert_eq!(read_text(&wrapped).unwrap(), [alert]);
        assert_eq!(read_text(r#"{"labels": {"a": "b"}}"#).unwrap()[0].labels["a"], "b");
        assert!(!is_alert(FIXTURE), "other JSON may be anything");
    }

    #[test]
    fn what_somebody_has_placed_goes_first() {
        let path = |path: &str| Some(path.to_owned());
        let fields = HookFields {
            alerts: path("/items"),
            title: path("/rule/name"),
            severity: path("/how"),
            status: path("/green"),
            fingerprint: path("/rule/id"),
            starts_at: path("/since"),
            labels: [("host".to_owned(), "/server/name".to_owned())].into(),
            links: vec!["/rule/page".to_owned()],
            all_labels: None,
        };
        let rule = serde_json::json!({"id": 7, "name": "Disk", "page": "https://rules.example.com/7"});
        let item = serde_json::json!({"rule": rule, "how": "P1", "green": "down", "since": 1_791_099_065,
            "server": {"name": "db-1"}, "title": "not this"});
        let alerts = read_by(&serde_json::json!({"items": [item]}), &fields);
        let [disk] = alerts.as_slice() else { panic!("one alert, not {alerts:?}") };
        assert_eq!((disk.title.as_str(), disk.severity, disk.fingerprint.as_str()), ("Disk", Severity::Critical, "7"));
        assert_eq!((disk.labels["host"].as_str(), disk.status), ("db-1", Firing::Firing));
        assert_eq!(disk.links[0], "https://rules.example.com/7");
        assert_eq!(disk.starts_at, Some(crate::clock::Timestamp(1_791_099_065_000)));
        assert!(read_by(&serde_json::json!({"other": 1}), &fields).is_empty());
    }

    #[test]
    fn a_later_firing_and_the_resolution_are_the_same_alert() {
        let fired = read_text(FIXTURE).unwrap().remove(0);
        let closed = FIXTURE.replace("open", "closed").replace("07:31", "08:00").replace("[1, 2]", "[3]");
        let closed = read_text(&closed).unwrap().remove(0);
        assert_eq!((closed.status, closed.fingerprint), (Firing::Resolved, fired.fingerprint));
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        for text in ["{}", "[]", "[[], {}, null, \"\"]", r#"{"a": null, "b": [], "c": " "}"#] {
            assert_eq!(read_text(text), Err(AlertError::Empty), "{text}");
        }
    }
}
