//! What the adapter has to be told: the server, how the way to it is protected, and who writes. Checked before anything is
//! sent; the password is shown nowhere.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use secrecy::{ExposeSecret, SecretString};
use signalbox_adapter::settings::Values;

use crate::address::{InvalidAddress, mailbox};

/// How long one mail may take, where nothing else is set.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// How the way to the server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Security {
    /// The connection begins in clear text and must change to TLS; a server that does not offer it gets nothing.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Clear text. A password is only ever sent to this machine itself.
    None,
}

impl Security {
    /// The words that stand for them, the default first.
    pub(crate) const WORDS: &'static [&'static str] = &["starttls", "tls", "none"];

    fn of_word(word: &str) -> Option<Self> {
        let all = [Self::StartTls, Self::Tls, Self::None];
        Self::WORDS.iter().zip(all).find(|(known, _)| **known == word).map(|(_, security)| security)
    }

    /// Returns the port where such a server usually listens.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// Settings of the way out.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name or IP address of the server; its certificate must be for this.
    pub host: String,
    /// Its port; `None` is [`Security::default_port`].
    pub port: Option<u16>,
    /// How the way to it is protected.
    pub security: Security,
    /// Who logs in; together with a password.
    pub username: Option<String>,
    /// The password; together with a user name.
    pub password: Option<SecretString>,
    /// Who writes, with or without a name.
    pub from: String,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<String>,
    /// Certificates (PEM) that are trusted besides the system's. Read for each connection, so that a new one counts.
    pub ca_file: Option<PathBuf>,
    /// What this machine calls itself to the server; by itself it is its name, where that has a domain, else its address.
    pub helo: Option<String>,
    /// How long one mail may take in all.
    pub timeout: Duration,
}

impl Settings {
    /// Takes the server and who writes, and leaves everything else at its default.
    #[must_use]
    pub fn new(host: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            security: Security::default(),
            username: None,
            password: None,
            from: from.into(),
            reply_to: None,
            ca_file: None,
            helo: None,
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// Takes them from the values of [`crate::SECTION`]; `None` where no server is named.
    #[must_use]
    pub fn of(values: &Values) -> Option<Self> {
        let owned = |key| values.text(key).map(str::to_owned);
        Some(Self {
            host: owned("host")?,
            port: values.port("port"),
            security: values.text("security").and_then(Security::of_word).unwrap_or_default(),
            username: owned("username"),
            password: values.secret("password").cloned(),
            from: owned("from").unwrap_or_default(),
            reply_to: owned("reply_to"),
            ca_file: values.path("ca_file").map(Path::to_owned),
            helo: owned("helo"),
            timeout: values.duration("timeout").unwrap_or(DEFAULT_TIMEOUT),
        })
    }

    /// Checks all of them, without asking the network or the disk.
    ///
    /// # Errors
    /// The first fault, as [`InvalidSettings`].
    pub fn check(&self) -> Result<(), InvalidSettings> {
        let host = self.host();
        let is_name = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        if host.is_empty() || !(is_name || host.parse::<IpAddr>().is_ok()) {
            return Err(InvalidSettings::Host);
        }
        let is_helo = |helo: &str| {
            helo.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b))
                && !helo.is_empty()
                && helo.len() <= 255
        };
        if self.helo.as_deref().is_some_and(|helo| !is_helo(helo)) {
            return Err(InvalidSettings::Helo);
        }
        if self.port == Some(0) {
            return Err(InvalidSettings::Port);
        }
        if self.timeout.is_zero() {
            return Err(InvalidSettings::Timeout);
        }
        self.sender()?;
        self.answers_to()?;
        self.check_credentials()
    }

    fn check_credentials(&self) -> Result<(), InvalidSettings> {
        let Some((username, password)) = self.credentials()? else { return Ok(()) };
        if username.is_empty() || password.is_empty() {
            return Err(InvalidSettings::Incomplete);
        }
        if [username, password].iter().any(|text| text.contains(['\r', '\n', '\0'])) {
            return Err(InvalidSettings::ControlCharacter);
        }
        if self.security == Security::None && !self.is_local() {
            return Err(InvalidSettings::ClearText);
        }
        Ok(())
    }

    /// Returns the host as it is looked up: an IPv6 address without brackets.
    pub(crate) fn host(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }

    /// Returns the port that is connected to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.security.default_port())
    }

    /// Returns who writes.
    pub(crate) fn sender(&self) -> Result<Mailbox, InvalidSettings> {
        mailbox(&self.from).map_err(|error| InvalidSettings::Address { key: "from", error })
    }

    /// Returns where answers go.
    pub(crate) fn answers_to(&self) -> Result<Option<Mailbox>, InvalidSettings> {
        let invalid = |error| InvalidSettings::Address { key: "reply_to", error };
        self.reply_to.as_deref().map(mailbox).transpose().map_err(invalid)
    }

    /// Returns user name and password.
    pub(crate) fn credentials(&self) -> Result<Option<(&str, &str)>, InvalidSettings> {
        match (&self.username, &self.password) {
            (None, None) => Ok(None),
            (Some(username), Some(password)) => Ok(Some((username, password.expose_secret()))),
            (Some(_), None) | (None, Some(_)) => Err(InvalidSettings::Incomplete),
        }
    }

    fn is_local(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// Tells what is wrong with [`Settings`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSettings {
    /// The host is none.
    #[error("the mail server must be a host name or an IP address, without port or scheme")]
    Host,
    /// The name of this machine is none.
    #[error("`helo` must be a host name, as in \"bot.example.org\", or an address in brackets")]
    Helo,
    /// The port is none.
    #[error("the port of the mail server must be from 1 to 65535")]
    Port,
    /// Nothing can be done in no time.
    #[error("the time-out for a mail must be more than 0")]
    Timeout,
    /// An address is none.
    #[error("`{key}` for mail is wrong: {error}")]
    Address {
        /// Which.
        key: &'static str,
        /// Why.
        error: InvalidAddress,
    },
    /// User name without password, or the other way round.
    #[error("the mail server needs both a user name and a password, or neither")]
    Incomplete,
    /// User name or password has a line break or NUL.
    #[error("the user name or password for mail has a line break or NUL in it")]
    ControlCharacter,
    /// The password would be readable on the way.
    #[error("a password for mail would be sent in clear text; use security \"starttls\" or \"tls\"")]
    ClearText,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut Settings)) -> Result<(), InvalidSettings> {
        let mut settings = Settings::new("mail.example.org", "signalbox <bot@example.org>");
        settings.username = Some("bot".to_owned());
        settings.password = Some("sEcReT".to_owned().into());
        change(&mut settings);
        assert!(!format!("{settings:?}").contains("sEcReT"));
        settings.check()
    }

    #[test]
    fn the_port_follows_from_the_security() {
        let port = |security| Settings { security, ..Settings::new("h", "a@b.example") }.port();
        assert_eq!([Security::StartTls, Security::Tls, Security::None].map(port), [587, 465, 25]);
    }

    #[test]
    fn a_password_goes_in_clear_text_to_this_machine_only() {
        assert_eq!(settings(|_| {}), Ok(()));
        assert_eq!(settings(|s| s.security = Security::None), Err(InvalidSettings::ClearText));
        for (host, outcome) in [
            ("127.0.0.1", Ok(())),
            ("[::1]", Ok(())),
            ("localhost", Ok(())),
            ("127.0.0.1.evil.example", Err(InvalidSettings::ClearText)),
        ] {
            let local = |s: &mut Settings| (s.security, s.host) = (Security::None, host.to_owned());
            assert_eq!(settings(local), outcome, "{host}");
        }
    }

    #[test]
    fn what_could_break_a_line_is_refused() {
        assert_eq!(settings(|s| s.host = "a\r\nb".to_owned()), Err(InvalidSettings::Host));
        assert_eq!(settings(|s| s.host = "smtp://a".to_owned()), Err(InvalidSettings::Host));
        for helo in ["", "a b", "bot\r\nMAIL FROM:<x>", "bücher.example"] {
            assert_eq!(settings(|s| s.helo = Some(helo.to_owned())), Err(InvalidSettings::Helo), "{helo:?}");
        }
        assert_eq!(settings(|s| s.helo = Some("bot.example.org".to_owned())), Ok(()));
        let injected = "bot@example.org\r\nBcc: eve@example.org";
        assert!(matches!(
            settings(|s| s.from = injected.to_owned()),
            Err(InvalidSettings::Address { key: "from", .. })
        ));
        assert!(settings(|s| s.reply_to = Some(injected.to_owned())).is_err());
        for text in ["a\rb", "a\nb", "a\0b"] {
            assert_eq!(settings(|s| s.username = Some(text.to_owned())), Err(InvalidSettings::ControlCharacter));
            assert_eq!(settings(|s| s.password = Some(text.into())), Err(InvalidSettings::ControlCharacter));
        }
    }

    #[test]
    fn what_is_missing_is_told() {
        assert_eq!(settings(|s| s.password = None), Err(InvalidSettings::Incomplete));
        assert_eq!(settings(|s| s.username = None), Err(InvalidSettings::Incomplete));
        assert_eq!(settings(|s| s.port = Some(0)), Err(InvalidSettings::Port));
        assert_eq!(settings(|s| s.timeout = Duration::ZERO), Err(InvalidSettings::Timeout));
    }
}
