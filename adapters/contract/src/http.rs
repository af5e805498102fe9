//! HTTP as every adapter needs it: an address that gives no token away, a client that waits for nothing for ever, an answer
//! within bounds, and whether a request that failed has left at all.
//!
//! Addresses hold tokens at more than one provider, so no address gets into an error from here.

mod fetch;
mod way;

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Proxy, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};

pub use fetch::{FileHost, FileRef, NoFile, fetch};
pub use way::{Connection, Way, Wire};

/// Longest wait for a connection, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an unused connection is kept. Short: a request on a connection that the server has just closed looks like
/// one whose answer was lost.
const IDLE_CONNECTION: Duration = Duration::from_secs(15);

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It surely was not done.
    #[error("{0}")]
    Unsent(String),
    /// It was written, and may have been done.
    #[error("{0}")]
    Unanswered(String),
}

impl From<reqwest::Error> for NoAnswer {
    /// Sorts a failed request: only a failure to connect proves that nothing was sent.
    fn from(error: reqwest::Error) -> Self {
        let is_unsent = error.is_connect() || error.is_builder();
        let why = words(error);
        if is_unsent { Self::Unsent(why) } else { Self::Unanswered(why) }
    }
}

impl NoAnswer {
    /// Judges an answer that is not the provider's own, which stands in `whose`: whoever answers 3xx or 4xx in its place has
    /// not passed the request on.
    #[must_use]
    pub fn foreign(status: StatusCode, whose: &str) -> Self {
        let why = format!("the answer ({status}) is not {whose}");
        let is_unsent = status.is_redirection() || status.is_client_error();
        if is_unsent { Self::Unsent(why) } else { Self::Unanswered(why) }
    }
}

/// Returns an error's words and those of its causes, without the address.
#[must_use]
pub fn words(error: reqwest::Error) -> String {
    chain(&error.without_url())
}

/// Returns an error's words and those of its causes.
fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !words.ends_with(&next) {
            words.push_str(": ");
            words.push_str(&next);
        }
        cause = error.source();
    }
    words
}

/// Reads a whole body of at most so many bytes.
///
/// # Errors
/// [`NoAnswer::Unanswered`] when it is longer or breaks off.
pub async fn read(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, NoAnswer> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| NoAnswer::Unanswered(words(error)))? {
        if body.len() + chunk.len() > max_bytes {
            return Err(NoAnswer::Unanswered("the answer is too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads the address of an API, which calls with a secret go to.
///
/// # Errors
/// Why it cannot be used: it is none, has a query or a fragment, or would send the secret in clear text to another machine.
pub fn base(text: &str) -> Result<Url, &'static str> {
    let url: Url = text.trim_end_matches('/').parse().map_err(|_| "it is not an address")?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err("plain http would send the token in clear text; use https"),
        _ => return Err("it must begin with https://"),
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it must have no query and no fragment");
    }
    Ok(url)
}

/// Tells whether an address leads to this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Kinds of proxy. With an `h` or `a` at the end the proxy looks names up, without it this machine does.
const PROXIES: [&str; 6] = ["socks5h", "socks5", "socks4a", "socks4", "http", "https"];

/// Reads the address of a proxy, which may have a user name and a password in it.
///
/// # Errors
/// What such an address looks like; the address itself is never repeated.
pub fn proxy(text: &SecretString) -> Result<ProxyServer, &'static str> {
    const LOOKS: &str = "must look like socks5h://user:password@proxy.example:1080, or begin with socks5://, socks4a://, \
                         socks4://, http:// or https://";
    let url: Url = text.expose_secret().trim().parse().map_err(|_| LOOKS)?;
    let leads_on = url.path().trim_matches('/').is_empty() && url.query().is_none() && url.fragment().is_none();
    if !PROXIES.contains(&url.scheme()) || !url.has_host() || !leads_on {
        return Err(LOOKS);
    }
    let is_protected = url.scheme() == "https";
    Ok(ProxyServer { proxy: Proxy::all(url).map_err(|_| LOOKS)?, is_protected })
}

/// A proxy that calls go through.
#[derive(Debug, Clone)]
pub struct ProxyServer {
    proxy: Proxy,
    /// Whether it is spoken with through TLS.
    is_protected: bool,
}

/// Finishes a client whose calls take at most so long unless they say otherwise. It follows no redirection, and asks no proxy
/// for an API on this machine; for others it asks the one that the environment names.
///
/// # Errors
/// Why it could not be set up.
pub fn client(begun: ClientBuilder, within: Duration, base: &Url) -> Result<Client, String> {
    client_through(begun, within, base, None)
}

/// The same; where a proxy is given all calls go through that, whatever the environment says.
///
/// # Errors
/// Why it could not be set up.
pub fn client_through(
    begun: ClientBuilder,
    within: Duration,
    base: &Url,
    proxy: Option<ProxyServer>,
) -> Result<Client, String> {
    let mut client = begun
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(within)
        .pool_idle_timeout(IDLE_CONNECTION)
        .redirect(Policy::none());
    if let Some(ProxyServer { proxy, is_protected }) = proxy {
        client = client.no_proxy().proxy(proxy);
        if is_protected {
            // A proxy is mostly in-house, and so is who vouches for it.
            client = own_authorities().fold(client, ClientBuilder::add_root_certificate);
        }
    } else if is_loopback(base) {
        client = client.no_proxy();
    }
    client.build().map_err(words)
}

/// Returns the authorities that this machine trusts.
fn own_authorities() -> impl Iterator<Item = Certificate> {
    let own = rustls_native_certs::load_native_certs().certs.into_iter();
    own.filter_map(|der| Certificate::from_der(&der).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_leaves_in_clear_text() {
        assert_eq!(base("https://api.example/v1/").map(String::from), Ok("https://api.example/v1".to_owned()));
        assert!(
            ["http://127.0.0.1:8081", "http://localhost", "http://[::1]:1"].into_iter().all(|url| base(url).is_ok())
        );
        for wrong in [
            "",
            "api.example",
            "ftp://api.example",
            "http://api.example",
            "http://10.0.0.1",
            "http://127.0.0.1.evil.example",
            "https://a.example?x",
        ] {
            assert!(base(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_proxy_has_a_scheme_and_a_host_and_is_never_repeated() {
        let read = |text: &str| proxy(&text.to_owned().into());
        for right in [
            "socks5h://127.0.0.1:1080",
            "socks5://u:p@proxy.example:1080/",
            "socks4a://p.example:1",
            "http://p.example:3128",
        ] {
            assert!(read(right).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "proxy.example:1080",
            "socks5h://",
            "ftp://p.example",
            "socks6://hunter2@p.example",
            "socks5://p.example/x",
            "http://p.example?x",
        ] {
            let why = read(wrong).expect_err(wrong);
            assert!(!why.contains("hunter2"), "{why}");
        }
    }

    #[tokio::test]
    async fn no_error_holds_the_password_of_a_proxy() {
        let base = base("https://api.example").expect("an address");
        let proxy = proxy(&"socks5h://bot:sEcReT@127.0.0.1:1".to_owned().into()).expect("a proxy");
        let client = client_through(Client::builder(), Duration::from_secs(5), &base, Some(proxy)).expect("a client");
        let judged = NoAnswer::from(client.get("https://api.example").send().await.expect_err("nobody listens there"));
        assert!(matches!(&judged, NoAnswer::Unsent(_)) && !format!("{judged:?}").contains("sEcReT"), "{judged}");
        assert!(!format!("{client:?}").contains("sEcReT"), "{client:?}");
    }

    #[test]
    fn whoever_answers_in_the_provider_s_place_says_whether_it_was_sent() {
        for (status, is_unsent) in [(302, true), (403, true), (502, false), (200, false)] {
            let judged = NoAnswer::foreign(StatusCode::from_u16(status).expect("a status"), "the API's");
            assert_eq!(matches!(judged, NoAnswer::Unsent(_)), is_unsent, "{judged}");
        }
    }

    #[tokio::test]
    async fn no_error_holds_the_address() {
        let base = base("http://127.0.0.1:1").expect("an address");
        let client = client(Client::builder(), Duration::from_secs(5), &base).expect("a client");
        let error = client.get("http://127.0.0.1:1/bot42:sEcReT").send().await.expect_err("nobody listens there");
        let judged = NoAnswer::from(error);
        assert!(matches!(&judged, NoAnswer::Unsent(_)) && !format!("{judged:?}").contains("sEcReT"), "{judged}");
    }
}
