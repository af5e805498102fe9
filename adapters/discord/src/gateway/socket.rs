//! One connection to the gateway.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use serde_json::Value;
use signalbox_adapter::http::{self, Connection, Way};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

/// Longest wait for a connection, proxy, TLS and upgrade included.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Longest time in which a frame is written.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// Longest time that is spent on a good-bye.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Largest message that is read, in bytes; a large server's first word has some MiB.
const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// With 1000 or 1001 the server would end the session; with any other code it can go on.
const KEEP_SESSION: CloseCode = CloseCode::Library(4900);

/// Hosts to which Discord's own gateway belongs.
const OWN_HOSTS: [&str; 2] = [".discord.gg", ".discord.com"];

/// A connection.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<Connection>>);

/// What is heard on a connection.
pub(crate) enum Heard {
    /// A frame.
    Text(Utf8Bytes),
    /// The server closed it, for this reason.
    Closed(u16, String),
    /// It is gone.
    Gone(String),
}

impl Socket {
    /// Connects.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(crate) async fn open(way: &Way, address: &Url) -> Result<Self, String> {
        let sizes = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let connecting = async {
            let connection = way.connect(address).await?;
            let greeted = client_async_tls_with_config(address.as_str(), connection, Some(sizes), None).await;
            greeted.map_err(|error| error.to_string())
        };
        match timeout(CONNECT_WITHIN, connecting).await {
            Ok(Ok((socket, _))) => Ok(Self(socket)),
            Ok(Err(why)) => Err(format!("the gateway could not be reached: {why}")),
            Err(_) => Err(format!("the gateway did not answer within {} s", CONNECT_WITHIN.as_secs())),
        }
    }

    /// Waits for the next thing to be heard; may be dropped.
    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            return match self.0.next().await {
                Some(Ok(Message::Text(text))) => Heard::Text(text),
                Some(Ok(Message::Close(Some(frame)))) => Heard::Closed(frame.code.into(), frame.reason.to_string()),
                Some(Ok(Message::Close(None))) => Heard::Closed(1005, String::new()),
                // Nothing that Discord says comes in another form.
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => Heard::Gone(error.to_string()),
                None => Heard::Gone("it ended".to_owned()),
            };
        }
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(crate) async fn send(&mut self, frame: &Value) -> Result<(), String> {
        let sent = timeout(SEND_WITHIN, self.0.send(Message::text(frame.to_string()))).await;
        sent.map_err(|_| "a frame could not be written in time".to_owned())?.map_err(|error| error.to_string())
    }

    /// Ends the connection so that its session can go on.
    pub(crate) async fn close(mut self) {
        let frame = CloseFrame { code: KEEP_SESSION, reason: Utf8Bytes::from_static("") };
        // Whether it is heard changes nothing.
        timeout(CLOSE_WITHIN, self.0.close(Some(frame))).await.ok();
    }
}

/// Returns a gateway's address with what it has to be asked, unless the token should not go there.
///
/// The token goes in clear text to this machine only, and from Discord's own API only to Discord's own hosts; the API of a
/// proxy may name any.
pub(crate) fn address(gateway: &str, api: &Url) -> Option<Url> {
    let mut url: Url = gateway.parse().ok()?;
    let host = url.host_str()?.to_owned();
    let is_discord = |host: &str| host == "discord.com" || OWN_HOSTS.iter().any(|own| host.ends_with(own));
    let may = match url.scheme() {
        "wss" => !api.host_str().is_some_and(is_discord) || is_discord(&host),
        "ws" => http::is_loopback(&url) && http::is_loopback(api),
        _ => false,
    };
    if url.path().is_empty() {
        url.set_path("/");
    }
    url.set_query(Some("v=10&encoding=json"));
    may.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_nowhere_else() {
        let to = |gateway: &str, api: &str| {
            address(gateway, &api.parse().expect("an address")).map(|address| address.to_string())
        };
        let api = "https://discord.com/api/v10";
        assert_eq!(
            to("wss://gateway-us-east1-b.discord.gg", api).as_deref(),
            Some("wss://gateway-us-east1-b.discord.gg/?v=10&encoding=json")
        );
        assert_eq!(to("wss://discord.gg.evil.example", api), None);
        assert_eq!(to("ws://gateway.discord.gg", api), None);
        assert_eq!(to("https://gateway.discord.gg", api), None);
        assert!(to("wss://gateway.example", "https://proxy.example/api").is_some());
        assert!(to("ws://127.0.0.1:7/gateway", "http://127.0.0.1:8/api").is_some());
        assert_eq!(to("ws://192.0.2.1:7", "http://127.0.0.1:8/api"), None);
        assert_eq!(to("ws://127.0.0.1:7", api), None);
    }
}
