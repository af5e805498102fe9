//! What is answered: `/healthz`, `/readyz` and `/metrics`, each made anew at most once a second; and hooks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};
use tokio::sync::Semaphore;

use super::fresh::Fresh;
use super::hooks::{self, Tally};
use super::{exposition, host, metrics, ready};
use crate::bus::Bus;
use crate::health::Health;

/// Requests for the metrics at once; each waits for the store.
const MAX_METRICS: usize = 8;

/// What is told about.
#[derive(Clone)]
pub struct Parts {
    /// Where alerts go, and whose store is counted and must be writable.
    pub bus: Arc<Bus>,
    /// How the transports are.
    pub health: Arc<Health>,
}

/// What the handlers share.
struct Shared {
    parts: Parts,
    writable: Fresh<Result<(), String>>,
    untold: Fresh<BTreeMap<String, String>>,
    metrics: Fresh<Result<String, String>>,
    metrics_places: Semaphore,
    tally: Arc<Tally>,
}

/// Makes the routes; any other path is 404, any other method than GET and HEAD 405.
pub(super) fn router(parts: Parts) -> Router {
    let (tally, bus) = (Arc::<Tally>::default(), Arc::clone(&parts.bus));
    let hosts: Arc<[String]> = bus.router().context().config.http.hosts.clone().into();
    let shared = Shared {
        parts,
        writable: Fresh::default(),
        untold: Fresh::default(),
        metrics: Fresh::default(),
        metrics_places: Semaphore::new(MAX_METRICS),
        tally: Arc::clone(&tally),
    };
    let pages = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(shared))
        .layer(middleware::from_fn_with_state(hosts, host::by_known_name));
    pages.merge(hooks::router(bus, tally))
}

async fn readyz(State(shared): State<Arc<Shared>>) -> Response {
    let store = shared.parts.bus.store().clone();
    let write = || async move {
        let written = store.write(None, |tx| tx.probe_write()).await;
        written.map(|_| ()).map_err(|error| error.to_string())
    };
    let asked = shared.writable.get(write).await;
    // Whoever waits for the store knows better than a small row that still found room.
    let trouble = shared.parts.bus.store().health().trouble().map(|trouble| trouble.why);
    let writable = match asked {
        Ok(Ok(())) => trouble.map_or(Ok(()), Err),
        Ok(Err(why)) => Err(why),
        Err(slow) => Err(trouble.unwrap_or_else(|| slow.to_string())),
    };
    let transports = shared.parts.health.snapshot(Instant::now());
    let bus = Arc::clone(&shared.parts.bus);
    let untold = shared.untold.get(|| async move { super::untold(&bus).await }).await.unwrap_or_default();
    let lacking = shared.parts.health.lacking();
    let readiness = ready::Readiness::new(writable, &transports, &untold, &lacking);
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, "application/json")], readiness.to_json()).into_response()
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let Ok(_place) = shared.metrics_places.try_acquire() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many ask for the metrics\n").into_response();
    };
    let Parts { bus, health } = shared.parts.clone();
    let gather = || metrics::gather(bus.store().clone(), health, Arc::clone(&shared.tally));
    let text = shared.metrics.get(gather).await.unwrap_or_else(|slow| Err(slow.to_string()));
    match text {
        Ok(text) => ([(header::CONTENT_TYPE, exposition::CONTENT_TYPE)], text).into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}
