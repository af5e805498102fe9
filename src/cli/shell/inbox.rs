//! The shell's door to the bus: its own, or that of the process that holds the core role.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use signalbox_adapter::{AcceptError, Inbox, Incoming};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::bus::Bus;
use crate::store::{InboxOutcome, Lanes, Store, StoreError};
use crate::wake;

/// How often a waiting command looks for its result.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Accepts messages: through our own bus once there is one, else as rows for the process that has it.
pub(super) struct Door {
    store: Store,
    bus: RwLock<Option<Arc<Bus>>>,
}

impl Door {
    pub(super) fn new(store: Store) -> Self {
        Self { store, bus: RwLock::default() }
    }

    /// From now on messages go through our own bus.
    pub(super) fn open(&self, bus: Arc<Bus>) {
        *self.bus.write().unwrap_or_else(PoisonError::into_inner) = Some(bus);
    }

    /// From now on messages go to the process that has a bus.
    pub(super) fn close(&self) {
        *self.bus.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn bus(&self) -> Option<Arc<Bus>> {
        self.bus.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Inbox for Door {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        if let Some(bus) = self.bus() {
            return bus.accept(incoming).await;
        }
        let written = self.store.write(None, move |tx| tx.accept(&incoming)).await;
        written.map_err(|error| AcceptError(Box::new(error)))?;
        wake::tap(self.store.directory());
        Ok(())
    }
}

/// Accepts a message and waits until all that it asked for is done and printed.
pub(super) struct AwaitingDoor {
    door: Arc<Door>,
    store: Store,
    scope: Lanes,
    stop: CancellationToken,
    worst: AtomicU8,
}

impl AwaitingDoor {
    /// `stop` ends the waiting: nobody reads what comes of it any more.
    pub(super) fn new(door: Arc<Door>, app: &App, scope: Lanes, stop: CancellationToken) -> Self {
        Self { door, store: app.store.clone(), scope, stop, worst: AtomicU8::new(0) }
    }

    /// Returns the highest exit code so far.
    pub(super) fn exit_code(&self) -> u8 {
        self.worst.load(Ordering::SeqCst)
    }

    /// Returns a message's exit code, `None` while something of it is still under way.
    async fn verdict(&self, key: &str) -> Result<Option<u8>, StoreError> {
        let (key, scope) = (key.to_owned(), self.scope.clone());
        self.store
            .read(move |tx| {
                let Some((inbox, Some(outcome))) = tx.inbound_by_key(&key)? else { return Ok(None) };
                let tasks = tx.tasks_of_inbound(inbox)?;
                if tasks.iter().any(|task| !task.status.is_final())
                    || tx.count_undelivered(std::slice::from_ref(&scope), Some(inbox))? > 0
                {
                    return Ok(None);
                }
                let own = match outcome {
                    InboxOutcome::Ok | InboxOutcome::Ignored => 0,
                    InboxOutcome::Refused => super::super::EXIT_REFUSED,
                };
                Ok(tasks.iter().map(|task| task.status.exit_code()).chain([own]).max())
            })
            .await
    }
}

#[async_trait]
impl Inbox for AwaitingDoor {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        let key = incoming.key.as_str().to_owned();
        if let Err(error) = self.door.accept(incoming).await {
            self.worst.fetch_max(super::super::EXIT_FAILED, Ordering::SeqCst);
            return Err(error);
        }
        loop {
            match self.store.patiently(&self.stop, || self.verdict(&key)).await {
                Ok(Some(code)) => {
                    self.worst.fetch_max(code, Ordering::SeqCst);
                    return Ok(());
                }
                Ok(None) => {}
                Err(error) if error.is_fatal() => {
                    self.worst.fetch_max(super::super::EXIT_FAILED, Ordering::SeqCst);
                    return Ok(());
                }
                Err(error) => tracing::debug!(%error, "could not look for a result; looking again"),
            }
            tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}
