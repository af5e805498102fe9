//! One websocket.
//!
//! Its address holds a ticket, so it gets into no error and no log.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use signalbox_adapter::http::{self, Connection, Way};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

/// Longest wait for a connection, proxy, TLS and upgrade included.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Longest time in which a frame is written.
const SEND_WITHIN: Duration = Duration::from_secs(5);

/// Longest time that is spent on a good-bye.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);

/// Largest envelope that is read, in bytes; a message's own limits are far below.
const MAX_ENVELOPE_BYTES: usize = 8 << 20;

/// Hosts to which Slack's own sockets belong.
const OWN_HOSTS: &str = ".slack.com";

/// A connection.
pub(crate) struct Wire(WebSocketStream<MaybeTlsStream<Connection>>);

/// What is heard on a connection.
pub(crate) enum Heard {
    /// A frame.
    Text(String),
    /// That it is alive.
    Sign,
    /// It is gone.
    Gone(String),
}

impl Wire {
    /// Connects.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(crate) async fn open(way: &Way, address: &Url) -> Result<Self, String> {
        let sizes = WebSocketConfig::default()
            .max_message_size(Some(MAX_ENVELOPE_BYTES))
            .max_frame_size(Some(MAX_ENVELOPE_BYTES));
        let connecting = async {
            let connection = way.connect(address).await?;
            let greeted = client_async_tls_with_config(address.as_str(), connection, Some(sizes), None).await;
            greeted.map_err(|error| words(&error))
        };
        match timeout(CONNECT_WITHIN, connecting).await {
            Ok(Ok((socket, _))) => Ok(Self(socket)),
            Ok(Err(why)) => Err(format!("the socket could not be opened: {why}")),
            Err(_) => Err(format!("the socket was not opened within {} s", CONNECT_WITHIN.as_secs())),
        }
    }

    /// Waits for the next thing to be heard; may be dropped.
    pub(crate) async fn next(&mut self) -> Heard {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Heard::Text(text.as_str().to_owned()),
            Some(Ok(Message::Close(frame))) => {
                let code = frame.map_or(1005, |frame| frame.code.into());
                Heard::Gone(format!("Slack closed the socket ({code})"))
            }
            Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Heard::Sign,
            Some(Err(error)) => Heard::Gone(words(&error)),
            None => Heard::Gone("the socket ended".to_owned()),
        }
    }

    /// Says a word.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(crate) async fn say(&mut self, text: String) -> Result<(), String> {
        self.send(Message::text(text)).await
    }

    /// Asks whether the other end is there.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(crate) async fn ping(&mut self) -> Result<(), String> {
        self.send(Message::Ping(Bytes::from_static(b"signalbox"))).await
    }

    /// Ends the connection.
    pub(crate) async fn close(mut self) {
        // Whether it is heard changes nothing.
        timeout(CLOSE_WITHIN, self.0.close(None)).await.ok();
    }

    async fn send(&mut self, message: Message) -> Result<(), String> {
        let sent = timeout(SEND_WITHIN, self.0.send(message)).await;
        sent.map_err(|_| "a frame could not be written in time".to_owned())?.map_err(|error| words(&error))
    }
}

/// Says what went wrong without the address.
fn words(error: &Error) -> String {
    match error {
        Error::Http(response) => format!("the server answered with {}", response.status()),
        Error::Url(_) => "the address cannot be used".to_owned(),
        error => error.to_string(),
    }
}

/// Returns the address of a socket as the API gives it, unless nothing should be said there: Slack's own API names Slack's own
/// hosts, that of a proxy may name any, and this machine is named only by one that runs on it.
pub(crate) fn address(named: &str, api: &Url) -> Option<Url> {
    let url: Url = named.parse().ok()?;
    let is_slack = |host: &str| host == "slack.com" || host.ends_with(OWN_HOSTS);
    let may = match url.scheme() {
        "wss" => !api.host_str().is_some_and(is_slack) || url.host_str().is_some_and(is_slack),
        "ws" => http::is_loopback(&url) && http::is_loopback(api),
        _ => false,
    };
    may.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_one_of_slack_s_own() {
        let may = |named: &str, api: &str| address(named, &api.parse().expect("an address")).is_some();
        let api = "https://slack.com/api";
        assert!(may("wss://wss-primary.slack.com/link/?ticket=1&app_id=2", api));
        for elsewhere in ["wss://slack.com.evil.example/", "ws://wss.slack.com/", "https://wss.slack.com/", "x"] {
            assert!(!may(elsewhere, api), "{elsewhere}");
        }
        assert!(may("wss://proxy.example/link", "https://proxy.example/api"));
        assert!(may("ws://127.0.0.1:7/link?ticket=1", "http://127.0.0.1:8/api"));
        assert!(!may("ws://127.0.0.1:7/link", api));
    }
}
