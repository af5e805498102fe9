//! `silences` of a hook or an alert channel: the Alertmanager that is told when people silence what came from there.

use reqwest::Url;
use secrecy::SecretString;
use signalbox_adapter::http::is_loopback;

use super::reader::Section;
use super::{secret_file, source};

/// Longest user name, in bytes.
const MAX_USERNAME_BYTES: usize = 128;
/// Longest token or password, in bytes.
const MAX_SECRET_BYTES: usize = 4096;

/// Where silences are written: an Alertmanager.
#[derive(Debug, Clone)]
pub struct Silencing {
    /// Its address, without a `/` at its end and without `/api/v2`.
    pub url: Url,
    /// What it is shown, where it wants to see something.
    pub login: Option<SilencingLogin>,
}

/// What an Alertmanager, or the proxy before it, is shown.
#[derive(Debug, Clone)]
pub enum SilencingLogin {
    /// A bearer token.
    Bearer(SecretString),
    /// A user name and a password.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: SecretString,
    },
}

impl Silencing {
    /// Makes one that is shown nothing, or a token.
    ///
    /// # Errors
    /// What is wrong with the address or the token, without repeating either.
    pub fn of(url: &str, token: Option<SecretString>) -> Result<Self, String> {
        let url = address(url)?;
        let login = token.map(|token| checked(token).map(SilencingLogin::Bearer)).transpose()?;
        let one = Self { url, login };
        if one.would_tell_all() { Err(IN_THE_CLEAR.to_owned()) } else { Ok(one) }
    }

    /// Returns the secret in it.
    #[must_use]
    pub fn secret(&self) -> Option<&SecretString> {
        match self.login.as_ref()? {
            SilencingLogin::Bearer(secret) | SilencingLogin::Basic { password: secret, .. } => Some(secret),
        }
    }

    /// Reads the table at `silences`; `None` where there is none, or where it says nothing that can be used.
    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let is_there = section.has("silences");
        let read = section.section("silences", |section| {
            let url = match section.has("url") {
                true => section.parsed("url", None, |text| address(text).map(Some)),
                false => {
                    section.asked("url");
                    if is_there {
                        section.fault("url", "is missing");
                    }
                    None
                }
            };
            let (token, password) = (secret(section, "token"), secret(section, "password"));
            let username = section.parsed("username", None, |text| username(text).map(Some));
            let login = match (token, username, password) {
                (Some(token), None, None) => Some(SilencingLogin::Bearer(token)),
                (None, Some(username), Some(password)) => Some(SilencingLogin::Basic { username, password }),
                (None, None, None) => None,
                (Some(_), _, _) => {
                    section.fault("token", "is set beside username or password; set one of them");
                    None
                }
                (None, Some(_), None) | (None, None, Some(_)) => {
                    section.fault("username", "goes with password, and neither without the other");
                    None
                }
            };
            let silencing = Self { url: url?, login };
            if silencing.would_tell_all() {
                section.fault("url", IN_THE_CLEAR);
            }
            Some(silencing)
        });
        read.filter(|_| is_there)
    }

    /// Whether a secret would go over a network in clear text.
    fn would_tell_all(&self) -> bool {
        self.login.is_some() && self.url.scheme() == "http" && !is_loopback(&self.url)
    }
}

const IN_THE_CLEAR: &str = "plain http would send the secret in clear text; use https";

fn address(text: &str) -> Result<Url, String> {
    let text = text.trim_end_matches('/');
    let text = text.strip_suffix("/api/v2").unwrap_or(text);
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    url.ok_or_else(|| "must be an Alertmanager's address, such as \"http://127.0.0.1:9093\"".to_owned())
}

fn username(text: &str) -> Result<String, String> {
    let fits = (1..=MAX_USERNAME_BYTES).contains(&text.len()) && !text.contains(|c: char| c == ':' || c.is_control());
    if fits { Ok(text.to_owned()) } else { Err(format!("must be 1 to {MAX_USERNAME_BYTES} bytes without a colon")) }
}

fn checked(secret: SecretString) -> Result<SecretString, String> {
    use secrecy::ExposeSecret as _;
    let text = secret.expose_secret();
    let fits = (1..=MAX_SECRET_BYTES).contains(&text.len()) && text.chars().all(|c| c.is_ascii() && !c.is_control());
    if fits { Ok(secret) } else { Err(format!("must be 1 to {MAX_SECRET_BYTES} ASCII characters on one line")) }
}

/// Reads a secret, or the file that holds it.
fn secret(section: &mut Section, key: &str) -> Option<SecretString> {
    let file_key = format!("{key}_file");
    let both = section.has(key) && section.has(&file_key);
    let own = section.parsed(key, None, |text| checked(text.to_owned().into()).map(Some));
    let filed =
        secret_file::read(section, &file_key, None, |path| source::read_secret(path).and_then(checked).map(Some));
    if both {
        section.fault(key, format!("is set twice: here and as {file_key}"));
    }
    own.or(filed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources, load, show};

    fn read(silences: &str) -> Result<Config, String> {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("signalbox.toml");
        std::fs::write(directory.path().join("token"), "from-a-file\n").expect("written");
        let silences = silences.replace("$DIR", &directory.path().display().to_string());
        let text = format!(
            "[[hooks]]\nid = 'ops'\nsource = 'alertmanager'\ntarget = 'telegram:-1'\nsecret = '0123456789abcdef'\n\
             silences = {silences}\n"
        );
        std::fs::write(&file, text).expect("written");
        let sources = Sources { explicit: Some(file), statements: crate::wiring::statements(), ..Sources::default() };
        load(&sources).map(|loaded| loaded.config).map_err(|faults| faults.to_string())
    }

    #[test]
    fn an_alertmanager_is_named_with_what_it_is_shown() {
        for (silences, url, login) in [
            ("{ url = 'http://am.example.org:9093/' }", "http://am.example.org:9093/", "none"),
            ("{ url = 'https://example.org/am/api/v2', token = 'sEcReT' }", "https://example.org/am", "bearer"),
            ("{ url = 'http://[::1]:9093', token_file = '$DIR/token' }", "http://[::1]:9093/", "bearer"),
            ("{ url = 'http://127.0.0.1:9', username = 'kim', password = 'sEcReT' }", "http://127.0.0.1:9/", "basic"),
        ] {
            let config = read(silences).expect(silences);
            let silencing = config.hooks[0].silences.as_ref().expect(silences);
            let shown = match &silencing.login {
                None => "none",
                Some(SilencingLogin::Bearer(_)) => "bearer",
                Some(SilencingLogin::Basic { .. }) => "basic",
            };
            assert_eq!((silencing.url.as_str(), shown), (url, login));
            assert_eq!(config.secrets().count(), 1 + usize::from(silencing.login.is_some()));
            let shown = show(&config);
            assert!(shown.contains(url.trim_end_matches('/')) && !shown.contains("sEcReT"), "{shown}");
            assert!(!format!("{config:?}").contains("sEcReT"));
        }
        let plain = Silencing::of("http://am:9093", None).expect("nothing is shown");
        assert!(plain.secret().is_none());
    }

    #[test]
    fn what_cannot_be_is_told_and_no_secret_goes_in_clear_text() {
        for (silences, why) in [
            ("{ token = 'sEcReT' }", "hooks[1].silences.url: is missing"),
            ("{ url = 'am:9093' }", "hooks[1].silences.url: must be an Alertmanager's address"),
            ("{ url = 'http://kim:sEcReT@am:9093' }", "must be an Alertmanager's address"),
            ("{ url = 'http://am:9093', token = 'sEcReT' }", "plain http would send the secret in clear text"),
            ("{ url = 'https://am', token = 'sEcReT', username = 'kim' }", "hooks[1].silences.token: is set beside"),
            ("{ url = 'https://am', password = 'sEcReT' }", "hooks[1].silences.username: goes with password"),
            ("{ url = 'https://am', token = 'sEcReT', token_file = '$DIR/token' }", "is set twice"),
            ("{ url = 'https://am', tokken = 'sEcReT' }", "did you mean hooks[1].silences.token?"),
            ("'http://am:9093'", "hooks[1].silences: must be a table"),
        ] {
            let fault = read(silences).expect_err(silences);
            assert!(fault.contains(why) && !fault.contains("sEcReT"), "{why}: {fault}");
        }
        assert!(Silencing::of("http://am:9093", Some("sEcReT".to_owned().into())).is_err());
    }
}
