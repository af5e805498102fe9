//! JSON of no known shape: read by the names that most tools use.

use serde_json::Value;

use super::draft::{AlertDraft, shown};
use super::lookup::{scalar, text};
use super::{Alert, Source, moment};

const TITLES: [&str; 9] =
    ["/title", "/name", "/alertname", "/alert_name", "/summary", "/subject", "/message", "/text", "/description"];
const SEVERITIES: [&str; 5] = ["/severity", "/priority", "/level", "/urgency", "/labels/severity"];
const STATES: [&str; 4] = ["/status", "/state", "/alert_status", "/event"];
const STARTS: [&str; 8] =
    ["/startsAt", "/starts_at", "/started_at", "/created_at", "/timestamp", "/time", "/date", "/occurred_at"];
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
    let value = unwrapped(value);
    let mut draft = AlertDraft::of(Source::Generic);
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
    draft.starts_at = moment::at(value, &STARTS);
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
