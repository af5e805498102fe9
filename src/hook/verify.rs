//! What proves that a request comes from whom its hook is for.
//!
//! Either the request carries the secret (a bearer token, the password of basic authentication, or a header of its own),
//! which is seen before anything of its body is read; or it carries a signature, an HMAC-SHA256 over its raw body, in each
//! source's own dress. Everything is compared in constant time.
//!
//! Sources: <https://developer.pagerduty.com/docs/verifying-webhook-signatures>,
//! <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>,
//! <https://docs.sentry.io/organization/integrations/integration-platform/webhooks/>,
//! <https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/>,
//! all read 2026-11.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::ExposeSecret as _;

use super::Headers;
use crate::clock::Timestamp;
use crate::config::{Hook, HookSource};

/// The header that holds the secret where a source lets people add headers.
pub const SECRET_HEADER: &str = "x-signalbox-secret";
/// The user of basic authentication that `signalbox hooks add` names; any other will do.
pub const BASIC_USER: &str = "signalbox";
/// The header that holds the time which Grafana signs, as `signalbox hooks add` names it.
const TIMESTAMP_HEADER: &str = "x-grafana-alerting-timestamp";
/// How far a signed time may be from ours, either way.
const SIGNED_WITHIN: Duration = Duration::from_secs(300);
/// Most signatures that are looked at; PagerDuty sends two while a secret is changed.
const MAX_SIGNATURES: usize = 8;

/// Why it is not shown who has sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// It carries neither secret nor signature.
    #[error("it carries no secret and no signature")]
    Missing,
    /// It carries another one.
    #[error("its secret or signature is wrong")]
    Wrong,
    /// Its signed time is too far from ours.
    #[error("the time that it signs is more than {} min from ours", SIGNED_WITHIN.as_secs() / 60)]
    Stale,
}

/// Returns the header in which a source sends its signature, or its secret, unless another is set.
#[must_use]
pub fn usual_header(source: HookSource) -> &'static str {
    match source {
        HookSource::Grafana => "x-grafana-alerting-signature",
        HookSource::PagerDuty => "x-pagerduty-signature",
        HookSource::Sentry => "sentry-hook-signature",
        HookSource::GitHub => "x-hub-signature-256",
        HookSource::Alertmanager
        | HookSource::Datadog
        | HookSource::UptimeKuma
        | HookSource::Healthchecks
        | HookSource::Generic => SECRET_HEADER,
    }
}

/// Whether a source signs the body; Grafana may send the secret instead.
fn signs(source: HookSource) -> bool {
    match source {
        HookSource::Grafana | HookSource::PagerDuty | HookSource::Sentry | HookSource::GitHub => true,
        HookSource::Alertmanager
        | HookSource::Datadog
        | HookSource::UptimeKuma
        | HookSource::Healthchecks
        | HookSource::Generic => false,
    }
}

/// Checks what can be checked before the body is there: the secret, or that there is a signature at all.
///
/// # Errors
/// [`Unproven`].
pub fn check_head(hook: &Hook, headers: &Headers) -> Result<(), Unproven> {
    if signs(hook.source) && own_header(hook, headers).is_some() {
        return Ok(());
    }
    if signs(hook.source) && hook.source != HookSource::Grafana {
        return Err(Unproven::Missing);
    }
    let own = own_header(hook, headers).map(str::to_owned);
    let presented: Vec<String> = authorization(headers).into_iter().chain(own).collect();
    if presented.is_empty() {
        return Err(Unproven::Missing);
    }
    let is_right = |text: &String| same(hook.secret.expose_secret(), text);
    if presented.iter().any(is_right) { Ok(()) } else { Err(Unproven::Wrong) }
}

/// Checks the signature of a source that signs; [`check_head`] has passed.
///
/// # Errors
/// [`Unproven`].
pub fn check_body(hook: &Hook, headers: &Headers, body: &[u8], now: Timestamp) -> Result<(), Unproven> {
    let Some(presented) = own_header(hook, headers).filter(|_| signs(hook.source)) else { return Ok(()) };
    let key = hmac::Key::new(hmac::HMAC_SHA256, hook.secret.expose_secret().as_bytes());
    let time = timestamp(hook, headers)?;
    let signed = time.as_ref().map(|time| [time.as_bytes(), b":", body].concat());
    let signed = signed.as_deref().unwrap_or(body);
    let prefix = prefix(hook.source);
    let signatures = presented.split(',').take(MAX_SIGNATURES).filter_map(|one| one.trim().strip_prefix(prefix));
    let is_right = |signature: &str| unhex(signature).is_some_and(|tag| hmac::verify(&key, signed, &tag).is_ok());
    if !signatures.into_iter().any(is_right) {
        return Err(Unproven::Wrong);
    }
    match time {
        Some(time) if !is_near(&time, now) => Err(Unproven::Stale),
        Some(_) | None => Ok(()),
    }
}

/// Makes the headers by which a source proves a body, as that source would.
#[must_use]
pub fn sign(hook: &Hook, body: &[u8], now: Timestamp) -> Headers {
    let secret = hook.secret.expose_secret();
    let name = hook.header.clone().unwrap_or_else(|| usual_header(hook.source).to_owned());
    if hook.source == HookSource::Alertmanager {
        return [("authorization".to_owned(), format!("Bearer {secret}"))].into();
    }
    if !signs(hook.source) {
        return [(name, secret.to_owned())].into();
    }
    let mut headers = Headers::new();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    if hook.source == HookSource::Grafana {
        let time = (now.0 / 1000).to_string();
        context.update(time.as_bytes());
        context.update(b":");
        headers.insert(timestamp_name(hook), time);
    }
    context.update(body);
    let hex: String = context.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    headers.insert(name, format!("{}{hex}", prefix(hook.source)));
    headers
}

fn prefix(source: HookSource) -> &'static str {
    match source {
        HookSource::PagerDuty => "v1=",
        HookSource::GitHub => "sha256=",
        HookSource::Alertmanager
        | HookSource::Grafana
        | HookSource::Datadog
        | HookSource::Sentry
        | HookSource::UptimeKuma
        | HookSource::Healthchecks
        | HookSource::Generic => "",
    }
}

fn own_header<'a>(hook: &Hook, headers: &'a Headers) -> Option<&'a str> {
    let name = hook.header.as_deref().unwrap_or_else(|| usual_header(hook.source));
    headers.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn timestamp_name(hook: &Hook) -> String {
    hook.timestamp_header.clone().unwrap_or_else(|| TIMESTAMP_HEADER.to_owned())
}

/// Returns the time that is part of what is signed. One that was taken away leaves a signature that does not fit.
fn timestamp(hook: &Hook, headers: &Headers) -> Result<Option<String>, Unproven> {
    if hook.source != HookSource::Grafana {
        return Ok(None);
    }
    match headers.get(&timestamp_name(hook)) {
        Some(time) => Ok(Some(time.clone())),
        None if hook.timestamp_header.is_some() => Err(Unproven::Missing),
        None => Ok(None),
    }
}

fn is_near(time: &str, now: Timestamp) -> bool {
    let seconds: Option<i64> = time.trim().parse().ok();
    let millis = seconds.and_then(|seconds| seconds.checked_mul(1000));
    millis.is_some_and(|millis| u128::from(now.0.abs_diff(millis)) <= SIGNED_WITHIN.as_millis())
}

/// Returns what the `Authorization` header holds: the token, or the password.
fn authorization(headers: &Headers) -> Option<String> {
    let (scheme, rest) = headers.get("authorization")?.trim().split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

/// Compares in a time that depends on neither text: the tags of both are compared.
fn same(secret: &str, presented: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, secret.as_bytes());
    hmac::verify(&key, presented.as_bytes(), tag.as_ref()).is_ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_791_099_065_512);
    const BODY: &[u8] = br#"{"a":"b"}"#;

    fn hook(source: HookSource) -> Hook {
        let target = "telegram:-1".parse().expect("an address");
        Hook::plain("ops".into(), source, target, "0123456789abcdef".to_owned().into())
    }

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn checked(hook: &Hook, headers: &Headers, body: &[u8]) -> Result<(), Unproven> {
        check_head(hook, headers).and_then(|()| check_body(hook, headers, body, NOW))
    }

    #[test]
    fn what_a_source_signs_is_believed_and_nothing_else() {
        for source in HookSource::ALL {
            let hook = hook(source);
            let signed = sign(&hook, BODY, NOW);
            assert_eq!(checked(&hook, &signed, BODY), Ok(()), "{source:?}");
            assert_eq!(checked(&hook, &Headers::new(), BODY), Err(Unproven::Missing), "{source:?}");
            let mut other = hook.clone();
            other.secret = "fedcba9876543210".to_owned().into();
            assert_eq!(checked(&other, &signed, BODY), Err(Unproven::Wrong), "{source:?}");
            if signs(source) {
                assert_eq!(checked(&hook, &signed, b"{}"), Err(Unproven::Wrong), "{source:?}");
            }
        }
    }

    /// Made with `printf '%s' '{"a":"b"}' | openssl dgst -sha256 -hmac 0123456789abcdef`.
    const KNOWN: &str = "76bafe742e7aa37d99281a6fd2ec533b7a83b7c87b6274871ce0beae97b54fe8";

    #[test]
    fn a_signature_is_the_one_that_other_tools_make() {
        let github = headers(&[("x-hub-signature-256", &format!("sha256={KNOWN}"))]);
        assert_eq!(checked(&hook(HookSource::GitHub), &github, BODY), Ok(()));
        let sentry = headers(&[("sentry-hook-signature", KNOWN)]);
        assert_eq!(checked(&hook(HookSource::Sentry), &sentry, BODY), Ok(()));
    }

    #[test]
    fn any_of_pagerdutys_signatures_will_do() {
        let two = format!("v1={},v1={KNOWN}", "0".repeat(64));
        assert_eq!(checked(&hook(HookSource::PagerDuty), &headers(&[("x-pagerduty-signature", &two)]), BODY), Ok(()));
        for wrong in [KNOWN.to_owned(), format!("v0={KNOWN}"), "v1=".to_owned(), "v1=zz,,".to_owned()] {
            let sent = headers(&[("x-pagerduty-signature", &wrong)]);
            assert_eq!(checked(&hook(HookSource::PagerDuty), &sent, BODY), Err(Unproven::Wrong), "{wrong}");
        }
    }

    #[test]
    fn grafanas_time_is_signed_near_and_cannot_be_taken_away() {
        let mut hook = hook(HookSource::Grafana);
        let at = |seconds: i64| sign(&hook, BODY, Timestamp(NOW.0 + seconds * 1000));
        assert_eq!(checked(&hook, &at(-299), BODY), Ok(()));
        assert_eq!(checked(&hook, &at(-400), BODY), Err(Unproven::Stale));
        assert_eq!(checked(&hook, &at(400), BODY), Err(Unproven::Stale));
        let mut without = at(0);
        without.remove(TIMESTAMP_HEADER);
        assert_eq!(checked(&hook, &without, BODY), Err(Unproven::Wrong));
        assert_eq!(checked(&hook, &headers(&[("x-grafana-alerting-signature", KNOWN)]), BODY), Ok(()));
        hook.timestamp_header = Some("x-time".to_owned());
        let timeless = headers(&[("x-grafana-alerting-signature", KNOWN)]);
        assert_eq!(checked(&hook, &timeless, BODY), Err(Unproven::Missing));
    }

    #[test]
    fn the_secret_is_taken_as_token_password_or_header() {
        let basic = format!("Basic {}", STANDARD.encode("anybody:0123456789abcdef"));
        for (name, value) in [
            ("authorization", "bearer 0123456789abcdef"),
            ("authorization", &basic),
            (SECRET_HEADER, "0123456789abcdef"),
        ] {
            for source in [HookSource::Alertmanager, HookSource::Datadog, HookSource::Generic] {
                assert_eq!(checked(&hook(source), &headers(&[(name, value)]), BODY), Ok(()), "{value}");
            }
        }
        for value in ["Bearer", "Bearer x", "Basic !!", "Digest 0123456789abcdef", "Bearer 0123456789abcdef0"] {
            let sent = headers(&[("authorization", value)]);
            assert!(checked(&hook(HookSource::Alertmanager), &sent, BODY).is_err(), "{value}");
        }
        let mut named = hook(HookSource::Generic);
        named.header = Some("x-own".to_owned());
        assert_eq!(checked(&named, &headers(&[("x-own", "0123456789abcdef")]), BODY), Ok(()));
    }
}
