//! Datadog: a monitor's webhook. Its payload is a template of the user's, so fields go by the names of the variables
//! that fill them, in any case: the default payload, and fields such as `alert_transition` or `ALERT_TRANSITION`.
//!
//! Source: <https://docs.datadoghq.com/integrations/webhooks/>, read 2026-11.

use serde_json::{Map, Value};

use super::draft::AlertDraft;
use super::headline::Headline;
use super::lookup::{scalar, text};
use super::{Alert, Source, fingerprint, moment};

/// Fields named after variables that no other source has.
const OWN_FIELDS: [&str; 7] = [
    "alert_transition",
    "alert_cycle_key",
    "aggreg_key",
    "alert_scope",
    "alert_query",
    "alert_metric",
    "text_only_msg",
];
/// Fields of the default payload that tell it, together.
const DEFAULT_FIELDS: [&str; 4] = ["last_updated", "event_type", "title", "body"];
/// Labels, and the fields they come from.
const LABELS: [(&str, &[&str]); 6] = [
    ("host", &["/hostname", "/host_name", "/host"]),
    ("monitor", &["/alert_id", "/monitor_id"]),
    ("metric", &["/alert_metric", "/metric"]),
    ("scope", &["/alert_scope", "/scope"]),
    ("priority", &["/alert_priority"]),
    ("org", &["/org/name", "/org_name"]),
];
/// Annotations, and the fields they come from.
const ANNOTATIONS: [(&str, &[&str]); 4] = [
    ("message", &["/text_only_msg", "/body", "/event_msg", "/message", "/msg"]),
    ("status", &["/alert_status"]),
    ("query", &["/alert_query", "/query"]),
    ("transition", &["/alert_transition", "/transition"]),
];

/// Tells whether this is the default payload, or has fields that only Datadog's variables fill.
pub(super) fn fits(value: &Value) -> bool {
    let Some(fields) = value.as_object() else { return false };
    let has = |name: &&str| fields.keys().any(|key| key.eq_ignore_ascii_case(name));
    OWN_FIELDS.iter().any(has) || DEFAULT_FIELDS.iter().all(has)
}

/// Reads a payload.
pub(super) fn read(value: &Value) -> Alert {
    let lowered = value.as_object().into_iter().flatten().map(|(key, value)| (key.to_lowercase(), flat(value)));
    let fields = Value::Object(lowered.collect::<Map<String, Value>>());
    let mut draft = AlertDraft::of(Source::Datadog);
    let title = text(&fields, &["/title", "/event_title", "/alert_title", "/alert_status"]);
    draft.fingerprint(text(&fields, &["/aggreg_key", "/aggregation_key"]));
    draft.fingerprint(derived(&fields, title.as_deref()));
    draft.title(title);
    draft.severity([text(&fields, &["/alert_priority"]), text(&fields, &["/severity"])]);
    draft.severity([text(&fields, &["/alert_type"])]);
    draft.status(text(&fields, &["/alert_transition", "/transition"]));
    draft.status(text(&fields, &["/alert_type"]));
    for (label, pointers) in LABELS {
        draft.label(label, text(&fields, pointers));
    }
    draft.labels(fields.get("tags").filter(|tags| tags.is_object()));
    draft.tags(text(&fields, &["/tags"]).unwrap_or_default().split(','));
    for (annotation, pointers) in ANNOTATIONS {
        draft.annotation(annotation, text(&fields, pointers));
    }
    for pointer in ["/link", "/url", "/event_url", "/snapshot", "/logs_sample_link"] {
        draft.link(text(&fields, &[pointer]));
    }
    // A reminder is of the firing that runs.
    if !text(&fields, &["/alert_transition", "/transition"]).is_some_and(|transition| is_reminder(&transition)) {
        draft.starts_at = moment::at(&fields, &["/date", "/date_posix", "/last_updated"]);
        draft.said_at = draft.starts_at;
    }
    draft.finish()
}

/// Writes a list of texts as Datadog's own variables do, with commas; tags with names are `name:value`.
fn flat(value: &Value) -> Value {
    let told = |item: &Value| match item {
        Value::Object(pair) => {
            let name = pair.get("key").or(pair.get("name")).and_then(scalar)?;
            Some(format!("{name}:{}", pair.get("value").and_then(scalar)?))
        }
        _ => scalar(item),
    };
    match value {
        Value::Array(items) => Value::String(items.iter().filter_map(told).collect::<Vec<_>>().join(",")),
        _ => value.clone(),
    }
}

fn is_reminder(transition: &str) -> bool {
    let transition = transition.to_lowercase();
    transition.starts_with("re-") || transition.starts_with("renotify")
}

/// Makes a fingerprint of the monitor and its scope, or of what the title is about: tags may change meanwhile.
fn derived(fields: &Value, title: Option<&str>) -> Option<String> {
    if let Some(monitor) = text(fields, &["/alert_id", "/monitor_id"]) {
        let scope = text(fields, &["/alert_scope", "/scope", "/hostname", "/host"]).unwrap_or_default();
        return Some(fingerprint::hash(Source::Datadog, [monitor.as_str(), &scope]));
    }
    title.map(|title| fingerprint::hash(Source::Datadog, [Headline::of(title).subject.as_str()]))
}

/// The default payload.
#[cfg(test)]
pub(super) const FIXTURE: &str = r#"{
  "id": "7300000000000000001",
  "last_updated": "1791099065512",
  "event_type": "query_alert_monitor",
  "title": "[P2] [Triggered on {host:web-1}] CPU of web is high",
  "date": "1791099065000",
  "org": {"id": "11", "name": "Acme"},
  "body": "CPU above 90 %\n\n@webhook-signalbox"
}"#;

/// A payload of a user's own making.
#[cfg(test)]
pub(super) const CUSTOM_FIXTURE: &str = r#"{
  "ALERT_TITLE": "CPU of web is high",
  "ALERT_TRANSITION": "Triggered",
  "ALERT_TYPE": "error",
  "ALERT_ID": "4711",
  "ALERT_SCOPE": "host:web-1",
  "ALERT_METRIC": "system.cpu.user",
  "HOSTNAME": "web-1",
  "TAGS": "env:prod,team:web,canary",
  "TEXT_ONLY_MSG": "CPU above 90 %",
  "DATE_POSIX": 1791099065,
  "LINK": "https://app.datadoghq.com/event/event?id=1"
}"#;

#[cfg(test)]
mod tests {
    use super::super::{Firing, Severity, read as read_text};
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn the_default_payload_is_read_by_the_marks_in_its_title() {
        let alert = read_text(FIXTURE).unwrap().remove(0);
        assert_eq!((alert.source, alert.severity, alert.status), (Source::Datadog, Severity::Error, Firing::Firing));
        assert_eq!(alert.title, "[P2] CPU of web is high on {host:web-1}");
        assert_eq!(alert.annotations["message"], "CPU above 90 %\n\n@webhook-signalbox");
        assert_eq!(alert.starts_at, Some(Timestamp(1_791_099_065_000)));
    }

    #[test]
    fn a_recovery_is_the_same_alert_and_another_host_is_not() {
        let fired = read_text(FIXTURE).unwrap().remove(0);
        let recovered =
            FIXTURE.replace("Triggered", "Recovered").replace("1791099065", "1791099999").replace("01\"", "02\"");
        let recovered = read_text(&recovered).unwrap().remove(0);
        assert_eq!((recovered.status, &recovered.fingerprint), (Firing::Resolved, &fired.fingerprint));
        let elsewhere = read_text(&FIXTURE.replace("web-1", "web-2")).unwrap().remove(0);
        assert_ne!(elsewhere.fingerprint, fired.fingerprint);
    }

    #[test]
    fn variables_are_known_by_name_in_any_case() {
        let alert = read_text(CUSTOM_FIXTURE).unwrap().remove(0);
        assert_eq!((alert.source, alert.severity, alert.status), (Source::Datadog, Severity::Error, Firing::Firing));
        assert_eq!(alert.title, "CPU of web is high");
        assert_eq!((alert.labels["env"].as_str(), alert.labels["canary"].as_str()), ("prod", "true"));
        assert_eq!(alert.links, ["https://app.datadoghq.com/event/event?id=1"]);
        let recovered = CUSTOM_FIXTURE.replace("Triggered", "Recovered").replace("\"error\"", "\"success\"");
        let recovered = read_text(&recovered.replace("canary", "stable")).unwrap().remove(0);
        assert_eq!((recovered.status, recovered.fingerprint), (Firing::Resolved, alert.fingerprint));
    }

    #[test]
    fn tags_are_read_as_a_list_as_well() {
        let sent = |tags: serde_json::Value| {
            let sent = serde_json::json!({"alert_transition": "Triggered", "title": "[Triggered] High error rate", "tags": tags,
                "alert_id": 991, "alert_type": "error", "date": 1_790_000_000_000_i64});
            read_text(&sent.to_string()).unwrap().remove(0)
        };
        for tags in [
            serde_json::json!(["service:checkout", "env:prod", "canary"]),
            serde_json::json!("service:checkout, env:prod,canary"),
            serde_json::json!({"service": "checkout", "env": "prod", "canary": true}),
            serde_json::json!([{"key": "service", "value": "checkout"}, "env:prod", "canary", null, []]),
        ] {
            let alert = sent(tags.clone());
            let labels = ["service", "env", "canary"].map(|key| alert.labels.get(key).map(String::as_str));
            assert_eq!(labels, [Some("checkout"), Some("prod"), Some("true")], "{tags}");
        }
        let numbered = sent(serde_json::json!("env:prod,7,#9"));
        assert_eq!((numbered.labels["tag"].as_str(), numbered.labels.len()), ("7", 3), "{:?}", numbered.labels);
        let scoped =
            serde_json::json!({"alert_transition": "Triggered", "title": "x", "alert_scope": ["host:a", "env:b"]});
        assert_eq!(read_text(&scoped.to_string()).unwrap()[0].labels["scope"], "host:a,env:b");
    }
}
