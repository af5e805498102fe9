//! An HTTP proxy on this machine: it asks for a name and a password, notes where it is asked to lead, and leads to this machine
//! only. What is spoken in clear text it passes on as it came, which servers understand.
//! Source: <https://www.rfc-editor.org/rfc/rfc9110#name-connect>, read 2026-11.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::stage::{self, Asked};

/// Longest head of a request that is read, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Name and password that it wants.
pub const TUNNEL_USER: &str = "bot";
/// The password.
pub const TUNNEL_PASSWORD: &str = "hunter3-of-the-tunnel";

/// A running proxy; it ends when this is dropped.
pub struct FakeTunnel {
    asked: Arc<Asked>,
    address: SocketAddr,
    is_protected: bool,
    _server: JoinSet<()>,
}

impl FakeTunnel {
    /// Starts a proxy on a free port.
    pub async fn start() -> Self {
        Self::start_as(None).await
    }

    /// Starts a proxy that is spoken with through TLS: it calls itself `localhost`.
    pub async fn start_protected(tls: TlsAcceptor) -> Self {
        Self::start_as(Some(tls)).await
    }

    async fn start_as(tls: Option<TlsAcceptor>) -> Self {
        let is_protected = tls.is_some();
        let (asked, address, server) = stage::serve_noting(move |stream, asked| {
            let tls = tls.clone();
            async move {
                match tls {
                    None => converse(stream, asked).await,
                    Some(tls) => converse(tls.accept(stream).await?, asked).await,
                }
            }
        })
        .await;
        Self { asked, address, is_protected, _server: server }
    }

    /// Returns its address, with the name and password that it wants.
    pub fn url(&self) -> String {
        match self.is_protected {
            true => format!("https://{TUNNEL_USER}:{TUNNEL_PASSWORD}@localhost:{}", self.address.port()),
            false => format!("http://{TUNNEL_USER}:{TUNNEL_PASSWORD}@{}", self.address),
        }
    }

    /// Returns what it was asked by clients that know the password, in order: the method and `host:port`.
    pub fn asked(&self) -> Vec<String> {
        self.asked.with(|asked| asked.clone())
    }
}

async fn converse(mut client: impl AsyncRead + AsyncWrite + Unpin, asked: Arc<Asked>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let more = client.read_buf(&mut head).await?;
        if more == 0 || head.len() > MAX_HEAD_BYTES {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let password = base64::engine::general_purpose::STANDARD.encode(format!("{TUNNEL_USER}:{TUNNEL_PASSWORD}"));
    let is_known = text.lines().filter_map(|line| line.split_once(':')).any(|(name, value)| {
        name.eq_ignore_ascii_case("proxy-authorization") && value.trim() == format!("Basic {password}")
    });
    if !is_known {
        return client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await;
    }
    let mut words = text.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let place = target.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned();
    asked.with(|asked| asked.push(format!("{method} {place}")));
    let is_here = place.starts_with("127.0.0.1:") || place.starts_with("localhost:");
    if !is_here {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").await;
    }
    let mut server = TcpStream::connect(&place).await?;
    if method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    } else {
        server.write_all(&head).await?;
    }
    copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}
