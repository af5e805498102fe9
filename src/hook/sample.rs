//! A firing and a resolved alert as each source sends them, to try a hook with.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use super::{Headers, sign};
use crate::alert::Severity;
use crate::clock::Timestamp;
use crate::config::{Hook, HookFields, HookSource};

/// What the alert is called.
const TITLE: &str = "Test of signalbox";
/// What is said about it.
const TEXT: &str = "Nothing is wrong: somebody tries this hook.";
/// How bad it is: bad enough for a card, not for an investigation.
const SEVERITY: Severity = Severity::Warning;
/// Longest list that is made for a path with a number in it.
const MAX_INDEX: usize = 20;

/// Where the problem stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleStage {
    /// It is there.
    Firing,
    /// It is over.
    Resolved,
}

impl SampleStage {
    /// Returns the first word where it fires, the second where it is over.
    fn word(self, firing: &'static str, resolved: &'static str) -> &'static str {
        match self {
            Self::Firing => firing,
            Self::Resolved => resolved,
        }
    }
}

/// A request as a source would send it.
#[derive(Debug, Clone)]
pub struct SampleCall {
    /// Its headers, with what proves the body.
    pub headers: Headers,
    /// Its body.
    pub body: String,
}

/// Makes a request of a hook's source about a problem that began at `began`; `name` tells it from other tries.
#[must_use]
pub fn sample(hook: &Hook, stage: SampleStage, name: &str, began: Timestamp, now: Timestamp) -> SampleCall {
    let (began_text, now_text) = (written(began), written(now));
    let body = match hook.source {
        HookSource::Alertmanager => alertmanager(stage, name, &began_text, &now_text),
        HookSource::Grafana => grafana(stage, name, &began_text, &now_text),
        HookSource::PagerDuty => pagerduty(stage, name, &began_text, &now_text),
        HookSource::Datadog => json!({
            "alert_title": TITLE, "alert_transition": stage.word("Triggered", "Recovered"), "alert_id": name,
            "alert_priority": "P3", "date": now.0.to_string(), "text_only_msg": TEXT,
        }),
        HookSource::Sentry => sentry(stage, name, &began_text),
        HookSource::GitHub => github(stage, name, &now_text),
        HookSource::UptimeKuma => json!({
            "heartbeat": {"status": u8::from(stage == SampleStage::Resolved), "time": now_text.replace('T', " ").replace('Z', ""),
                "msg": TEXT},
            "monitor": {"id": name, "name": TITLE, "type": "http", "tags": [{"name": "severity", "value": SEVERITY.as_str()}]},
            "msg": TEXT,
        }),
        HookSource::Healthchecks => json!({
            "code": name, "status": stage.word("down", "up"), "now": now_text, "name": TITLE,
            "tags": format!("severity:{}", SEVERITY.as_str()),
        }),
        HookSource::Generic => generic(hook.fields.as_ref(), stage, name, &began_text),
    };
    let body = body.to_string();
    let mut headers = sign(hook, body.as_bytes(), now);
    let id = format!("{name}-{}", stage.word("firing", "resolved"));
    let more: &[(&str, &str)] = match hook.source {
        HookSource::Sentry => &[("sentry-hook-resource", "metric_alert"), ("request-id", &id)],
        HookSource::GitHub => &[("x-github-event", "workflow_run"), ("x-github-delivery", &id)],
        HookSource::Alertmanager
        | HookSource::Grafana
        | HookSource::PagerDuty
        | HookSource::Datadog
        | HookSource::UptimeKuma
        | HookSource::Healthchecks
        | HookSource::Generic => &[],
    };
    headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    headers.insert("content-type".to_owned(), "application/json".to_owned());
    SampleCall { headers, body }
}

fn written(at: Timestamp) -> String {
    let at = DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn alertmanager(stage: SampleStage, name: &str, began: &str, now: &str) -> Value {
    let labels = json!({"alertname": TITLE, "severity": SEVERITY.as_str()});
    let ends = stage.word("0001-01-01T00:00:00Z", "");
    json!({
        "version": "4", "groupKey": format!("{{}}:{{test=\"{name}\"}}"), "truncatedAlerts": 0, "receiver": "signalbox",
        "status": stage.word("firing", "resolved"), "groupLabels": {"alertname": TITLE}, "commonLabels": labels,
        "commonAnnotations": {"summary": TEXT}, "externalURL": "",
        "alerts": [{
            "status": stage.word("firing", "resolved"), "labels": labels, "annotations": {"summary": TEXT},
            "startsAt": began, "endsAt": if ends.is_empty() { now } else { ends }, "generatorURL": "", "fingerprint": name,
        }],
    })
}

fn grafana(stage: SampleStage, name: &str, began: &str, now: &str) -> Value {
    let mut body = alertmanager(stage, name, began, now);
    body["orgId"] = json!(1);
    body["title"] = json!(TITLE);
    body["state"] = json!(stage.word("alerting", "ok"));
    body
}

fn pagerduty(stage: SampleStage, name: &str, began: &str, now: &str) -> Value {
    json!({"event": {
        "id": format!("{name}-{}", stage.word("firing", "resolved")),
        "event_type": stage.word("incident.triggered", "incident.resolved"), "resource_type": "incident",
        "occurred_at": now,
        "data": {"id": name, "type": "incident", "status": stage.word("triggered", "resolved"), "incident_key": name,
            "created_at": began, "title": TITLE, "priority": {"summary": "P3"}, "service": {"summary": "signalbox"}},
    }})
}

fn sentry(stage: SampleStage, name: &str, began: &str) -> Value {
    json!({
        "action": stage.word("warning", "resolved"),
        "data": {
            "description_title": TITLE, "description_text": TEXT,
            "metric_alert": {"alert_rule": {"id": name, "name": TITLE}, "date_started": began, "id": name, "title": TITLE},
        },
        "installation": {"uuid": "00000000-0000-0000-0000-000000000000"},
    })
}

fn github(stage: SampleStage, name: &str, now: &str) -> Value {
    json!({
        "action": "completed",
        "workflow_run": {"name": TITLE, "head_branch": name, "workflow_id": name, "display_title": TEXT,
            "conclusion": stage.word("failure", "success"), "status": "completed", "updated_at": now},
        "repository": {"full_name": "signalbox/test", "default_branch": "main"},
        "sender": {"login": "signalbox"},
    })
}

/// Makes an alert by the usual names, or where somebody has said that things stand.
fn generic(fields: Option<&HookFields>, stage: SampleStage, name: &str, began: &str) -> Value {
    let values = [
        ("/title", TITLE),
        ("/severity", SEVERITY.as_str()),
        ("/status", stage.word("firing", "resolved")),
        ("/fingerprint", name),
        ("/starts_at", began),
    ];
    let Some(fields) = fields else {
        let usual = values.map(|(pointer, value)| (pointer[1..].to_owned(), Value::from(value)));
        return Value::Object(usual.into_iter().chain([("message".to_owned(), TEXT.into())]).collect());
    };
    let paths = [&fields.title, &fields.severity, &fields.status, &fields.fingerprint, &fields.starts_at];
    let mut alert = Value::Object(Map::new());
    for ((usual, value), path) in values.into_iter().zip(paths) {
        put(&mut alert, path.as_deref().unwrap_or(usual), value.into());
    }
    let Some(list) = &fields.alerts else { return alert };
    let mut body = Value::Object(Map::new());
    put(&mut body, list, Value::Array(vec![alert]));
    body
}

/// Puts a value at a JSON pointer; what is missing on the way is made, a list where a number stands.
fn put(root: &mut Value, pointer: &str, value: Value) {
    let mut place = root;
    for key in pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")) {
        let index = key.parse::<usize>().ok().filter(|index| *index < MAX_INDEX);
        let is_container = place.is_object() || (place.is_array() && index.is_some());
        if !is_container {
            *place = if index.is_some() { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        }
        place = match (place, index) {
            (Value::Array(items), Some(index)) => {
                let length = items.len().max(index + 1);
                items.resize(length, Value::Null);
                &mut items[index]
            }
            (place, _) => &mut place[key],
        };
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{check_body, check_head, source};
    use super::*;
    use crate::alert::{Firing, read_sent};

    const BEGAN: Timestamp = Timestamp(1_791_099_065_512);

    fn hook(source: HookSource) -> Hook {
        let target = "telegram:-1".parse().expect("an address");
        Hook::plain("ops".into(), source, target, "0123456789abcdef".to_owned().into())
    }

    #[test]
    fn every_sources_sample_is_proven_and_read_as_a_firing_and_its_end() {
        let now = BEGAN.after(Duration::from_secs(5));
        for from in HookSource::ALL {
            let hook = hook(from);
            let read = |stage| {
                let sample = sample(&hook, stage, "try-7", BEGAN, now);
                check_head(&hook, &sample.headers).expect("proven");
                check_body(&hook, &sample.headers, sample.body.as_bytes(), now).expect("proven");
                read_sent(source(&hook), None, &sample.body).expect("read").expect("news").alerts.remove(0)
            };
            let (firing, resolved) = (read(SampleStage::Firing), read(SampleStage::Resolved));
            assert_eq!((firing.status, resolved.status), (Firing::Firing, Firing::Resolved), "{from:?}");
            assert_eq!(firing.fingerprint, resolved.fingerprint, "{from:?}");
            assert_eq!(firing.source, source(&hook), "{from:?}");
            assert_eq!(firing.severity, Severity::Warning, "{from:?}");
            assert!(firing.starts_at.is_some() && firing.title.contains("est of signalbox"), "{firing:?}");
        }
    }

    #[test]
    fn what_was_placed_is_sent_where_it_is_looked_for() {
        let path = |path: &str| Some(path.to_owned());
        let fields = HookFields {
            alerts: path("/a/list"),
            title: path("/names/1/na~1me"),
            status: path("/state"),
            ..HookFields::default()
        };
        let mut hook = hook(HookSource::Generic);
        hook.fields = Some(fields.clone());
        let sample = sample(&hook, SampleStage::Resolved, "try-7", BEGAN, BEGAN);
        let alert =
            read_sent(source(&hook), Some(&fields), &sample.body).expect("read").expect("news").alerts.remove(0);
        assert_eq!(
            (alert.title.as_str(), alert.status, alert.fingerprint.as_str()),
            (TITLE, Firing::Resolved, "try-7")
        );
    }
}
