//! What the adapter has to be told: the tokens and where the API is. Checked before anything is sent.

use std::hash::{DefaultHasher, Hash, Hasher};

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use signalbox_adapter::http::{self, ProxyServer, Way};
use signalbox_adapter::settings::Values;

/// Where Slack's own Web API is.
pub const DEFAULT_API_URL: &str = "https://slack.com/api";

/// What a bot token begins with.
pub(crate) const BOT_TOKEN: &str = "xoxb-";
/// What an app-level token begins with.
pub(crate) const APP_TOKEN: &str = "xapp-";

/// Longest token that is taken, in bytes; Slack's have about 100.
const MAX_TOKEN_BYTES: usize = 512;

/// Settings of one app in one workspace.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bot's token, as "OAuth & Permissions" gives it.
    pub bot_token: SecretString,
    /// The app-level token, by which Slack is heard; `None` to write only.
    pub app_token: Option<SecretString>,
    /// Base address of the API. Plain `http` for loopback only.
    pub api_url: String,
    /// The proxy through which API and sockets are reached; may have a password in it. Without it, what the environment names.
    pub proxy: Option<SecretString>,
}

impl Settings {
    /// Takes the tokens and leaves everything else as it is for Slack's own servers.
    #[must_use]
    pub fn new(bot_token: SecretString, app_token: Option<SecretString>) -> Self {
        Self { bot_token, app_token, api_url: DEFAULT_API_URL.to_owned(), proxy: None }
    }

    /// Takes them from the values of [`crate::SECTION`]; `None` where there is no token.
    #[must_use]
    pub fn of(values: &Values) -> Option<Self> {
        let settings = Self::new(values.secret("bot_token")?.clone(), values.secret("app_token").cloned());
        let api_url = values.text("api_url").map_or(settings.api_url, str::to_owned);
        Some(Self { api_url, proxy: values.secret("proxy").cloned(), ..settings })
    }

    /// Returns what stands for the bot for ever: the two numbers that its token begins with, those of the workspace and of the
    /// bot in it, which a new token has too; of a token that is written otherwise, a number that stands for it.
    ///
    /// # Errors
    /// [`InvalidSettings::Token`] when a token cannot be one.
    pub fn bot_id(&self) -> Result<String, InvalidSettings> {
        let token = self.bot_token.expose_secret();
        if !is_token(token) || self.app_token.as_ref().is_some_and(|token| !is_token(token.expose_secret())) {
            return Err(InvalidSettings::Token);
        }
        Ok(numbers(token).unwrap_or_else(|| {
            let mut hasher = DefaultHasher::new();
            token.hash(&mut hasher);
            format!("x{:016x}", hasher.finish())
        }))
    }

    /// Returns the base address.
    ///
    /// # Errors
    /// [`InvalidSettings::Address`] when it is none, or would send a token in clear text.
    pub(crate) fn base(&self) -> Result<Url, InvalidSettings> {
        http::base(&self.api_url).map_err(|why| InvalidSettings::Address { why })
    }

    /// Returns the proxy for calls.
    ///
    /// # Errors
    /// [`InvalidSettings::Proxy`] when it is none.
    pub(crate) fn proxy(&self) -> Result<Option<ProxyServer>, InvalidSettings> {
        let proxy = self.proxy.as_ref().map(http::proxy).transpose();
        proxy.map_err(|why| InvalidSettings::Proxy { why })
    }

    /// Returns the way of the sockets.
    ///
    /// # Errors
    /// [`InvalidSettings::Proxy`] when the proxy is none.
    pub(crate) fn way(&self) -> Result<Way, InvalidSettings> {
        Way::through(self.proxy.as_ref()).map_err(|why| InvalidSettings::Proxy { why })
    }
}

fn is_token(token: &str) -> bool {
    (1..=MAX_TOKEN_BYTES).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic())
}

fn numbers(token: &str) -> Option<String> {
    let mut parts = token.strip_prefix(BOT_TOKEN)?.split('-');
    let (workspace, bot) = (parts.next()?, parts.next()?);
    // What follows is the secret.
    parts.next()?;
    let is_number = |part: &str| (1..=20).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (is_number(workspace) && is_number(bot)).then(|| format!("{workspace}-{bot}"))
}

/// Tells what is wrong with [`Settings`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSettings {
    /// A token cannot be one.
    #[error("a Slack token must be one line without spaces: xoxb-... for the bot, xapp-... for the app")]
    Token,
    /// The address cannot be used.
    #[error("the address of the Slack API cannot be used: {why}")]
    Address {
        /// Why.
        why: &'static str,
    },
    /// The proxy cannot be used.
    #[error("the proxy for Slack {why}")]
    Proxy {
        /// What such an address looks like.
        why: &'static str,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client for Slack could not be set up: {0}")]
    Client(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(token: &str, api_url: &str) -> Settings {
        Settings { api_url: api_url.to_owned(), ..Settings::new(token.to_owned().into(), None) }
    }

    #[test]
    fn the_bot_is_told_by_its_token_without_the_secret() {
        assert_eq!(settings("xoxb-17-42-sEcReT", "").bot_id(), Ok("17-42".to_owned()));
        for other in ["xoxb-sEcReT", "xoxb-17-sEcReT", "xoxb-17-42", "sEcReT"] {
            let id = settings(other, "").bot_id().expect("it may be a token");
            assert!(id.starts_with('x') && !id.contains("Ec") && !id.contains("17"), "{id}");
            assert_eq!(settings(other, "").bot_id(), Ok(id));
        }
        for wrong in ["", "a b", "a\nb", "ä-1"] {
            assert_eq!(settings(wrong, "").bot_id(), Err(InvalidSettings::Token), "{wrong}");
        }
    }

    #[test]
    fn a_token_never_leaves_in_clear_text() {
        assert!(matches!(settings("x", "http://slack.com/api").base(), Err(InvalidSettings::Address { .. })));
        assert!(settings("x", DEFAULT_API_URL).base().is_ok());
    }

    #[test]
    fn settings_do_not_print_the_tokens() {
        let mut settings = Settings::new("xoxb-sEcReT".to_owned().into(), Some("xapp-sEcReT".to_owned().into()));
        settings.proxy = Some("socks5://bot:sEcReT@p.example:1".to_owned().into());
        assert!(settings.proxy().is_ok_and(|proxy| proxy.is_some()) && settings.way().is_ok());
        assert!(!format!("{settings:?}").contains("sEcReT"));
        settings.proxy = Some("sEcReT@p.example".to_owned().into());
        let error = settings.proxy().map(|_| ()).expect_err("it is none");
        assert!(error.to_string().contains("socks5h://") && !error.to_string().contains("sEcReT"), "{error}");
    }
}
