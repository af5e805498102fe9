//! One call of the REST API: a body goes in, the answer or a [`CallError`] comes out.
//!
//! A call is made once; whether to make it again is for the caller, who knows what a repeat would do. A call that Discord's
//! own headers say would be refused is not made ([`CallError::Held`]): too many refusals get the whole address banned.
//! Addresses of interactions hold their tokens, so no address is ever logged or put into an error.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use reqwest::multipart::Form;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use signalbox_adapter::http::{self, NoAnswer, Way};
use tokio::time::{Instant, sleep};

use crate::failure::CallError;
use crate::limits::{Limits, MAX_WAIT, Route, Standing};
use crate::refusal::Refusal;
use crate::settings::{InvalidSettings, Settings};

/// Longest call that moves no file.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest call that moves a file.
const FILE_TIMEOUT: Duration = Duration::from_secs(120);

/// Longest answer that is read, in bytes; a hundred messages with embeds stay below 4 MiB.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// How long nothing is asked for after Discord has not known the token: only a new one helps.
const TOKEN_AGAIN: Duration = Duration::from_secs(60);

/// How long a sign is not given again where it was refused.
const SIGN_AGAIN: Duration = Duration::from_secs(60);

/// Who calls, in the form without which Discord's front proxy refuses (error 40333).
/// Source: <https://docs.discord.com/developers/reference#user-agent>, read 2026-11.
const AGENT: &str = concat!("DiscordBot (signalbox, ", env!("CARGO_PKG_VERSION"), ")");

/// The API of one bot.
pub(crate) struct Api {
    client: Client,
    /// Downloads files, and knows no token.
    files: Client,
    base: Url,
    way: Way,
    token: SecretString,
    bot_id: String,
    limits: Limits,
    /// Calls that were refused because there were too many.
    too_many: AtomicU64,
}

/// A user, as the API tells of one.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct User {
    /// The user's id.
    pub(crate) id: String,
    /// The unique name.
    #[serde(default)]
    pub(crate) username: String,
}

impl Api {
    pub(crate) fn new(settings: Settings) -> Result<Self, InvalidSettings> {
        let (base, bot_id) = (settings.base()?, settings.bot_id()?);
        let (proxy, way) = (settings.proxy()?, settings.way()?);
        let mut authorization = HeaderValue::from_str(&format!("Bot {}", settings.token.expose_secret()))
            .map_err(|_| InvalidSettings::Token)?;
        authorization.set_sensitive(true);
        let headers =
            HeaderMap::from_iter([(AUTHORIZATION, authorization), (USER_AGENT, HeaderValue::from_static(AGENT))]);
        let client = |headers, within| {
            let begun = Client::builder().default_headers(headers);
            http::client_through(begun, within, &base, proxy.clone()).map_err(InvalidSettings::Client)
        };
        let named = HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_static(AGENT))]);
        let (client, files) = (client(headers, CALL_TIMEOUT)?, client(named, FILE_TIMEOUT)?);
        Ok(Self {
            client,
            files,
            base,
            way,
            token: settings.token,
            bot_id,
            limits: Limits::default(),
            too_many: AtomicU64::new(0),
        })
    }

    /// Returns the bot's id as its token has it.
    pub(crate) fn bot_id(&self) -> &str {
        &self.bot_id
    }

    /// Returns the token, for the gateway.
    pub(crate) fn token(&self) -> &SecretString {
        &self.token
    }

    /// Returns where the API is.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// Returns the way to the gateway.
    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    /// Returns how many messages a channel takes in how long, where Discord has told.
    pub(crate) fn told_pace(&self, channel: &str) -> Option<(u64, Duration)> {
        self.limits.told(&Route::of(&Method::POST, &format!("channels/{channel}/messages")))
    }

    /// Returns how many calls were refused because there were too many.
    pub(crate) fn too_many(&self) -> u64 {
        self.too_many.load(Ordering::Relaxed)
    }

    /// Asks who the token belongs to.
    pub(crate) async fn who(&self) -> Result<User, CallError> {
        self.get("users/@me").await
    }

    /// Asks for what stands at a path.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.call(Method::GET, path, None).await
    }

    /// Makes one call and reads its answer as `T`.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, CallError> {
        let request = self.request(method.clone(), path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = self.send(&Route::of(&method, path), request).await?;
        serde_json::from_slice(&answer)
            .map_err(|_| CallError::Unanswered("the answer is not what Discord's API says".to_owned()))
    }

    /// Makes one call whose answer says nothing new, or nothing at all.
    pub(crate) async fn done(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(), CallError> {
        let request = self.request(method.clone(), path);
        let request = match body {
            Some(body) => request.json(body),
            // Without it a server may wait for a length that never comes.
            None if method == Method::GET => request,
            None => request.body(Vec::new()),
        };
        self.send(&Route::of(&method, path), request).await.map(|_| ())
    }

    /// Makes one call that carries a file.
    pub(crate) async fn upload<T: DeserializeOwned>(&self, path: &str, form: Form) -> Result<T, CallError> {
        let request = self.request(Method::POST, path).multipart(form).timeout(FILE_TIMEOUT);
        let answer = self.send(&Route::of(&Method::POST, path), request).await?;
        serde_json::from_slice(&answer)
            .map_err(|_| CallError::Unanswered("the answer is not what Discord's API says".to_owned()))
    }

    /// Begins to download a file of a message.
    pub(crate) async fn download(&self, url: Url) -> Result<Response, CallError> {
        let response = self.files.get(url).send().await.map_err(NoAnswer::from)?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                Err(CallError::Answered(Refusal::without_code(status.as_u16(), "the file is not there")))
            }
            status => Err(CallError::Unanswered(format!("the download was answered with {status}"))),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/{path}", self.base.as_str().trim_end_matches('/')))
    }

    async fn send(&self, route: &Route, request: RequestBuilder) -> Result<Vec<u8>, CallError> {
        if let Some((after, everywhere)) = self.limits.held(route, Instant::now()) {
            return Err(CallError::Held { after, everywhere });
        }
        let _under_way = loop {
            match self.limits.turn(route, Instant::now()) {
                Ok(call) => break call,
                Err(wait) => sleep(wait).await,
            }
        };
        let response = request.send().await.map_err(NoAnswer::from)?;
        let (status, headers) = (response.status(), response.headers().clone());
        self.limits.note(route, &Standing::read(&headers), Instant::now());
        let body = http::read(response, MAX_ANSWER_BYTES).await?;
        if status.is_success() {
            return Ok(body);
        }
        let refused = refused(status, &headers, &body);
        // Each such answer counts towards those for which Discord bans an address.
        if counts_towards_ban(status, &headers) {
            self.limits.count_invalid(Instant::now());
        }
        if refused.is_token() {
            self.limits.hold(route, TOKEN_AGAIN, true, Instant::now());
        } else if refused.is_refusal()
            && matches!(status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
            && route.is_sign()
        {
            self.limits.hold(route, SIGN_AGAIN, false, Instant::now());
        }
        if let CallError::Limited { after, everywhere } = &refused {
            self.too_many.fetch_add(1, Ordering::Relaxed);
            self.limits.hold(route, *after, *everywhere, Instant::now());
        }
        Err(refused)
    }
}

/// Whether an answer counts towards a ban of the address: not a limit that is not ours alone.
fn counts_towards_ban(status: StatusCode, headers: &HeaderMap) -> bool {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => true,
        StatusCode::TOO_MANY_REQUESTS => headers.get("x-ratelimit-scope").is_none_or(|scope| scope != "shared"),
        _ => false,
    }
}

/// Wait after a 429 that does not say how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct TooMany {
    retry_after: Option<f64>,
    #[serde(default)]
    global: bool,
}

/// Reads what is no success; a page that is not Discord's own says nothing about the request unless its status does.
fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> CallError {
    if status == StatusCode::TOO_MANY_REQUESTS {
        let own: Option<TooMany> = serde_json::from_slice(body).ok();
        let header = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let seconds = own.as_ref().and_then(|own| own.retry_after).or(header);
        let after = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
        // Whoever answers so in Discord's place means the whole address.
        let everywhere = own.is_none_or(|own| own.global);
        return CallError::Limited { after: after.unwrap_or(DEFAULT_WAIT).min(MAX_WAIT), everywhere };
    }
    match Refusal::read(status.as_u16(), body) {
        Some(refusal) => CallError::Answered(refusal),
        None => NoAnswer::foreign(status, "Discord's").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str) -> CallError {
        refused(StatusCode::from_u16(status).expect("a status"), &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn only_discord_s_own_answer_says_no() {
        let own = r#"{"message":"Unknown Channel","code":10003}"#;
        assert!(matches!(verdict(404, own), CallError::Answered(Refusal { code: 10003, .. })));
        assert!(matches!(verdict(502, "<html>Bad Gateway</html>"), CallError::Unanswered(_)));
        assert!(matches!(verdict(403, "<html>proxy</html>"), CallError::Unsent(_)));
        assert!(matches!(verdict(302, ""), CallError::Unsent(_)));
    }

    #[test]
    fn a_rate_limit_says_how_long_and_whom() {
        let waits = |body: &str| match verdict(429, body) {
            CallError::Limited { after, everywhere } => (after.as_millis(), everywhere),
            other => panic!("{other}"),
        };
        assert_eq!(waits(r#"{"message":"…","retry_after":0.35,"global":false}"#), (350, false));
        assert_eq!(waits(r#"{"message":"…","retry_after":2,"global":true}"#), (2000, true));
        assert_eq!(waits("<html>error 1015</html>"), (5000, true));
        assert_eq!(waits(r#"{"retry_after":-3}"#), (5000, false));
    }

    #[test]
    fn what_a_limit_refuses_that_is_not_ours_alone_counts_towards_no_ban() {
        let scoped = |scope: &str| {
            HeaderMap::from_iter([("x-ratelimit-scope".parse().expect("a name"), scope.parse().expect("a value"))])
        };
        let counts =
            |status: u16, headers| counts_towards_ban(StatusCode::from_u16(status).expect("a status"), &headers);
        assert!(counts(429, scoped("user")) && counts(429, scoped("global")) && counts(429, HeaderMap::new()));
        assert!(counts(403, HeaderMap::new()) && counts(401, HeaderMap::new()));
        assert!(!counts(429, scoped("shared")) && !counts(404, HeaderMap::new()));
    }

    #[tokio::test]
    async fn no_error_holds_the_token() {
        let mut settings = Settings::new("NDI.x.sEcReT".to_owned().into());
        settings.api_url = "http://127.0.0.1:1".to_owned();
        let error = Api::new(settings).expect("valid").who().await.expect_err("nobody listens there");
        assert!(matches!(&error, CallError::Unsent(_)), "{error}");
        assert!(!format!("{error} {error:?}").contains("sEcReT"), "{error:?}");
    }
}
