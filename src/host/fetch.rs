//! Fetching one page, as the only thing here that uses the network, and what its server's certificate is.
//!
//! Nothing is sent but the request. Proxies are not used, redirects to another host are not followed, and link-local
//! addresses, where clouds keep credentials, are never asked, by whatever name they are reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use reqwest::redirect::{Attempt, Policy};
use reqwest::tls::TlsInfo;
use reqwest::{Client, ClientBuilder, Url};

use super::{budget, certificate};

/// Longest wait for one answer.
const BUDGET: Duration = Duration::from_secs(5);
/// Longest wait for the addresses of a name.
const RESOLVE_BUDGET: Duration = Duration::from_secs(2);
/// Most of a page that is read, in bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Most redirects followed within one host.
const MAX_REDIRECTS: usize = 3;
/// Names of servers that hand out a cloud machine's credentials.
const METADATA_NAMES: [&str; 4] =
    ["metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal"];
/// Addresses of such servers that are not link-local.
const METADATA_ADDRESSES: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// What came of asking for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageAnswer {
    /// The page, or why there is none.
    pub(crate) page: Result<Page, String>,
    /// How long it took.
    pub(crate) took: Duration,
    /// The server's certificate, DER, where there was one.
    pub(crate) certificate: Option<Vec<u8>>,
    /// Why the certificate is not accepted.
    pub(crate) refused: Option<String>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Status code of HTTP.
    pub(crate) status: u16,
    /// The beginning of its body.
    pub(crate) body: Vec<u8>,
}

/// Fetches a page.
pub(crate) fn fetch(url: &Url) -> PageAnswer {
    let start = Instant::now();
    let nothing = |why: String| PageAnswer { page: Err(why), took: start.elapsed(), certificate: None, refused: None };
    let addresses = match addresses(url) {
        Ok(addresses) => addresses,
        Err(why) => return nothing(why),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return nothing(error.to_string()),
    };
    runtime.block_on(ask(url, &addresses, start))
}

async fn ask(url: &Url, addresses: &[SocketAddr], start: Instant) -> PageAnswer {
    let sent = match client(url, addresses) {
        Ok(client) => client.get(url.clone()).send().await,
        Err(error) => Err(error),
    };
    match sent {
        Ok(response) => {
            let certificate = certificate_of(&response);
            let status = response.status().as_u16();
            let page = body(response).await.map(|body| Page { status, body });
            PageAnswer { page, took: start.elapsed(), certificate, refused: None }
        }
        Err(error) => {
            let (why, took) = (in_words(&error), start.elapsed());
            // Looked at once more, to tell what is wrong with the certificate.
            let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
            let certificate = why.contains("certificate").then(|| certificate::look(host, addresses, BUDGET)).flatten();
            let refused = certificate.is_some().then(|| why.clone());
            PageAnswer { page: Err(why), took, certificate, refused }
        }
    }
}

fn certificate_of(response: &reqwest::Response) -> Option<Vec<u8>> {
    Some(response.extensions().get::<TlsInfo>()?.peer_certificate()?.to_vec())
}

async fn body(mut response: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| in_words(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() >= MAX_BODY_BYTES {
            body.truncate(MAX_BODY_BYTES);
            break;
        }
    }
    Ok(body)
}

fn client(url: &Url, addresses: &[SocketAddr]) -> reqwest::Result<Client> {
    trusting_this_machine(|| builder(url, addresses), ClientBuilder::build)
}

/// Builds a client that trusts the machine's own roots besides the usual ones; a root that is no certificate is left out
/// with all of its kind.
///
/// # Errors
/// As `build`.
pub fn trusting_this_machine<E>(
    begin: impl Fn() -> ClientBuilder,
    build: impl Fn(ClientBuilder) -> Result<Client, E>,
) -> Result<Client, E> {
    let own = rustls_native_certs::load_native_certs().certs;
    let own = own.iter().filter_map(|der| reqwest::Certificate::from_der(der).ok());
    let with_own = build(own.fold(begin(), ClientBuilder::add_root_certificate));
    with_own.or_else(|_| build(begin()))
}

fn builder(url: &Url, addresses: &[SocketAddr]) -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .timeout(BUDGET)
        .tls_info(true)
        .redirect(Policy::custom(|attempt| if stays(&attempt) { attempt.follow() } else { attempt.stop() }))
        .resolve_to_addrs(url.host_str().unwrap_or_default(), addresses)
}

/// Tells whether a redirect stays on the host and port it comes from, or goes from plain to secure.
fn stays(attempt: &Attempt<'_>) -> bool {
    let Some(first) = attempt.previous().first() else { return false };
    let next = attempt.url();
    let ports = (first.port_or_known_default(), next.port_or_known_default());
    attempt.previous().len() <= MAX_REDIRECTS
        && first.host() == next.host()
        && (ports.0 == ports.1 || ports == (Some(80), Some(443)))
}

/// Finds the addresses of a host.
///
/// # Errors
/// Why it is not asked.
fn addresses(url: &Url) -> Result<Vec<SocketAddr>, String> {
    let host = url.host_str().ok_or("it names no host")?.trim_matches(['[', ']']).to_owned();
    if METADATA_NAMES.contains(&host.trim_end_matches('.')) {
        return Err("a server of a cloud's credentials is never asked".into());
    }
    let port = url.port_or_known_default().ok_or("it names no port")?;
    let found = budget::within(RESOLVE_BUDGET, move || (host.as_str(), port).to_socket_addrs())
        .ok_or("its name was not resolved in time")?
        .map_err(|error| format!("its name was not resolved: {error}"))?;
    let found: Vec<SocketAddr> = found.collect();
    if found.iter().any(|address| is_forbidden(address.ip())) {
        return Err("a link-local address is never asked".into());
    }
    Ok(found)
}

fn is_forbidden(address: IpAddr) -> bool {
    let plain = match address {
        IpAddr::V6(six) => match (six.to_ipv4_mapped(), six.segments()) {
            (Some(four), _) => IpAddr::V4(four),
            // The prefix by which IPv6-only networks reach IPv4.
            (None, [0x64, 0xff9b, 0, 0, 0, 0, high, low]) => {
                IpAddr::V4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
            }
            (None, _) => address,
        },
        IpAddr::V4(_) => address,
    };
    let is_link_local = match plain {
        IpAddr::V4(four) => four.is_link_local(),
        IpAddr::V6(six) => six.is_unicast_link_local(),
    };
    is_link_local || METADATA_ADDRESSES.contains(&plain)
}

/// Says why, without the address, in the innermost error's words.
fn in_words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", BUDGET.as_secs());
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// Serves one connection with a fixed answer and returns its address.
    fn serve(answer: String) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let _ = connection.read(&mut [0; 4096]);
            let _ = connection.write_all(answer.as_bytes());
        });
        url
    }

    #[test]
    fn link_local_addresses_are_never_asked_by_whatever_name() {
        for host in [
            "169.254.169.254",
            "0xA9FEA9FE",
            "2852039166",
            "[fe80::1]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "[fd00:ec2::254]",
            "100.100.100.200",
            "168.63.129.16",
            "metadata.google.internal.",
        ] {
            let url = Url::parse(&format!("http://{host}/latest/")).unwrap();
            let why = fetch(&url).page.unwrap_err();
            assert!(why.contains("never asked"), "{host}: {why}");
        }
    }

    #[test]
    fn a_redirect_to_another_host_is_told_and_not_followed() {
        let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
        let location = format!("http://{}/", elsewhere.local_addr().unwrap());
        let url = serve(format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"));
        assert_eq!(fetch(&url).page.unwrap().status, 302);
        elsewhere.set_nonblocking(true).unwrap();
        assert!(elsewhere.accept().is_err(), "nobody came");
    }

    #[test]
    fn a_page_is_read_up_to_the_bound() {
        let body = "x".repeat(2 * MAX_BODY_BYTES);
        let url = serve(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
        let page = fetch(&url).page.unwrap();
        assert_eq!((page.status, page.body.len()), (200, MAX_BODY_BYTES));
    }

    #[test]
    fn a_closed_port_is_told() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let why = fetch(&Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap()).page.unwrap_err();
        assert!(why.to_lowercase().contains("refused"), "{why}");
    }

    #[test]
    fn a_certificate_that_nobody_vouches_for_is_told_with_the_reason() {
        use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
        let fixture = |name: &str| {
            std::fs::read(format!("{}/tests/fixtures/host/certificate/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
        };
        let der = fixture("certificate.der");
        let key = PrivateKeyDer::from_pem_slice(&fixture("key.pem")).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(der.clone())], key)
            .unwrap();
        let config = std::sync::Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = Url::parse(&format!("https://localhost:{port}/reset?token=s3cret")).unwrap();
        let (tell, heard) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let session = rustls::ServerConnection::new(std::sync::Arc::clone(&config)).unwrap();
                let mut stream = rustls::StreamOwned::new(session, connection);
                let length = stream.read(&mut [0; 4096]).unwrap_or(0);
                tell.send(length).unwrap();
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            }
        });
        let answer = fetch(&url);
        assert!(answer.page.is_err() && answer.refused.is_some(), "{answer:?}");
        assert_eq!(answer.certificate, Some(der));
        let asked: Vec<usize> = (0..2).map(|_| heard.recv().unwrap()).collect();
        assert_eq!(asked, [0, 0], "nothing is asked of a server that is not trusted");
    }
}
