//! HTTP: from a request to a call and back, with the rate limits of each channel and the faults that a test has asked for.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use hyper::{Request, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::fault::{Fault, Scope};
use super::rest::{self, answer, route};
use super::rules::refusal;
use super::state::{Call, State};
use super::{Shared, TOKEN};
use crate::parameters::Parameters;
use crate::stage;
use crate::wire::{self, Body, Reply, bad_gateway, cut_reply, whole};

/// Calls that a bot may make in a second, those about interactions aside.
const MAX_A_SECOND: usize = 50;
/// Answers of 401, 403 and 429 for which an address is banned; it is ten minutes in which they are counted.
const MAX_INVALID: usize = 10_000;

/// The time in which a channel's allowance comes again.
const WINDOW: Duration = Duration::from_secs(5);

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
    let (path, method) = (head.uri.path().to_owned(), head.method.as_str().to_owned());
    if let Some(file) = path.strip_prefix("/attachments/") {
        let is_signed = head.uri.query().is_some_and(|query| query.contains("hm="));
        // A bot that shows its token here shows it to somebody else.
        let may = is_signed && header(AUTHORIZATION).is_empty();
        return file_reply(&shared, file, may).await;
    }
    let Some(path) = path.strip_prefix("/api/v10/") else { return Ok(reply(&refused(404, 0, "404: Not Found"))) };
    let path: Vec<&str> = path.split('/').collect();
    let (route, channel) = (route(&method, &path), path.get(1).and_then(|id| id.parse().ok()));
    let log = |answer| {
        let call = Call { route: route.clone(), channel, answer, at: Instant::now() };
        shared.with(|state| state.calls.push(call));
    };
    if !header(USER_AGENT).starts_with("DiscordBot (") {
        return Ok(reply(&refused(403, 40333, "internal network error")));
    }
    let needs_token = !matches!(path[0], "interactions" | "webhooks");
    if shared.with(|state| state.invalid >= MAX_INVALID) {
        log(0);
        return Ok(banned());
    }
    if needs_token && (shared.with(|state| state.revoked) || header(AUTHORIZATION) != format!("Bot {TOKEN}")) {
        log(401);
        shared.with(|state| state.invalid += 1);
        return Ok(reply(&refused(401, 0, "401: Unauthorized")));
    }
    let (fault, released) = shared.with(|state| (state.trouble(&route, channel), state.released));
    let act = || match Parameters::read(&header(CONTENT_TYPE), &body) {
        Some(parameters) => {
            let query = head.uri.query().unwrap_or_default();
            done(&shared, &rest::Request { method: &method, path: path.clone(), query, parameters }, needs_token)
        }
        None => refused(400, 50109, "The request body contains invalid JSON."),
    };
    let over = if needs_token { shared.with(State::over_all) } else { None };
    let answered = match fault {
        _ if over.is_some() => too_many(over.unwrap_or_default().as_secs_f64(), Scope::Global, None),
        None => act(),
        Some(Fault::Hold) => {
            shared.until(|state| (state.released > released).then_some(())).await;
            act()
        }
        Some(Fault::DropBefore) => {
            log(0);
            return Err(io::Error::other("a fault"));
        }
        Some(Fault::DropAfter) => {
            act();
            log(0);
            return Err(io::Error::other("a fault"));
        }
        Some(Fault::CutAnswer) => {
            let text = act().body.to_string();
            log(0);
            return Ok(cut_reply(&text));
        }
        Some(Fault::ServerError { done }) => {
            if done {
                act();
            }
            refused(500, 0, "500: Internal Server Error")
        }
        Some(Fault::Html { done }) => {
            if done {
                act();
            }
            log(0);
            return Ok(bad_gateway());
        }
        Some(Fault::TooMany { retry_after, scope }) => too_many(retry_after, scope, None),
        Some(Fault::Slow { code, retry_after }) => too_many(retry_after, Scope::User, Some(code)),
        Some(Fault::Form(errors)) => {
            let mut answer = refused(400, 50035, "Invalid Form Body");
            answer.body["errors"] = errors;
            answer
        }
        Some(Fault::Refuse { status, code, message }) => refused(status, code, message),
    };
    log(answered.status);
    if answered.is_invalid() {
        shared.with(|state| state.invalid += 1);
    }
    Ok(reply(&answered))
}

/// Gives a file of a message out.
async fn file_reply(shared: &Shared, path: &str, may: bool) -> Reply {
    let route = "GET attachments";
    let (fault, released) = shared.with(|state| (state.trouble(route, None), state.released));
    let content = shared.with(|state| state.files.get(path).filter(|_| may).cloned());
    let log = |answer| {
        let call = Call { route: route.to_owned(), channel: None, answer, at: Instant::now() };
        shared.with(|state| state.calls.push(call));
    };
    match fault {
        None => {}
        Some(Fault::Hold) => shared.until(|state| (state.released > released).then_some(())).await,
        Some(_) => {
            log(0);
            return Err(io::Error::other("a fault"));
        }
    }
    let status = if content.is_some() { 200 } else { 404 };
    log(status);
    let content = content.unwrap_or_else(|| b"This content is no longer available.".to_vec());
    Ok(Response::builder().status(status).body(whole(Full::from(content))).expect("a response"))
}

/// What a call is answered with.
struct Answered {
    status: u16,
    body: Value,
    headers: Vec<(&'static str, String)>,
}

fn refused(status: u16, code: u64, message: &str) -> Answered {
    let (status, body) = refusal(status, code, message);
    Answered { status, body, headers: Vec::new() }
}

fn too_many(retry_after: f64, scope: Scope, code: Option<u64>) -> Answered {
    let is_global = scope == Scope::Global;
    let mut body = json!({ "message": "You are being rate limited.", "retry_after": retry_after, "global": is_global });
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    let mut headers =
        vec![("retry-after", retry_after.ceil().to_string()), ("x-ratelimit-scope", scope.as_str().to_owned())];
    if is_global {
        headers.push(("x-ratelimit-global", "true".to_owned()));
    }
    Answered { status: 429, body, headers }
}

impl Answered {
    /// Whether it counts towards those for which an address is banned.
    fn is_invalid(&self) -> bool {
        let is_shared = self.headers.contains(&("x-ratelimit-scope", Scope::Shared.as_str().to_owned()));
        matches!(self.status, 401 | 403) || (self.status == 429 && !is_shared)
    }
}

fn done(shared: &Shared, request: &rest::Request<'_>, is_limited: bool) -> Answered {
    let is_write = is_limited && matches!(request.method, "POST" | "PATCH") && request.path.get(2) == Some(&"messages");
    let mut headers = Vec::new();
    if is_write {
        // Each route has its own.
        let what = request.path.get(4).copied().unwrap_or("messages");
        let bucket = format!("{} {} {what}", request.method, request.path[1]);
        match shared.with(|state| state.take(&bucket)) {
            Ok((left, after)) => {
                headers.push(("x-ratelimit-limit", shared.with(|state| state.allowance).to_string()));
                headers.push(("x-ratelimit-remaining", left.to_string()));
                headers.push(("x-ratelimit-reset-after", format!("{:.3}", after.as_secs_f64())));
                headers.push(("x-ratelimit-bucket", bucket.replace(' ', "-")));
            }
            Err(wait) => return too_many(wait.as_secs_f64(), Scope::User, None),
        }
    }
    match answer(shared, request) {
        Ok(Value::Null) => Answered { status: 204, body: Value::Null, headers },
        Ok(body) => Answered { status: 200, body, headers },
        Err((status, body)) => Answered { status, body, headers },
    }
}

/// What stands before Discord says to an address whose calls were refused too often.
fn banned() -> Response<Body> {
    let page = Full::from("<html>error 1015: you are being rate limited</html>");
    Response::builder().status(429).header(CONTENT_TYPE, "text/html").body(whole(page)).expect("a response")
}

impl State {
    /// Takes one call of those that the bot may make in a second, whatever they are; says how long to wait where none is left.
    fn over_all(&mut self) -> Option<Duration> {
        while self.second.front().is_some_and(|first| first.elapsed() >= Duration::from_secs(1)) {
            self.second.pop_front();
        }
        if self.second.len() >= MAX_A_SECOND {
            return self.second.front().map(|first| Duration::from_secs(1).saturating_sub(first.elapsed()));
        }
        self.second.push_back(Instant::now());
        None
    }

    /// Takes one call of a bucket's allowance; returns how many are left and when all are again, or how long to wait.
    fn take(&mut self, bucket: &str) -> Result<(u64, Duration), Duration> {
        let allowance = self.allowance;
        let calls = self.buckets.entry(bucket.to_owned()).or_default();
        while calls.front().is_some_and(|first| first.elapsed() >= WINDOW) {
            calls.pop_front();
        }
        let again = calls.front().map_or(WINDOW, |first| WINDOW.saturating_sub(first.elapsed()));
        let taken = calls.len() as u64;
        if taken >= allowance {
            return Err(again);
        }
        calls.push_back(Instant::now());
        Ok((allowance - taken - 1, again))
    }
}

fn reply(answered: &Answered) -> Response<Body> {
    let mut response = Response::builder().status(answered.status).header(CONTENT_TYPE, "application/json");
    for (name, value) in &answered.headers {
        response = response.header(*name, value);
    }
    let text = if answered.status == 204 { String::new() } else { answered.body.to_string() };
    response.body(whole(Full::from(text))).expect("a response")
}
