//! Alertmanager: the webhook of version 4, and single alerts as its API and `amtool` list them.
//!
//! Source: <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>, read 2026-11.

use serde_json::{Value, json};

use super::draft::AlertDraft;
use super::lookup::{has_object, items, text};
use super::{Alert, MAX_ALERTS, Source, moment};

/// Labels in which teams put how bad it is.
const SEVERITY_LABELS: [&str; 4] = ["/labels/severity", "/labels/priority", "/labels/level", "/labels/urgency"];
/// Annotations that say in a line what it is about.
const SUMMARIES: [&str; 4] = ["summary", "title", "message", "description"];

/// Tells whether this is a webhook's payload or an alert as the API has it.
pub(super) fn fits(value: &Value) -> bool {
    is_envelope(value) || is_alert(value)
}

fn is_envelope(value: &Value) -> bool {
    let marks = ["groupKey", "groupLabels", "commonLabels", "commonAnnotations", "externalURL", "receiver"];
    let marked = marks.iter().filter(|mark| value.get(mark).is_some()).count();
    (has_object(value, "/alerts/0/labels") && marked >= 1) || marked >= 3
}

fn is_alert(value: &Value) -> bool {
    let marks = ["startsAt", "endsAt", "generatorURL"];
    has_object(value, "/labels") && marks.iter().any(|mark| value.get(mark).is_some())
}

/// Reads the alerts of a payload; none if it lists none and has no common labels.
pub(super) fn read(value: &Value) -> Vec<Alert> {
    drafts(Source::Alertmanager, value).map(|(draft, _)| draft.finish()).collect()
}

/// Starts the alerts of a payload, each with what was said of it alone.
pub(super) fn drafts(source: Source, value: &Value) -> impl Iterator<Item = (AlertDraft, Value)> {
    let listed = items(value, "/alerts").iter().filter(|alert| alert.is_object()).take(MAX_ALERTS).cloned();
    let mut alerts: Vec<Value> = listed.collect();
    if alerts.is_empty() && is_alert(value) {
        alerts.push(value.clone());
    } else if let (true, Some(labels)) = (alerts.is_empty(), value.get("commonLabels").filter(|it| **it != json!({}))) {
        alerts.push(json!({"labels": labels, "annotations": value.get("commonAnnotations")}));
    }
    alerts.into_iter().map(move |alert| (draft(source, &alert, value), alert))
}

/// Starts one alert.
fn draft(source: Source, alert: &Value, envelope: &Value) -> AlertDraft {
    let mut draft = AlertDraft::of(source);
    draft.labels(alert.get("labels"));
    draft.link(text(alert, &["/generatorURL"]));
    draft.annotations(alert.get("annotations"));
    draft.link(text(envelope, &["/externalURL"]));
    draft.title(title(&draft));
    draft.severity(SEVERITY_LABELS.map(|pointer| text(alert, &[pointer])));
    draft.status(text(alert, &["/status", "/status/state"]));
    draft.status(text(envelope, &["/status"]));
    draft.starts_at = moment::at(alert, &["/startsAt"]);
    draft.fingerprint(text(alert, &["/fingerprint"]));
    draft
}

/// Makes a title of the rule's name and the summary, or of what there is of them.
pub(super) fn title(draft: &AlertDraft) -> Option<String> {
    let summary = SUMMARIES.iter().find_map(|key| draft.annotated(key));
    match (draft.labelled("alertname"), summary) {
        (Some(name), Some(summary)) if !summary.contains(&name) => Some(format!("{name}: {summary}")),
        (name, summary) => summary.or(name),
    }
}

/// A webhook with a firing and a resolved alert.
#[cfg(test)]
pub(super) const FIXTURE: &str = r#"{
  "version": "4",
  "groupKey": "{}/{team=\"db\"}:{alertname=\"DiskWillFill\"}",
  "truncatedAlerts": 0,
  "status": "firing",
  "receiver": "signalbox",
  "groupLabels": {"alertname": "DiskWillFill"},
  "commonLabels": {"alertname": "DiskWillFill", "severity": "critical", "team": "db"},
  "commonAnnotations": {"runbook_url": "https://runbooks.example.com/disk"},
  "externalURL": "http://alertmanager.example.com:9093",
  "alerts": [
    {
      "status": "firing",
      "labels": {"alertname": "DiskWillFill", "severity": "critical", "team": "db", "instance": "db-1:9100"},
      "annotations": {"summary": "/var on db-1 fills in 3 h", "runbook_url": "https://runbooks.example.com/disk"},
      "startsAt": "2026-10-04T07:31:05.512Z",
      "endsAt": "0001-01-01T00:00:00Z",
      "generatorURL": "http://prometheus.example.com:9090/graph?g0.expr=up&g0.tab=1",
      "fingerprint": "5a1c0de5a1c0de01"
    },
    {
      "status": "resolved",
      "labels": {"alertname": "DiskWillFill", "severity": "critical", "team": "db", "instance": "db-2:9100"},
      "annotations": {},
      "startsAt": "2026-10-04T07:11:05.512Z",
      "endsAt": "2026-10-04T07:31:05.512Z",
      "generatorURL": "http://prometheus.example.com:9090/graph?g0.expr=up&g0.tab=1",
      "fingerprint": "5a1c0de5a1c0de02"
    }
  ]
}"#;

#[cfg(test)]
mod tests {
    use super::super::{Firing, Severity, read as read_text};
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_webhook_gives_each_of_its_alerts() {
        let alerts = read_text(FIXTURE).unwrap();
        let [disk, other] = alerts.as_slice() else { panic!("two alerts, not {alerts:?}") };
        assert_eq!(disk.source, Source::Alertmanager);
        assert_eq!(disk.title, "DiskWillFill: /var on db-1 fills in 3 h");
        assert_eq!((disk.severity, disk.status), (Severity::Critical, Firing::Firing));
        assert_eq!(disk.labels["instance"], "db-1:9100");
        assert_eq!(disk.annotations["summary"], "/var on db-1 fills in 3 h");
        assert_eq!(disk.starts_at, Some(Timestamp(1_791_099_065_512)));
        assert_eq!(disk.fingerprint, "5a1c0de5a1c0de01");
        assert_eq!(
            disk.links,
            [
                "http://prometheus.example.com:9090/graph?g0.expr=up&g0.tab=1",
                "https://runbooks.example.com/disk",
                "http://alertmanager.example.com:9093/",
            ]
        );
        assert_eq!((other.title.as_str(), other.status), ("DiskWillFill", Firing::Resolved));
    }

    #[test]
    fn without_a_fingerprint_the_labels_make_it_whatever_the_summary_says() {
        let alert = |state: &str, summary: &str, instance: &str| {
            let alert = json!({"labels": {"alertname": "Load", "instance": instance}, "annotations": {"summary": summary},
                "startsAt": "2026-10-04T07:31:05Z", "status": {"state": state}});
            read_text(&json!([alert]).to_string()).unwrap().remove(0)
        };
        let fired = alert("active", "load is 93", "a");
        assert_eq!(fired.source, Source::Alertmanager);
        assert_eq!(fired.fingerprint, alert("suppressed", "load is 97", "a").fingerprint);
        assert_ne!(fired.fingerprint, alert("active", "load is 93", "b").fingerprint);
    }

    #[test]
    fn a_group_without_alerts_is_told_by_its_common_labels() {
        let group = json!({"version": "4", "groupKey": "{}", "status": "resolved", "receiver": "x",
            "commonLabels": {"alertname": "Load"}, "alerts": []});
        let alerts = read_text(&group.to_string()).unwrap();
        assert_eq!((alerts.len(), alerts[0].title.as_str(), alerts[0].status), (1, "Load", Firing::Resolved));
    }
}
