//! What tells a delivery from a copy of it, and an alert from one of long ago.
//!
//! Alertmanager, Grafana, Uptime Kuma and Healthchecks tell when a problem began, so the store knows their copies by itself.
//! The others are known by the sender's own id, which does not count as proof of anything: it is not signed. Where the body is
//! signed and never the same twice, it is a key as well, so that a copy with another id is known, too; not the signature as it
//! was sent, which can be written in many ways.

use std::time::Duration;

use serde_json::Value;

use super::Headers;
use crate::alert::{Alert, Firing, Source, hashed};
use crate::clock::Timestamp;
use crate::config::{Hook, HookSource};

/// Longest key that is kept as it is, in bytes; of a longer one the hash is.
const MAX_KEY_BYTES: usize = 128;

/// Returns the keys of a delivery, any of which tells a copy; none where the store knows copies by itself.
#[must_use]
pub fn deliveries(hook: &Hook, headers: &Headers, body: &str) -> Vec<String> {
    let header = |name: &str| headers.get(name).cloned();
    let signed = || Some(digest(body));
    let keys = match hook.source {
        HookSource::PagerDuty => [pointed(body, "/event/id"), signed()],
        HookSource::Sentry => [header("request-id"), signed()],
        HookSource::GitHub => [header("x-github-delivery"), signed()],
        HookSource::Datadog => [datadog(body), None],
        HookSource::Alertmanager
        | HookSource::Grafana
        | HookSource::UptimeKuma
        | HookSource::Healthchecks
        | HookSource::Generic => [None, None],
    };
    keys.into_iter().flatten().filter(|key| !key.is_empty()).map(bounded).collect()
}

/// Returns the SHA-256 of a body, in hexadecimal digits.
fn digest(body: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, body.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bounded(key: String) -> String {
    if key.len() <= MAX_KEY_BYTES { key } else { hashed(&key) }
}

fn pointed(body: &str, pointer: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

/// Datadog's id of an event, with the event's time: the body is a template of the user's, so the id alone may be anything.
fn datadog(body: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    let field = |name: &str| {
        let mut fields = value.as_object()?.iter();
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_string())
    };
    Some(format!("{}@{}", field("id")?, field("date").or_else(|| field("last_updated"))?))
}

/// Tells whether an alert began too long ago to be news; what is over has no age.
///
/// Alertmanager and Grafana say again and again what still fires, and when it began: that is the age of the problem, and not
/// of what they say.
#[must_use]
pub fn is_too_old(alert: &Alert, max_age: Option<Duration>, now: Timestamp) -> bool {
    let repeats = matches!(alert.source, Source::Alertmanager | Source::Grafana);
    let began = alert.starts_at.filter(|_| alert.status == Firing::Firing && !repeats);
    began.zip(max_age).is_some_and(|(began, max_age)| now.since(began) > max_age)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::read_sent;

    fn keys(source: HookSource, headers: &[(&str, &str)], body: &str) -> Vec<String> {
        let target = "telegram:-1".parse().expect("an address");
        let hook = Hook::plain("ops".into(), source, target, "0123456789abcdef".to_owned().into());
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        deliveries(&hook, &headers, body)
    }

    #[test]
    fn a_copy_is_known_by_the_senders_id_or_by_what_is_signed() {
        // Made with `printf '{}' | sha256sum`.
        let body = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        let github = |id, signature| [("x-github-delivery", id), ("x-hub-signature-256", signature)];
        assert_eq!(keys(HookSource::GitHub, &github("72d3", "sha256=ab"), "{}"), ["72d3", body]);
        for signature in ["sha256=ab,x", "sha256=AB", " sha256=ab"] {
            assert_eq!(keys(HookSource::GitHub, &github("72d4", signature), "{}"), ["72d4", body], "{signature}");
        }
        assert_eq!(keys(HookSource::PagerDuty, &[], r#"{"event": {"id": "01E"}}"#)[0], "01E");
        assert_eq!(keys(HookSource::Datadog, &[], r#"{"ID": "7", "date": 5}"#), ["\"7\"@5"]);
        assert_eq!(keys(HookSource::Datadog, &[], r#"{"id": "7"}"#), [""; 0]);
        assert_eq!(keys(HookSource::Alertmanager, &[], "{}"), [""; 0]);
        assert_eq!(keys(HookSource::Sentry, &[("request-id", &"x".repeat(500))], "{}")[0].len(), 16);
    }

    #[test]
    fn only_what_fires_has_an_age() {
        let read = |source, status: &str| {
            let body = format!(
                r#"{{"alerts": [{{"status": "{status}", "labels": {{"alertname": "x"}}, "startsAt": "2026-10-04T07:31:05Z"}}],
                    "receiver": "r"}}"#
            );
            let alert = read_sent(Source::Alertmanager, None, &body).expect("read").expect("alerts").alerts.remove(0);
            Alert { source, ..alert }
        };
        let alert = |status| read(Source::Generic, status);
        let (began, day) = (Timestamp(1_791_099_065_000), Some(Duration::from_secs(24 * 3600)));
        let later = began.after(Duration::from_secs(25 * 3600));
        assert!(is_too_old(&alert("firing"), day, later));
        assert!(!is_too_old(&read(Source::Alertmanager, "firing"), day, later), "it is told again and again");
        assert!(!is_too_old(&alert("firing"), None, later) && !is_too_old(&alert("resolved"), day, later));
        assert!(!is_too_old(&alert("firing"), day, began) && !is_too_old(&alert("firing"), day, Timestamp(0)));
    }
}
