//! PagerDuty: webhooks of version 3 about incidents, and events as tools send them to the Events API version 2.
//!
//! An event's routing key is a secret and is not read.
//! Source: <https://developer.pagerduty.com/docs/webhooks-overview> and
//! <https://developer.pagerduty.com/docs/send-alert-event>, read 2026-11.

use serde_json::Value;

use super::draft::AlertDraft;
use super::lookup::{has_object, items, text};
use super::{Alert, Source, moment};

/// Tells whether this is a webhook about an incident, or an event.
pub(super) fn fits(value: &Value) -> bool {
    is_webhook(value) || is_event(value)
}

fn is_webhook(value: &Value) -> bool {
    let kind = value.pointer("/event/event_type").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.starts_with("incident.")) && has_object(value, "/event/data")
}

fn is_event(value: &Value) -> bool {
    let action = value.get("event_action").and_then(Value::as_str);
    matches!(action, Some("trigger" | "acknowledge" | "resolve"))
        && (has_object(value, "/payload") || ["routing_key", "dedup_key"].iter().any(|key| value.get(key).is_some()))
}

/// Tells whether a webhook is about an incident's own state; notes, responders and updates for the public are not.
pub(super) fn is_news(value: &Value) -> bool {
    const STATES: [&str; 9] = [
        "incident.triggered",
        "incident.acknowledged",
        "incident.unacknowledged",
        "incident.reassigned",
        "incident.escalated",
        "incident.delegated",
        "incident.reopened",
        "incident.resolved",
        "incident.priority_updated",
    ];
    is_event(value) || text(value, &["/event/event_type"]).is_some_and(|kind| STATES.contains(&kind.as_str()))
}

/// Reads a payload.
pub(super) fn read(value: &Value) -> Alert {
    if is_webhook(value) { of_webhook(&value["event"]) } else { of_event(value) }
}

/// Reads a webhook: of a note, an update or a responder it is the incident that counts.
fn of_webhook(event: &Value) -> Alert {
    let mut draft = AlertDraft::of(Source::PagerDuty);
    draft.title(text(event, &["/data/title", "/data/incident/summary", "/data/summary"]));
    draft.severity([text(event, &["/data/priority/summary"]), text(event, &["/data/urgency"])]);
    draft.status(text(event, &["/event_type"]).and_then(|kind| kind.strip_prefix("incident.").map(str::to_owned)));
    draft.status(text(event, &["/data/status"]));
    draft.label("service", text(event, &["/data/service/summary"]));
    draft.label("team", text(event, &["/data/teams/0/summary"]));
    draft.label("urgency", text(event, &["/data/urgency"]));
    draft.label("priority", text(event, &["/data/priority/summary"]));
    draft.label("incident", text(event, &["/data/number", "/data/incident/id", "/data/id"]));
    draft.annotation("event", text(event, &["/event_type"]));
    draft.annotation("note", text(event, &["/data/content", "/data/message"]));
    draft.annotation("assignee", text(event, &["/data/assignees/0/summary"]));
    draft.annotation("escalation_policy", text(event, &["/data/escalation_policy/summary"]));
    draft.annotation("resolve_reason", text(event, &["/data/resolve_reason/type", "/data/resolve_reason"]));
    draft.link(text(event, &["/data/html_url", "/data/incident/html_url"]));
    draft.link(text(event, &["/data/service/html_url"]));
    draft.link(text(event, &["/data/conference_bridge/conference_url"]));
    let begins = if text(event, &["/event_type"]).is_some_and(|kind| kind == "incident.reopened") {
        ["/occurred_at", "/data/created_at"]
    } else {
        ["/data/created_at", "/occurred_at"]
    };
    draft.starts_at = moment::at(event, &begins);
    draft.said_at = moment::at(event, &["/occurred_at"]);
    draft.fingerprint(text(event, &["/data/incident_key", "/data/incident/id", "/data/id"]));
    draft.finish()
}

/// Reads an event.
fn of_event(event: &Value) -> Alert {
    let mut draft = AlertDraft::of(Source::PagerDuty);
    draft.title(text(event, &["/payload/summary", "/dedup_key"]));
    draft.severity([text(event, &["/payload/severity"])]);
    draft.status(text(event, &["/event_action"]));
    for (label, pointer) in [
        ("source", "/payload/source"),
        ("component", "/payload/component"),
        ("group", "/payload/group"),
        ("class", "/payload/class"),
        ("client", "/client"),
    ] {
        draft.label(label, text(event, &[pointer]));
    }
    draft.annotations(event.pointer("/payload/custom_details"));
    draft.link(text(event, &["/client_url"]));
    for link in items(event, "/links").iter().chain(items(event, "/images")) {
        draft.link(text(link, &["/href", "/src"]));
    }
    draft.starts_at = moment::at(event, &["/payload/timestamp"]);
    draft.fingerprint(text(event, &["/dedup_key"]));
    draft.finish()
}

/// A webhook of version 3.
#[cfg(test)]
pub(super) const FIXTURE: &str = r#"{
  "event": {
    "id": "01EVENT",
    "event_type": "incident.triggered",
    "resource_type": "incident",
    "occurred_at": "2026-10-04T07:31:06.000Z",
    "agent": null,
    "client": {"name": "PagerDuty"},
    "data": {
      "id": "PINC001",
      "type": "incident",
      "self": "https://api.pagerduty.com/incidents/PINC001",
      "html_url": "https://acme.pagerduty.com/incidents/PINC001",
      "number": 1207,
      "status": "triggered",
      "incident_key": "db-1/replication",
      "created_at": "2026-10-04T07:31:05Z",
      "title": "Replication of db-1 lags",
      "service": {"summary": "Database", "html_url": "https://acme.pagerduty.com/services/PSVC", "type": "service_reference"},
      "assignees": [{"summary": "Ada", "type": "user_reference"}],
      "escalation_policy": {"summary": "Default", "type": "escalation_policy_reference"},
      "teams": [{"summary": "Storage", "type": "team_reference"}],
      "priority": {"summary": "P2", "type": "priority_reference"},
      "urgency": "high",
      "conference_bridge": {"conference_number": "+1 555 0100", "conference_url": "https://meet.example.com/1207"},
      "resolve_reason": null
    }
  }
}"#;

/// An event as a tool sends it.
#[cfg(test)]
pub(super) const EVENT_FIXTURE: &str = r#"{
  "routing_key": "r0ut1ngk3y",
  "event_action": "trigger",
  "dedup_key": "db-1/replication",
  "client": "cron on db-1",
  "client_url": "https://monitor.example.com/db-1",
  "payload": {
    "summary": "Replication of db-1 lags 41 s",
    "source": "db-1.example.com",
    "severity": "critical",
    "timestamp": "2026-10-04T07:31:05.000+0000",
    "component": "postgres",
    "group": "storage",
    "class": "replication",
    "custom_details": {"lag": "41 s", "slots": 3, "peers": ["db-2"]}
  },
  "links": [{"href": "https://runbooks.example.com/lag", "text": "Runbook"}],
  "images": [{"src": "https://graphs.example.com/lag.png"}]
}"#;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Firing, Severity, read as read_text};
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_webhook_tells_its_incident() {
        let alert = read_text(FIXTURE).unwrap().remove(0);
        assert_eq!((alert.source, alert.severity, alert.status), (Source::PagerDuty, Severity::Error, Firing::Firing));
        assert_eq!(alert.title, "Replication of db-1 lags");
        assert_eq!((alert.labels["service"].as_str(), alert.labels["incident"].as_str()), ("Database", "1207"));
        assert_eq!(alert.fingerprint, "db-1/replication");
        assert_eq!(alert.links[0], "https://acme.pagerduty.com/incidents/PINC001");
        assert_eq!(alert.starts_at, Some(Timestamp(1_791_099_065_000)));
    }

    #[test]
    fn a_resolution_is_the_same_incident() {
        let resolved =
            FIXTURE.replace("incident.triggered", "incident.resolved").replace("\"triggered\"", "\"resolved\"");
        let resolved = read_text(&resolved).unwrap().remove(0);
        assert_eq!((resolved.status, resolved.fingerprint.as_str()), (Firing::Resolved, "db-1/replication"));
        assert!(resolved.ended_at.is_some() && read_text(FIXTURE).unwrap()[0].ended_at.is_none());
    }

    #[test]
    fn an_event_is_read_without_its_routing_key() {
        let alert = read_text(EVENT_FIXTURE).unwrap().remove(0);
        assert_eq!((alert.severity, alert.status), (Severity::Critical, Firing::Firing));
        assert_eq!(
            (alert.title.as_str(), alert.fingerprint.as_str()),
            ("Replication of db-1 lags 41 s", "db-1/replication")
        );
        assert_eq!(alert.labels["source"], "db-1.example.com");
        assert_eq!(alert.annotations["peers"], r#"["db-2"]"#);
        assert_eq!(alert.links.len(), 3);
        assert_eq!(alert.starts_at, Some(Timestamp(1_791_099_065_000)));
        assert!(!serde_json::to_string(&alert).unwrap().contains("r0ut1ngk3y"));
    }

    #[test]
    fn a_bare_resolution_is_enough() {
        let event = json!({"routing_key": "x", "event_action": "resolve", "dedup_key": "db-1/replication"});
        let alert = read_text(&event.to_string()).unwrap().remove(0);
        assert_eq!((alert.status, alert.fingerprint.as_str()), (Firing::Resolved, "db-1/replication"));
    }

    #[test]
    fn a_note_belongs_to_its_incident_and_what_is_no_incident_is_none() {
        let note = json!({"event": {"event_type": "incident.annotated", "data": {"type": "incident_note",
            "incident": {"id": "PINC001", "summary": "Replication of db-1 lags"}, "content": "looking"}}});
        let alert = read_text(&note.to_string()).unwrap().remove(0);
        assert_eq!((alert.title.as_str(), alert.annotations["note"].as_str()), ("Replication of db-1 lags", "looking"));
        let service = json!({"event": {"event_type": "service.updated", "data": {"summary": "x"}}});
        assert!(!fits(&service));
    }
}
