//! Starts the HTTP server of a process.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::process::App;
use crate::bus::Bus;
use crate::health::Health;
use crate::http::{Parts, serve, untold, watch_rights};

impl App {
    /// Answers HTTP from now on at the configured address, if there is one.
    ///
    /// An address that cannot be listened on, such as one that another program uses, is logged as an error and the
    /// process goes on without HTTP: chat must not go down because a port is busy. Whoever watches `/readyz` then gets
    /// no answer at all, or that of the other program.
    pub async fn start_http(&self, bus: Arc<Bus>, health: Arc<Health>) {
        let Some(address) = self.config.http.listen else { return };
        let bound = match TcpListener::bind(address).await {
            Ok(listener) => listener.local_addr().map(|bound| (listener, bound)),
            Err(error) => Err(error),
        };
        match bound {
            Ok((listener, bound)) => {
                tracing::info!(address = %bound, "answering /healthz, /readyz, /metrics and hooks");
                self.remember(bound).await;
                for (id, why) in untold(&bus).await {
                    tracing::warn!(hook.id = id, "nobody sees the alerts of a hook: {why}");
                }
                let (watched, told) = (Arc::clone(&bus), Arc::clone(&health));
                self.servants.start("rights", |stop| watch_rights(watched, told, stop));
                let parts = Parts { bus, health };
                self.servants.start("http", |stop| serve(listener, parts, stop));
            }
            Err(error) => {
                tracing::error!(%address, %error, "could not listen for HTTP and goes on without; set http.listen to a free address");
            }
        }
    }
    /// Writes down where HTTP is answered, for `signalbox hooks`; the port may be any.
    async fn remember(&self, bound: SocketAddr) {
        let address = bound.to_string();
        if let Err(error) = self.store.write(None, move |tx| tx.set_http_address(&address)).await {
            tracing::warn!(%error, "could not write down where HTTP is answered; `signalbox hooks` names another address");
        }
    }
}
