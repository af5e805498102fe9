//! A SOCKS proxy on this machine: it asks for a name and a password where the version knows them (5), notes where it is asked to
//! lead, and leads to this machine only.
//! Source: <https://www.rfc-editor.org/rfc/rfc1928> and <https://www.rfc-editor.org/rfc/rfc1929>; for version 4
//! <https://www.openssh.org/txt/socks4.protocol> and <https://www.openssh.org/txt/socks4a.protocol>, read 2026-11.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::stage::{self, Asked};

const VERSION: u8 = 5;
const OLD_VERSION: u8 = 4;
const CONNECT: u8 = 1;
const GRANTED: u8 = 0x5a;
const REJECTED: u8 = 0x5b;
const WITH_PASSWORD: u8 = 2;
const NO_WAY: u8 = 4;

/// Name and password that it wants.
pub const SOCKS_USER: &str = "bot";
/// The password.
pub const SOCKS_PASSWORD: &str = "hunter2-of-the-proxy";

/// A running proxy; it ends when this is dropped.
pub struct FakeSocks {
    asked: Arc<Asked>,
    address: SocketAddr,
    _server: JoinSet<()>,
}

impl FakeSocks {
    /// Starts a proxy on a free port.
    pub async fn start() -> Self {
        let (asked, address, server) = stage::serve_noting(converse).await;
        Self { asked, address, _server: server }
    }

    /// Returns its address, with the name and password that it wants.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{SOCKS_USER}:{SOCKS_PASSWORD}@{}", self.address)
    }

    /// Returns where it was asked to lead by clients that know the password: `host:port` each, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.with(|asked| asked.clone())
    }
}

async fn converse(mut client: TcpStream, asked: Arc<Asked>) -> io::Result<()> {
    if client.read_u8().await? == OLD_VERSION {
        return converse_old(client, &asked).await;
    }
    let methods = client.read_u8().await?;
    let mut offered = vec![0; usize::from(methods)];
    client.read_exact(&mut offered).await?;
    if !offered.contains(&WITH_PASSWORD) {
        return client.write_all(&[VERSION, 0xff]).await;
    }
    client.write_all(&[VERSION, WITH_PASSWORD]).await?;
    client.read_u8().await?;
    let (user, password) = (text(&mut client).await?, text(&mut client).await?);
    if (user.as_str(), password.as_str()) != (SOCKS_USER, SOCKS_PASSWORD) {
        return client.write_all(&[1, 1]).await;
    }
    client.write_all(&[1, 0]).await?;
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let host = match request[3] {
        1 => std::net::Ipv4Addr::from(client.read_u32().await?).to_string(),
        3 => text(&mut client).await?,
        _ => std::net::Ipv6Addr::from(client.read_u128().await?).to_string(),
    };
    let port = client.read_u16().await?;
    asked.with(|asked| asked.push(format!("{host}:{port}")));
    let is_here = host == "127.0.0.1" || host == "localhost";
    let reply = |code: u8| [VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0];
    if !is_here {
        return client.write_all(&reply(NO_WAY)).await;
    }
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    client.write_all(&reply(0)).await?;
    copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}

/// Speaks version 4, also with a name in place of an address (4a).
async fn converse_old(mut client: TcpStream, asked: &Asked) -> io::Result<()> {
    let command = client.read_u8().await?;
    let (port, address) = (client.read_u16().await?, client.read_u32().await?);
    ended(&mut client).await?;
    // An address that cannot be says that a name follows.
    let host = match address {
        1..=255 => ended(&mut client).await?,
        _ => std::net::Ipv4Addr::from(address).to_string(),
    };
    asked.with(|asked| asked.push(format!("{host}:{port}")));
    let reply = |code: u8| [0, code, 0, 0, 0, 0, 0, 0];
    if command != CONNECT || host != "127.0.0.1" && host != "localhost" {
        return client.write_all(&reply(REJECTED)).await;
    }
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    client.write_all(&reply(GRANTED)).await?;
    copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}

/// Reads a text up to its NUL.
async fn ended(client: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    loop {
        match client.read_u8().await? {
            0 => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
            byte => bytes.push(byte),
        }
    }
}

async fn text(client: &mut TcpStream) -> io::Result<String> {
    let length = client.read_u8().await?;
    let mut bytes = vec![0; usize::from(length)];
    client.read_exact(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
