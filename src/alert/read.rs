//! From a text to its alerts: which source's shape it has, and whether it is plainly an alert at all.

use serde_json::Value;

use super::{
    Alert, AlertError, MAX_ALERTS, MAX_DEPTH, MAX_INPUT_BYTES, Source, alertmanager, bounds, datadog, generic, grafana,
    pagerduty, plain, sentry,
};

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
        None => plain::read(text).into_iter().collect(),
    };
    if alerts.is_empty() { Err(AlertError::Empty) } else { Ok(alerts) }
}

/// Tells whether free text is plainly an alert: JSON of a known source, or marked as one in its first line.
///
/// JSON of another shape is not plainly an alert, nor is JSON that [`read`] would refuse. Marked text is one whatever its
/// length, so that it is refused as an alert and not taken for a prompt.
#[must_use]
pub fn is_alert(text: &str) -> bool {
    let text = plain::unwrapped(text);
    if MARKS.iter().any(|mark| text.starts_with(mark)) {
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

/// Parses a JSON object or array; anything else is none.
fn parsed(text: &str) -> Result<Option<Value>, AlertError> {
    if !text.starts_with(['{', '[']) {
        return Ok(None);
    }
    match serde_json::from_str(text) {
        Ok(value) => Ok(Some(value)),
        Err(_) if bounds::depth(text) > MAX_DEPTH => Err(AlertError::TooDeep { most: MAX_DEPTH }),
        Err(_) => Ok(None),
    }
}

/// Reads one payload.
fn of_value(value: &Value) -> Vec<Alert> {
    match known(value) {
        Some(Source::Alertmanager) => alertmanager::read(value),
        Some(Source::Grafana) => grafana::read(value),
        Some(Source::PagerDuty) => vec![pagerduty::read(value)],
        Some(Source::Datadog) => vec![datadog::read(value)],
        Some(Source::Sentry) => vec![sentry::read(value)],
        Some(Source::Generic | Source::Plain) | None => generic::read(value).into_iter().collect(),
    }
}

/// Tells which known source has payloads of this shape. Grafana's are Alertmanager's and more, so it is asked first.
fn known(value: &Value) -> Option<Source> {
    if grafana::fits(value) {
        Some(Source::Grafana)
    } else if alertmanager::fits(value) {
        Some(Source::Alertmanager)
    } else if pagerduty::fits(value) {
        Some(Source::PagerDuty)
    } else if sentry::fits(value) {
        Some(Source::Sentry)
    } else {
        datadog::fits(value).then_some(Source::Datadog)
    }
}
