//! Fields whose names say that a secret stands in them: never read, since an alert goes to agents and chats.
//!
//! Names are compared word by word, however they are written: `service_key`, `serviceKey`, `X-Service-Key`. A key that names a
//! thing, such as `dedup_key`, is none.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_lite::{Captures, Regex};
use serde_json::Value;

use crate::redact::MASK;

/// Last words of a name that say so by themselves.
const SECRETS: [&str; 18] = [
    "auth",
    "token",
    "secret",
    "secrets",
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "apikey",
    "authtoken",
    "accesstoken",
    "servicekey",
    "routingkey",
];
/// Words before a last `key` that make it a secret one.
const SECRET_KEYS: [&str; 24] = [
    "account",
    "access",
    "api",
    "app",
    "application",
    "auth",
    "client",
    "consumer",
    "encryption",
    "hmac",
    "integration",
    "license",
    "master",
    "private",
    "routing",
    "secret",
    "security",
    "service",
    "session",
    "shared",
    "signing",
    "ssh",
    "subscription",
    "webhook",
];

/// Whether a secret stands in a field of this name.
pub(super) fn is_secret(name: &str) -> bool {
    let words = words(name);
    match words.as_slice() {
        [.., before, key] if key == "key" => SECRET_KEYS.contains(&before.as_str()),
        [.., last] => last == "key" || SECRETS.contains(&last.as_str()),
        [] => false,
    }
}

/// Whether a secret stands in a label or annotation of this name. A bare `key` names a thing, and so does a bare `secret` on
/// a cluster, where its value is a name in small letters.
pub(super) fn holds_secret(name: &str, value: &str) -> bool {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    match name.to_lowercase().as_str() {
        "key" => false,
        "secret" => !value.chars().all(is_name),
        _ => is_secret(name) || is_secret_address(name, value),
    }
}

/// The password in an address.
static PASSWORD: LazyLock<Regex> = LazyLock::new(|| expression(r"(://[^\s/:@]*):[^\s/@]+@"));
/// A parameter of an address, or a word with its value, whose name says that it is secret.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i)((?:token|secret(?:[_-][a-z]+)*|password|passwd|pwd|passphrase|signature|sig|api[_-]?key|access[_-]?key|authorization)",
        r#"["']?\s*[=:]\s*["']?(?:bearer\s+|basic\s+)?)[^\s&#"'<>),;]{6,}"#
    ))
});

/// An address by which whoever has it may write into a chat, or which a service takes for a password: the part behind its fixed
/// beginning is the secret.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i)(?:https?://)?(?:",
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/",
        r"|(?:[a-z]+\.)?discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/",
        r"|[a-z0-9.-]+\.webhook\.office\.com/webhookb2/|outlook\.office(?:365)?\.com/webhook/",
        r"|api\.telegram\.org/(?:file/)?bot[0-9]+:",
        r"|events(?:\.eu)?\.pagerduty\.com/integration/",
        r"|chat\.googleapis\.com/v1/spaces/[^\s/]+/messages\?",
        r#")[^\s"'<>|)\]]+"#
    ))
});

/// Whether a value is nothing but an address that is a secret, or of a field for one (`webhook_url`).
pub(super) fn is_secret_address(name: &str, value: &str) -> bool {
    let is_address = || value.trim().starts_with("https://") || value.trim().starts_with("http://");
    let words = words(name);
    let is_hook = words.iter().any(|word| ["webhook", "webhooks", "webhookurl"].contains(&word.as_str()));
    is_hook && is_address() || ADDRESS.find(value.trim()).is_some_and(|found| found.range() == (0..value.trim().len()))
}

fn expression(text: &str) -> Regex {
    Regex::new(text).expect("the expressions are valid")
}

/// Masks what a text itself calls secret: the password of an address, `token=…`, `Authorization: Bearer …`.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    replaced(text, MASK)
}

/// Takes the same out of an address, which stays one.
pub(super) fn bare(text: &str) -> Cow<'_, str> {
    replaced(text, "")
}

fn replaced<'t>(text: &'t str, instead: &str) -> Cow<'t, str> {
    if !text.contains([':', '=', '/']) {
        return Cow::Borrowed(text);
    }
    let open = ADDRESS.replace_all(text, instead);
    let by = if instead.is_empty() { String::new() } else { format!(":{instead}@") };
    let password = PASSWORD.replace_all(&open, |found: &Captures<'_>| {
        // Without the password its user says nothing, too.
        if by.is_empty() { "://".to_owned() } else { format!("{}{by}", &found[1]) }
    });
    let named = NAMED.replace_all(&password, |found: &Captures<'_>| format!("{}{instead}", &found[1]));
    if named == text { Cow::Borrowed(text) } else { Cow::Owned(named.into_owned()) }
}

/// Returns a value without the fields in which secrets stand, at any depth. `{"key": …, "value": …}` is a pair, and its key a
/// name: where it names a secret, the whole pair is left out.
pub(super) fn without(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().filter(|item| !is_secret_pair(item)).map(without).collect(),
        Value::Object(fields) => {
            let is_pair = fields.contains_key("value");
            let is_open = |name: &str, inner: &Value| {
                is_pair && name == "key"
                    || !(is_secret(name) || inner.as_str().is_some_and(|text| is_secret_address(name, text)))
            };
            let open = fields.iter().filter(|(name, inner)| is_open(name, inner));
            Value::Object(open.map(|(name, inner)| (name.clone(), without(inner))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn is_secret_pair(item: &Value) -> bool {
    let name = ["key", "name"].iter().find_map(|name| item.get(*name)?.as_str());
    item.get("value").is_some() && name.is_some_and(is_secret)
}

/// Splits a name into its words, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && was_lower {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().expect("there is one").extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_told_by_its_name_however_that_is_written() {
        for secret in [
            "key",
            "Token",
            "password",
            "secret",
            "Authorization",
            "service_key",
            "serviceKey",
            "X-Api-Key",
            "apikey",
            "client_secret",
            "bot.token",
            "accessToken",
            "routing_key",
            "DB_PASSWORD",
            "credentials",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for open in [
            "incident_key",
            "dedupKey",
            "groupKey",
            "keys",
            "tokens_used",
            "token_count",
            "monkey",
            "keyboard",
            "title",
            "",
            "password_age_days",
            "partition_key",
        ] {
            assert!(!is_secret(open), "{open}");
        }
    }

    #[test]
    fn what_a_text_itself_calls_secret_is_masked_and_an_address_stays_one() {
        for (text, masked_as) in [
            ("password=hunter3hunter3 and token: qwertyuiop", "password=[redacted] and token: [redacted]"),
            ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer [redacted]"),
            ("conn postgres://admin:s3cretpw@db/prod", "conn postgres://admin:[redacted]@db/prod"),
            (
                "https://g.example/d?x=1&access_token=0f9c2d1b&y=2",
                "https://g.example/d?x=1&access_token=[redacted]&y=2",
            ),
            ("the token is wrong", "the token is wrong"),
            ("tokens: 12", "tokens: 12"),
            ("https://h.example:8080/a@b", "https://h.example:8080/a@b"),
        ] {
            assert_eq!(masked(text), masked_as);
        }
        for (address, plain) in [
            ("https://user:pw12345678@wiki.example/x", "https://wiki.example/x"),
            (
                "https://w.example/p?sig=AAAAAAAA&X-Amz-Signature=abcdef&a=b",
                "https://w.example/p?sig=&X-Amz-Signature=&a=b",
            ),
            ("https://w.example/p?id=7#top", "https://w.example/p?id=7#top"),
        ] {
            assert_eq!(bare(address), plain);
        }
    }

    #[test]
    fn an_address_that_is_a_secret_is_left_out_and_masked_in_a_text() {
        for address in [
            "https://hooks.slack.com/services/T0/B0/abcdef",
            "https://discord.com/api/webhooks/1/abc-def",
            "https://canary.discord.com/api/v10/webhooks/1/abc",
            "https://acme.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d",
            "https://api.telegram.org/bot1:abc/sendMessage",
            "https://events.pagerduty.com/integration/0123/enqueue",
        ] {
            assert!(holds_secret("url", address), "{address}");
            assert_eq!(masked(&format!("sent to {address} twice")), format!("sent to {MASK} twice"));
            assert_eq!(bare(address), "");
            let value = json!({"webhook_url": address, "callback": address, "host": "h"});
            assert_eq!(without(&value), json!({"host": "h"}));
        }
        assert!(holds_secret("webhook_url", "https://chat.example/hooks/abc"));
        for (name, value) in [
            ("webhook", "orders"),
            ("url", "https://a.example/services/T0"),
            ("slack", "https://acme.slack.com/archives/C0/p1"),
        ] {
            assert!(!holds_secret(name, value), "{name}");
        }
    }

    #[test]
    fn a_label_that_names_a_secret_is_left_out_unless_it_names_a_thing() {
        for (name, value) in [
            ("password", "x"),
            ("api_key", "x"),
            ("authorization", "Bearer x"),
            ("secret", "mY-s3cr3t"),
            ("aws_secret_access_key", "x"),
        ] {
            assert!(holds_secret(name, value), "{name}");
        }
        for (name, value) in [("secret", "shop-tls"), ("key", "a"), ("partition_key", "a"), ("team", "db")] {
            assert!(!holds_secret(name, value), "{name}");
        }
    }

    #[test]
    fn secrets_are_left_out_at_any_depth_and_pairs_stay() {
        let value = json!({"a": [{"token": "x", "b": 1}], "tags": [{"key": "env", "value": "prod"}, {"key": "api_key", "value": "x"}],
            "headers": {"Authorization": "x", "Host": "h"}});
        let expected = json!({"a": [{"b": 1}], "tags": [{"key": "env", "value": "prod"}], "headers": {"Host": "h"}});
        assert_eq!(without(&value), expected);
    }
}
