//! The server: bounded connections, each one request.
//!
//! # Why not `axum::serve`
//! It bounds neither the connections nor the time in which a client must say what it wants.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::routes::{Parts, router};
use crate::lifecycle::{caught, rehearsal};

/// Connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 64;
/// How long a client may take to send the head of its request.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How long a connection may last in all.
const CONNECTION_WITHIN: Duration = Duration::from_secs(15);
/// Longest head of a request, in bytes; hyper takes no less than 8 KiB.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// How long to wait when no connection can be accepted, as when there are too many open files.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long connections may take to end when the program stops.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// Answers until `stop` is cancelled; requests at hand are then finished.
///
/// # Errors
/// None: a connection that fails is its own affair.
pub async fn serve(listener: TcpListener, parts: Parts, stop: CancellationToken) -> Result<(), Infallible> {
    let router = router(parts);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        // Both are cancel-safe: a place that was not used is given back, a connection not accepted waits on.
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, place)) => {
                let router = router.clone();
                connections.spawn(async move {
                    if let Err(why) = caught(converse(stream, router)).await {
                        tracing::error!(%why, "an HTTP connection failed");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept an HTTP connection");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
    drop(listener);
    let at_hand = async { while connections.join_next().await.is_some() {} };
    // Those that have not said what they want by then are cut off.
    tokio::time::timeout(STOP_WITHIN, at_hand).await.ok();
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.expect("the semaphore is never closed");
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

async fn converse(stream: TcpStream, router: Router) {
    rehearsal::at("connection");
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    match tokio::time::timeout(CONNECTION_WITHIN, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "an HTTP connection failed"),
        Err(_) => tracing::debug!("an HTTP connection took too long"),
    }
}
