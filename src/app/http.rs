//! Starts the HTTP server of a process.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::process::App;
use crate::health::Health;
use crate::http::{Parts, serve};

impl App {
    /// Answers HTTP from now on at the configured address, if there is one.
    ///
    /// An address that cannot be listened on, such as one that another program uses, is logged as an error and the
    /// process goes on without HTTP: chat must not go down because a port is busy. Whoever watches `/readyz` then gets
    /// no answer at all, or that of the other program.
    pub async fn start_http(&self, health: Arc<Health>) {
        let Some(address) = self.config.http.listen else { return };
        let bound = match TcpListener::bind(address).await {
            Ok(listener) => listener.local_addr().map(|bound| (listener, bound)),
            Err(error) => Err(error),
        };
        match bound {
            Ok((listener, bound)) => {
                tracing::info!(address = %bound, "answering /healthz, /readyz and /metrics");
                let parts = Parts { store: self.store.clone(), health };
                self.servants.start("http", |stop| serve(listener, parts, stop));
            }
            Err(error) => {
                tracing::error!(%address, %error, "could not listen for HTTP and goes on without; set http.listen to a free address");
            }
        }
    }
}
