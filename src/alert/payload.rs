//! What arrives together: the alerts of one text, how their sender has grouped them, and what it has left out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::lookup::items;
use super::{Alert, Firing, MAX_ALERTS, bounds};

/// The alerts of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The alerts, at most [`MAX_ALERTS`].
    pub alerts: Vec<Alert>,
    /// The group that the sender says they are, where it says so.
    pub group: Option<OwnGroup>,
    /// Alerts that belong to it and are not in it: left out by the sender, or beyond what is read.
    pub left_out: u32,
    /// How many of those came, and are beyond what is read.
    pub unread: u32,
    /// What the sender says of all of it, where it does; what was left out is as that.
    pub status: Option<Firing>,
    /// Whether the list in which its alerts were said to stand is not there, so that all of it was read as one.
    pub misplaced: bool,
}

/// A group as its sender names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnGroup {
    /// The sender's own key of it.
    pub key: String,
    /// The labels by which it was grouped.
    pub labels: BTreeMap<String, String>,
}

impl Payload {
    /// A payload of alerts of which nothing more is known.
    #[must_use]
    pub fn of(alerts: Vec<Alert>) -> Self {
        Self { alerts, group: None, left_out: 0, unread: 0, status: None, misplaced: false }
    }

    /// Masks the secrets in all that people read of it, and in what agents are told; fingerprints stay, so that an end finds
    /// its beginning.
    #[must_use]
    pub fn masked(mut self, mask: impl Fn(&str) -> String) -> Self {
        let fields = |fields: &mut BTreeMap<String, String>| {
            for value in fields.values_mut() {
                *value = bounds::value(&mask(value));
            }
        };
        for alert in &mut self.alerts {
            alert.title = bounds::title(&mask(&alert.title));
            fields(&mut alert.labels);
            fields(&mut alert.annotations);
            // A link with a mask in it leads nowhere.
            alert.links.retain(|link| mask(link) == *link);
        }
        if let Some(group) = &mut self.group {
            fields(&mut group.labels);
            group.key = mask(&group.key);
        }
        self
    }
}

/// Adds to alerts what the sender says of all of them.
pub(super) fn within(envelope: &Value, alerts: Vec<Alert>) -> Payload {
    if !envelope.is_object() {
        return Payload::of(alerts);
    }
    let listed = items(envelope, "/alerts").len().saturating_sub(MAX_ALERTS);
    let cut = envelope.get("truncatedAlerts").and_then(Value::as_u64).unwrap_or(0);
    let left_out = u64::try_from(listed).unwrap_or(u64::MAX).saturating_add(cut);
    Payload {
        alerts,
        group: group(envelope),
        left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        unread: u32::try_from(listed).unwrap_or(u32::MAX),
        status: envelope.get("status").and_then(Value::as_str).and_then(Firing::parse),
        misplaced: false,
    }
}

fn group(envelope: &Value) -> Option<OwnGroup> {
    let key = envelope.get("groupKey").and_then(Value::as_str).map(bounds::key).filter(|key| !key.is_empty())?;
    let labels = envelope.get("groupLabels").and_then(Value::as_object);
    let labels = labels.into_iter().flatten().take(bounds::MAX_FIELDS);
    let labels = labels.filter_map(|(name, value)| Some((bounds::key(name), bounds::value(value.as_str()?))));
    Some(OwnGroup { key, labels: labels.collect() })
}

#[cfg(test)]
mod tests {
    use super::super::{MAX_ALERTS, alertmanager, plain, read_payload};
    use super::*;

    #[test]
    fn a_webhook_tells_its_group_and_what_it_left_out() {
        let payload = read_payload(alertmanager::FIXTURE).expect("a payload");
        let group = payload.group.expect("a group");
        assert_eq!(group.key, r#"{}/{team="db"}:{alertname="DiskWillFill"}"#);
        assert_eq!(group.labels, [("alertname".to_owned(), "DiskWillFill".to_owned())].into());
        assert_eq!((payload.alerts.len(), payload.left_out, payload.status), (2, 0, Some(Firing::Firing)));
        let cut = alertmanager::FIXTURE.replace(r#""truncatedAlerts": 0"#, r#""truncatedAlerts": 37"#);
        assert_eq!(read_payload(&cut).expect("a payload").left_out, 37);
    }

    #[test]
    fn what_is_beyond_what_is_read_is_told_from_what_the_sender_left_out() {
        let one = serde_json::json!({"labels": {"alertname": "A"}, "startsAt": "2026-10-04T07:31:05Z"});
        let many = serde_json::json!({"groupKey": "g", "status": "firing", "receiver": "r", "truncatedAlerts": 37,
            "alerts": vec![one; MAX_ALERTS + 5]});
        let payload = read_payload(&many.to_string()).expect("a payload");
        assert_eq!((payload.alerts.len(), payload.left_out, payload.unread), (MAX_ALERTS, 42, 5));
    }

    #[test]
    fn a_text_is_its_alerts_and_nothing_more() {
        let payload = read_payload(plain::FIXTURE).expect("a payload");
        assert_eq!((payload.alerts.len(), payload.group, payload.left_out, payload.status), (1, None, 0, None));
    }
}
