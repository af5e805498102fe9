//! The outbox: sends what the rows say, one lane after the other, and records what came of it.
//!
//! Rows arrive in two ways: already claimed by the step that wrote them (a free lane: one commit before the request), or
//! claimed here when something woke us. The attempt is the adapter's; what to do about its outcome is decided in
//! `retry`. Everything is bounded by the lanes: one attempt at a time in each.

mod editing;
mod pacer;
mod retry;
mod signs;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use signalbox_adapter::{ChatAddress, Deliver, DeliverError, Outgoing, Purpose, Receipt, Reconciled, Target};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::lifecycle::{caught, rehearsal};
use crate::store::{Delivery, Fence, Scope, Store, StoreError, Tx};
pub use editing::Editing;
pub use pacer::Pacer;
use retry::{Next, Outcome};
pub use signs::give as give_signs;

/// Deliveries under way at once; each is of another lane.
const MAX_UNDER_WAY: usize = 64;
/// How long without a wake-up until the rows are looked at all the same.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How the outbox of a process is set up.
pub struct Setup {
    /// The store.
    pub store: Store,
    /// Proof of the core role; `None` in a terminal that only prints its own rows.
    pub fence: Option<Fence>,
    /// Adapters by provider.
    pub adapters: BTreeMap<String, Arc<dyn Deliver>>,
    /// What this process delivers.
    pub scopes: Vec<Scope>,
    /// Name of this process in the rows.
    pub sender: String,
    /// How long a message is worth delivering, by provider; for ever where none is given.
    pub max_ages: BTreeMap<String, Duration>,
    /// How fast.
    pub pacer: Arc<Pacer>,
    /// Whose turn it is to change a message.
    pub editing: Arc<Editing>,
    /// What stands below a message that may have arrived before.
    pub repeat_mark: &'static str,
}

/// Sends deliveries.
pub struct Outbox {
    setup: Setup,
}

impl Outbox {
    /// Makes an outbox.
    #[must_use]
    pub fn new(setup: Setup) -> Arc<Self> {
        Arc::new(Self { setup })
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
        under_way: &mut JoinSet<Option<Delivery>>,
    ) -> Result<(), StoreError> {
        let store = &self.setup.store;
        let doubt = || {
            let (scopes, sender) = (self.setup.scopes.clone(), self.setup.sender.clone());
            self.write(move |tx| tx.doubt_abandoned(&scopes, &sender))
        };
        store.patiently(stop, doubt).await?;
        self.claim(stop, under_way).await?;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Some(delivery) = claimed.recv() => self.begin(delivery, under_way),
                Some(done) = under_way.join_next() => match done {
                    Ok(Some(following)) => self.begin(following, under_way),
                    Ok(None) => {}
                    Err(error) => return Err(StoreError::Other(format!("an attempt ended without a word: {error}"))),
                },
                () = look.notified() => self.claim(stop, under_way).await?,
                () = tokio::time::sleep(self.until_next_look()) => self.claim(stop, under_way).await?,
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

    fn until_next_look(&self) -> Duration {
        self.setup.pacer.wake_at().map_or(LOOK_EVERY, |at| at.saturating_duration_since(Instant::now()).min(LOOK_EVERY))
    }

    fn begin(self: &Arc<Self>, delivery: Delivery, under_way: &mut JoinSet<Option<Delivery>>) {
        let outbox = Arc::clone(self);
        under_way.spawn(async move { outbox.attempt(delivery).await });
    }

    async fn claim(
        self: &Arc<Self>,
        stop: &CancellationToken,
        under_way: &mut JoinSet<Option<Delivery>>,
    ) -> Result<(), StoreError> {
        let room = MAX_UNDER_WAY.saturating_sub(under_way.len());
        self.setup.pacer.forget_wake();
        for delivery in self.setup.store.patiently(stop, || self.claim_due(room)).await? {
            self.begin(delivery, under_way);
        }
        Ok(())
    }

    async fn claim_due(&self, room: usize) -> Result<Vec<Delivery>, StoreError> {
        let scopes = self.setup.scopes.clone();
        let now = self.setup.store.clock().now();
        // Looking is a read; only when something is due does it cost a commit.
        let due = self.setup.store.read(move |tx| tx.next_delivery_at(&scopes)).await?;
        if room == 0 || due.is_none_or(|at| at > now) {
            return Ok(Vec::new());
        }
        let (scopes, sender) = (self.setup.scopes.clone(), self.setup.sender.clone());
        self.write(move |tx| tx.claim_deliveries(&scopes, &sender, room)).await
    }

    /// Makes one attempt and stores its outcome; returns what the lane, now free, claims next.
    async fn attempt(&self, delivery: Delivery) -> Option<Delivery> {
        let outcome = match caught(self.try_once(&delivery)).await {
            Ok(outcome) => outcome,
            Err(why) => {
                tracing::error!(delivery.key = %delivery.key, %why, "a delivery attempt failed; it may have arrived");
                Outcome::Failed(DeliverError::Unknown(why.to_string()))
            }
        };
        self.heed(&delivery, &outcome);
        let next = match retry::decide(&outcome, &self.history(&delivery)) {
            // What cannot be changed any more is left as it is.
            Next::GiveUp(error) if delivery.is_edit => {
                tracing::debug!(delivery.key = %delivery.key, error, "an earlier message could not be changed");
                Next::Superseded
            }
            next => next,
        };
        if let Next::GiveUp(error) = &next {
            tracing::warn!(delivery.key = %delivery.key, %error, "gave a delivery up; `signalbox outbox list` shows it");
        }
        let stored = match self.store_outcome(&delivery, &next).await {
            Err(StoreError::Other(error)) => {
                tracing::error!(error, delivery.key = %delivery.key, "what became of a delivery cannot be stored");
                let unknown = Outcome::Failed(DeliverError::Unknown(error));
                self.store_outcome(&delivery, &retry::decide(&unknown, &self.history(&delivery))).await
            }
            stored => stored,
        };
        // Whoever stores nothing more leaves the row to the next life of this program, which asks or marks.
        stored
            .inspect_err(|error| tracing::debug!(%error, delivery.key = %delivery.key, "an outcome was not stored"))
            .ok()?
    }

    fn history(&self, delivery: &Delivery) -> retry::History {
        retry::History {
            attempts: delivery.attempts,
            age: self.setup.store.clock().now().since(delivery.created_at),
            max_age: self.setup.max_ages.get(delivery.address.provider.as_str()).copied(),
            chance: self.setup.store.clock().random(),
        }
    }

    /// Stores what became of an attempt, as long as this process lives: it is known nowhere else.
    async fn store_outcome(&self, delivery: &Delivery, next: &Next) -> Result<Option<Delivery>, StoreError> {
        let step = || {
            let (next, id, lane) = (next.clone(), delivery.id, delivery.lane.clone());
            let (sender, from) = (self.setup.sender.clone(), delivery.address.clone());
            self.write(move |tx| {
                record(tx, id, &from, &next)?;
                tx.claim_next(&lane, &sender)
            })
        };
        self.setup.store.patiently(&CancellationToken::new(), step).await
    }

    /// Passes on whom the provider asks to wait.
    fn heed(&self, delivery: &Delivery, outcome: &Outcome) {
        if let Outcome::Failed(DeliverError::Wait { after, everywhere }) = outcome {
            let until = Instant::now() + *after;
            if *everywhere || !delivery.is_edit {
                self.setup.pacer.hold(&delivery.address, *everywhere, until);
            }
        }
    }

    async fn try_once(&self, delivery: &Delivery) -> Outcome {
        rehearsal::at("delivery");
        let Some(adapter) = self.setup.adapters.get(delivery.address.provider.as_str()) else {
            return Outcome::Failed(DeliverError::Unreachable("its transport is not running".into()));
        };
        let mut message = Outgoing {
            key: delivery.key.clone(),
            target: Target { address: delivery.address.clone(), reply_to: delivery.reply_to.clone(), edit_of: None },
            purpose: delivery.purpose,
            part: delivery.part.clone(),
            buttons: delivery.buttons.clone(),
            attachment: delivery.attachment.clone(),
            mark: None,
        };
        if delivery.is_edit {
            let Some(earlier) = delivery.edit_of.clone() else { return Outcome::Superseded };
            let _turn = self.setup.editing.turn(&delivery.address, &earlier).await;
            message.target.edit_of = Some(earlier);
            // Done twice it is the same, so a lost answer is no matter.
            return match adapter.deliver(&message).await {
                Ok(_) => Outcome::Superseded,
                Err(DeliverError::Unknown(why)) => Outcome::Failed(DeliverError::Unreachable(why)),
                Err(error) => Outcome::Failed(error),
            };
        }
        if delivery.maybe_repeat {
            match adapter.reconcile(&message).await {
                Ok(Reconciled::Delivered(receipt)) => return Outcome::Delivered(receipt),
                Ok(Reconciled::Absent) => {}
                Ok(Reconciled::Unknowable) if delivery.purpose == Purpose::Progress => return Outcome::Superseded,
                Ok(Reconciled::Unknowable) => message.mark = Some(self.setup.repeat_mark.to_owned()),
                Err(error) => return Outcome::Unreconciled(error),
            }
        }
        match adapter.deliver(&message).await {
            Ok(receipt) => Outcome::Delivered(receipt),
            Err(error) => Outcome::Failed(error),
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

fn record(tx: &Tx<'_>, id: i64, from: &ChatAddress, next: &Next) -> Result<(), StoreError> {
    match next {
        Next::Delivered(Receipt { message }) => tx.delivered(id, message),
        Next::Superseded => tx.supersede(id),
        Next::Later { after, error } => tx.postpone(id, tx.now().after(*after), error),
        Next::Unsure { after, error } => tx.unsure(id, tx.now().after(*after), error),
        Next::Moved(to) => {
            tracing::info!(chat.id = %from.chat, chat.new_id = %to, "a chat has another id now");
            tx.postpone(id, tx.now(), "the chat has another id now")?;
            tx.move_chat(from, to)
        }
        Next::GiveUp(error) => tx.give_up(id, error),
    }
}
