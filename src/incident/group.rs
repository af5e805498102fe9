//! Which alerts belong together.
//!
//! The sender's own grouping comes first: Alertmanager and Grafana name a `groupKey`, and what they send together stays
//! together. Where the sender has none, the group labels are all labels of the alert but those that name one of many
//! alike (`instance`, `pod`, …), together with the rule's name, or where no label names it with what the title says: ten
//! machines that run out of disk are one incident, a full disk and a slow one are two. PagerDuty's and Sentry's problems
//! are grouped already, and each workflow of GitHub, monitor of Uptime Kuma and check of Healthchecks is one of its own, so
//! there each fingerprint is a group.

use std::collections::BTreeMap;

use crate::alert::{Alert, Payload, Source, subject};

/// Labels that tell one of many alike from the others; an alert is grouped without them.
const ONE_OF_MANY: [&str; 19] = [
    "instance",
    "instance_id",
    "pod",
    "pod_name",
    "host",
    "hostname",
    "host_name",
    "node",
    "nodename",
    "container",
    "container_id",
    "device",
    "mountpoint",
    "ip",
    "address",
    "endpoint",
    "uid",
    "id",
    "severity",
];
/// Labels that name an alert's rule.
const RULE: [&str; 3] = ["alertname", "rule", "monitor"];
/// Longest key that is kept as it is, in bytes; of a longer one the hash is.
const MAX_KEY_BYTES: usize = 200;

/// A group of alerts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlertGroup {
    /// What tells it from every other of the same chat.
    pub key: String,
    /// The labels that all of it have.
    pub labels: BTreeMap<String, String>,
}

impl AlertGroup {
    /// Returns the group of an alert of a payload.
    #[must_use]
    pub fn of(alert: &Alert, payload: &Payload) -> Self {
        let source = alert.source.as_str();
        if let Some(own) = &payload.group {
            return Self { key: bounded(format!("{source}\n{}", own.key)), labels: own.labels.clone() };
        }
        let labels: BTreeMap<String, String> = alert
            .labels
            .iter()
            .filter(|(name, _)| !ONE_OF_MANY.contains(&name.to_lowercase().as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let key = match alert.source {
            Source::PagerDuty | Source::Sentry | Source::GitHub | Source::UptimeKuma | Source::Healthchecks => {
                format!("{source}\n{}", alert.fingerprint)
            }
            Source::Alertmanager | Source::Grafana | Source::Datadog | Source::Generic | Source::Plain => {
                let written = labels.iter().map(|(name, value)| format!("\n{name}={value}"));
                let about = if rule(&labels).is_some() { String::new() } else { subject(&alert.title) };
                format!("{source}\n{about}{}", written.collect::<String>())
            }
        };
        Self { key: bounded(key), labels }
    }

    /// Tells it from groups of the same key that come by another door.
    #[must_use]
    pub(super) fn within(self, door: &str) -> Self {
        Self { key: bounded(format!("{door}\n{}", self.key)), ..self }
    }
}

fn rule(labels: &BTreeMap<String, String>) -> Option<&String> {
    RULE.iter().find_map(|name| labels.get(*name))
}

fn bounded(key: String) -> String {
    if key.len() <= MAX_KEY_BYTES { key } else { crate::alert::hashed(&key) }
}

/// Returns what a hook's alert and a post about the same problem have in common: the rule's name, or the title up to
/// where the details begin, without case.
#[must_use]
pub fn kin(alert: &Alert) -> String {
    if let Some(rule) = rule(&alert.labels) {
        return rule.to_lowercase();
    }
    let subject = subject(&alert.title);
    let end = subject.find([':', '(', '[']).filter(|at| *at > 0).unwrap_or(subject.len());
    subject[..end].trim().to_owned()
}

/// Whether a hook's alert and a post that are kin may be about the same: no label of one contradicts the other, and of what
/// a post without labels names in brackets behind its title, as Alertmanager's do, the other has something.
#[must_use]
pub fn agree(one: &Alert, other: &Alert) -> bool {
    let shared = one.labels.iter().all(|(name, value)| other.labels.get(name).is_none_or(|theirs| theirs == value));
    let (text, labels) = if one.labels.is_empty() { (one, &other.labels) } else { (other, &one.labels) };
    let named = text.title.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(named, _)| named);
    let has = |word: &str| labels.values().any(|value| value.split_whitespace().any(|part| part == word));
    let is_silent = !text.labels.is_empty() || labels.is_empty() || named.trim().is_empty();
    shared && (is_silent || named.split_whitespace().any(has))
}

/// Labels that may change while one problem lasts.
const CHANGING: [&str; 4] = ["severity", "priority", "urgency", "level"];

/// Whether what a sender says of an end, or of who has taken it, is about a problem of which it has told in other words: by its
/// number, where its title begins with one, else by what its title is about or its rule, and no label contradicts. What stands
/// in the text may have changed since.
#[must_use]
pub fn means(said: &Alert, known: &Alert) -> bool {
    let (said_of, known_of) = (subject(&said.title), subject(&known.title));
    match (number(&said_of), number(&known_of)) {
        (Some(one), Some(other)) => return one == other,
        (None, None) => {}
        (Some(_), None) | (None, Some(_)) => return false,
    }
    let contradicts = |(name, value): (&String, &String)| {
        !CHANGING.contains(&name.to_lowercase().as_str())
            && known.labels.get(name).is_some_and(|theirs| theirs != value)
    };
    let same_rule = || rule(&known.labels).is_some() && kin(said) == kin(known) && agree(said, known);
    !said.labels.iter().any(contradicts) && (said_of == known_of || same_rule())
}

/// Returns the number with which a subject begins: `#12`.
fn number(subject: &str) -> Option<&str> {
    let digits = subject.strip_prefix('#')?;
    let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    (length > 0).then(|| &digits[..length])
}
