//! Uptime Kuma: the webhook of its notifications, one beat of one monitor.
//!
//! Source: <https://github.com/louislam/uptime-kuma/blob/master/server/notification-providers/webhook.js>, read 2026-11.

use serde_json::Value;

use super::draft::AlertDraft;
use super::lookup::{has_object, items, text};
use super::{Alert, Firing, Source, moment};
use crate::clock::Timestamp;

/// A beat's state of a monitor that does not answer.
const DOWN: u64 = 0;
/// A beat's state of one that does. The others are 2, pending, and 3, maintenance.
const UP: u64 = 1;

/// Reads a beat; none of a monitor that is pending or being looked after, and none of what is no beat.
pub(super) fn read(value: &Value) -> Option<Alert> {
    if !has_object(value, "/monitor") {
        return None;
    }
    let status = match value.pointer("/heartbeat/status").and_then(Value::as_u64)? {
        DOWN => Firing::Firing,
        UP => Firing::Resolved,
        _ => return None,
    };
    let mut draft = AlertDraft::of(Source::UptimeKuma);
    let monitor = &value["monitor"];
    let name = text(monitor, &["/name", "/pathName"]).unwrap_or_else(|| "A monitor".to_owned());
    draft.title(Some(format!("{name} is down")));
    draft.status(Some(status.as_str().to_owned()));
    draft.label("monitor", Some(name.clone()));
    draft.label("type", text(monitor, &["/type"]));
    draft.label("hostname", text(monitor, &["/hostname"]));
    for tag in items(monitor, "/tags") {
        if let Some(name) = text(tag, &["/name"]) {
            draft.label(&name, text(tag, &["/value"]).or_else(|| Some("true".to_owned())));
        }
    }
    draft.severity([draft.labelled("severity"), draft.labelled("priority"), Some("error".to_owned())]);
    draft.annotation("message", text(value, &["/heartbeat/msg", "/msg"]));
    draft.annotation("description", text(monitor, &["/description"]));
    draft.link(text(monitor, &["/url"]));
    draft.starts_at = text(value, &["/heartbeat/time"]).and_then(|time| instant(&time));
    draft.said_at = draft.starts_at;
    draft.fingerprint(Some(format!("monitor-{}", text(monitor, &["/id"]).unwrap_or(name))));
    Some(draft.finish())
}

/// Reads a beat's time, which is written `2026-10-04 07:31:05.512` and is UTC.
fn instant(time: &str) -> Option<Timestamp> {
    let written = Value::String(format!("{}Z", time.trim().replacen(' ', "T", 1)));
    moment::moment(&written).or_else(|| moment::moment(&Value::String(time.to_owned())))
}

/// A beat of a monitor that does not answer.
#[cfg(test)]
pub(super) const FIXTURE: &str = r#"{
  "heartbeat": {
    "monitorID": 7,
    "status": 0,
    "time": "2026-10-04 07:31:05.512",
    "msg": "connect ECONNREFUSED 192.0.2.7:443",
    "important": true,
    "duration": 60,
    "timezone": "Europe/Berlin",
    "localDateTime": "2026-10-04 09:31:05"
  },
  "monitor": {
    "id": 7,
    "name": "Shop",
    "url": "https://shop.example.com/health",
    "type": "http",
    "hostname": null,
    "tags": [{"tag_id": 1, "name": "team", "value": "web"}]
  },
  "msg": "[Shop] [🔴 Down] connect ECONNREFUSED 192.0.2.7:443"
}"#;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Severity, read as read_text};
    use super::*;

    #[test]
    fn a_monitor_goes_down_and_comes_up_again() {
        let down = read_text(FIXTURE).unwrap().remove(0);
        assert_eq!((down.source, down.severity, down.status), (Source::UptimeKuma, Severity::Error, Firing::Firing));
        assert_eq!((down.title.as_str(), down.fingerprint.as_str()), ("Shop is down", "monitor-7"));
        assert_eq!((down.labels["monitor"].as_str(), down.labels["team"].as_str()), ("Shop", "web"));
        assert_eq!(down.links, ["https://shop.example.com/health"]);
        assert_eq!(down.starts_at, Some(Timestamp(1_791_099_065_512)));
        let up = FIXTURE.replace("\"status\": 0", "\"status\": 1").replace("07:31", "07:41");
        let up = read_text(&up).unwrap().remove(0);
        assert_eq!((up.status, up.starts_at, up.fingerprint), (Firing::Resolved, None, down.fingerprint));
    }

    #[test]
    fn neither_a_test_nor_a_monitor_in_maintenance_is_news() {
        let beat = |status: u64| json!({"heartbeat": {"status": status}, "monitor": {"name": "Shop"}, "msg": "x"});
        assert_eq!((read(&beat(2)), read(&beat(3))), (None, None));
        assert_eq!(read(&json!({"heartbeat": null, "monitor": null, "msg": "Shop Testing"})), None);
    }
}
