//! JSON of no known shape: read by the names that most tools use.
//!
//! What names no time at all speaks of now: an end or a begin of it that comes late cannot be told from one in time.

use serde_json::Value;

use super::draft::{AlertDraft, shown};
use super::lookup::{scalar, text};
use super::{Alert, MAX_ALERTS, Source, moment, secret};
use crate::config::HookFields;

const TITLES: [&str; 9] =
    ["/title", "/name", "/alertname", "/alert_name", "/summary", "/subject", "/message", "/text", "/description"];
const SEVERITIES: [&str; 5] = ["/severity", "/priority", "/level", "/urgency", "/labels/severity"];
/// Where a state stands; the last of them name what was done, as in `incident.resolve`.
const STATES: [&str; 9] = [
    "/status",
    "/state",
    "/alert_status",
    "/current_state",
    "/alert_state",
    "/event",
    "/event_type",
    "/event_action",
    "/action",
];
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

/// Fields in which an alert, or a list of them, stands within an envelope.
const WRAPPERS: [&str; 13] = [
    "alert",
    "alerts",
    "incident",
    "incidents",
    "event",
    "events",
    "message",
    "messages",
    "record",
    "records",
    "data",
    "body",
    "payload",
];

/// Reads a value that has the shape of a known source; `None` where it has not.
type Known<'k> = &'k dyn Fn(&Value) -> Option<Vec<Alert>>;

/// Reads one value of a payload: the alerts in it, none if there is nothing in it. What it wraps may be of a known source.
pub(super) fn read(value: &Value, known: Known<'_>) -> Vec<Alert> {
    opened(&secret::without(value), known, &mut Vec::new())
}

/// Reads a value, or what stands in it where it is an envelope; what the envelopes say is said of all in them.
fn opened(value: &Value, known: Known<'_>, envelopes: &mut Vec<Value>) -> Vec<Alert> {
    let Some((name, inside)) = wrapped(value) else {
        let drafted = complete(AlertDraft::of(Source::Generic), value);
        return drafted.map(|draft| within(draft, envelopes)).into_iter().collect();
    };
    let mut envelope = value.clone();
    if let Some(fields) = envelope.as_object_mut() {
        fields.remove(name);
    }
    envelopes.push(envelope);
    let all = inside.as_array().map_or(std::slice::from_ref(inside), Vec::as_slice);
    let read = |one| known(one).unwrap_or_else(|| opened(one, known, envelopes));
    let alerts = all.iter().take(MAX_ALERTS).flat_map(read).collect();
    envelopes.pop();
    alerts
}

/// Returns what a value wraps: its only field, or one whose name says so in what has no title of its own.
fn wrapped(value: &Value) -> Option<(&str, &Value)> {
    let fields = value.as_object()?;
    let is_part = |key: &str| LABEL_OBJECTS.contains(&key) || ANNOTATION_OBJECTS.contains(&key);
    let is_some = |inside: &Value| match inside {
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_object),
        Value::Object(fields) => !fields.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    if let Some((name, inside)) = fields.iter().next().filter(|_| fields.len() == 1)
        && (inside.is_object() || WRAPPERS.contains(&name.as_str()))
        && is_some(inside)
        && !is_part(name)
    {
        return Some((name, inside));
    }
    if text(value, &TITLES).is_some() {
        return None;
    }
    let named = |name: &&str| fields.get(*name).is_some_and(is_some);
    let name = WRAPPERS.iter().find(|name| named(name))?;
    fields.get_key_value(*name).map(|(name, inside)| (name.as_str(), inside))
}

/// Completes an alert by what the envelopes say in which it stood, the inner one first.
fn within(mut draft: AlertDraft, envelopes: &[Value]) -> Alert {
    for envelope in envelopes.iter().rev() {
        usual(&mut draft, envelope);
    }
    draft.finish()
}

/// Reads the alerts of a payload of which somebody has said where things stand; the rest goes by the usual names. Where the
/// list that was named is not there, all of it is one alert, so that a wrong name loses none; the second says so.
pub(super) fn read_by(value: &Value, fields: &HookFields) -> (Vec<Alert>, bool) {
    let named = fields.alerts.as_ref().map(|list| value.pointer(list));
    let (found, misplaced) = match named {
        Some(Some(found)) if found.is_array() || found.is_object() => (found, false),
        Some(Some(_) | None) => (value, true),
        None => (value, false),
    };
    let alerts = found.as_array().map_or(std::slice::from_ref(found), Vec::as_slice);
    let drafted = |alert| complete(placed(alert, fields), &secret::without(alert));
    let alerts = alerts
        .iter()
        .filter(|alert| alert.is_object() || alert.is_string())
        .take(MAX_ALERTS)
        .filter_map(drafted)
        .map(AlertDraft::finish);
    (alerts.collect(), misplaced)
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
fn complete(mut draft: AlertDraft, value: &Value) -> Option<AlertDraft> {
    let Some(fields) = value.as_object() else {
        draft.title(scalar(value));
        draft.annotation("text", Some(shown(value)?));
        return Some(draft);
    };
    if fields.values().all(|value| shown(value).is_none()) {
        return None;
    }
    draft.title(text(value, &TITLES));
    usual(&mut draft, value);
    Some(draft)
}

/// Takes what stands at the usual names, and all else as annotations.
fn usual(draft: &mut AlertDraft, value: &Value) {
    draft.severity(SEVERITIES.map(|pointer| text(value, &[pointer])));
    for state in STATES {
        let state = text(value, &[state]);
        draft.status(state.as_deref().and_then(|state| state.rsplit('.').next()).map(str::to_owned));
    }
    draft.starts_at = draft.starts_at.or_else(|| moment::at(value, &STARTS));
    draft.said_at = moment::at(value, &ENDS).or(draft.starts_at);
    draft.fingerprint(text(value, &OWN_KEYS));
    for (key, value) in value.as_object().into_iter().flatten() {
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
    fn where_the_named_list_is_missing_all_of_it_is_one_alert() {
        let fields = HookFields {
            alerts: Some("/itmes".to_owned()),
            title: Some("/rule/name".to_owned()),
            ..HookFields::default()
        };
        for (body, title) in [
            (serde_json::json!({"items": [1], "title": "Disk", "severity": "critical"}), "Disk"),
            (serde_json::json!({"rule": {"name": "Load"}, "severity": "critical"}), "Load"),
            (serde_json::json!({"itmes": null, "title": "Disk", "severity": "critical"}), "Disk"),
            (serde_json::json!([{"title": "Disk", "severity": "critical"}]), "Disk"),
        ] {
            let (alerts, misplaced) = read_by(&body, &fields);
            let [alert] = alerts.as_slice() else { panic!("one alert of {body}, not {alerts:?}") };
            assert_eq!((alert.title.as_str(), alert.severity, misplaced), (title, Severity::Critical, true), "{body}");
        }
    }

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
        let (alerts, misplaced) = read_by(&serde_json::json!({"items": [item]}), &fields);
        assert!(!misplaced);
        let [disk] = alerts.as_slice() else { panic!("one alert, not {alerts:?}") };
        assert_eq!((disk.title.as_str(), disk.severity, disk.fingerprint.as_str()), ("Disk", Severity::Critical, "7"));
        assert_eq!((disk.labels["host"].as_str(), disk.status), ("db-1", Firing::Firing));
        assert_eq!(disk.links[0], "https://rules.example.com/7");
        assert_eq!(disk.starts_at, Some(crate::clock::Timestamp(1_791_099_065_000)));
        let (one, misplaced) = read_by(&serde_json::json!({"items": item}), &fields);
        assert_eq!((&one, misplaced), (&alerts, false), "one alert in the place of a list");
        assert_eq!(read_by(&serde_json::json!({"items": []}), &fields), (Vec::new(), false));
    }

    #[test]
    fn a_later_firing_and_the_resolution_are_the_same_alert() {
        let fired = read_text(FIXTURE).unwrap().remove(0);
        let closed = FIXTURE.replace("open", "closed").replace("07:31", "08:00").replace("[1, 2]", "[3]");
        let closed = read_text(&closed).unwrap().remove(0);
        assert_eq!((closed.status, closed.fingerprint), (Firing::Resolved, fired.fingerprint));
    }

    #[test]
    fn secrets_are_not_read_and_what_was_done_tells_the_state() {
        let sent = serde_json::json!({"title": "Login failures", "api_key": "s3cret", "config": {"password": "s3cret", "port": 5432},
            "headers": [{"name": "Authorization", "value": "s3cret"}], "event_type": "resolve"});
        let alert = read_text(&sent.to_string()).unwrap().remove(0);
        assert_eq!((alert.status, alert.annotations["config"].as_str()), (Firing::Resolved, r#"{"port":5432}"#));
        assert!(!serde_json::to_string(&alert).unwrap().contains("s3cret"));
        for (field, word, expected) in [
            ("action", "resolved", Firing::Resolved),
            ("event_action", "trigger", Firing::Firing),
            ("event", "incident.resolve", Firing::Resolved),
            ("event_type", "incident.trigger", Firing::Firing),
        ] {
            let alert = read_text(&serde_json::json!({"title": "x", field: word}).to_string()).unwrap().remove(0);
            assert_eq!(alert.status, expected, "{field}");
        }
    }

    #[test]
    fn an_alert_is_found_in_its_envelope_and_each_of_a_list_is_one() {
        let message = |name: &str| serde_json::json!({"id": name, "incident": {"name": name, "host": "db-1"}});
        for wrapper in ["messages", "events", "records", "data"] {
            let sent = serde_json::json!({"version": 2, wrapper: [message("Disk")], "status": "resolved"});
            let alerts = read_text(&sent.to_string()).unwrap();
            let [alert] = alerts.as_slice() else { panic!("{wrapper}: {alerts:?}") };
            assert_eq!((alert.title.as_str(), alert.labels["host"].as_str()), ("Disk", "db-1"), "{wrapper}");
            assert_eq!((alert.status, alert.annotations["version"].as_str()), (Firing::Resolved, "2"), "{wrapper}");
        }
        let sent = serde_json::json!({"sender": "relay", "data": {"incident": {"name": "Disk"}}});
        assert_eq!(read_text(&sent.to_string()).unwrap()[0].title, "Disk");
        let two = serde_json::json!({"events": [message("Disk"), message("Memory")]});
        assert_eq!(read_text(&two.to_string()).unwrap().len(), 2);
        // A relay wraps what a known source sends.
        let known: Value = serde_json::from_str(super::super::pagerduty::EVENT_FIXTURE).unwrap();
        let relayed = serde_json::json!({"relay": "a", "payload": known});
        assert_eq!(read_text(&relayed.to_string()).unwrap()[0].fingerprint, "db-1/replication");
        // What has a title of its own is no envelope.
        let titled = serde_json::json!({"title": "Disk", "data": {"free": 3}});
        assert_eq!(read_text(&titled.to_string()).unwrap()[0].annotations["data"], r#"{"free":3}"#);
    }

    #[test]
    fn two_alerts_without_a_title_are_two_problems() {
        let one = |text: &str| read_text(text).unwrap().remove(0).fingerprint;
        assert_ne!(one(r#"{"code": 17}"#), one(r#"{"code": 18}"#));
        assert_eq!(one(r#"{"code": 17}"#), one(r#"{ "code": 17 }"#));
        assert_ne!(one(r#"{"code": 17, "host": "a"}"#), one(r#"{"code": 17, "host": "b"}"#));
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        for text in ["{}", "[]", "[[], {}, null, \"\"]", r#"{"a": null, "b": [], "c": " "}"#] {
            assert_eq!(read_text(text), Err(AlertError::Empty), "{text}");
        }
    }
}
