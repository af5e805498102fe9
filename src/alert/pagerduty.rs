//! PagerDuty: webhooks about incidents, of version 3 and of those before, which extensions and relays still send; and events
//! as tools send them to the Events API, version 2 and 1.
//!
//! The key that an event is sent with is a secret and is not read.
//! Source: <https://developer.pagerduty.com/docs/webhooks-overview>,
//! <https://developer.pagerduty.com/docs/send-alert-event>, <https://developer.pagerduty.com/docs/webhooks-v2-overview> and
//! <https://developer.pagerduty.com/docs/events-api-v1-overview>, read 2026-11.

use serde_json::Value;

use super::draft::AlertDraft;
use super::lookup::{has_object, items, text};
use super::{Alert, MAX_ALERTS, Source, moment, secret};

/// What tools say that an event does.
const ACTIONS: [&str; 3] = ["trigger", "acknowledge", "resolve"];

/// Tells whether this is a webhook about an incident, or an event.
pub(super) fn fits(value: &Value) -> bool {
    is_webhook(value) || older(value).next().is_some() || is_event(value) || is_old_event(value)
}

fn is_webhook(value: &Value) -> bool {
    let kind = value.pointer("/event/event_type").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.starts_with("incident.")) && has_object(value, "/event/data")
}

/// Iterates the messages about incidents of a webhook of version 2 or 1.
fn older(value: &Value) -> impl Iterator<Item = &Value> {
    let is_one = |message: &&Value| {
        let kind = text(message, &["/event", "/type"]);
        kind.is_some_and(|kind| kind.starts_with("incident."))
            && (has_object(message, "/incident") || has_object(message, "/data/incident"))
    };
    items(value, "/messages").iter().filter(is_one)
}

fn is_event(value: &Value) -> bool {
    let action = value.get("event_action").and_then(Value::as_str);
    action.is_some_and(|action| ACTIONS.contains(&action))
        && (has_object(value, "/payload") || ["routing_key", "dedup_key"].iter().any(|key| value.get(key).is_some()))
}

fn is_old_event(value: &Value) -> bool {
    let action = value.get("event_type").and_then(Value::as_str);
    action.is_some_and(|action| ACTIONS.contains(&action))
        && ["service_key", "incident_key"].iter().any(|key| value.get(key).is_some())
}

/// Tells whether a webhook is about an incident's own state; notes, responders and updates for the public are not.
fn is_news(value: &Value) -> bool {
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
    is_event(value)
        || is_old_event(value)
        || text(value, &["/event/event_type"]).is_some_and(|kind| STATES.contains(&kind.as_str()))
}

/// Whether a message of an older webhook is about an incident's own state.
fn is_old_news(message: &&Value) -> bool {
    !text(message, &["/event", "/type"]).is_some_and(|kind| kind.ends_with("annotate"))
}

/// Reads a payload.
pub(super) fn read(value: &Value) -> Vec<Alert> {
    match older(value).next() {
        Some(_) => older(value).take(MAX_ALERTS).map(of_message).collect(),
        None if is_webhook(value) => vec![of_webhook(&value["event"])],
        None if is_old_event(value) && !is_event(value) => vec![of_old_event(value)],
        None => vec![of_event(value)],
    }
}

/// Reads of a payload what is news.
pub(super) fn read_news(value: &Value) -> Vec<Alert> {
    if older(value).next().is_some() {
        return older(value).filter(is_old_news).take(MAX_ALERTS).map(of_message).collect();
    }
    if is_news(value) { read(value) } else { Vec::new() }
}

/// Reads a message of an older webhook.
fn of_message(message: &Value) -> Alert {
    let mut draft = AlertDraft::of(Source::PagerDuty);
    let incident = message.get("incident").filter(|one| one.is_object()).unwrap_or(&message["data"]["incident"]);
    let kind = text(message, &["/event", "/type"]).unwrap_or_default();
    let summary = ["/title", "/summary", "/trigger_summary_data/subject", "/trigger_summary_data/description"];
    draft.title(text(incident, &summary));
    draft.severity([text(incident, &["/priority/summary", "/priority/name"]), text(incident, &["/urgency"])]);
    draft.status(kind.strip_prefix("incident.").map(str::to_owned));
    draft.status(text(incident, &["/status"]));
    let acknowledged = items(incident, "/acknowledgements").last().or_else(|| items(incident, "/acknowledgers").last());
    draft.acknowledged_by(acknowledged.and_then(|one| text(one, &["/acknowledger/summary", "/object/name"])));
    if kind == "incident.acknowledge" {
        draft.acknowledged_by(text(message, &["/log_entries/0/agent/summary", "/log_entries/0/agent/name"]));
        draft.acknowledged_by(text(incident, &["/last_status_change_by/summary", "/last_status_change_by/name"]));
    }
    draft.label("service", text(incident, &["/service/summary", "/service/name"]));
    draft.label("team", text(incident, &["/teams/0/summary", "/teams/0/name"]));
    draft.label("urgency", text(incident, &["/urgency"]));
    draft.label("priority", text(incident, &["/priority/summary", "/priority/name"]));
    draft.label("incident", text(incident, &["/incident_number", "/id"]));
    draft.annotation("event", Some(kind));
    draft.annotation("description", text(incident, &["/description"]));
    draft.annotation("assignee", text(incident, &["/assignments/0/assignee/summary", "/assigned_to_user/name"]));
    draft.annotation("escalation_policy", text(incident, &["/escalation_policy/summary", "/escalation_policy/name"]));
    for entry in items(message, "/log_entries") {
        draft.annotations(entry.pointer("/channel/details").map(secret::without).as_ref());
        draft.annotation("note", text(entry, &["/channel/content", "/channel/summary"]));
    }
    draft.link(text(incident, &["/html_url"]));
    draft.link(text(incident, &["/service/html_url"]));
    // The time of the message is that of the event; in some relays it is the only one.
    draft.said_at = moment::at(message, &["/created_on", "/created_at", "/log_entries/0/created_at"]);
    draft.said_at =
        draft.said_at.or_else(|| moment::at(incident, &["/last_status_change_at", "/last_status_change_on"]));
    draft.starts_at = moment::at(incident, &["/created_at", "/created_on"]).or(draft.said_at);
    draft.fingerprint(text(incident, &["/incident_key", "/id"]));
    draft.finish()
}

/// Reads an event of version 1, as older tools send it.
fn of_old_event(event: &Value) -> Alert {
    let mut draft = AlertDraft::of(Source::PagerDuty);
    draft.title(text(event, &["/description", "/incident_key"]));
    draft.severity([text(event, &["/details/severity"])]);
    draft.status(text(event, &["/event_type"]));
    draft.label("client", text(event, &["/client"]));
    draft.label("source", text(event, &["/details/host", "/details/hostname", "/details/source"]));
    match event.get("details").map(secret::without) {
        Some(details @ Value::Object(_)) => draft.annotations(Some(&details)),
        details => draft.annotation("details", details.and_then(|details| text(&details, &[""]))),
    }
    draft.link(text(event, &["/client_url"]));
    for context in items(event, "/contexts") {
        draft.link(text(context, &["/href", "/src"]));
    }
    draft.starts_at = moment::at(event, &["/details/timestamp", "/details/created_at", "/timestamp", "/created_at"]);
    draft.said_at = draft.starts_at;
    draft.fingerprint(text(event, &["/incident_key"]));
    draft.finish()
}

/// Reads a webhook: of a note, an update or a responder it is the incident that counts.
fn of_webhook(event: &Value) -> Alert {
    let mut draft = AlertDraft::of(Source::PagerDuty);
    draft.title(text(event, &["/data/title", "/data/incident/summary", "/data/summary"]));
    draft.severity([text(event, &["/data/priority/summary"]), text(event, &["/data/urgency"])]);
    draft.status(text(event, &["/event_type"]).and_then(|kind| kind.strip_prefix("incident.").map(str::to_owned)));
    draft.status(text(event, &["/data/status"]));
    if text(event, &["/event_type"]).is_some_and(|kind| kind == "incident.acknowledged") {
        draft.acknowledged_by(text(event, &["/agent/summary", "/agent/name", "/client/name"]));
    }
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
    draft.annotations(event.pointer("/payload/custom_details").map(secret::without).as_ref());
    draft.link(text(event, &["/client_url"]));
    for link in items(event, "/links").iter().chain(items(event, "/images")) {
        draft.link(text(link, &["/href", "/src"]));
    }
    draft.starts_at = moment::at(event, &["/payload/timestamp", "/payload/created_at", "/timestamp", "/created_at"]);
    draft.said_at = draft.starts_at;
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
    fn an_event_of_version_1_is_read_without_its_service_key() {
        let event = |kind: &str| {
            let event = json!({"service_key": "0123456789abcdef0123456789abcdef", "event_type": kind,
                "incident_key": "db-1/disk", "description": "Disk of db-1 is full", "client": "kapacitor",
                "client_url": "https://k.example.com/1", "details": {"host": "db-1", "token": "t0ken"},
                "contexts": [{"type": "link", "href": "https://r.example.com/disk"}]});
            read_text(&event.to_string()).unwrap().remove(0)
        };
        let fired = event("trigger");
        assert_eq!(
            (fired.source, fired.status, fired.title.as_str()),
            (Source::PagerDuty, Firing::Firing, "Disk of db-1 is full")
        );
        assert_eq!((fired.fingerprint.as_str(), fired.annotations["host"].as_str()), ("db-1/disk", "db-1"));
        assert_eq!(fired.links, ["https://k.example.com/1", "https://r.example.com/disk"]);
        let stored = serde_json::to_string(&fired).unwrap();
        assert!(!stored.contains("0123456789abcdef") && !stored.contains("t0ken"), "{stored}");
        assert_eq!((event("acknowledge").status, event("resolve").status), (Firing::Firing, Firing::Resolved));
        let bare =
            json!({"service_key": "k", "event_type": "resolve", "incident_key": "db-1/disk", "details": "it is over"});
        let bare = read_text(&bare.to_string()).unwrap().remove(0);
        assert_eq!((bare.status, bare.fingerprint), (Firing::Resolved, fired.fingerprint));
        assert_eq!(bare.annotations["details"], "it is over");
    }

    #[test]
    fn a_webhook_of_an_older_version_has_an_alert_for_each_message() {
        let message = |event: &str, id: &str, status: &str| {
            json!({"id": "m", "event": event, "created_on": "2026-11-28T02:10:00Z",
            "incident": {"id": id, "incident_number": 33, "title": format!("{id} is down"), "status": status,
                "created_at": "2026-11-28T02:09:30Z", "incident_key": format!("{id}/http"), "urgency": "high",
                "html_url": format!("https://acme.pagerduty.com/incidents/{id}"), "service": {"summary": "Checkout"}}})
        };
        let sent = json!({"messages": [message("incident.trigger", "A", "triggered"), message("incident.resolve", "B", "resolved")]});
        let alerts = read_text(&sent.to_string()).unwrap();
        let [fired, resolved] = alerts.as_slice() else { panic!("two alerts: {alerts:?}") };
        assert_eq!(
            (fired.title.as_str(), fired.status, fired.fingerprint.as_str()),
            ("A is down", Firing::Firing, "A/http")
        );
        assert_eq!((resolved.status, resolved.labels["service"].as_str()), (Firing::Resolved, "Checkout"));
        assert!(resolved.ended_at.is_some());
        // The version before that has it one level deeper.
        let first = json!({"messages": [{"type": "incident.trigger", "data": {"incident": {"id": "C", "incident_key": "C/1",
            "service": {"name": "Shop"}, "trigger_summary_data": {"subject": "Shop is slow"}}}}]});
        let first = read_text(&first.to_string()).unwrap().remove(0);
        assert_eq!((first.title.as_str(), first.labels["service"].as_str()), ("Shop is slow", "Shop"));
        let note = json!({"messages": [message("incident.annotate", "A", "triggered")]});
        assert_eq!((read_news(&note).len(), read_news(&sent).len()), (0, 2));
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

    #[test]
    fn an_acknowledgement_says_by_whom() {
        let acknowledged = FIXTURE
            .replace("incident.triggered", "incident.acknowledged")
            .replace("\"triggered\"", "\"acknowledged\"")
            .replace("\"agent\": null", r#""agent": {"summary": "Ada", "type": "user_reference"}"#);
        let alert = read_text(&acknowledged).unwrap().remove(0);
        assert_eq!((alert.status, alert.acknowledged.as_deref()), (Firing::Firing, Some("Ada")));
        assert_eq!(read_text(FIXTURE).unwrap()[0].acknowledged, None);
        // Whoever assigns it anew has not taken it; that it was taken still holds.
        let reassigned = acknowledged.replace("incident.acknowledged", "incident.reassigned");
        assert_eq!(read_text(&reassigned).unwrap()[0].acknowledged.as_deref(), Some(""));
        let over = acknowledged.replace("incident.acknowledged", "incident.resolved");
        assert_eq!(read_text(&over).unwrap()[0].acknowledged, None);
        let older = json!({"messages": [{"event": "incident.acknowledge", "log_entries": [{"agent": {"summary": "Kim"}}],
            "incident": {"id": "A", "title": "A is down", "status": "acknowledged"}}]});
        assert_eq!(read_text(&older.to_string()).unwrap()[0].acknowledged.as_deref(), Some("Kim"));
        let event = json!({"routing_key": "x", "event_action": "acknowledge", "dedup_key": "A"});
        assert_eq!(read_text(&event.to_string()).unwrap()[0].acknowledged.as_deref(), Some(""));
    }

    #[test]
    fn a_time_is_found_wherever_an_older_payload_has_it() {
        let at = Some(Timestamp(1_791_099_065_000));
        for message in [
            json!({"event": "incident.trigger", "incident": {"id": "A", "created_at": "2026-10-04T07:31:05Z"}}),
            json!({"event": "incident.trigger", "created_at": "2026-10-04T07:31:05Z", "incident": {"id": "A"}}),
            json!({"event": "incident.trigger", "created_on": "2026-10-04T07:31:05Z", "incident": {"id": "A"}}),
            json!({"event": "incident.trigger", "log_entries": [{"created_at": "2026-10-04T07:31:05Z"}], "incident": {"id": "A"}}),
        ] {
            let is_of_begin = message["incident"].get("created_at").is_some();
            let sent = json!({"messages": [message]}).to_string();
            assert_eq!(read_text(&sent).unwrap()[0].starts_at, at, "{sent}");
            let over = sent.replace("incident.trigger", "incident.resolve");
            let ended = read_text(&over).unwrap()[0].ended_at;
            assert_eq!(ended, at.filter(|_| !is_of_begin), "{over}");
        }
        let event = json!({"routing_key": "x", "event_action": "trigger", "dedup_key": "A",
            "payload": {"summary": "A is down", "severity": "error", "source": "a", "created_at": "2026-10-04T07:31:05Z"}});
        assert_eq!(read_text(&event.to_string()).unwrap()[0].starts_at, at);
    }
}
