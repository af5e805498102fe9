//! From a text to its alerts: which source's shape it has, and whether it is plainly an alert at all.

use serde_json::Value;

use super::{
    Alert, AlertError, MAX_ALERTS, MAX_DEPTH, MAX_INPUT_BYTES, Payload, Source, alertmanager, bounds, datadog, generic,
    github, grafana, healthchecks, pagerduty, payload, plain, post, sentry, uptime_kuma,
};
use crate::json;

/// What the first line of a text that is plainly an alert begins with.
const MARKS: [&str; 3] = ["[FIRING", "ALERT", "CRITICAL"];

/// Reads what a person pasted or attached: JSON of a known source, other JSON, or plain text.
///
/// A webhook with several alerts gives several, at most [`MAX_ALERTS`]; the result is never an empty list. Broken JSON
/// is plain text: a paste may have been cut.
///
/// # Errors
/// Returns an error if the text is longer than [`MAX_INPUT_BYTES`], if it is JSON nested deeper than [`MAX_DEPTH`], or
/// if there is nothing in it.
pub fn read(text: &str) -> Result<Vec<Alert>, AlertError> {
    if text.len() > MAX_INPUT_BYTES {
        return Err(AlertError::TooLarge { bytes: text.len(), most: MAX_INPUT_BYTES });
    }
    let text = plain::unwrapped(text);
    let alerts = match parsed(text)? {
        Some(Value::Array(items)) => items.iter().flat_map(of_value).take(MAX_ALERTS).collect(),
        Some(value) => of_value(&value),
        None => match post::read(text) {
            Some(payload) => payload.alerts,
            None => plain::read(text).into_iter().collect(),
        },
    };
    if alerts.is_empty() { Err(AlertError::Empty) } else { Ok(alerts) }
}

/// Reads a text as [`read()`] does, with what its sender says of all of it.
///
/// # Errors
/// As [`read()`].
pub fn read_payload(text: &str) -> Result<Payload, AlertError> {
    let alerts = read(text)?;
    let envelope: Option<Value> = json::read(plain::unwrapped(text)).ok();
    Ok(match envelope {
        Some(envelope) => payload::within(&envelope, alerts),
        None => post::read(plain::unwrapped(text)).unwrap_or_else(|| Payload::of(alerts)),
    })
}

/// Tells whether free text is plainly an alert: JSON of a known source, or marked as one in its first line.
///
/// JSON of another shape is not plainly an alert, nor is JSON that [`read`] would refuse. Marked text is one whatever its
/// length, so that it is refused as an alert and not taken for a prompt.
#[must_use]
pub fn is_alert(text: &str) -> bool {
    let text = plain::unwrapped(text);
    // A box that was posted begins with the colour of its edge.
    let said = if is_boxed(text) { text.split_once('\n').map_or("", |(_, said)| said.trim_start()) } else { text };
    if MARKS.iter().any(|mark| said.starts_with(mark)) {
        return true;
    }
    if text.len() > MAX_INPUT_BYTES {
        return false;
    }
    match parsed(text) {
        Ok(Some(Value::Array(items))) => items.first().is_some_and(|item| known(item).is_some()),
        Ok(Some(value)) => known(&value).is_some(),
        Ok(None) | Err(_) => false,
    }
}

/// Tells whether a text begins with a box, as posts of monitoring tools do.
#[must_use]
pub fn is_boxed(text: &str) -> bool {
    text.starts_with(post::COLOR)
}

/// Parses a JSON object or array; anything else is none.
fn parsed(text: &str) -> Result<Option<Value>, AlertError> {
    if !text.starts_with(['{', '[']) {
        return Ok(None);
    }
    match json::read(text) {
        Ok(value) => Ok(Some(value)),
        Err(_) if bounds::depth(text) > MAX_DEPTH => Err(AlertError::TooDeep { most: MAX_DEPTH }),
        Err(_) => Ok(None),
    }
}

/// Reads one payload.
pub(super) fn of_value(value: &Value) -> Vec<Alert> {
    of_source(known(value).unwrap_or(Source::Generic), value)
}

/// Reads a payload that has the shape of a source.
pub(super) fn of_source(source: Source, value: &Value) -> Vec<Alert> {
    match source {
        Source::Alertmanager => alertmanager::read(value),
        Source::Grafana => grafana::read(value),
        Source::PagerDuty => pagerduty::read(value),
        Source::Datadog => vec![datadog::read(value)],
        Source::Sentry => vec![sentry::read(value)],
        Source::GitHub => github::read(value).into_iter().collect(),
        Source::UptimeKuma => uptime_kuma::read(value).into_iter().collect(),
        Source::Healthchecks => healthchecks::read(value).into_iter().collect(),
        Source::Generic | Source::Plain => {
            generic::read(value, &|inside| known(inside).map(|source| of_source(source, inside)))
        }
    }
}

/// Tells which known source has payloads of this shape. Grafana's are Alertmanager's and more, so it is asked first.
fn known(value: &Value) -> Option<Source> {
    const ASKED: [Source; 8] = [
        Source::Grafana,
        Source::Alertmanager,
        Source::PagerDuty,
        Source::Sentry,
        Source::GitHub,
        Source::UptimeKuma,
        Source::Healthchecks,
        Source::Datadog,
    ];
    ASKED.into_iter().find(|source| fits(*source, value))
}

/// Tells whether a payload has the shape of a source, and is news where a source also sends what is none.
pub(super) fn fits(source: Source, value: &Value) -> bool {
    match source {
        Source::Alertmanager => alertmanager::fits(value),
        Source::Grafana => grafana::fits(value),
        Source::PagerDuty => pagerduty::fits(value),
        Source::Datadog => datadog::fits(value),
        Source::Sentry => sentry::fits(value),
        Source::GitHub => github::read(value).is_some(),
        Source::UptimeKuma => uptime_kuma::read(value).is_some(),
        Source::Healthchecks => healthchecks::read(value).is_some(),
        Source::Generic | Source::Plain => false,
    }
}
