//! One call of the Bot API: teloxide's payload goes in, the answer or a [`CallError`] comes out.
//!
//! The token is part of every address, so no address is ever logged or put into an error. A call is made once; whether
//! to make it again is for the caller, who knows what a repeat would do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::multipart::Form;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use signalbox_adapter::http::{self, NoAnswer};
use teloxide::requests::Payload;

use crate::failure::CallError;
use crate::refusal::{Parameters, Refusal};
use crate::settings::{InvalidSettings, Settings};

/// Longest call that is no poll and moves no file.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest call that moves a file.
pub(crate) const FILE_TIMEOUT: Duration = Duration::from_secs(120);

/// Longest answer that is read, in bytes; a full poll is well below 1 MiB.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// The Bot API of one bot.
pub(crate) struct Api {
    client: Client,
    base: String,
    token: SecretString,
    bot_id: String,
    /// Calls that were refused because there were too many.
    too_many: AtomicU64,
}

/// Who a token belongs to; fewer fields than teloxide asks for, so that older servers are understood.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Bot {
    /// The bot's id.
    pub(crate) id: u64,
    /// The bot's name after the `@`.
    #[serde(default)]
    pub(crate) username: String,
    /// Whether it is shown all that is said in groups: its privacy mode is off.
    #[serde(default)]
    pub(crate) can_read_all_group_messages: bool,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct Envelope<T> {
    ok: bool,
    #[serde(default = "none", deserialize_with = "some")]
    result: Option<T>,
    error_code: Option<u16>,
    description: Option<String>,
    #[serde(default)]
    parameters: Option<Parameters>,
}

fn none<T>() -> Option<T> {
    None
}

/// Reads a result that is there, which `null` is as well: whether it is the wanted one is for its type to say.
fn some<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Any result at all.
struct Done;

impl<'de> Deserialize<'de> for Done {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Api {
    pub(crate) fn new(settings: Settings) -> Result<Self, InvalidSettings> {
        let (base, bot_id, proxy) = (settings.base()?, settings.bot_id()?, settings.way()?);
        let begun = teloxide::net::default_reqwest_settings();
        let client = http::client_through(begun, CALL_TIMEOUT, &base, proxy).map_err(InvalidSettings::Client)?;
        let base = base.as_str().trim_end_matches('/').to_owned();
        Ok(Self { client, base, token: settings.token, bot_id, too_many: AtomicU64::new(0) })
    }

    /// Returns the bot's id.
    pub(crate) fn bot_id(&self) -> &str {
        &self.bot_id
    }

    /// Asks who the token belongs to.
    pub(crate) async fn who(&self) -> Result<Bot, CallError> {
        self.call(&teloxide::payloads::GetMe::new(), CALL_TIMEOUT).await
    }

    /// Makes one call and reads its result as `T`.
    pub(crate) async fn call<P, T>(&self, payload: &P, timeout: Duration) -> Result<T, CallError>
    where
        P: Payload + Serialize,
        T: DeserializeOwned,
    {
        self.send(self.client.post(self.method_url(P::NAME)).json(payload).timeout(timeout)).await
    }

    /// Makes one call whose result says nothing new.
    pub(crate) async fn done<P: Payload + Serialize>(&self, payload: &P, timeout: Duration) -> Result<(), CallError> {
        self.call::<P, Done>(payload, timeout).await.map(|Done| ())
    }

    /// Makes one call that carries a file.
    pub(crate) async fn upload<T: DeserializeOwned>(&self, method: &str, form: Form) -> Result<T, CallError> {
        self.send(self.client.post(self.method_url(method)).multipart(form).timeout(FILE_TIMEOUT)).await
    }

    /// Begins to download a file by the path that `getFile` gave.
    pub(crate) async fn download(&self, path: &str) -> Result<Response, CallError> {
        let url = format!("{}/file/bot{}/{path}", self.base, self.token.expose_secret());
        let response = self.client.get(url).timeout(FILE_TIMEOUT).send().await.map_err(NoAnswer::from)?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status if status.is_client_error() => Err(CallError::Answered(Refusal {
                code: status.as_u16(),
                description: format!("the file is not there ({status})"),
                parameters: Parameters::default(),
            })),
            status => Err(CallError::Unanswered(format!("the download was answered with {status}"))),
        }
    }

    fn method_url(&self, method: &str) -> String {
        format!("{}/bot{}/{method}", self.base, self.token.expose_secret())
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CallError> {
        let response = request.send().await.map_err(NoAnswer::from)?;
        let status = response.status();
        let body = http::read(response, MAX_ANSWER_BYTES).await?;
        let understood = understand(status, &body);
        if let Err(CallError::Answered(Refusal { code: 429, .. })) = &understood {
            self.too_many.fetch_add(1, Ordering::Relaxed);
        }
        understood
    }

    /// Returns how many calls were refused because there were too many.
    pub(crate) fn too_many(&self) -> u64 {
        self.too_many.load(Ordering::Relaxed)
    }
}

/// Reads an answer; one that is not the Bot API's own says nothing about the request unless its status does.
fn understand<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, CallError> {
    match serde_json::from_slice::<Envelope<T>>(body) {
        Ok(Envelope { ok: true, result: Some(result), .. }) => Ok(result),
        Ok(Envelope { ok: false, error_code, description, parameters, .. }) => Err(CallError::Answered(Refusal {
            // A server error is one whatever the body says.
            code: error_code.filter(|_| !status.is_server_error()).unwrap_or(status.as_u16()),
            description: description.unwrap_or_else(|| format!("no reason given ({status})")),
            parameters: parameters.unwrap_or_default(),
        })),
        Ok(Envelope { ok: true, result: None, .. }) | Err(_) => Err(NoAnswer::foreign(status, "the Bot API's").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str) -> CallError {
        let status = StatusCode::from_u16(status).expect("a status");
        understand::<bool>(status, body.as_bytes()).expect_err("no success")
    }

    #[test]
    fn only_the_bot_api_s_own_answer_says_no() {
        let own = r#"{"ok":false,"error_code":502,"description":"Bad Gateway"}"#;
        assert!(matches!(verdict(502, own), CallError::Answered(Refusal { code: 502, .. })));
        let other = r#"{"ok":false,"error_code":400,"description":"Bad Request"}"#;
        assert!(matches!(verdict(500, other), CallError::Answered(Refusal { code: 500, .. })));
        assert!(matches!(verdict(200, other), CallError::Answered(Refusal { code: 400, .. })));
        assert!(matches!(verdict(502, "<html>Bad Gateway</html>"), CallError::Unanswered(_)));
        assert!(matches!(verdict(200, r#"{"ok":true,"resu"#), CallError::Unanswered(_)));
        assert!(matches!(verdict(200, r#"{"ok":true}"#), CallError::Unanswered(_)));
        assert!(matches!(verdict(403, "<html>proxy</html>"), CallError::Unsent(_)));
        assert!(matches!(verdict(302, ""), CallError::Unsent(_)));
    }

    #[test]
    fn what_was_done_is_done_whatever_the_result_looks_like() {
        for body in [r#"{"ok":true,"result":null}"#, r#"{"ok":true,"result":{"message_id":1}}"#] {
            assert!(understand::<Done>(StatusCode::OK, body.as_bytes()).is_ok(), "{body}");
        }
        assert!(understand::<Done>(StatusCode::OK, br#"{"ok":true}"#).is_err());
    }

    #[tokio::test]
    async fn no_error_holds_the_token() {
        let mut settings = Settings::new("42:sEcReT".to_owned().into());
        settings.api_url = "http://127.0.0.1:1".to_owned();
        let error = Api::new(settings).expect("valid").who().await.expect_err("nobody listens there");
        assert!(matches!(&error, CallError::Unsent(_)), "{error}");
        assert!(!format!("{error} {error:?}").contains("sEcReT"), "{error:?}");
    }
}
