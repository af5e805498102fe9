//! One call of the Web API: a body goes in, the answer or a [`CallError`] comes out.
//!
//! A call is made once; whether to make it again is for the caller, who knows what a repeat would do. Where Slack has said
//! how long to wait (429, by method and for new messages also by channel), nothing is asked there before.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use signalbox_adapter::http::{self, NoAnswer, Way};
use tokio::time::Instant;

use crate::failure::{CallError, Refusal};
use crate::scopes::Scopes;
use crate::settings::{InvalidSettings, Settings};

/// Longest call that moves no file.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest call that moves a file.
const FILE_TIMEOUT: Duration = Duration::from_secs(120);

/// Longest answer that is read, in bytes; a page of history with attachments stays far below.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Wait after a 429 that does not say how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(30);

/// Longest wait that is believed.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// The method that is called as the app and not as the bot.
const OPEN_SOCKET: &str = "apps.connections.open";

/// JSON, said with its encoding: without it Slack warns (`missing_charset`).
const JSON: &str = "application/json; charset=utf-8";

/// The Web API, for one app in one workspace.
pub(crate) struct Api {
    client: Client,
    /// Moves files.
    files: Client,
    /// How sockets are reached.
    way: Way,
    base: Url,
    bot_token: SecretString,
    app_token: Option<SecretString>,
    bot_id: String,
    /// Until when a method, of new messages with a channel, is not to be called.
    held: Mutex<HashMap<String, Instant>>,
    /// Calls that were refused because there were too many.
    too_many: AtomicU64,
    scopes: Scopes,
}

impl Api {
    pub(crate) fn new(settings: Settings) -> Result<Self, InvalidSettings> {
        let (base, bot_id) = (settings.base()?, settings.bot_id()?);
        let (proxy, way) = (settings.proxy()?, settings.way()?);
        let client = |within| {
            let made = http::client_through(Client::builder(), within, &base, proxy.clone());
            made.map_err(InvalidSettings::Client)
        };
        let (client, files) = (client(CALL_TIMEOUT)?, client(FILE_TIMEOUT)?);
        Ok(Self {
            client,
            files,
            way,
            base,
            bot_token: settings.bot_token,
            app_token: settings.app_token,
            bot_id,
            held: Mutex::default(),
            too_many: AtomicU64::new(0),
            scopes: Scopes::default(),
        })
    }

    /// Returns what stands for the bot for ever ([`Settings::bot_id`]).
    pub(crate) fn bot_id(&self) -> &str {
        &self.bot_id
    }

    /// Returns where the API is.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// Returns how sockets are reached.
    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    /// Says which scopes the bot token lacks and what to do; `None` where it lacks none, or Slack has not told yet.
    pub(crate) fn lacking(&self) -> Option<String> {
        self.scopes.lacking()
    }

    /// Returns how many calls were refused because there were too many.
    pub(crate) fn too_many(&self) -> u64 {
        self.too_many.load(Ordering::Relaxed)
    }

    /// Makes one call with a JSON body, for methods that write, and reads its answer as `T`.
    pub(crate) async fn call<T: DeserializeOwned>(&self, method: &str, body: &Value) -> Result<T, CallError> {
        let place = place(method, body.get("channel").and_then(Value::as_str));
        let body = serde_json::to_vec(body).map_err(|error| CallError::Unsent(error.to_string()))?;
        let request = self.client.post(self.url(method)).header(CONTENT_TYPE, JSON).body(body);
        self.answered(method, place, request.bearer_auth(self.bot_token.expose_secret())).await
    }

    /// Makes one call with a form, which every method reads, and reads its answer as `T`.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: &str, form: &[(&str, &str)]) -> Result<T, CallError> {
        let request = self.client.post(self.url(method)).form(form);
        self.answered(method, place(method, None), request.bearer_auth(self.bot_token.expose_secret())).await
    }

    /// Asks for the address of a socket, as the app and not as the bot.
    pub(crate) async fn open_socket<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        let method = OPEN_SOCKET;
        let token = self.app_token.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
        let request = self.client.post(self.url(method)).form::<[(&str, &str); 0]>(&[]).bearer_auth(token);
        self.answered(method, place(method, None), request).await
    }

    /// Begins to download a file of a message; the address must be one of Slack's own, for it is told the token.
    pub(crate) async fn download(&self, url: Url) -> Result<Response, CallError> {
        let request = self.files.get(url).bearer_auth(self.bot_token.expose_secret());
        let response = request.send().await.map_err(NoAnswer::from)?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                Err(CallError::Answered(Refusal { error: "file_not_found".to_owned(), ..Refusal::default() }))
            }
            status => Err(CallError::Unanswered(format!("the download was answered with {status}"))),
        }
    }

    /// Brings the bytes of a file to the address that Slack named for it; to know that is all the leave that it needs.
    pub(crate) async fn upload(&self, url: &str, bytes: Vec<u8>) -> Result<(), CallError> {
        let request = self.files.post(named(url)?).header(CONTENT_TYPE, "application/octet-stream").body(bytes);
        let status = request.send().await.map_err(NoAnswer::from)?.status();
        if status.is_success() {
            return Ok(());
        }
        let foreign = NoAnswer::foreign(status, "Slack's").into();
        if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
            return Err(CallError::Answered(Refusal { error: "upload_failed".to_owned(), ..Refusal::default() }));
        }
        Err(foreign)
    }

    /// Answers one person by the address that a command or a press came with; to know that is all the leave that it needs.
    pub(crate) async fn respond(&self, url: &str, body: &Value) -> Result<(), CallError> {
        let body = serde_json::to_vec(body).map_err(|error| CallError::Unsent(error.to_string()))?;
        let request = self.client.post(named(url)?).header(CONTENT_TYPE, JSON).body(body);
        let response = request.send().await.map_err(NoAnswer::from)?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(CallError::Limited { after: wait(response.headers()) });
        }
        let body = http::read(response, MAX_ANSWER_BYTES).await?;
        // "ok" alone, or Slack's no as JSON or as one word.
        let words = String::from_utf8_lossy(&body);
        let no = serde_json::from_slice::<Value>(&body).ok().filter(|answer| answer["ok"] == false);
        let word = no.as_ref().and_then(|no| no["error"].as_str()).unwrap_or(words.trim());
        match () {
            () if status.is_success() && no.is_none() => Ok(()),
            () if status.is_server_error() || word.contains(char::is_whitespace) || word.starts_with('<') => {
                Err(NoAnswer::foreign(status, "Slack's").into())
            }
            () => Err(CallError::Answered(Refusal { error: word.to_owned(), ..Refusal::default() })),
        }
    }

    fn url(&self, method: &str) -> String {
        format!("{}/{method}", self.base.as_str().trim_end_matches('/'))
    }

    async fn answered<T: DeserializeOwned>(
        &self,
        method: &str,
        place: String,
        request: RequestBuilder,
    ) -> Result<T, CallError> {
        if let Some(after) = self.held(&place) {
            return Err(CallError::Limited { after });
        }
        let response = request.send().await.map_err(NoAnswer::from)?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status == StatusCode::TOO_MANY_REQUESTS {
            let after = wait(&headers);
            self.hold(place, after);
            return Err(CallError::Limited { after });
        }
        if method != OPEN_SOCKET {
            self.scopes.heard(&headers);
        }
        let body = http::read(response, MAX_ANSWER_BYTES).await?;
        let answer = read(method, status, &body);
        if let Err(CallError::Answered(refusal)) = &answer {
            self.scopes.refused(refusal);
        }
        if let Err(CallError::Answered(refusal)) = &answer
            && matches!(refusal.error.as_str(), "ratelimited" | "rate_limited")
        {
            let after = wait(&headers);
            self.hold(place, after);
            return Err(CallError::Limited { after });
        }
        serde_json::from_value(answer?)
            .map_err(|_| CallError::Unanswered(format!("the answer to {method} is not what Slack's API says")))
    }

    fn held(&self, place: &str) -> Option<Duration> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        held.retain(|_, until| *until > now);
        held.get(place).map(|until| *until - now)
    }

    fn hold(&self, place: String, after: Duration) {
        self.too_many.fetch_add(1, Ordering::Relaxed);
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(place, Instant::now() + after);
    }
}

/// Reads an address that Slack named.
fn named(url: &str) -> Result<Url, CallError> {
    let read = url.parse::<Url>().ok();
    let read = read.filter(|url| url.scheme() == "https" || (url.scheme() == "http" && http::is_loopback(url)));
    read.ok_or_else(|| CallError::Unsent("an address that Slack named cannot be used".to_owned()))
}

/// Names what a limit is about: a method, of new messages with the channel that they go to.
/// Source: <https://docs.slack.dev/apis/web-api/rate-limits>, read 2026-11.
fn place(method: &str, channel: Option<&str>) -> String {
    match channel.filter(|_| method == "chat.postMessage") {
        Some(channel) => format!("{method} {channel}"),
        None => method.to_owned(),
    }
}

fn wait(headers: &HeaderMap) -> Duration {
    let said = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    said.map_or(DEFAULT_WAIT, Duration::from_secs).min(MAX_WAIT)
}

/// Reads an answer: Slack's own yes or no; a page that is not Slack's says nothing about the request unless its status does.
fn read(method: &str, status: StatusCode, body: &[u8]) -> Result<Value, CallError> {
    let answer: Option<Value> = serde_json::from_slice(body).ok();
    let ok = answer.as_ref().and_then(|answer| answer.get("ok")).and_then(Value::as_bool);
    match (answer, ok) {
        (Some(answer), Some(true)) if status.is_success() => Ok(answer),
        (Some(answer), Some(false)) => {
            let mut refusal: Refusal = serde_json::from_value(answer.clone()).unwrap_or_else(|_| Refusal {
                error: answer["error"].as_str().unwrap_or("unknown").to_owned(),
                ..Refusal::default()
            });
            refusal.method = method.to_owned();
            if status.is_server_error() || refusal.failed_itself() {
                return Err(CallError::Unanswered(format!("Slack has failed: {}", refusal.words())));
            }
            Err(CallError::Answered(refusal))
        }
        _ => Err(NoAnswer::foreign(status, "Slack's").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str) -> Result<Value, CallError> {
        read("chat.postMessage", StatusCode::from_u16(status).expect("a status"), body.as_bytes())
    }

    #[test]
    fn only_slack_s_own_answer_says_yes_or_no() {
        assert!(verdict(200, r#"{"ok":true,"ts":"1.2"}"#).is_ok());
        let no =
            verdict(200, r#"{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] x"]}}"#);
        let Err(CallError::Answered(refusal)) = no else { panic!("{no:?}") };
        assert_eq!((refusal.error.as_str(), refusal.words().as_str()), ("invalid_blocks", "invalid_blocks; [ERROR] x"));
        for unclear in [(502, "<html>"), (200, "<html>"), (200, r#"{"ok":false,"error":"internal_error"}"#), (200, "{")]
        {
            assert!(matches!(verdict(unclear.0, unclear.1), Err(CallError::Unanswered(_))), "{unclear:?}");
        }
        assert!(matches!(verdict(403, "<html>proxy</html>"), Err(CallError::Unsent(_))));
    }

    #[test]
    fn a_no_of_any_form_is_a_no() {
        let odd = verdict(200, r#"{"ok":false,"error":"invalid_arguments","response_metadata":[7]}"#);
        assert!(matches!(odd, Err(CallError::Answered(refusal)) if refusal.error == "invalid_arguments"));
    }

    #[test]
    fn a_limit_is_about_a_method_and_for_new_messages_about_their_channel() {
        assert_ne!(place("chat.postMessage", Some("C1")), place("chat.postMessage", Some("C2")));
        assert_eq!(place("chat.update", Some("C1")), place("chat.update", Some("C2")));
    }

    #[tokio::test]
    async fn no_error_holds_a_token() {
        let mut settings = Settings::new("xoxb-sEcReT".to_owned().into(), Some("xapp-sEcReT".to_owned().into()));
        settings.api_url = "http://127.0.0.1:1".to_owned();
        let api = Api::new(settings).expect("valid");
        let errors = [
            api.ask::<Value>("auth.test", &[]).await.expect_err("nobody listens there"),
            api.open_socket::<Value>().await.expect_err("nobody listens there"),
        ];
        for error in errors {
            assert!(matches!(&error, CallError::Unsent(_)), "{error}");
            assert!(!format!("{error} {error:?}").contains("sEcReT"), "{error:?}");
        }
    }
}
