//! What Alertmanager does with a call: its rules for silences, in its own words.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{FakeSilence, State};

/// A call.
pub(super) struct Call {
    /// The method.
    pub(super) method: String,
    /// The path.
    pub(super) path: String,
    /// What stands behind `?`.
    pub(super) query: String,
    /// Whether the body says that it is JSON.
    pub(super) is_json: bool,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// What it is answered with.
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// The body; null for none.
    pub(super) body: Value,
}

fn refused(status: u16, words: impl Into<String>) -> Answer {
    Answer { status, body: Value::String(words.into()) }
}

/// Does a call.
pub(super) fn answer(state: &mut State, call: &Call) -> Answer {
    let path: Vec<&str> = call.path.trim_start_matches('/').split('/').collect();
    match (call.method.as_str(), path.as_slice()) {
        ("GET", ["api", "v2", "silences"]) => list(state, &call.query),
        ("POST", ["api", "v2", "silences"]) => make(state, call),
        ("GET", ["api", "v2", "alerts"]) => alerts(state, &call.query),
        ("DELETE", ["api", "v2", "silence", id]) => expire(state, id),
        (method, ["api", "v2", "silences"] | ["api", "v2", "silence", _]) => {
            let message = format!("method {method} is not allowed, but [GET,POST] are");
            Answer { status: 405, body: json!({ "code": 405, "message": message }) }
        }
        _ => {
            let message = format!("path {} was not found", call.path);
            Answer { status: 404, body: json!({ "code": 404, "message": message }) }
        }
    }
}

/// Reads the filters of a query.
fn filters(query: &str) -> Result<Vec<(String, String)>, Answer> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let filters = pairs.filter(|(key, _)| *key == "filter").map(|(_, value)| decoded(value));
    filters.map(|text| matcher(&text).ok_or_else(|| refused(400, format!("bad matcher format: {text}")))).collect()
}

fn alerts(state: &State, query: &str) -> Answer {
    let wanted = match filters(query) {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal,
    };
    let fits = |labels: &&Value| wanted.iter().all(|(name, value)| labels[name] == json!(value));
    let listed =
        state.alerts.iter().filter(fits).map(|labels| json!({ "labels": labels, "status": { "state": "active" } }));
    Answer { status: 200, body: listed.collect() }
}

fn list(state: &State, query: &str) -> Answer {
    let wanted = match filters(query) {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal,
    };
    let fits = |silence: &&FakeSilence| {
        let has = |(name, value): &(String, String)| silence.matchers().contains(&format!("{name}={value}"));
        wanted.iter().all(has)
    };
    let listed = state.silences.values().filter(fits).map(|silence| {
        let mut one = silence.body.clone();
        let ends_at = instant(&silence.body, "endsAt");
        let is_over = silence.expired || ends_at.is_none_or(|end| end <= now());
        one["id"] = json!(silence.id);
        one["status"] = json!({ "state": if is_over { "expired" } else { "active" } });
        one["updatedAt"] = json!(now().to_rfc3339());
        one
    });
    Answer { status: 200, body: listed.collect() }
}

/// Reads `name="value"`.
fn matcher(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let value = value.strip_prefix('"')?.strip_suffix('"')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let value = serde_json::from_str::<String>(&format!("\"{value}\"")).ok()?;
    is_name.then(|| (name.to_owned(), value))
}

fn make(state: &mut State, call: &Call) -> Answer {
    let unprocessable = |message: String| Answer { status: 422, body: json!({ "code": 602, "message": message }) };
    if !call.is_json {
        let message = "unsupported media type \"\", only [application/json] are allowed";
        return Answer { status: 415, body: json!({ "code": 415, "message": message }) };
    }
    let Ok(body) = serde_json::from_slice::<Value>(&call.body) else {
        return Answer { status: 400, body: json!({ "code": 400, "message": "parsing silence body failed" }) };
    };
    for key in ["comment", "createdBy", "endsAt", "startsAt"] {
        if !body[key].is_string() {
            return unprocessable(format!("silence.{key} in body is required"));
        }
    }
    let Some(matchers) = body["matchers"].as_array().filter(|matchers| !matchers.is_empty()) else {
        return unprocessable("silence.matchers in body should have at least 1 items".to_owned());
    };
    for matcher in matchers {
        if !(matcher["name"].is_string() && matcher["value"].is_string() && matcher["isRegex"].is_boolean()) {
            return unprocessable("silence.matchers.name in body is required".to_owned());
        }
        if matcher["name"] == "" {
            return refused(400, "invalid silence: invalid label matcher 0: invalid label name \"\"");
        }
    }
    let (Some(starts_at), Some(ends_at)) = (instant(&body, "startsAt"), instant(&body, "endsAt")) else {
        return unprocessable("silence.startsAt in body must be of type date-time".to_owned());
    };
    if starts_at >= ends_at {
        return refused(400, "Failed to create silence: start time must be before end time");
    }
    if ends_at < now() {
        return refused(400, "Failed to create silence: end time can't be in the past");
    }
    if matchers.iter().all(|matcher| matcher["value"] == "") {
        return refused(400, "invalid silence: at least one matcher must not match the empty string");
    }
    state.made += 1;
    let id = format!("00000000-0000-4000-8000-{:012}", state.made);
    state.silences.insert(id.clone(), FakeSilence { id: id.clone(), body, expired: false });
    Answer { status: 200, body: json!({ "silenceID": id }) }
}

fn expire(state: &mut State, id: &str) -> Answer {
    match state.silences.get_mut(id) {
        None => refused(404, "silence not found"),
        Some(silence) if silence.expired => refused(500, format!("silence {id} already expired")),
        Some(silence) => {
            silence.expired = true;
            Answer { status: 200, body: Value::Null }
        }
    }
}

fn instant(body: &Value, key: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(body[key].as_str()?).ok().map(|at| at.to_utc())
}

#[expect(clippy::disallowed_methods, reason = "the server has a clock of its own")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Undoes what stands for a character in a query.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
