//! `[smtp]`: the mail server that notices go out by.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::reader::Section;

/// How long one mail may take, where nothing else is set.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest time one mail may take.
const MAX_TIMEOUT: Duration = Duration::from_secs(600);
/// Most recipients of a notice.
const MAX_RECIPIENTS: usize = 50;

/// How the way to the server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Security {
    /// The connection begins in clear text and must change to TLS.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Clear text.
    None,
}

impl Security {
    /// The words that stand for them.
    pub const WORDS: [(&'static str, Self); 3] =
        [("starttls", Self::StartTls), ("tls", Self::Tls), ("none", Self::None)];
}

/// The mail server.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Its name or IP address; without one there is no mail.
    pub host: Option<String>,
    /// Its port; 0 is the usual one for the security.
    pub port: u16,
    /// How the way to it is protected.
    pub security: Security,
    /// Who logs in.
    pub username: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
    /// Who writes.
    pub from: String,
    /// Who gets notices.
    pub to: Vec<String>,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<String>,
    /// Certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// How long one mail may take in all.
    pub timeout: Duration,
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            host: None,
            port: 0,
            security: Security::default(),
            username: None,
            password: None,
            from: String::new(),
            to: Vec::new(),
            reply_to: None,
            ca_file: None,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

impl Smtp {
    /// Whether there is a server to send by.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.host.is_some()
    }

    pub(super) fn read(section: &mut Section) -> Self {
        let full = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let host = full(section.text("host"));
        let port = u16::try_from(section.integer("port", 0, 0..=u32::from(u16::MAX))).unwrap_or(0);
        let security = section.choice("security", Security::default(), &Security::WORDS);
        let username = full(section.text("username"));
        let password = section.text("password").filter(|text| !text.is_empty());
        let from_file = section.parsed("password_file", None, |path| super::source::read_secret(path).map(Some));
        if password.is_some() && from_file.is_some() {
            section.fault("password_file", "is given beside password; one of them is enough");
        }
        let from = full(section.text("from")).unwrap_or_default();
        let to: Vec<String> = section.listed("to").unwrap_or_default();
        if to.len() > MAX_RECIPIENTS {
            section.fault("to", format!("names more than {MAX_RECIPIENTS} recipients"));
        } else if to.iter().any(|to| !to.contains('@') || to.contains('/') || to.contains(char::is_control)) {
            section.fault("to", "must be mail addresses, as in [\"ops@example.org\"]");
        }
        if host.is_some() && from.is_empty() {
            section.fault("from", "must say who writes, as in \"signalbox <bot@example.org>\"");
        }
        let reply_to = full(section.text("reply_to"));
        let ca_file = section.parsed("ca_file", None, |path| super::projects::absolute(path).map(Some));
        let timeout = section.duration("timeout", DEFAULT_TIMEOUT, Duration::from_secs(1)..=MAX_TIMEOUT);
        let password = password.map(SecretString::from).or(from_file);
        Self { host, port, security, username, password, from, to, reply_to, ca_file, timeout }
    }
}
