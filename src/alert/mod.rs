//! Alerts: text that somebody pasted, attached or posted, turned into one shape whatever its source.
//!
//! ```text
//! text ─► JSON? ─► shape of a known source ─► Draft (cleaned, bounded) ─► Alert
//!           ├────► a post of a known shape ────┤
//!           └────► anything else: plain text ──┘
//! ```
//!
//! Pure: no time, no network, no store. What an alert says is data from a stranger: every text is cleaned and cut here,
//! links are http or https, and [`Alert::describe`] gives each field one line, so that no value can pose as another.
//! Fencing it in a prompt is the caller's part.

mod alertmanager;
mod bounds;
mod datadog;
mod describe;
mod draft;
mod fingerprint;
mod generic;
mod github;
mod grafana;
mod headline;
mod healthchecks;
mod lookup;
mod moment;
mod pagerduty;
mod payload;
mod plain;
mod post;
mod read;
mod secret;
mod sent;
mod sentry;
mod severity;
mod status;
mod uptime_kuma;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

pub use bounds::{MAX_ALERTS, MAX_DEPTH, MAX_INPUT_BYTES, is_cut};
pub use describe::MAX_DESCRIPTION_BYTES;
pub use fingerprint::hashed;
pub use headline::subject;
pub use payload::{OwnGroup, Payload};
pub use read::{is_alert, is_boxed, read, read_payload};
pub use sent::read_sent;
pub use severity::Severity;
pub use status::Firing;

/// Where an alert came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Prometheus Alertmanager: its webhook, or alerts as its API lists them.
    Alertmanager,
    /// Grafana's unified alerting.
    Grafana,
    /// PagerDuty: a webhook of version 2 or 3, or an event as sent to its Events API 1 or 2.
    PagerDuty,
    /// A Datadog monitor's webhook.
    Datadog,
    /// Sentry: an issue alert, a metric alert, or an issue's change.
    Sentry,
    /// GitHub: runs of workflows, checks, deployments, security alerts.
    GitHub,
    /// A beat of a monitor of Uptime Kuma.
    #[serde(rename = "uptime-kuma")]
    UptimeKuma,
    /// A check of Healthchecks.
    Healthchecks,
    /// JSON of no known shape.
    Generic,
    /// Text.
    Plain,
}

impl Source {
    /// Returns the source's name as people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Alertmanager => "Alertmanager",
            Self::Grafana => "Grafana",
            Self::PagerDuty => "PagerDuty",
            Self::Datadog => "Datadog",
            Self::Sentry => "Sentry",
            Self::GitHub => "GitHub",
            Self::UptimeKuma => "Uptime Kuma",
            Self::Healthchecks => "Healthchecks",
            Self::Generic | Self::Plain => "its source",
        }
    }

    /// Returns the source's name in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
            Self::PagerDuty => "pagerduty",
            Self::Datadog => "datadog",
            Self::Sentry => "sentry",
            Self::GitHub => "github",
            Self::UptimeKuma => "uptime-kuma",
            Self::Healthchecks => "healthchecks",
            Self::Generic => "generic",
            Self::Plain => "plain",
        }
    }
}

/// One alert, whatever its source. All texts are clean and bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Where it came from.
    pub source: Source,
    /// What it is about, without a word for its state: one line of at most 200 characters, never empty.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// Whether the problem is there or over.
    pub status: Firing,
    /// What the alert is of: at most 100.
    pub labels: BTreeMap<String, String>,
    /// What is said about it: at most 100; values may have several lines.
    pub annotations: BTreeMap<String, String>,
    /// Pages about it, http and https only, each once, the most telling first.
    pub links: Vec<String>,
    /// When the problem began, as far as it is told.
    pub starts_at: Option<Timestamp>,
    /// When it was over, where it is and that is told; by the sender's clock.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// Who has taken it at its source, where somebody has; empty where the source does not say who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<String>,
    /// The same for each firing and the resolution of one problem: the source's own where it has one, else a hash.
    /// Unique only within the source, and no proof of anything: whoever writes an alert can choose it.
    pub fingerprint: String,
}

/// Why a text gives no alert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlertError {
    /// The text is too long.
    #[error("reading an alert: it has {bytes} bytes, and at most {most} are read")]
    TooLarge {
        /// Length of the text, in bytes.
        bytes: usize,
        /// Longest text that is read, in bytes.
        most: usize,
    },
    /// The JSON is nested too deeply.
    #[error("reading an alert: its JSON is nested more than {most} levels deep")]
    TooDeep {
        /// Deepest nesting that is read, in levels.
        most: usize,
    },
    /// It was to be JSON, and is none.
    #[error("reading an alert: it is no JSON")]
    NotJson,
    /// It is no webhook of the source that it is sent for.
    #[error("reading an alert: it has nothing of what its source sends")]
    Foreign,
    /// There is nothing to read.
    #[error("reading an alert: there is nothing in it")]
    Empty,
}
