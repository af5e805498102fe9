//! What the adapter has to be told: the token and where the Bot API is. Checked before anything is sent.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use signalbox_adapter::http::{self, ProxyServer};
use signalbox_adapter::settings::Values;

/// Where Telegram's own Bot API is.
pub const DEFAULT_API_URL: &str = "https://api.telegram.org";

/// How long Telegram may hold a poll open when nothing happens.
const DEFAULT_POLL: Duration = Duration::from_secs(50);

/// Settings of one bot.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bot's token, as BotFather gave it.
    pub token: SecretString,
    /// Base address of the Bot API; a path in it is kept. Plain `http` for loopback only.
    pub api_url: String,
    /// How long the server may hold a poll open; whole seconds.
    pub poll: Duration,
    /// The proxy through which the Bot API is reached; may have a password in it. Without it, what the environment names.
    pub proxy: Option<SecretString>,
}

impl Settings {
    /// Takes a token and leaves everything else as it is for Telegram's own servers.
    #[must_use]
    pub fn new(token: SecretString) -> Self {
        Self { token, api_url: DEFAULT_API_URL.to_owned(), poll: DEFAULT_POLL, proxy: None }
    }

    /// Takes them from the values of [`crate::SECTION`]; `None` where there is no token.
    #[must_use]
    pub fn of(values: &Values) -> Option<Self> {
        let settings = Self::new(values.secret("token")?.clone());
        let api_url = values.text("api_url").map_or(settings.api_url, str::to_owned);
        Some(Self { api_url, proxy: values.secret("proxy").cloned(), ..settings })
    }

    /// Returns the proxy.
    ///
    /// # Errors
    /// [`InvalidSettings::Proxy`] when it is none.
    pub(crate) fn way(&self) -> Result<Option<ProxyServer>, InvalidSettings> {
        let proxy = self.proxy.as_ref().map(http::proxy).transpose();
        proxy.map_err(|why| InvalidSettings::Proxy { why })
    }

    /// Returns the bot's id, the part of the token before the colon.
    ///
    /// # Errors
    /// [`InvalidSettings::Token`] when the token has not the form of one.
    pub fn bot_id(&self) -> Result<String, InvalidSettings> {
        bot_id(self.token.expose_secret()).map(str::to_owned).ok_or(InvalidSettings::Token)
    }

    /// Returns the base address.
    ///
    /// # Errors
    /// [`InvalidSettings::Address`] when it is none, or would send the token in clear text.
    pub(crate) fn base(&self) -> Result<Url, InvalidSettings> {
        http::base(&self.api_url).map_err(|why| InvalidSettings::Address { why })
    }
}

/// Returns the bot's id, where a token has the form of one.
pub(crate) fn bot_id(token: &str) -> Option<&str> {
    let (id, secret) = token.split_once(':')?;
    let is_id = !id.is_empty() && id.len() <= 20 && id.bytes().all(|b| b.is_ascii_digit());
    let is_secret = !secret.is_empty() && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    (is_id && is_secret).then_some(id)
}

/// Fewest characters of a token behind its colon; those that BotFather gives have 35.
const MIN_SECRET_CHARS: usize = 30;

/// Whether a token looks like one of BotFather's, with nothing cut off.
pub(crate) fn is_whole_token(token: &str) -> bool {
    bot_id(token).is_some() && token.split_once(':').is_some_and(|(_, secret)| secret.len() >= MIN_SECRET_CHARS)
}

/// Tells what is wrong with [`Settings`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSettings {
    /// The token has not the form of one.
    #[error("the Telegram token must look like 123456789:AAE…; BotFather shows it after /newbot or /token")]
    Token,
    /// The address cannot be used.
    #[error("the address of the Telegram Bot API cannot be used: {why}")]
    Address {
        /// Why.
        why: &'static str,
    },
    /// The proxy cannot be used.
    #[error("the proxy for Telegram {why}")]
    Proxy {
        /// Why.
        why: &'static str,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client for Telegram could not be set up: {0}")]
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
        assert_eq!(settings("42:AbC_d-9", "").bot_id(), Ok("42".to_owned()));
        for wrong in ["", "42", "42:", ":x", "x:y", "42:a b", "42:a/../b", "4 2:a"] {
            assert_eq!(settings(wrong, "").bot_id(), Err(InvalidSettings::Token), "{wrong}");
        }
    }

    #[test]
    fn a_token_that_is_kept_is_a_whole_one() {
        assert!(is_whole_token("123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"));
        for junk in ["", "junk", "123456789:", "123456789:AAEhBO", "AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"] {
            assert!(!is_whole_token(junk), "{junk}");
        }
    }

    #[test]
    fn a_token_never_leaves_in_clear_text() {
        assert!(matches!(settings("1:a", "http://api.telegram.org").base(), Err(InvalidSettings::Address { .. })));
    }

    #[test]
    fn settings_do_not_print_the_token() {
        let mut settings = settings("42:sEcReT", "https://x");
        settings.proxy = Some("socks5://bot:sEcReT@p.example:1".to_owned().into());
        assert!(settings.way().is_ok_and(|proxy| proxy.is_some()));
        assert!(!format!("{settings:?}").contains("sEcReT"));
    }
}
