//! Connections that are no HTTP calls, such as a gateway's: straight, or through the proxy that calls go through as well.
//!
//! Names are looked up where the proxy's kind says: with `socks5h://`, `socks4a://`, `http://` and `https://` by the proxy, else
//! by this machine. Nothing that is told of a failure holds a password.

use std::error::Error;
use std::future::poll_fn;

use hyper::Uri;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::lookup_host;
use tower_service::Service;

use super::{CONNECT_TIMEOUT, is_loopback, proxy};

/// What is written to and read from.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A connection; TLS is up to whoever uses it.
pub type Connection = Box<dyn Wire>;

/// The way to servers.
#[derive(Debug)]
pub struct Way {
    proxies: Matcher,
    /// Whether a proxy was given: then all goes through that, also what this machine answers itself.
    is_given: bool,
}

impl Way {
    /// Goes through a proxy; without one, through those that the environment names, as calls do.
    ///
    /// # Errors
    /// What the address of a proxy looks like; the address itself is never repeated.
    pub fn through(given: Option<&SecretString>) -> Result<Self, &'static str> {
        let Some(text) = given else { return Ok(Self { proxies: Matcher::from_env(), is_given: false }) };
        proxy(text)?;
        let proxies = Matcher::builder().all(text.expose_secret().trim()).build();
        Ok(Self { proxies, is_given: true })
    }

    /// Connects to the server of an address.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub async fn connect(&self, url: &Url) -> Result<Connection, String> {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err("the address names no server".to_owned());
        };
        let to = address(host, port)?;
        let is_straight = !self.is_given && is_loopback(url);
        match self.proxies.intercept(&to).filter(|_| !is_straight) {
            None => Ok(Box::new(TokioIo::new(call(tcp(), to).await?))),
            Some(between) => {
                let through = connect_through(&between, to, host, port).await;
                through.map_err(|why| format!("through the proxy: {why}"))
            }
        }
    }
}

async fn connect_through(between: &Intercept, to: Uri, host: &str, port: u16) -> Result<Connection, String> {
    let proxy = between.uri().clone();
    match proxy.scheme_str() {
        Some("socks5h" | "socks5") => {
            let to = if proxy.scheme_str() == Some("socks5") { looked_up(host, port).await? } else { to };
            let mut socks = SocksV5::new(proxy, tcp());
            if let Some((user, password)) = between.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            Ok(Box::new(TokioIo::new(call(socks, to).await?)))
        }
        Some("socks4a" | "socks4") => {
            let to = if proxy.scheme_str() == Some("socks4") { looked_up(host, port).await? } else { to };
            Ok(Box::new(TokioIo::new(call(SocksV4::new(proxy, tcp()), to).await?)))
        }
        Some("https") => {
            let roots = HttpsConnectorBuilder::new().with_native_roots().map_err(|error| error.to_string())?;
            let tls = roots.https_or_http().enable_http1().wrap_connector(tcp());
            Ok(Box::new(TokioIo::new(call(tunnel(between, proxy, tls), to).await?)))
        }
        Some(_) | None => Ok(Box::new(TokioIo::new(call(tunnel(between, proxy, tcp()), to).await?))),
    }
}

fn tunnel<C>(between: &Intercept, proxy: Uri, connector: C) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy, connector);
    match between.basic_auth() {
        Some(auth) => tunnel.with_auth(auth.clone()),
        None => tunnel,
    }
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp
}

/// Writes where to as connectors read it: they are asked for a server, whatever is spoken there.
fn address(host: &str, port: u16) -> Result<Uri, String> {
    format!("https://{host}:{port}").parse().map_err(|_| "the address names no server".to_owned())
}

async fn looked_up(host: &str, port: u16) -> Result<Uri, String> {
    let bare = host.trim_matches(['[', ']']);
    let mut found = lookup_host((bare, port)).await.map_err(|error| error.to_string())?;
    let found = found.next().ok_or("nobody knows the server's name")?;
    format!("https://{found}").parse().map_err(|_| "the address names no server".to_owned())
}

async fn call<S>(mut service: S, to: Uri) -> Result<S::Response, String>
where
    S: Service<Uri>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let words = |error: S::Error| {
        let error: Box<dyn Error + Send + Sync> = error.into();
        super::chain(error.as_ref())
    };
    poll_fn(|cx| service.poll_ready(cx)).await.map_err(words)?;
    service.call(to).await.map_err(words)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn through(text: &str) -> Way {
        Way::through(Some(&text.to_owned().into())).expect("a proxy")
    }

    fn url(text: &str) -> Url {
        text.parse().expect("an address")
    }

    /// Hears what a client says first, answers, and leads it on to what it says next.
    async fn proxied(answer: &'static str, scheme: &str) -> (String, Result<Connection, String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let way = through(&format!("{scheme}://bot:sEcReT@{}", listener.local_addr().expect("an address")));
        let served = async {
            let (mut client, _) = listener.accept().await.expect("a client");
            let mut heard = vec![0; 4096];
            let length = client.read(&mut heard).await.expect("it speaks");
            client.write_all(answer.as_bytes()).await.expect("it listens");
            String::from_utf8_lossy(&heard[..length]).into_owned()
        };
        let gateway = url("wss://gateway.example/?v=10");
        tokio::join!(served, way.connect(&gateway))
    }

    #[tokio::test]
    async fn a_proxy_is_asked_to_lead_to_the_server_with_its_password() {
        let (heard, connected) = proxied("HTTP/1.1 200 Connection established\r\n\r\n", "http").await;
        assert!(connected.is_ok());
        assert!(heard.starts_with("CONNECT gateway.example:443 HTTP/1.1\r\n"), "{heard}");
        // "bot:sEcReT" in base 64.
        assert!(heard.to_lowercase().contains("proxy-authorization: basic ym90onnfy1jlva=="), "{heard}");
    }

    #[tokio::test]
    async fn what_a_proxy_says_no_to_is_told_without_its_password() {
        for answer in ["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "HTTP/1.1 502 Bad Gateway\r\n\r\n", "?"] {
            let (_, connected) = proxied(answer, "http").await;
            let why = connected.err().expect("it is refused");
            assert!(why.starts_with("through the proxy: ") && !why.contains("sEcReT"), "{why}");
        }
        let gone = through("socks5h://bot:sEcReT@127.0.0.1:1");
        let why = gone.connect(&url("wss://gateway.example")).await.err().expect("nobody listens there");
        assert!(!why.contains("sEcReT") && !format!("{gone:?}").contains("sEcReT"), "{why} {gone:?}");
    }

    #[tokio::test]
    async fn without_a_proxy_the_server_itself_is_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let server = url(&format!("ws://{}", listener.local_addr().expect("an address")));
        let way = Way::through(None).expect("a way");
        assert!(way.connect(&server).await.is_ok());
        assert!(Way::through(Some(&"proxy.example:1080".to_owned().into())).is_err());
    }
}
