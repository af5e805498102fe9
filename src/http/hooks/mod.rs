//! `POST /hooks/<source>/<id>`: alerts come in.
//!
//! ```text
//! head ─► hook known? ─► content type, secret ─► a place ─► body (1 MiB, 5 s) ─► signature ─► alerts ─► store ─► 200
//! ```
//! What a sender has to prove is looked at as early as it can be: who has no secret is not listened to. The answer comes right
//! after the alerts are stored durably, and says what became of them; cards and investigations come afterwards, by themselves.

mod body;
mod desks;
mod refusal;
mod take;
mod tally;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use self::desks::{HookDesk, HookDesks};
use self::refusal::HookRefusal;
use self::take::HookOutcome;
pub(super) use self::tally::{Numbers, Tallied, Tally};
use super::seats::Peer;
use crate::alert::read_sent;
use crate::bus::Bus;
use crate::config::{Hook, HookSource};
use crate::hook::{self, Headers};

/// How long Sentry waits for an answer before it counts against us: 1 s; here is told sooner that it could not be stored.
const SENTRY_WITHIN: Duration = Duration::from_millis(900);
/// How long PagerDuty waits: 5 s.
const PAGERDUTY_WITHIN: Duration = Duration::from_millis(3500);
/// How long the others wait at least, GitHub 10 s.
const OTHERS_WITHIN: Duration = Duration::from_secs(8);

/// What the handlers share.
struct Hooks {
    bus: Arc<Bus>,
    tally: Arc<Tally>,
    desks: HookDesks,
}

/// Makes the route.
pub(super) fn router(bus: Arc<Bus>, tally: Arc<Tally>) -> Router {
    let hooks = Hooks { bus, tally, desks: HookDesks::default() };
    Router::new().route("/hooks/{source}/{id}", post(answer)).with_state(Arc::new(hooks))
}

async fn answer(
    State(hooks): State<Arc<Hooks>>,
    Path((source, id)): Path<(String, String)>,
    request: Request<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    let hook = match hooks.find(&source, &id).await {
        Ok(hook) => hook,
        Err(why) => {
            body::forget(body).await;
            return hooks.refuse(None, why);
        }
    };
    let headers = plain(&head.headers);
    let desk = match hooks.welcome(&hook, &head, &headers).await {
        Ok(desk) => desk,
        Err(why) => {
            body::forget(body).await;
            return hooks.refuse(Some(&hook), why);
        }
    };
    let outcome = hooks.take(&hook, &head, &headers, body).await;
    drop(desk);
    match outcome {
        Ok(outcome) => hooks.tell(&hook, &outcome),
        Err(why) => hooks.refuse(Some(&hook), why),
    }
}

impl Hooks {
    /// Finds a hook: of the configuration, or made on the command line a moment ago.
    async fn find(&self, source: &str, id: &str) -> Result<Hook, HookRefusal> {
        let source = HookSource::from_word(source).ok_or(HookRefusal::Unknown)?;
        let configured = self.bus.router().context().config.hooks.iter().find(|hook| hook.id == id).cloned();
        let found = match configured {
            Some(hook) => Some(hook),
            None if Hook::check_id(id).is_err() => None,
            None => {
                let id = id.to_owned();
                let kept = self.bus.store().read(move |tx| tx.hook(&id)).await.map_err(|_| HookRefusal::Store)?;
                let redactor = &self.bus.router().context().redactor;
                kept.iter().flat_map(|kept| kept.hook.secrets()).for_each(|secret| redactor.learn(secret));
                kept.map(|kept| kept.hook)
            }
        };
        found.filter(|hook| hook.source == source).ok_or(HookRefusal::Unknown)
    }

    /// Checks what can be told from the head, and finds a place for the rest.
    async fn welcome(&self, hook: &Hook, head: &Parts, headers: &Headers) -> Result<HookDesk, HookRefusal> {
        hook::check_head(hook, headers)?;
        body::check(&head.headers)?;
        self.desks.sit_down(head.extensions.get::<Peer>().map(|peer| peer.0)).await.ok_or(HookRefusal::Busy)
    }

    async fn take(&self, hook: &Hook, head: &Parts, headers: &Headers, body: Body) -> Result<HookOutcome, HookRefusal> {
        let body = body::read(&head.headers, body).await?;
        hook::check_body(hook, headers, &body, self.bus.store().clock().now())?;
        // One bad byte in a text of an alert loses no alert; what is no text at all is no JSON.
        let body = String::from_utf8_lossy(&body);
        let Some(payload) = read_sent(hook::source(hook), hook.fields.as_ref(), &body)? else {
            return Ok(HookOutcome::no_news());
        };
        if payload.misplaced {
            self.tally.misplaced(hook.source);
            tracing::warn!(
                hook.id,
                "the list that `fields.alerts` of a hook names is not in what came; all of it was read as one alert"
            );
        }
        let redactor = &self.bus.router().context().redactor;
        let payload = hook::graded(payload, &hook.severity).masked(|text| redactor.clean(text));
        let keys = hook::deliveries(hook, headers, &body);
        let taken = tokio::time::timeout(within(hook.source), take::take(&self.bus, hook.clone(), keys, payload)).await;
        match taken {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(error)) => {
                tracing::warn!(%error, hook.id, "could not store the alerts of a hook; its sender is told to try again");
                Err(HookRefusal::Store)
            }
            Err(_) => Err(HookRefusal::Store),
        }
    }

    fn tell(&self, hook: &Hook, outcome: &HookOutcome) -> Response {
        self.tally.taken(hook.source, &Numbers::from(outcome));
        if outcome.too_old > 0 {
            tracing::warn!(
                hook.id,
                alerts = outcome.too_old,
                "alerts of a hook began too long ago to be news; they make no card (max_age of the hook)"
            );
        }
        tracing::debug!(hook.id, alerts = outcome.alerts, copy = outcome.copy, "a hook was called");
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (StatusCode::OK, kind, outcome.to_json()).into_response()
    }

    fn refuse(&self, hook: Option<&Hook>, why: HookRefusal) -> Response {
        if self.tally.refused(hook.map(|hook| hook.source), why, Instant::now()) {
            let id = hook.map(|hook| hook.id.as_str()).unwrap_or_default();
            tracing::warn!(hook.id = id, reason = why.as_str(), "a call of a hook was refused: {}", why.why());
        }
        why.into_response()
    }
}

fn within(source: HookSource) -> Duration {
    match source {
        HookSource::Sentry => SENTRY_WITHIN,
        HookSource::PagerDuty => PAGERDUTY_WITHIN,
        HookSource::Alertmanager
        | HookSource::Grafana
        | HookSource::Datadog
        | HookSource::GitHub
        | HookSource::UptimeKuma
        | HookSource::Healthchecks
        | HookSource::Generic => OTHERS_WITHIN,
    }
}

/// Returns headers as texts; one that is none is left out, and of several the first counts.
fn plain(headers: &HeaderMap) -> Headers {
    let mut plain = Headers::new();
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            plain.entry(name.as_str().to_owned()).or_insert_with(|| value.to_owned());
        }
    }
    plain
}
