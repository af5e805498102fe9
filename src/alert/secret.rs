//! Fields whose names say that a secret stands in them: never read, since an alert goes to agents and chats.
//!
//! Names are compared word by word, however they are written: `service_key`, `serviceKey`, `X-Service-Key`. A key that names a
//! thing, such as `dedup_key`, is none.

use serde_json::Value;

/// Last words of a name that say so by themselves.
const SECRETS: [&str; 17] = [
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

/// Returns a value without the fields in which secrets stand, at any depth. `{"key": …, "value": …}` is a pair, and its key a
/// name: where it names a secret, the whole pair is left out.
pub(super) fn without(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().filter(|item| !is_secret_pair(item)).map(without).collect(),
        Value::Object(fields) => {
            let is_pair = fields.contains_key("value");
            let open = fields.iter().filter(|(name, _)| is_pair && *name == "key" || !is_secret(name));
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
    fn secrets_are_left_out_at_any_depth_and_pairs_stay() {
        let value = json!({"a": [{"token": "x", "b": 1}], "tags": [{"key": "env", "value": "prod"}, {"key": "api_key", "value": "x"}],
            "headers": {"Authorization": "x", "Host": "h"}});
        let expected = json!({"a": [{"b": 1}], "tags": [{"key": "env", "value": "prod"}], "headers": {"Host": "h"}});
        assert_eq!(without(&value), expected);
    }
}
