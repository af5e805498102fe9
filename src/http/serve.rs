//! The server: bounded connections, each one request.
//!
//! # Why not `axum::serve`
//! It bounds neither the connections nor the time in which a client must say what it wants.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::routes::{Parts, router};
use super::seats::{Peer, Seat, Seats};
use crate::lifecycle::{caught, rehearsal};

/// How long a client may take to send the head of its request.
const HEAD_WITHIN: Duration = Duration::from_secs(2);
/// How long a connection may last in all: its head, its body, its place, and the store's answer.
const CONNECTION_WITHIN: Duration = Duration::from_secs(20);
/// Longest head of a request, in bytes; hyper takes no less than 8 KiB.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// How long to wait when no connection can be accepted, as when there are too many open files.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long connections may take to end when the program stops.
const STOP_WITHIN: Duration = Duration::from_secs(1);
/// What is said to a client for whom there is no seat.
const NO_SEAT: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Answers until `stop` is cancelled; requests at hand are then finished.
///
/// # Errors
/// None: a connection that fails is its own affair.
pub async fn serve(listener: TcpListener, parts: Parts, stop: CancellationToken) -> Result<(), Infallible> {
    let router = router(parts);
    let seats = Arc::<Seats>::default();
    let mut connections = JoinSet::new();
    loop {
        // Both are cancel-safe: a connection not accepted waits on.
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, from)) => {
                let Some(seat) = seats.take(from.ip().to_canonical()) else {
                    stream.try_write(NO_SEAT).ok();
                    continue;
                };
                let router = router.clone();
                connections.spawn(async move {
                    if let Err(why) = caught(converse(stream, router, seat)).await {
                        tracing::error!(%why, "an HTTP connection failed");
                    }
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

async fn converse(stream: TcpStream, router: Router, seat: Seat) {
    rehearsal::at("connection");
    let cut = seat.cut.clone();
    let answer = TowerToHyperService::new(router);
    let heard = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        seat.heard();
        request.extensions_mut().insert(Peer(seat.address));
        answer.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), heard);
    let whole = tokio::time::timeout(CONNECTION_WITHIN, connection);
    tokio::select! {
        ended = whole => match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "an HTTP connection failed"),
            Err(_) => tracing::debug!("an HTTP connection took too long"),
        },
        () = cut.cancelled() => tracing::debug!("an HTTP connection that said nothing made room"),
    }
}
