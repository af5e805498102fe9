//! Tells sources of silences and takes them back. It acts on rows, so that neither an outage nor a crash loses one.
//!
//! ```text
//! Silence pressed ─► row wanted ─► tried ─► POST ─► row written ─► Resolve, End silence ─► row unwanted ─► DELETE ─► over
//!                                    └─ no clear answer: look for the mark, then once more ─┘
//! ```
//! Before a source is asked for the first time the row says so, and whenever it says so already the source is searched for
//! the silence's mark first: none is made twice, whatever was lost between. What a source refuses is told in the incident's
//! thread, once, with what to do; while it does not answer, or what it answers cannot be read, it is asked again, less and less often, until the silence is over.
//!
//! # Why a source is asked when a silence ends
//! Alertmanager sends nothing about what it has silenced, also not that it is over, and forgets what is over: an incident that
//! ended in its silence would stay open for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::alertmanager::Alertmanager;
use crate::bus::Bus;
use crate::clock::Backoff;
use crate::config::Silencing;
use crate::format;
use crate::format::silence::Unsilenced;
use crate::incident::{IncidentEvent, IncidentState};
use crate::lifecycle;
use crate::store::{Glance, Incident, Silence, StoreError, Tx};
use crate::turn::{incident, silence};

/// How long without a wake-up until the rows are looked at all the same.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long to wait until a source that did not answer is asked again.
const AGAIN: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(300) };
/// Times in a row without an answer until the thread is told.
const TELL_AFTER: u32 = 2;
/// Times in a row that a source is asked at most whether an alert still fires: over about an hour.
const ASK_AT_MOST: u32 = 20;
/// Silences that wait and are looked at; further ones come when these are done.
const MAX_WAITING: usize = 1000;
/// Silences told of at once.
const MAX_AT_ONCE: usize = 8;

/// Tries whether silences can be written somewhere, without writing one.
///
/// # Errors
/// What stands in the way.
pub async fn can_be_told(silencing: &Silencing) -> Result<(), Unsilenced> {
    Alertmanager::new(silencing)?.ask().await
}

/// How often a silence's source did not answer, and when it is asked again.
#[derive(Clone, Copy)]
struct Pause {
    failures: u32,
    until: Instant,
}

/// Who tells.
struct Teller {
    bus: Arc<Bus>,
    pauses: Mutex<BTreeMap<i64, Pause>>,
}

/// What came of a look at the silences.
struct Told {
    /// How many sources were told of at once.
    at_once: usize,
    /// Whether there were silences that wait, for their turn or for a pause to end.
    is_more: bool,
}

/// Tells sources of silences until `stop`.
///
/// # Errors
/// None that may pass: those are waited out.
pub async fn run(bus: Arc<Bus>, stop: CancellationToken) -> Result<(), StoreError> {
    let teller = Teller { bus: Arc::clone(&bus), pauses: Mutex::default() };
    let mut glance = Glance::default();
    loop {
        if glance.is_due(bus.store()) {
            let told = tokio::select! {
                // A call that is cut off here is one whose answer was lost.
                () = stop.cancelled() => return Ok(()),
                told = bus.store().patiently(&stop, || teller.tell_all()) => told,
            };
            let is_more = match told {
                Err(error) if !stop.is_cancelled() => return Err(error),
                Ok(ref told) => told.is_more,
                Err(_) => true,
            };
            if is_more {
                glance.again();
            }
            if matches!(told, Ok(Told { at_once: MAX_AT_ONCE, .. })) {
                continue;
            }
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = bus.silences.notified() => {}
            () = lifecycle::beat(LOOK_EVERY) => {}
        }
    }
}

impl Teller {
    /// Tells of those that wait and whose turn it is.
    async fn tell_all(&self) -> Result<Told, StoreError> {
        let (waiting, ended) = self
            .bus
            .store()
            .read(|tx| Ok((tx.silences_waiting(MAX_WAITING)?, tx.silences_ended(MAX_WAITING)?)))
            .await?;
        let ends: BTreeSet<i64> = ended.iter().map(|silence| silence.id).collect();
        let waiting: Vec<Silence> = waiting.into_iter().chain(ended).collect();
        let (now, is_more) = (Instant::now(), !waiting.is_empty());
        let due: Vec<Silence> = {
            let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
            pauses.retain(|id, _| waiting.iter().any(|silence| silence.id == *id));
            let is_due = |silence: &Silence| pauses.get(&silence.id).is_none_or(|pause| pause.until <= now);
            waiting.into_iter().filter(is_due).take(MAX_AT_ONCE).collect()
        };
        try_join_all(due.iter().map(|silence| self.tell(silence, ends.contains(&silence.id)))).await?;
        Ok(Told { at_once: due.len(), is_more })
    }

    #[tracing::instrument(name = "silence", skip_all, fields(incident.id = %silence.incident, silence.id = silence.id))]
    async fn tell(&self, silence: &Silence, is_over: bool) -> Result<(), StoreError> {
        let told = if is_over { self.ask_whether_it_fires(silence).await } else { self.try_to_tell(silence).await };
        match told {
            // It must not hold up the others.
            Err(StoreError::Other(error)) => {
                tracing::error!(error, "a source cannot be told of a silence; it is tried again later");
                self.pause(silence);
                Ok(())
            }
            told => told,
        }
    }

    async fn try_to_tell(&self, silence: &Silence) -> Result<(), StoreError> {
        let (context, id) = (Arc::clone(self.bus.router().context()), silence.incident);
        let found = self.bus.store().read(move |tx| {
            let Some(incident) = tx.incident(id)? else { return Ok(None) };
            let silencing = silence::silencing(tx, &context, &incident)?;
            Ok(Some((incident, silencing)))
        });
        let Some((incident, silencing)) = found.await? else { return self.over(silence, None).await };
        if silence.ends_at <= self.bus.store().clock().now() {
            return self.over(silence, (!silence.unwanted).then_some(Said::TooLate)).await;
        }
        let Some(silencing) = silencing else { return self.failed(silence, Unsilenced::Unnamed).await };
        let told = if silence.unwanted {
            self.take_back(silence, &silencing).await?
        } else {
            self.write(silence, &silencing, &incident).await?
        };
        match told {
            Ok(()) => Ok(()),
            Err(trouble) => self.failed(silence, trouble).await,
        }
    }

    /// Asks a source that has kept a silence to its end whether the alert still fires: of what is over meanwhile it will
    /// never tell.
    async fn ask_whether_it_fires(&self, silence: &Silence) -> Result<(), StoreError> {
        let (context, id) = (Arc::clone(self.bus.router().context()), silence.incident);
        let found = self.bus.store().read(move |tx| match tx.incident(id)? {
            Some(incident) => silence::silencing(tx, &context, &incident),
            None => Ok(None),
        });
        let Some(silencing) = found.await? else { return self.ended(silence).await };
        let fires = async { Alertmanager::new(&silencing)?.fires(silence).await };
        match fires.await {
            Ok(true) => self.ended(silence).await,
            Ok(false) => {
                let (context, silence) = (Arc::clone(self.bus.router().context()), silence.clone());
                let cleared = self.bus.write(move |tx| {
                    if tx.silence_over(silence.id)?
                        && let Some(incident) = tx.cleared_at_source(silence.incident)?
                    {
                        incident::tell_last(tx, &context, &incident)?;
                        tx.incident_told(incident.id)?;
                    }
                    Ok(())
                });
                cleared.await
            }
            Err(trouble) if trouble.passes() && self.pause(silence) < ASK_AT_MOST => Ok(()),
            Err(trouble) => {
                tracing::warn!(?trouble, "a source does not say whether what was silenced still fires");
                self.ended(silence).await
            }
        }
    }

    /// Tells the thread that a silence is over, which waited for the source's answer.
    async fn ended(&self, silence: &Silence) -> Result<(), StoreError> {
        let (context, silence) = (Arc::clone(self.bus.router().context()), silence.clone());
        let ended = self.bus.write(move |tx| {
            if !tx.silence_over(silence.id)? {
                return Ok(());
            }
            let Some(incident) = tx.incident(silence.incident)? else { return Ok(()) };
            let last = tx.incident_history(incident.id, 1)?.pop();
            match last.filter(|last| last.event == IncidentEvent::SilenceEnded) {
                Some(_) => incident::tell_last(tx, &context, &incident),
                None => Ok(()),
            }
        });
        ended.await
    }

    async fn write(
        &self,
        silence: &Silence,
        silencing: &Silencing,
        incident: &Incident,
    ) -> Result<Result<(), Unsilenced>, StoreError> {
        let id = silence.id;
        if !self.bus.write(move |tx| tx.silence_tried(id)).await? {
            return Ok(Ok(()));
        }
        let written = async {
            let source = Alertmanager::new(silencing)?;
            let mut own = if silence.tried { source.find(silence).await? } else { Vec::new() };
            let remote = match own.is_empty() {
                false => own.swap_remove(0),
                true => source.write(silence, &format::incident::title(incident)).await?,
            };
            // One whose answer was lost may have come after it was looked for.
            for twin in own {
                source.expire(&twin).await?;
            }
            Ok(remote)
        };
        let remote = match written.await {
            Ok(remote) => remote,
            Err(trouble) => return Ok(Err(trouble)),
        };
        tracing::info!("a silence was written to its source");
        let context = Arc::clone(self.bus.router().context());
        let silence = silence.clone();
        let noted = self.bus.write(move |tx| {
            if tx.silence_written(silence.id, &remote)? {
                say(tx, &context, &silence, &Said::Written)?;
            }
            Ok(())
        });
        noted.await.map(Ok)
    }

    async fn take_back(&self, silence: &Silence, silencing: &Silencing) -> Result<Result<(), Unsilenced>, StoreError> {
        let found = async { Alertmanager::new(silencing)?.find(silence).await };
        let own = match found.await {
            Ok(own) => own,
            Err(trouble) => return Ok(Err(trouble)),
        };
        // A life that ended behind the source's answer has not told the thread: what was there is noted before.
        let was_there = silence.remote.is_some() || !own.is_empty();
        if let (None, Some(remote)) = (&silence.remote, own.first().cloned()) {
            let id = silence.id;
            self.bus.write(move |tx| tx.silence_found(id, &remote)).await?;
        }
        let expired = async {
            let source = Alertmanager::new(silencing)?;
            for id in &own {
                source.expire(id).await?;
            }
            Ok(())
        };
        match expired.await {
            Ok(()) => self.over(silence, was_there.then_some(Said::TakenBack)).await.map(Ok),
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    /// Waits for a source that does not answer, or not in words that can be read, and tells the thread once; gives up where it refuses.
    async fn failed(&self, silence: &Silence, trouble: Unsilenced) -> Result<(), StoreError> {
        if !trouble.passes() {
            tracing::warn!(?trouble, "a source refuses what it is told of a silence; the incident's thread is told");
            return self.over(silence, Some(Said::Trouble(trouble))).await;
        }
        if self.pause(silence) < TELL_AFTER {
            return Ok(());
        }
        let (context, silence) = (Arc::clone(self.bus.router().context()), silence.clone());
        let told = self.bus.write(move |tx| {
            let is_news = tx.silence_delayed(silence.id)?;
            if is_news {
                say(tx, &context, &silence, &Said::Trouble(trouble.clone()))?;
            }
            Ok(is_news)
        });
        if told.await? {
            tracing::warn!("a source gives no clear answer when it is told of a silence; it is tried again");
        }
        Ok(())
    }

    /// Notes that a silence's source gave no clear answer; returns how often in a row.
    fn pause(&self, silence: &Silence) -> u32 {
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = pauses.get(&silence.id).map_or(0, |pause| pause.failures).saturating_add(1);
        let until = Instant::now() + AGAIN.wait(failures, self.bus.store().clock().random());
        pauses.insert(silence.id, Pause { failures, until });
        failures
    }

    /// Ends a silence's row, and says what there is to be said, both or neither.
    async fn over(&self, silence: &Silence, said: Option<Said>) -> Result<(), StoreError> {
        let (context, silence) = (Arc::clone(self.bus.router().context()), silence.clone());
        let over = self.bus.write(move |tx| {
            if tx.silence_over(silence.id)?
                && let Some(said) = &said
            {
                say(tx, &context, &silence, said)?;
            }
            Ok(())
        });
        over.await
    }
}

/// What the thread is told.
#[derive(Clone)]
enum Said {
    Written,
    TakenBack,
    TooLate,
    Trouble(Unsilenced),
}

fn say(tx: &Tx<'_>, cx: &crate::turn::Context, silence: &Silence, said: &Said) -> Result<(), StoreError> {
    let Some(incident) = tx.incident(silence.incident)? else { return Ok(()) };
    let hook = silence::hook_of(&incident);
    let document = match said {
        Said::Written => format::silence::written(&silence.matchers, silence.ends_at, tx.now()),
        Said::TakenBack => {
            format::silence::taken_back(silence.ends_at, incident.state == IncidentState::Silenced, tx.now())
        }
        Said::TooLate => format::silence::too_late(),
        Said::Trouble(trouble) if silence.unwanted => format::silence::not_taken_back(hook, trouble),
        Said::Trouble(trouble) => format::silence::not_written(hook, trouble),
    };
    incident::tell(tx, cx, &incident, document)
}
