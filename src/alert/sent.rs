//! What a source's own webhook sends, as against what a person pastes: the source is known, much of what comes is no news of
//! a problem (pings, steps on the way, notes), and what has nothing of the source's is refused: a card without a title would
//! tell nobody that an address or a template is wrong.

use serde_json::Value;

use super::draft::UNTITLED;
use super::{
    Alert, AlertError, MAX_ALERTS, MAX_DEPTH, MAX_INPUT_BYTES, Payload, Source, bounds, generic, github, healthchecks,
    pagerduty, payload, read, sentry, uptime_kuma,
};
use crate::config::HookFields;
use crate::json;

/// Fields at the top of what a source sends, of which there is always one.
const PAGERDUTY_FIELDS: [&str; 8] =
    ["event", "messages", "event_action", "event_type", "routing_key", "service_key", "dedup_key", "incident_key"];
const SENTRY_FIELDS: [&str; 5] = ["action", "data", "installation", "event", "culprit"];
const GITHUB_FIELDS: [&str; 6] = ["zen", "hook_id", "repository", "organization", "enterprise", "sender"];

/// Reads what the webhook of a source sent; none where it tells of no problem and of no end of one.
///
/// A payload that people have made their own (Alertmanager, Grafana, Datadog, Uptime Kuma and Healthchecks let them) is read
/// as any other JSON that says what it is about. `fields` says where things stand in it; what it does not say is looked for by the usual names.
///
/// # Errors
/// [`AlertError`], but for [`AlertError::Empty`]: nothing in it is none. What says nothing at all, such as `null` or a list of
/// numbers, has nothing of any source's.
pub fn read_sent(source: Source, fields: Option<&HookFields>, text: &str) -> Result<Option<Payload>, AlertError> {
    let value = parsed(text)?;
    let items = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
    if !items.is_empty() && !items.iter().any(says_anything) {
        return Err(AlertError::Foreign);
    }
    let (mut alerts, misplaced) = match fields {
        Some(fields) => generic::read_by(&value, fields),
        None => {
            let read: Vec<Option<Vec<Alert>>> = items.iter().map(|item| of_item(source, item)).collect();
            if !read.is_empty() && read.iter().all(Option::is_none) {
                return Err(AlertError::Foreign);
            }
            (read.into_iter().flatten().flatten().take(MAX_ALERTS).collect(), false)
        }
    };
    alerts.truncate(MAX_ALERTS);
    Ok((!alerts.is_empty()).then(|| Payload { misplaced, ..payload::within(&value, alerts) }))
}

fn parsed(text: &str) -> Result<Value, AlertError> {
    if text.len() > MAX_INPUT_BYTES {
        return Err(AlertError::TooLarge { bytes: text.len(), most: MAX_INPUT_BYTES });
    }
    json::read(text).map_err(|_| match bounds::depth(text) > MAX_DEPTH {
        true => AlertError::TooDeep { most: MAX_DEPTH },
        false => AlertError::NotJson,
    })
}

/// Reads an item, none where it is no news; `None` where it has nothing of what its source sends.
fn of_item(source: Source, item: &Value) -> Option<Vec<Alert>> {
    let has = |fields: &[&str]| fields.iter().any(|field| item.get(field).is_some());
    match source {
        Source::PagerDuty => has(&PAGERDUTY_FIELDS).then(|| pagerduty::read_news(item)),
        Source::Sentry if sentry::is_news(item) => Some(vec![sentry::read(item)]),
        Source::Sentry => has(&SENTRY_FIELDS).then(Vec::new),
        Source::GitHub => has(&GITHUB_FIELDS).then(|| github::read(item).into_iter().collect()),
        Source::UptimeKuma if item.get("heartbeat").is_some() => Some(uptime_kuma::read(item).into_iter().collect()),
        Source::Healthchecks if healthchecks::is_check(item) => Some(healthchecks::read(item).into_iter().collect()),
        _ if read::fits(source, item) => Some(read::of_source(source, item)),
        Source::Alertmanager | Source::Grafana if is_empty(item) => Some(Vec::new()),
        // Without names nothing of it can be a source's.
        Source::Alertmanager | Source::Grafana | Source::Datadog | Source::UptimeKuma | Source::Healthchecks
            if !item.is_object() =>
        {
            None
        }
        Source::Alertmanager | Source::Grafana | Source::Datadog | Source::UptimeKuma | Source::Healthchecks => {
            let alerts = read::of_value(item);
            alerts.iter().any(says_what).then_some(alerts)
        }
        Source::Generic | Source::Plain => says_anything(item).then(|| read::of_value(item)),
    }
}

/// Whether an item of what was sent can tell of anything: a number or a truth value alone cannot.
fn says_anything(item: &Value) -> bool {
    match item {
        Value::Object(_) => true,
        Value::String(text) => !text.trim().is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
    }
}

/// Whether an alert says what it is about, or came in the shape of some source.
fn says_what(alert: &Alert) -> bool {
    alert.source != Source::Generic || alert.title != UNTITLED
}

/// Whether an item is one whose list of alerts has none in it.
fn is_empty(item: &Value) -> bool {
    match item.get("alerts") {
        Some(Value::Array(listed)) => !listed.iter().any(Value::is_object),
        Some(Value::Null) => true,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Firing, alertmanager, sentry};
    use super::*;

    fn sent(source: Source, value: &Value) -> Option<Payload> {
        read_sent(source, None, &value.to_string()).expect("it is read")
    }

    #[test]
    fn pings_and_steps_on_the_way_are_nothing() {
        for (source, value) in [
            (Source::GitHub, json!({"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {}})),
            (Source::GitHub, json!({"action": "opened", "repository": {"full_name": "a/b"}, "issue": {}})),
            (Source::PagerDuty, json!({"event": {"event_type": "pagey.ping", "data": {"message": "Hello"}}})),
            (Source::PagerDuty, json!({"event": {"event_type": "incident.annotated", "data": {"content": "x"}}})),
            (Source::Sentry, json!({"action": "created", "data": {"installation": {"status": "installed"}}})),
            (Source::UptimeKuma, json!({"heartbeat": null, "monitor": null, "msg": "Shop Testing"})),
            (Source::Healthchecks, json!({"code": "c", "status": "paused", "now": "2026-10-04T07:31:05Z"})),
            (Source::Alertmanager, json!([])),
            (Source::Alertmanager, json!({"alerts": [], "receiver": "x", "groupKey": "", "externalURL": "x"})),
            (Source::Alertmanager, json!({"version": "4", "alerts": []})),
            (Source::Alertmanager, json!({"version": "4", "status": "firing", "alerts": null})),
            (Source::Alertmanager, json!({"version": "4", "alerts": [null, 1, "x", []]})),
            (Source::Alertmanager, json!([null, {"alerts": []}])),
            (Source::Grafana, json!({"version": "1", "alerts": []})),
            (Source::Generic, json!({})),
        ] {
            assert_eq!(sent(source, &value), None, "{value}");
        }
    }

    #[test]
    fn what_has_nothing_of_its_source_is_refused_and_makes_no_untitled_alert() {
        let named = [
            Source::Alertmanager,
            Source::Grafana,
            Source::PagerDuty,
            Source::Datadog,
            Source::Sentry,
            Source::GitHub,
            Source::UptimeKuma,
            Source::Healthchecks,
        ];
        for source in named {
            for value in [
                json!({"a": "xxx"}),
                json!({"a": {"b": [1, 2]}, "c": null}),
                json!({}),
                json!(1),
                json!([{"a": "xxx"}, 2]),
            ] {
                let read = read_sent(source, None, &value.to_string());
                assert_eq!(read, Err(AlertError::Foreign), "{source:?} {value}");
            }
        }
        assert_eq!(sent(Source::Generic, &json!({"a": "xxx"})).expect("an alert").alerts[0].title, UNTITLED);
        let other = json!({"alerts": [{"a": "xxx"}], "b": "c"});
        assert_eq!(read_sent(Source::Alertmanager, None, &other.to_string()), Err(AlertError::Foreign));
    }

    #[test]
    fn numbers_and_nothing_are_no_alerts_and_one_bad_character_loses_none() {
        let fields = HookFields::default();
        for text in ["null", "[1,2,3]", "7", "true", "\"  \"", "[null]", "[[], {}, 1]", "[[1]]"] {
            let has_object = text.contains('{');
            for fields in [None, Some(&fields)] {
                let read = read_sent(Source::Generic, fields, text);
                assert_eq!(read, if has_object { Ok(None) } else { Err(AlertError::Foreign) }, "{text}");
            }
        }
        assert_eq!(read_sent(Source::Generic, None, "[]"), Ok(None));
        let mixed =
            read_sent(Source::Generic, None, r#"[1, {"title": "Disk full"}, null]"#).expect("read").expect("one");
        assert_eq!((mixed.alerts.len(), mixed.alerts[0].title.as_str()), (1, "Disk full"));
        let told = read_sent(Source::Generic, None, "\"Disk full\"").expect("read").expect("one");
        assert_eq!(told.alerts[0].title, "Disk full");
        let marked = format!("\u{feff}{}", alertmanager::FIXTURE);
        assert_eq!(read_sent(Source::Alertmanager, None, &marked).expect("read").expect("two").alerts.len(), 2);
        let half = alertmanager::FIXTURE.replace("/var on db-1", r"/var \ud83d on db-1");
        let read = read_sent(Source::Alertmanager, None, &half).expect("read").expect("two");
        assert_eq!(read.alerts[0].title, "DiskWillFill: /var \u{fffd} on db-1 fills in 3 h");
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_told_apart() {
        let read = |text: &str| read_sent(Source::Generic, None, text).expect_err("refused");
        assert_eq!(read("ALERT disk full"), AlertError::NotJson);
        assert_eq!(read(&"[".repeat(5000)), AlertError::TooDeep { most: MAX_DEPTH });
        assert!(matches!(read(&" ".repeat(MAX_INPUT_BYTES + 1)), AlertError::TooLarge { .. }));
    }

    #[test]
    fn what_was_left_out_and_the_senders_group_come_along() {
        let text = alertmanager::FIXTURE.replace("\"truncatedAlerts\": 0", "\"truncatedAlerts\": 7");
        let payload = read_sent(Source::Alertmanager, None, &text).expect("read").expect("alerts");
        assert_eq!((payload.alerts.len(), payload.left_out), (2, 7));
        assert!(payload.group.is_some());
        let own = json!({"title": "made their own", "labels": {"a": "b"}});
        assert_eq!(sent(Source::Alertmanager, &own).expect("an alert").alerts[0].title, "made their own");
    }

    #[test]
    fn an_issue_is_put_away_and_is_a_problem_again() {
        let issue = |action: &str| {
            json!({"action": action, "data": {"issue": {"id": "9", "title": "KeyError", "status": "unresolved",
                "firstSeen": "2026-09-01T00:00:00Z", "lastSeen": "2026-10-04T07:31:05Z"}}, "installation": {}})
        };
        let archived = sent(Source::Sentry, &issue("archived")).expect("news").alerts.remove(0);
        assert_eq!((archived.status, archived.starts_at), (Firing::Resolved, None));
        let again = sent(Source::Sentry, &issue("unresolved")).expect("news").alerts.remove(0);
        assert_eq!(again.starts_at, Some(crate::clock::Timestamp(1_791_099_065_000)));
        assert_eq!(sent(Source::Sentry, &issue("assigned")), None);
        assert!(sentry::is_news(&serde_json::from_str(sentry::FIXTURE).expect("JSON")));
    }
}
