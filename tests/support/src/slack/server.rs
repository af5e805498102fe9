//! HTTP: from a request to a call and back, with tokens, scopes, limits, and the faults that a test has asked for.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use hyper::{Request, Response};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use super::fault::Fault;
use super::state::{Call, State};
use super::{APP_TOKEN, BOT_TOKEN, Shared, aside, files, methods};
use crate::stage;
use crate::wire::{self, Body, Reply, bad_gateway, cut_reply, whole};

/// New messages that a channel takes at once; one more comes every second.
const BURST: usize = 20;
/// Changes of messages that the workspace takes at once, and how many more come in a second: fifty in a minute.
const CHANGES: (usize, f64) = (50, 50.0 / 60.0);

/// Methods that read only a form: what is given to them in JSON they do not see.
const FORM_ONLY: [&str; 8] = [
    "conversations.history",
    "conversations.replies",
    "conversations.info",
    "users.info",
    "users.conversations",
    "files.getUploadURLExternal",
    "files.info",
    "chat.getPermalink",
];

/// The scopes that the bot token has, but for those that a test takes away.
const GRANTED: [&str; 15] = [
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "mpim:history",
    "mpim:read",
    "reactions:write",
    "users:read",
];

/// The scope that a method needs.
const SCOPES: [(&str, &str); 16] = [
    ("chat.postMessage", "chat:write"),
    ("chat.update", "chat:write"),
    ("chat.delete", "chat:write"),
    ("chat.postEphemeral", "chat:write"),
    ("assistant.threads.setStatus", "chat:write"),
    ("conversations.history", "channels:history"),
    ("conversations.replies", "channels:history"),
    ("conversations.info", "channels:read"),
    ("conversations.open", "im:write"),
    ("users.conversations", "channels:read"),
    ("users.info", "users:read"),
    ("reactions.add", "reactions:write"),
    ("reactions.remove", "reactions:write"),
    ("files.info", "files:read"),
    ("files.getUploadURLExternal", "files:write"),
    ("files.completeUploadExternal", "files:write"),
];

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let answer = |stream| {
        let shared = Arc::clone(&shared);
        async move { wire::converse(stream, |request| respond(request, Arc::clone(&shared))).await }
    };
    stage::serve(listener, answer).await;
}

async fn respond(request: Request<Incoming>, shared: Arc<Shared>) -> Reply {
    let (head, body) = request.into_parts();
    // Read whole before anything is answered: a connection that is closed on unread words looks like a lost answer.
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let path = head.uri.path().to_owned();
    if let Some(file) = path.strip_prefix("/files-pri/") {
        return files::give(&shared, file, &header(AUTHORIZATION)).await;
    }
    if let Some(upload) = path.strip_prefix("/upload/") {
        return files::take(&shared, upload, &header(CONTENT_TYPE), &body).await;
    }
    if let Some(trigger) = aside::trigger(&path) {
        return aside::take(&shared, trigger, &body);
    }
    let Some(method) = path.strip_prefix("/api/") else { return Ok(page(404)) };
    let asked = read(method, &header(CONTENT_TYPE), &body);
    let (fault, released) = shared.with(|state| (state.trouble(method), state.released));
    let log = |answer: &str| {
        let text = |key: &str| asked.get(key).and_then(Value::as_str);
        let channel = text("channel").or(text("channel_id")).unwrap_or_default().to_owned();
        let call = Call {
            method: method.to_owned(),
            channel,
            answer: answer.to_owned(),
            at: Instant::now(),
            asked: Value::Object(asked.clone()),
        };
        shared.with(|state| state.calls.push(call));
    };
    let act = || shared.with(|state| answered(state, method, &header(AUTHORIZATION), &asked));
    let answer = match fault {
        None => act(),
        Some(Fault::Hold) => {
            shared.until(|state| (state.released > released).then_some(())).await;
            act()
        }
        Some(Fault::DropBefore) => {
            log("");
            return Err(io::Error::other("a fault"));
        }
        Some(Fault::DropAfter) => {
            drop(act());
            log("");
            return Err(io::Error::other("a fault"));
        }
        Some(Fault::CutAnswer) => {
            let text = act().map_or_else(|error| error.to_string(), |answer| answer.to_string());
            log("");
            return Ok(cut_reply(&text));
        }
        Some(Fault::InternalError { done }) => {
            if done {
                drop(act());
            }
            Err(json!({ "ok": false, "error": "internal_error" }))
        }
        Some(Fault::Html { done }) => {
            if done {
                drop(act());
            }
            log("");
            return Ok(bad_gateway());
        }
        Some(Fault::With(fields)) => act().map(|mut answer| {
            let fields: Map<String, Value> = serde_json::from_str(fields).expect("an object");
            answer.as_object_mut().expect("an object").extend(fields);
            answer
        }),
        Some(Fault::TooMany { retry_after }) => Err(too_many(retry_after)),
        Some(Fault::Refuse(word)) => Err(no(word)),
        Some(Fault::MissingScope(scope)) => Err(missing(scope)),
    };
    let mut told = match answer {
        Ok(answer) => {
            log("ok");
            reply(200, &answer)
        }
        Err(refusal) => {
            log(refusal["error"].as_str().unwrap_or_default());
            match refusal["retry_after"].as_u64() {
                Some(seconds) => {
                    let mut told = reply(429, &json!({ "ok": false, "error": "ratelimited" }));
                    told.headers_mut().insert(RETRY_AFTER, seconds.into());
                    told
                }
                None => reply(200, &refusal),
            }
        }
    };
    // Every answer names the scopes of the token that it was asked with.
    if header(AUTHORIZATION) == format!("Bearer {BOT_TOKEN}") {
        let granted =
            shared.with(|state| GRANTED.into_iter().filter(|scope| !state.lacks.contains(scope)).collect::<Vec<_>>());
        told.headers_mut().insert("x-oauth-scopes", granted.join(",").parse().expect("a value"));
    }
    Ok(told)
}

/// Reads what was asked: a form, in which what reads as JSON is JSON, or a JSON object.
fn read(method: &str, content_type: &str, body: &[u8]) -> Map<String, Value> {
    if content_type.starts_with("application/json") {
        let object: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
        return object.filter(|_| !FORM_ONLY.contains(&method)).unwrap_or_default();
    }
    let body = String::from_utf8_lossy(body);
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(key, value)| {
            let value = unescaped(value);
            let json = value.starts_with(['{', '[']).then(|| serde_json::from_str(&value).ok()).flatten();
            (unescaped(key), json.unwrap_or(Value::String(value)))
        })
        .collect()
}

fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut read, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                read.push(byte);
                at += 2;
            }
            (b'+', _) => read.push(b' '),
            (byte, _) => read.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&read).into_owned()
}

fn answered(state: &mut State, method: &str, authorization: &str, asked: &Map<String, Value>) -> Result<Value, Value> {
    let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
    if token.is_empty() {
        return Err(no("not_authed"));
    }
    let is_for_app = method == "apps.connections.open";
    match token {
        APP_TOKEN if !is_for_app => return Err(no("not_allowed_token_type")),
        APP_TOKEN if state.app_revoked => return Err(no("invalid_auth")),
        APP_TOKEN => {}
        BOT_TOKEN if is_for_app => return Err(no("not_allowed_token_type")),
        BOT_TOKEN if state.revoked => return Err(no("token_revoked")),
        BOT_TOKEN => {}
        _ => return Err(no("invalid_auth")),
    }
    let scopes: BTreeMap<&str, &str> = SCOPES.into();
    if let Some(scope) = scopes.get(method).filter(|scope| state.lacks.contains(*scope)) {
        return Err(missing(scope));
    }
    let channel = asked.get("channel").and_then(Value::as_str).unwrap_or_default().to_owned();
    let burst = if state.burst > 0 { state.burst } else { BURST };
    let limited = match method {
        "chat.postMessage" => state.over(&format!("{method} {channel}"), burst, 1.0),
        "chat.update" => state.over(method, CHANGES.0, CHANGES.1),
        _ => None,
    };
    match limited {
        Some(seconds) => Err(too_many(seconds)),
        None => methods::call(state, method, asked),
    }
}

/// Refuses with a word.
pub(crate) fn no(word: &str) -> Value {
    json!({ "ok": false, "error": word })
}

fn missing(scope: &str) -> Value {
    json!({ "ok": false, "error": "missing_scope", "needed": scope, "provided": "commands" })
}

fn too_many(retry_after: u64) -> Value {
    json!({ "ok": false, "error": "ratelimited", "retry_after": retry_after })
}

/// Answers with JSON.
pub(crate) fn reply(status: u16, answer: &Value) -> Response<Body> {
    let body = whole(Full::from(answer.to_string()));
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .body(body)
        .expect("a response")
}

pub(crate) fn page(status: u16) -> Response<Body> {
    let page = whole(Full::from("<html>Sign in</html>"));
    Response::builder().status(status).header(CONTENT_TYPE, "text/html; charset=utf-8").body(page).expect("a response")
}

impl State {
    /// Takes one of what may be done at once, of which so many come again in a second; says how long to wait where none is
    /// left.
    fn over(&mut self, bucket: &str, most: usize, a_second: f64) -> Option<u64> {
        let now = Instant::now();
        let most = most as f64;
        let (left, since) = self.buckets.entry(bucket.to_owned()).or_insert((most, now));
        *left = (*left + since.elapsed().as_secs_f64() * a_second).min(most);
        *since = now;
        if *left < 1.0 {
            return Some(1);
        }
        *left -= 1.0;
        None
    }
}
