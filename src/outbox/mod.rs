//! The outbox: sends what the rows say, one lane after the other, and records what came of it.
//!
//! Rows arrive in two ways: already claimed by the step that wrote them (a free lane: one commit before the request), or
//! claimed here when something woke us. The attempt is the adapter's; what to do about its outcome is decided in
//! `retry` and written down in `settle`. Everything is bounded by the lanes: one attempt at a time in each.
//!
//! No answer is lost unseen: what a provider refuses in one form goes in a plainer one, without the thread or reply that is
//! gone; what is given up at last, in every form or as too old, is told in its chat.

mod attempt;
mod editing;
mod lost;
mod pacer;
mod retry;
mod settle;
mod setup;
mod signs;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use signalbox_adapter::DeliverError;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Timestamp;
use crate::lifecycle;
use crate::lifecycle::caught;
use crate::store::{ChatKey, Delivery, Glance, StoreError, Tx, Written};
pub use editing::Editing;
pub use pacer::Pacer;
use retry::Outcome;
pub use setup::{Beside, Give, InsteadOfButtons, Loss, Setup, Tell};
pub use signs::give as give_signs;

/// Deliveries under way at once; each is of another lane.
const MAX_UNDER_WAY: usize = 64;
/// How long without a wake-up until the rows are looked at all the same.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Sends deliveries.
pub struct Outbox {
    setup: Arc<Setup>,
}

impl Outbox {
    /// Makes an outbox.
    #[must_use]
    pub fn new(setup: Setup) -> Arc<Self> {
        Arc::new(Self { setup: Arc::new(setup) })
    }

    /// Delivers until `stop`; then finishes the attempts under way and puts back what was not begun. While the store cannot
    /// be used nothing new is sent, and what has become of earlier attempts is kept until it can be stored.
    ///
    /// # Errors
    /// [`StoreError`] when the rows can never be read, or another process has taken the role.
    pub async fn run(
        self: Arc<Self>,
        mut claimed: mpsc::Receiver<Delivery>,
        look: Arc<Notify>,
        stop: CancellationToken,
    ) -> Result<(), StoreError> {
        let mut under_way = JoinSet::new();
        let served = self.serve(&mut claimed, &look, &stop, &mut under_way).await;
        self.setup.pacer.close();
        // Whether the outcome of an attempt was lost, so that its row says nothing.
        let mut in_doubt = served.is_err();
        while let Some(done) = under_way.join_next().await {
            in_doubt |= done.is_err();
        }
        if !in_doubt {
            self.release().await;
        }
        match served {
            // What may pass is left to the next life of this program.
            Err(error) if !(stop.is_cancelled() && error.is_transient()) => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn serve(
        self: &Arc<Self>,
        claimed: &mut mpsc::Receiver<Delivery>,
        look: &Notify,
        stop: &CancellationToken,
        under_way: &mut JoinSet<Vec<Delivery>>,
    ) -> Result<(), StoreError> {
        let store = &self.setup.store;
        let doubt = || {
            let (scopes, sender) = (self.setup.scopes.clone(), self.setup.sender.clone());
            self.write(move |tx| tx.doubt_abandoned(&scopes, &sender))
        };
        store.patiently(stop, doubt).await?;
        let mut glance = Glance::default();
        self.claim(stop, &mut glance, under_way).await?;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Some(delivery) = claimed.recv() => self.begin(delivery, under_way),
                Some(done) = under_way.join_next() => match done {
                    Ok(claimed) => claimed.into_iter().for_each(|delivery| self.begin(delivery, under_way)),
                    Err(error) => return Err(StoreError::Other(format!("an attempt ended without a word: {error}"))),
                },
                () = look.notified() => self.claim(stop, &mut glance, under_way).await?,
                () = self.next_look() => self.claim(stop, &mut glance, under_way).await?,
                // Looks again at when the one that was refused may go.
                () = self.setup.pacer.refused.notified() => {}
            }
        }
    }

    /// Puts back what was claimed and not begun; left as it is, it would count as sent perhaps.
    async fn release(&self) {
        let sender = self.setup.sender.clone();
        match self.write(move |tx| tx.release(&sender)).await {
            Ok(0) => {}
            Ok(released) => tracing::debug!(released, "put deliveries back that were not begun"),
            Err(error) => tracing::warn!(%error, "could not put back what was not begun; it may be marked as a repeat"),
        }
    }

    /// Waits until what the pace has held up may go, and no longer than until the next beat.
    async fn next_look(&self) {
        let beat = lifecycle::beat(LOOK_EVERY);
        match self.setup.pacer.wake_at() {
            Some(at) => tokio::select! {
                () = beat => {}
                () = tokio::time::sleep_until(at.into()) => {}
            },
            None => beat.await,
        }
    }

    fn begin(self: &Arc<Self>, delivery: Delivery, under_way: &mut JoinSet<Vec<Delivery>>) {
        let outbox = Arc::clone(self);
        under_way.spawn(async move { outbox.attempt(delivery).await });
    }

    async fn claim(
        self: &Arc<Self>,
        stop: &CancellationToken,
        glance: &mut Glance,
        under_way: &mut JoinSet<Vec<Delivery>>,
    ) -> Result<(), StoreError> {
        let room = MAX_UNDER_WAY.saturating_sub(under_way.len());
        self.setup.pacer.forget_wake(Instant::now());
        if !glance.is_due(&self.setup.store) {
            return Ok(());
        }
        let (claimed, due) = self.setup.store.patiently(stop, || self.claim_due(room)).await?;
        glance.until(due);
        for delivery in claimed {
            self.begin(delivery, under_way);
        }
        Ok(())
    }

    /// Claims what is due; returns also when the earliest delivery was due before.
    async fn claim_due(&self, room: usize) -> Result<(Vec<Delivery>, Option<Timestamp>), StoreError> {
        let scopes = self.setup.scopes.clone();
        let now = self.setup.store.clock().now();
        // Looking is a read; only when something is due does it cost a commit.
        let due = self.setup.store.read(move |tx| tx.next_delivery_at(&scopes)).await?;
        if room == 0 || due.is_none_or(|at| at > now) {
            return Ok((Vec::new(), due));
        }
        let (scopes, sender) = (self.setup.scopes.clone(), self.setup.sender.clone());
        Ok((self.write(move |tx| tx.claim_deliveries(&scopes, &sender, room)).await?, due))
    }

    /// Makes one attempt and stores its outcome; returns what is claimed in the same step, now that the lane is free.
    #[tracing::instrument(
        name = "delivery", skip_all,
        fields(delivery.id = %delivery.id, chat.id = %delivery.address.chat, task.id = delivery.task.as_ref().map(tracing::field::display))
    )]
    async fn attempt(&self, delivery: Delivery) -> Vec<Delivery> {
        let outcome = match caught(attempt::attempt(&self.setup, &delivery)).await {
            Ok(outcome) => outcome,
            Err(why) => {
                tracing::error!(delivery.key = %delivery.key, %why, "a delivery attempt failed; it may have arrived");
                Outcome::Failed(DeliverError::Unknown(why.to_string()))
            }
        };
        self.heed(&delivery, &outcome);
        let delivery = Arc::new(delivery);
        let stored = match self.settle(&delivery, &outcome).await {
            Err(StoreError::Other(error)) => {
                tracing::error!(error, delivery.key = %delivery.key, "what became of a delivery cannot be stored");
                self.settle(&delivery, &Outcome::Failed(DeliverError::Unknown(error))).await
            }
            stored => stored,
        };
        // Whoever stores nothing more leaves the row to the next life of this program, which asks or marks.
        stored
            .inspect_err(|error| tracing::debug!(%error, delivery.key = %delivery.key, "an outcome was not stored"))
            .unwrap_or_default()
    }

    /// Stores what became of an attempt, as long as this process lives: it is known nowhere else.
    async fn settle(&self, delivery: &Arc<Delivery>, outcome: &Outcome) -> Result<Vec<Delivery>, StoreError> {
        let next = settle::decide(&self.setup, delivery, outcome);
        let (provider, again) = (delivery.address.provider.as_str(), delivery.attempts > 1);
        self.setup.sends.count(provider, next.counted(), again);
        let step = || {
            let (next, delivery, setup) = (next.clone(), Arc::clone(delivery), Arc::clone(&self.setup));
            let step = move |tx: &Tx<'_>| {
                settle::record(tx, &setup, &delivery, &next)?;
                let next = tx.claim_next(&delivery.lane, &setup.sender)?;
                // What goes into a thread waits for it in another lane.
                let behind = match &delivery.opens {
                    Some(_) => tx.claim_next(&ChatKey::of(&delivery.address).to_string(), &setup.sender)?,
                    None => None,
                };
                let claimed: Vec<_> = [next, behind].into_iter().flatten().collect();
                // A receipt that a power cut takes is asked for again; that something is being sent must be known first.
                if claimed.is_empty() && tx.sends_nothing() {
                    tx.rides_along();
                }
                Ok(claimed)
            };
            self.setup.store.write(self.setup.fence.as_ref(), step)
        };
        let Written { value, effects } = self.setup.store.patiently(&CancellationToken::new(), step).await?;
        effects.signs.into_iter().for_each(|(provider, signal)| (self.setup.beside.give)(provider, signal));
        Ok(value.into_iter().chain(effects.send).collect())
    }

    /// Passes on whom the provider asks to wait.
    fn heed(&self, delivery: &Delivery, outcome: &Outcome) {
        if let Outcome::Failed(DeliverError::Wait { after, everywhere }) = outcome {
            let pacer = &self.setup.pacer;
            pacer.hold(&delivery.address, delivery.sending(), *everywhere, Instant::now(), *after);
        }
    }

    async fn write<T, F>(&self, step: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        Ok(self.setup.store.write(self.setup.fence.as_ref(), step).await?.value)
    }
}
