//! What the adapter has to be told: the token and where the API is. Checked before anything is sent.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use signalbox_adapter::http::{self, ProxyServer, Way};
use signalbox_adapter::settings::Values;

use crate::card::Cards;

/// Where Discord's own API is, in the version that this adapter speaks.
pub const DEFAULT_API_URL: &str = "https://discord.com/api/v10";

/// Time between two new sessions, also of two lives of the program: five seconds, and what connecting may take less the second
/// time.
/// Source: <https://docs.discord.com/developers/events/gateway#session-start-limit-object>, read 2026-11.
pub const BETWEEN_SESSIONS: Duration = Duration::from_millis(5500);

/// Longest token that is taken, in bytes; Discord's have about 72.
const MAX_TOKEN_BYTES: usize = 512;

/// Settings of one bot.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bot's token, as the developer portal gave it.
    pub token: SecretString,
    /// Base address of the API, with its version. Plain `http` for loopback only.
    pub api_url: String,
    /// The proxy through which API and gateway are reached; may have a password in it. Without it, what the environment names.
    pub proxy: Option<SecretString>,
    /// Least time between two new sessions. Tests shorten it; Discord would refuse sooner ones.
    pub between_sessions: Duration,
}

impl Settings {
    /// Takes a token and leaves everything else as it is for Discord's own servers.
    #[must_use]
    pub fn new(token: SecretString) -> Self {
        Self { token, api_url: DEFAULT_API_URL.to_owned(), proxy: None, between_sessions: BETWEEN_SESSIONS }
    }

    /// Takes them from the values of [`crate::SECTION`]; `None` where there is no token.
    #[must_use]
    pub fn of(values: &Values) -> Option<Self> {
        let settings = Self::new(values.secret("token")?.clone());
        let api_url = values.text("api_url").map_or(settings.api_url, str::to_owned);
        Some(Self { api_url, proxy: values.secret("proxy").cloned(), ..settings })
    }

    /// Returns how cards are shown.
    #[must_use]
    pub fn cards(values: &Values) -> Cards {
        if values.text("cards") == Some("embed") { Cards::Embed } else { Cards::V2 }
    }

    /// Returns the bot's id, which is the first part of the token in base 64; of a token that is written otherwise, a number
    /// that stands for it.
    ///
    /// # Errors
    /// [`InvalidSettings::Token`] when it cannot be a token.
    pub fn bot_id(&self) -> Result<String, InvalidSettings> {
        let token = self.token.expose_secret();
        let is_token = (1..=MAX_TOKEN_BYTES).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
        if !is_token {
            return Err(InvalidSettings::Token);
        }
        Ok(token.split_once('.').and_then(|(first, _)| id_in(first)).unwrap_or_else(|| {
            let mut hasher = DefaultHasher::new();
            token.hash(&mut hasher);
            format!("x{:016x}", hasher.finish())
        }))
    }

    /// Returns the base address.
    ///
    /// # Errors
    /// [`InvalidSettings::Address`] when it is none, or would send the token in clear text.
    pub(crate) fn base(&self) -> Result<Url, InvalidSettings> {
        http::base(&self.api_url).map_err(|why| InvalidSettings::Address { why })
    }
}

impl Settings {
    /// Returns the proxy for calls.
    ///
    /// # Errors
    /// [`InvalidSettings::Proxy`] when it is none.
    pub(crate) fn proxy(&self) -> Result<Option<ProxyServer>, InvalidSettings> {
        let proxy = self.proxy.as_ref().map(http::proxy).transpose();
        proxy.map_err(|why| InvalidSettings::Proxy { why })
    }

    /// Returns the way to the gateway.
    ///
    /// # Errors
    /// [`InvalidSettings::Proxy`] when the proxy is none.
    pub(crate) fn way(&self) -> Result<Way, InvalidSettings> {
        Way::through(self.proxy.as_ref()).map_err(|why| InvalidSettings::Proxy { why })
    }
}

fn id_in(first: &str) -> Option<String> {
    let first = first.trim_end_matches('=');
    let bytes = URL_SAFE_NO_PAD.decode(first).or_else(|_| STANDARD_NO_PAD.decode(first)).ok()?;
    let id = String::from_utf8(bytes).ok()?;
    ((1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())).then_some(id)
}

/// Whether a token looks like a bot's: three parts, the first of which is its id, encoded.
pub(crate) fn is_whole_token(token: &str) -> bool {
    let parts: Vec<&str> = token.split('.').collect();
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=');
    let [id, _, _] = parts.as_slice() else { return false };
    parts.iter().all(|part| !part.is_empty() && part.bytes().all(is_sign)) && id_in(id).is_some()
}

/// Tells what is wrong with [`Settings`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSettings {
    /// The token cannot be one.
    #[error("the Discord token must be one line without spaces; the developer portal shows it once, after Reset Token")]
    Token,
    /// The address cannot be used.
    #[error("the address of the Discord API cannot be used: {why}")]
    Address {
        /// Why.
        why: &'static str,
    },
    /// The proxy cannot be used.
    #[error("the proxy for Discord {why}")]
    Proxy {
        /// What such an address looks like.
        why: &'static str,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client for Discord could not be set up: {0}")]
    Client(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(token: &str, api_url: &str) -> Settings {
        Settings { api_url: api_url.to_owned(), ..Settings::new(token.to_owned().into()) }
    }

    #[test]
    fn the_bot_id_is_read_from_the_token() {
        // "123456789012345678" in base 64.
        let id = settings("MTIzNDU2Nzg5MDEyMzQ1Njc4.GhIjKl.abc_d-9", "").bot_id();
        assert_eq!(id, Ok("123456789012345678".to_owned()));
        let other = settings("no-such-form", "").bot_id().expect("it may be a token");
        assert!(other.starts_with('x') && !other.contains("such"), "{other}");
        assert_eq!(settings("no-such-form", "").bot_id(), Ok(other));
        for wrong in ["", "a b", "a\nb", "ä.b.c"] {
            assert_eq!(settings(wrong, "").bot_id(), Err(InvalidSettings::Token), "{wrong}");
        }
    }

    #[test]
    fn a_token_never_leaves_in_clear_text() {
        assert!(matches!(settings("a.b.c", "http://discord.com/api").base(), Err(InvalidSettings::Address { .. })));
    }

    #[test]
    fn settings_do_not_print_the_token() {
        assert!(!format!("{:?}", settings("abc.sEcReT", "https://x")).contains("sEcReT"));
        let mut proxied = settings("a.b.c", "https://x");
        proxied.proxy = Some("socks5://bot:sEcReT@p.example:1".to_owned().into());
        assert!(proxied.proxy().is_ok_and(|proxy| proxy.is_some()) && proxied.way().is_ok());
        assert!(!format!("{proxied:?}").contains("sEcReT"));
        proxied.proxy = Some("sEcReT@p.example".to_owned().into());
        let error = proxied.proxy().map(|_| ()).expect_err("it is none");
        assert!(!error.to_string().contains("sEcReT") && proxied.way().is_err(), "{error}");
    }

    #[test]
    fn a_token_that_is_kept_is_a_whole_one() {
        assert!(is_whole_token("MTIzNDU2Nzg5.GhIjKl.mNoPqR_s-t"));
        for junk in ["", "junk", "a.b.c", "MTIzNDU2Nzg5.GhIjKl", "MTIzNDU2Nzg5..x", "Bot MTIzNDU2Nzg5.GhIjKl.mNo"] {
            assert!(!is_whole_token(junk), "{junk}");
        }
    }
}
