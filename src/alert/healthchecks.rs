//! Healthchecks: a check that missed its ping. The body is a template of the user's; the one that `signalbox hooks add`
//! prints holds the variables that tell the check's state and, where the version has it, the check as JSON.
//!
//! Source: <https://healthchecks.io/docs/configuring_notifications/>, read 2026-11.

use serde_json::Value;

use super::draft::AlertDraft;
use super::lookup::{items, text};
use super::{Alert, Firing, Source, moment};

/// Where a check's name stands.
const NAMES: [&str; 3] = ["/name", "/check/name", "/check/slug"];
/// Where its state stands.
const STATES: [&str; 2] = ["/status", "/check/status"];

/// Tells whether this is a check's state: its code and state, and one thing more that only checks have.
pub(super) fn is_check(value: &Value) -> bool {
    let marks = ["/check/n_pings", "/check/ping_url", "/check/grace", "/exit_status", "/now"];
    text(value, &["/code"]).is_some() && text(value, &STATES).is_some() && text(value, &marks).is_some()
}

/// Reads a check's state; none of one that is new, paused, or within its time, and none of what is no check.
pub(super) fn read(value: &Value) -> Option<Alert> {
    if !is_check(value) {
        return None;
    }
    let status = match text(value, &STATES)?.as_str() {
        "down" => Firing::Firing,
        "up" => Firing::Resolved,
        _ => return None,
    };
    let code = text(value, &["/code"]).unwrap_or_default();
    let name = text(value, &NAMES).unwrap_or_else(|| code.clone());
    let mut draft = AlertDraft::of(Source::Healthchecks);
    draft.title(Some(format!("{name} is down")));
    draft.status(Some(status.as_str().to_owned()));
    draft.label("check", Some(name));
    // Healthchecks itself divides them by white space; some templates write commas.
    let tags =
        text(value, &["/tags", "/check/tags"]).or_else(|| Some(listed(value, "/tags")).filter(|tags| !tags.is_empty()));
    draft.tags(tags.unwrap_or_else(|| listed(value, "/check/tags")).split(|c: char| c.is_whitespace() || c == ','));
    draft.severity([draft.labelled("severity"), draft.labelled("priority"), Some("error".to_owned())]);
    draft.annotation("description", text(value, &["/check/desc"]));
    draft.annotation("last_ping", text(value, &["/check/last_ping"]));
    draft.annotation("exit_status", text(value, &["/exit_status"]));
    draft.annotation("body", text(value, &["/body"]));
    draft.link(page(value, &code));
    draft.starts_at = moment::at(value, &["/now"]);
    draft.said_at = draft.starts_at;
    draft.fingerprint(Some(format!("check-{code}")));
    Some(draft.finish())
}

/// Joins a list of texts.
fn listed(value: &Value, pointer: &str) -> String {
    items(value, pointer).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

/// Returns the page of a check: the address of its API, which is what a check names, opens for nobody without a key.
fn page(value: &Value, code: &str) -> Option<String> {
    let named = text(value, &["/details_url", "/url", "/check/details_url"]);
    named.or_else(|| {
        let api = text(value, &["/check/update_url", "/check/pause_url", "/update_url"])?;
        let (site, _) = api.split_once("/api/")?;
        Some(format!("{site}/checks/{code}/details/"))
    })
}

/// A check that missed its ping, by the template of `signalbox hooks add`.
#[cfg(test)]
pub(super) const FIXTURE: &str = r#"{
  "code": "7a1b0c5e-0000-4000-8000-000000000001",
  "status": "down",
  "now": "2026-10-04T07:31:05+00:00",
  "exit_status": "",
  "check": {
    "name": "Backup of nas-1",
    "slug": "backup-nas-1",
    "tags": "team:storage nightly",
    "desc": "Runs at 02:00",
    "grace": 3600,
    "n_pings": 207,
    "status": "down",
    "update_url": "https://healthchecks.io/api/v3/checks/7a1b0c5e-0000-4000-8000-000000000001",
    "last_ping": "2026-10-03T02:00:11+00:00"
  }
}"#;

#[cfg(test)]
mod tests {
    use super::super::{Severity, read as read_text};
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_check_misses_its_ping_and_is_heard_again() {
        let down = read_text(FIXTURE).unwrap().remove(0);
        assert_eq!((down.source, down.severity, down.status), (Source::Healthchecks, Severity::Error, Firing::Firing));
        assert_eq!(down.title, "Backup of nas-1 is down");
        assert_eq!((down.labels["team"].as_str(), down.labels["nightly"].as_str()), ("storage", "true"));
        assert_eq!(down.links, ["https://healthchecks.io/checks/7a1b0c5e-0000-4000-8000-000000000001/details/"]);
        assert_eq!(down.starts_at, Some(Timestamp(1_791_099_065_000)));
        let up = read_text(&FIXTURE.replace("\"down\"", "\"up\"").replace("07:31", "08:31")).unwrap().remove(0);
        assert_eq!((up.status, up.starts_at, up.fingerprint), (Firing::Resolved, None, down.fingerprint));
        let paused: Value = serde_json::from_str(&FIXTURE.replace("\"down\"", "\"paused\"")).unwrap();
        assert_eq!(read(&paused), None);
    }

    #[test]
    fn a_template_without_the_check_as_json_will_do() {
        let text = r#"{"code": "c0de", "name": "Backup", "status": "down", "now": "2026-10-04T07:31:05Z", "tags": ""}"#;
        let alert = read_text(text).unwrap().remove(0);
        assert_eq!((alert.source, alert.title.as_str()), (Source::Healthchecks, "Backup is down"));
        for tags in
            [r#""env:prod, nightly""#, r#""env:prod nightly""#, r#"["env:prod", "nightly"]"#, r#""env=prod nightly""#]
        {
            let alert = read_text(&text.replace(r#""tags": """#, &format!("\"tags\": {tags}"))).unwrap().remove(0);
            assert_eq!((alert.labels["env"].as_str(), alert.labels["nightly"].as_str()), ("prod", "true"), "{tags}");
        }
    }
}
