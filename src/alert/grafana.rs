//! Grafana's unified alerting: Alertmanager's webhook with a title, a state, an organisation and more links.
//!
//! Source: <https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/>,
//! read 2026-11.

use serde_json::Value;

use super::draft::{AlertDraft, shown};
use super::lookup::{has_object, text};
use super::{Alert, Source, alertmanager, bounds};

/// Fields of an alert that only Grafana sends.
const OWN_FIELDS: [&str; 6] = ["silenceURL", "dashboardURL", "panelURL", "valueString", "values", "imageURL"];

/// Tells whether this is Alertmanager's shape with what Grafana adds.
pub(super) fn fits(value: &Value) -> bool {
    let first = value.pointer("/alerts/0").unwrap_or(value);
    let is_own = value.get("orgId").is_some()
        || (value.get("title").is_some() && value.get("state").is_some())
        || OWN_FIELDS.iter().any(|field| first.get(field).is_some());
    is_own && (alertmanager::fits(value) || has_object(value, "/alerts/0/labels"))
}

/// Reads the alerts of a payload.
pub(super) fn read(value: &Value) -> Vec<Alert> {
    let title = text(value, &["/title", "/message"]).map(|title| bounds::title(&title));
    let state = text(value, &["/state"]);
    let finish = |(mut draft, alert): (AlertDraft, Value)| {
        add(&mut draft, &alert);
        draft.title(title.clone());
        draft.status(state.clone());
        draft.finish()
    };
    alertmanager::drafts(Source::Grafana, value).map(finish).collect()
}

/// Adds what only Grafana says of an alert.
fn add(draft: &mut AlertDraft, alert: &Value) {
    for pointer in ["/panelURL", "/dashboardURL", "/imageURL", "/silenceURL"] {
        draft.link(text(alert, &[pointer]));
    }
    draft.annotation("values", alert.get("values").and_then(shown));
    draft.annotation("values", text(alert, &["/valueString"]));
}

/// A webhook with one alert.
#[cfg(test)]
pub(super) const FIXTURE: &str = r#"{
  "receiver": "signalbox",
  "status": "firing",
  "orgId": 1,
  "alerts": [
    {
      "status": "firing",
      "labels": {"alertname": "Slow checkout", "grafana_folder": "shop", "severity": "warning"},
      "annotations": {"summary": "p99 of checkout is above 2 s", "runbook_url": "https://runbooks.example.com/slow"},
      "startsAt": "2026-10-04T09:31:05.5+02:00",
      "endsAt": "0001-01-01T00:00:00Z",
      "generatorURL": "https://grafana.example.com/alerting/grafana/ab12/view",
      "fingerprint": "0ddba11c0ffee000",
      "silenceURL": "https://grafana.example.com/alerting/silence/new?matcher=alertname%3Dx",
      "dashboardURL": "",
      "panelURL": "https://grafana.example.com/d/ab?viewPanel=3",
      "values": {"B": 2.41, "C": 1}
    }
  ],
  "groupLabels": {"alertname": "Slow checkout"},
  "commonLabels": {"alertname": "Slow checkout", "grafana_folder": "shop", "severity": "warning"},
  "commonAnnotations": {"summary": "p99 of checkout is above 2 s"},
  "externalURL": "https://grafana.example.com/",
  "version": "1",
  "groupKey": "{}/{}:{alertname=\"Slow checkout\"}",
  "truncatedAlerts": 0,
  "title": "[FIRING:1] Slow checkout shop (warning)",
  "state": "alerting",
  "message": "**Firing**\n\nValue: B=2.41"
}"#;

#[cfg(test)]
mod tests {
    use super::super::{Firing, Severity, read as read_text};
    use super::*;

    #[test]
    fn a_webhook_is_told_from_alertmanagers_and_gives_its_links() {
        let alerts = read_text(FIXTURE).unwrap();
        let [slow] = alerts.as_slice() else { panic!("one alert, not {alerts:?}") };
        assert_eq!((slow.source, slow.severity, slow.status), (Source::Grafana, Severity::Warning, Firing::Firing));
        assert_eq!(slow.title, "Slow checkout: p99 of checkout is above 2 s");
        assert_eq!(slow.annotations["values"], r#"{"B":2.41,"C":1}"#);
        assert_eq!(slow.fingerprint, "0ddba11c0ffee000");
        assert_eq!(slow.links.len(), 5);
        assert_eq!(slow.links[0], "https://grafana.example.com/alerting/grafana/ab12/view");
    }

    #[test]
    fn a_resolution_is_the_same_alert() {
        let resolved = FIXTURE.replace("\"firing\"", "\"resolved\"").replace("alerting\"", "ok\"");
        let resolved = read_text(&resolved).unwrap().remove(0);
        assert_eq!(resolved.status, Firing::Resolved);
        assert_eq!(resolved.fingerprint, read_text(FIXTURE).unwrap()[0].fingerprint);
    }
}
