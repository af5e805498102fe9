//! A client of Alertmanager's API, version 2: writes silences, finds its own again, takes them back.
//!
//! Alertmanager has no key by which a repeat is known, so each silence carries a mark in its comment, and whoever is not
//! sure looks for the mark first.
//!
//! Source: <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>, read 2026-11.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_adapter::http;

use crate::config::{Silencing, SilencingLogin};
use crate::format::silence::{Unsilenced, comment};
use crate::host;
use crate::store::Silence;

/// Longest call.
const CALL_WITHIN: Duration = Duration::from_secs(10);
/// Longest answer that is read, in bytes; a silence has less than 1 KiB.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Most labels by which alerts are looked for; with fewer than there are, more alerts are found, and not less.
const MAX_FILTERS: usize = 20;
/// What who wants a silence is called where they have no name.
const NOBODY: &str = "signalbox";

/// An Alertmanager.
pub(super) struct Alertmanager<'a> {
    client: Client,
    silencing: &'a Silencing,
}

/// A silence as it is listed; what is not looked at is left out.
#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    comment: String,
    status: ListedStatus,
}

#[derive(Deserialize)]
struct ListedStatus {
    state: String,
}

/// What a new silence is answered with.
#[derive(Deserialize)]
struct Made {
    #[serde(rename = "silenceID")]
    id: String,
}

/// Returns what tells a silence of ours from every other, also from those of another signalbox.
pub(super) fn mark(silence: &Silence) -> String {
    format!("[signalbox incident {}, {}-{}]", silence.incident, silence.id, silence.starts_at.0)
}

impl<'a> Alertmanager<'a> {
    /// Makes ready to call one; the machine's own certificates are read for it, since Alertmanagers are mostly in-house.
    pub(super) fn new(silencing: &'a Silencing) -> Result<Self, Unsilenced> {
        let begin = || Client::builder().user_agent(concat!("signalbox/", env!("CARGO_PKG_VERSION")));
        let build = |begun| http::client(begun, CALL_WITHIN, &silencing.url);
        let client = host::trusting_this_machine(begin, build).map_err(Unsilenced::Away)?;
        Ok(Self { client, silencing })
    }

    /// Writes a silence; returns its id. It may have been written also where this fails with [`Unsilenced::Away`] or [`Unsilenced::Unclear`].
    pub(super) async fn write(&self, silence: &Silence, title: &str) -> Result<String, Unsilenced> {
        let matcher = |(name, value)| json!({ "name": name, "value": value, "isRegex": false, "isEqual": true });
        let body = json!({
            "matchers": silence.matchers.iter().map(matcher).collect::<Vec<_>>(),
            "startsAt": written(silence.starts_at.0),
            "endsAt": written(silence.ends_at.0),
            "createdBy": if silence.name.is_empty() { NOBODY } else { &silence.name },
            "comment": comment(&mark(silence), title),
        });
        let answer = self.call(self.request(Method::POST, &["silences"]).json(&body)).await?;
        let made: Made = serde_json::from_slice(&answer).map_err(|_| Unsilenced::Unclear)?;
        Ok(made.id)
    }

    /// Finds the silences with a silence's mark that hold or will; there is one, or none.
    pub(super) async fn find(&self, silence: &Silence) -> Result<Vec<String>, Unsilenced> {
        let mut request = self.request(Method::GET, &["silences"]);
        if let Some(filter) = filter(silence) {
            request = request.query(&[("filter", filter)]);
        }
        let answer = self.call(request).await?;
        let listed: Vec<Listed> = serde_json::from_slice(&answer).map_err(|_| Unsilenced::Unclear)?;
        let mark = mark(silence);
        let own = listed.into_iter().filter(|one| one.status.state != "expired" && one.comment.contains(&mark));
        Ok(own.map(|one| one.id).collect())
    }

    /// Asks for the silences of nobody, to see whether there is somebody who answers.
    pub(super) async fn ask(&self) -> Result<(), Unsilenced> {
        let filter = format!("alertname=\"{NOBODY}\"");
        let answer = self.call(self.request(Method::GET, &["silences"]).query(&[("filter", filter)])).await?;
        serde_json::from_slice::<Vec<Listed>>(&answer).map(|_| ()).map_err(|_| Unsilenced::NoApi)
    }

    /// Tells whether an alert fires that has all labels of a silence, silenced or not.
    pub(super) async fn fires(&self, silence: &Silence) -> Result<bool, Unsilenced> {
        let filters = silence.matchers.iter().filter_map(|(name, value)| exactly(name, value));
        let filters: Vec<(&str, String)> = filters.map(|filter| ("filter", filter)).take(MAX_FILTERS).collect();
        let answer = self.call(self.request(Method::GET, &["alerts"]).query(&filters)).await?;
        let alerts: Vec<Value> = serde_json::from_slice(&answer).map_err(|_| Unsilenced::Unclear)?;
        Ok(!alerts.is_empty())
    }

    /// Takes a silence back; one that is gone is as good.
    pub(super) async fn expire(&self, id: &str) -> Result<(), Unsilenced> {
        let (status, body) = answered(self.request(Method::DELETE, &["silence", id])).await?;
        let is_gone = status.is_success() || [StatusCode::NOT_FOUND, StatusCode::GONE].contains(&status);
        if is_gone { Ok(()) } else { Err(trouble(status, &body)) }
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url: Url = self.silencing.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v2"]).extend(path);
        }
        let request = self.client.request(method, url);
        match &self.silencing.login {
            None => request,
            Some(SilencingLogin::Bearer(token)) => request.bearer_auth(token.expose_secret()),
            Some(SilencingLogin::Basic { username, password }) => {
                request.basic_auth(username, Some(password.expose_secret()))
            }
        }
    }

    async fn call(&self, request: RequestBuilder) -> Result<Vec<u8>, Unsilenced> {
        let (status, body) = answered(request).await?;
        if status.is_success() { Ok(body) } else { Err(trouble(status, &body)) }
    }
}

async fn answered(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Unsilenced> {
    let answer = request.send().await.map_err(|error| Unsilenced::Away(words(error)))?;
    let status = answer.status();
    let body = http::read(answer, MAX_ANSWER_BYTES).await.map_err(|error| Unsilenced::Away(error.to_string()))?;
    Ok((status, body))
}

/// Sorts a refusal: what may pass by itself is tried again, all else is for a person.
fn trouble(status: StatusCode, body: &[u8]) -> Unsilenced {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            Unsilenced::Login
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE => Unsilenced::NoApi,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Unsilenced::Away(status.as_u16().to_string()),
        _ if status.is_client_error() => Unsilenced::Refused(status.as_u16(), told(body)),
        _ if status.is_redirection() => Unsilenced::NoApi,
        _ => Unsilenced::Away(status.as_u16().to_string()),
    }
}

/// Reads the words of a refusal: a JSON string, or an object with a message; a page of something else has none.
fn told(body: &[u8]) -> String {
    match serde_json::from_slice(body) {
        Ok(Value::String(words)) => words,
        Ok(Value::Object(object)) => object.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
        Ok(_) | Err(_) => String::new(),
    }
}

/// Narrows a list of silences down to those of one label; the mark tells them apart.
fn filter(silence: &Silence) -> Option<String> {
    let name = silence.matchers.get_key_value("alertname");
    let all = name.into_iter().chain(&silence.matchers);
    all.into_iter().find_map(|(name, value)| exactly(name, value))
}

/// Writes that a label has exactly a value; none where its name needs more than that.
fn exactly(name: &str, value: &str) -> Option<String> {
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
    is_plain.then(|| format!("{name}=\"{value}\""))
}

/// Writes an instant as Alertmanager does.
fn written(at_ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at_ms)
        .unwrap_or_default()
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// Says what went wrong, without the address.
fn words(error: reqwest::Error) -> String {
    if error.is_timeout() { format!("no answer within {} s", CALL_WITHIN.as_secs()) } else { http::words(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::store::IncidentId;

    fn silence(labels: &[(&str, &str)]) -> Silence {
        Silence {
            id: 12,
            incident: IncidentId::new(7),
            matchers: labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            name: "Kim".to_owned(),
            starts_at: Timestamp(1_796_000_000_000),
            ends_at: Timestamp(1_796_003_600_000),
            unwanted: false,
            tried: true,
            remote: None,
        }
    }

    #[test]
    fn a_mark_tells_a_silence_from_every_other() {
        assert_eq!(mark(&silence(&[])), "[signalbox incident 7, 12-1796000000000]");
        assert_eq!(written(1_796_000_000_000), "2026-11-30T00:53:20.000Z");
    }

    #[test]
    fn a_list_is_narrowed_by_a_label_that_can_be_written() {
        let named = |labels: &[(&str, &str)]| filter(&silence(labels));
        assert_eq!(named(&[("a", "1"), ("alertname", "Disk")]).as_deref(), Some("alertname=\"Disk\""));
        assert_eq!(named(&[("a.b", "1"), ("team", "a\"b\\c\nd")]).as_deref(), Some(r#"team="a\"b\\c\nd""#));
        assert_eq!(named(&[("a.b", "1")]), None);
    }

    #[test]
    fn what_may_pass_is_tried_again_and_the_rest_is_for_a_person() {
        let sorted =
            |status: u16, body: &str| trouble(StatusCode::from_u16(status).expect("a status"), body.as_bytes());
        assert_eq!(sorted(503, "<html>"), Unsilenced::Away("503".into()));
        assert_eq!(sorted(429, ""), Unsilenced::Away("429".into()));
        assert_eq!(sorted(401, ""), Unsilenced::Login);
        assert_eq!(sorted(302, ""), Unsilenced::NoApi);
        assert_eq!(sorted(400, r#""bad matcher""#), Unsilenced::Refused(400, "bad matcher".into()));
        assert_eq!(sorted(422, r#"{"code":601,"message":"comment is required"}"#), {
            Unsilenced::Refused(422, "comment is required".into())
        });
        assert_eq!(sorted(400, "<html>login</html>"), Unsilenced::Refused(400, String::new()));
    }
}
