//! What is answered: `/healthz`, `/readyz` and `/metrics`, each made anew at most once a second.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::fresh::Fresh;
use super::{exposition, metrics, ready};
use crate::health::Health;
use crate::store::Store;

/// What is told about.
#[derive(Clone)]
pub struct Parts {
    /// Whose rows are counted, and which must be writable.
    pub store: Store,
    /// How the transports are.
    pub health: Arc<Health>,
}

/// What the handlers share.
struct Shared {
    parts: Parts,
    writable: Fresh<Result<(), String>>,
    metrics: Fresh<Result<String, String>>,
}

/// Makes the routes; any other path is 404, any other method than GET and HEAD 405.
pub(super) fn router(parts: Parts) -> Router {
    let shared = Shared { parts, writable: Fresh::default(), metrics: Fresh::default() };
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(shared))
}

async fn readyz(State(shared): State<Arc<Shared>>) -> Response {
    let store = shared.parts.store.clone();
    let write = || async move {
        let written = store.write(None, |tx| tx.probe_write()).await;
        written.map(|_| ()).map_err(|error| error.to_string())
    };
    let asked = shared.writable.get(write).await;
    // Whoever waits for the store knows better than a small row that still found room.
    let trouble = shared.parts.store.health().trouble().map(|trouble| trouble.why);
    let writable = match asked {
        Ok(Ok(())) => trouble.map_or(Ok(()), Err),
        Ok(Err(why)) => Err(why),
        Err(slow) => Err(trouble.unwrap_or_else(|| slow.to_string())),
    };
    let transports = shared.parts.health.snapshot(Instant::now());
    let readiness = ready::Readiness::new(writable, &transports);
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, "application/json")], readiness.to_json()).into_response()
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let Parts { store, health } = shared.parts.clone();
    let text = shared.metrics.get(|| metrics::gather(store, health)).await.unwrap_or_else(|slow| Err(slow.to_string()));
    match text {
        Ok(text) => ([(header::CONTENT_TYPE, exposition::CONTENT_TYPE)], text).into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}
