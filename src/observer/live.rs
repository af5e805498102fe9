//! Live progress: keeps each running task's status message true, and the chat's typing sign on.
//!
//! Changes of status messages are no rows: only the newest counts, and after a restart it is made anew. They take what the
//! pace leaves over, and never go before something that waits to be said in the same chat. The last change, which says how
//! it ended, is a row ([`crate::store::Tx::replace`]), so that no message stays behind that claims something still runs.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use signalbox_adapter::{ChatAddress, Deliver, DeliverError, MessageId, Outgoing, Purpose, Signal, Target};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::board::{Board, Entry};
use crate::bus::Bus;
use crate::format;
use crate::lifecycle::{self, rehearsal};
use crate::outbox::{Editing, Pacer};
use crate::redact::Redactor;
use crate::store::{ChatKey, Sending, StatusMessage, StoreError, TaskId, Tx};
use crate::turn::report;

/// How often is looked at what could be shown.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often the typing sign is given; providers show it for about 5 s.
const TYPING_EVERY: Duration = Duration::from_secs(4);
/// Longest that one sign or change may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// Time after which a task whose status message was lost gets a new one.
const MISSING_AFTER: Duration = Duration::from_secs(5);
/// Changes and signs under way at once.
const MAX_UNDER_WAY: usize = 32;

/// Shows how far tasks have come.
pub struct Live {
    /// For reading, and for writing a status message anew.
    pub bus: Arc<Bus>,
    /// What runs.
    pub board: Arc<Board>,
    /// Adapters by provider.
    pub adapters: BTreeMap<String, Arc<dyn Deliver>>,
    /// How fast.
    pub pacer: Arc<Pacer>,
    /// The messages that are being changed.
    pub editing: Arc<Editing>,
    /// Masks secrets.
    pub redactor: Arc<Redactor>,
}

/// What is remembered of a run between two looks.
#[derive(Default)]
struct Shown {
    message: Option<(ChatAddress, MessageId)>,
    changed_at: Option<Instant>,
    lost: bool,
}

impl Live {
    /// Shows progress until `stop`.
    ///
    /// # Errors
    /// None: what cannot be shown now is made anew by the next look.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), Infallible> {
        let mut shown: HashMap<TaskId, Shown> = HashMap::new();
        let mut typing: HashMap<ChatAddress, Instant> = HashMap::new();
        let mut under_way: JoinSet<Option<TaskId>> = JoinSet::new();
        loop {
            let next_look = async {
                if shown.is_empty() && under_way.is_empty() {
                    self.board.begun().await;
                }
                lifecycle::beat(LOOK_EVERY).await;
            };
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = next_look => {}
            }
            while let Some(done) = under_way.try_join_next() {
                match done {
                    Ok(lost) => {
                        if let Some(shown) = lost.and_then(|lost| shown.get_mut(&lost)) {
                            shown.lost = true;
                        }
                    }
                    Err(error) => tracing::error!(%error, "a typing sign or a change of a status message panicked"),
                }
            }
            let entries = self.board.entries();
            shown.retain(|task, _| entries.iter().any(|entry| entry.task.id == *task));
            typing.retain(|address, _| entries.iter().any(|entry| entry.task.address == *address));
            let mut by_age: Vec<&Entry> = entries.iter().collect();
            by_age.sort_by_key(|entry| shown.get(&entry.task.id).and_then(|shown| shown.changed_at));
            for entry in by_age {
                if under_way.len() >= MAX_UNDER_WAY {
                    break;
                }
                let Some(adapter) = self.adapters.get(entry.task.address.provider.as_str()) else { continue };
                if let Err(error) = self.type_on(adapter, entry, &mut typing, &mut under_way).await {
                    tracing::debug!(%error, task.id = %entry.task.id, "could not look where to type");
                }
                let state = shown.entry(entry.task.id.clone()).or_default();
                if let Err(error) = self.show(adapter, entry, state, &mut under_way).await {
                    // The next look comes soon, and the store itself tells of its troubles.
                    tracing::debug!(%error, task.id = %entry.task.id, "could not look for a status message");
                }
            }
        }
    }

    /// Gives the typing sign, where an agent works and does not wait for a person. Nobody can type in a thread that is not there:
    /// one that is still to be opened is waited for, and where it was not opened the sign is given where the answer will stand.
    async fn type_on(
        &self,
        adapter: &Arc<dyn Deliver>,
        entry: &Entry,
        typing: &mut HashMap<ChatAddress, Instant>,
        under_way: &mut JoinSet<Option<TaskId>>,
    ) -> Result<(), StoreError> {
        let (task, now) = (&entry.task, Instant::now());
        let is_due = typing.get(&task.address).is_none_or(|last| now.duration_since(*last) >= TYPING_EVERY);
        if entry.progress.is_asking() || !is_due {
            return Ok(());
        }
        let id = task.id.clone();
        let place = self.bus.store().read(move |tx| tx.place_to_type(&id)).await?;
        let Some(address) = place else { return Ok(()) };
        typing.insert(task.address.clone(), now);
        let (adapter, signal) = (Arc::clone(adapter), Signal::Working(address));
        under_way.spawn(async move {
            if let Ok(Err(error)) = tokio::time::timeout(CALL_TIMEOUT, adapter.signal(&signal)).await {
                tracing::debug!(%error, "the typing sign could not be given");
            }
            None
        });
        Ok(())
    }

    async fn show(
        self: &Arc<Self>,
        adapter: &Arc<dyn Deliver>,
        entry: &Entry,
        shown: &mut Shown,
        under_way: &mut JoinSet<Option<TaskId>>,
    ) -> Result<(), StoreError> {
        let task = &entry.task;
        let provider = task.address.provider.as_str();
        let context = self.bus.router().context();
        let running = self.bus.store().clock().now().since(task.started_at.unwrap_or(task.created_at));
        let is_due = self.pacer.is_progress_due(&task.address, Instant::now());
        // Nobody waits for what a schedule has set to work.
        if task.fire.is_some() || shown.lost || !is_due || !context.can_edit(provider) || running < MISSING_AFTER {
            return Ok(());
        }
        let (id, chat) = (task.id.clone(), ChatKey::of(&task.address));
        let (status, busy, name) = {
            let task = task.clone();
            let read = move |tx: &Tx<'_>| Ok((tx.status_message(&id)?, tx.has_waiting(&chat)?, tx.name_of(&task)?));
            self.bus.store().read(read).await?
        };
        match status {
            StatusMessage::Waiting => return Ok(()),
            StatusMessage::Missing => return self.post_anew(entry, name).await,
            StatusMessage::Shown(address, message) => shown.message = Some((address, message)),
        }
        if busy || !self.pacer.admits_progress(&task.address, Instant::now()) {
            return Ok(());
        }
        let Some((address, message)) = shown.message.clone() else { return Ok(()) };
        shown.changed_at = Some(Instant::now());
        let (live, adapter, entry) = (Arc::clone(self), Arc::clone(adapter), entry.clone());
        under_way.spawn(async move { live.change(adapter.as_ref(), &entry, &name, address, message).await });
        Ok(())
    }

    /// Changes a status message once; returns the task when it cannot be changed any more.
    async fn change(
        &self,
        adapter: &dyn Deliver,
        entry: &Entry,
        name: &str,
        address: ChatAddress,
        message: MessageId,
    ) -> Option<TaskId> {
        rehearsal::at("status-change");
        let task = &entry.task;
        let _change = self.editing.begin(&address, &message).await;
        // Its end may have been written down while this one waited.
        if !self.board.has(&task.id) {
            return None;
        }
        let context = self.bus.router().context();
        let now = (self.bus.store().clock().now(), Instant::now());
        let document = format::task::progress(task, name, &entry.progress.cleaned(&self.redactor), entry.stopping, now);
        // Progress is short.
        let (parts, _) = context.render(&task.address, document).ok()?;
        let outgoing = Outgoing {
            key: signalbox_adapter::DeliveryKey::from_random_bits(u128::from(self.bus.store().clock().random())),
            target: Target { address, reply_to: None, edit_of: Some(message), window: None },
            purpose: Purpose::Progress,
            part: parts.into_iter().next()?,
            buttons: if entry.stopping { Vec::new() } else { report::status_buttons(&task.id) },
            attachment: None,
            mark: None,
            plain: false,
        };
        match tokio::time::timeout(CALL_TIMEOUT, adapter.deliver(&outgoing)).await {
            Ok(Err(DeliverError::Wait { after, everywhere })) => {
                let now = Instant::now();
                self.pacer.hold_progress(&task.address, now, after);
                if everywhere {
                    self.pacer.hold(&task.address, Sending::Edit, true, now, after);
                }
                None
            }
            Ok(Err(DeliverError::Refused(why))) => {
                tracing::debug!(task.id = %task.id, why, "a status message can no longer be changed");
                Some(task.id.clone())
            }
            Ok(Err(error)) => {
                tracing::debug!(task.id = %task.id, %error, "a status message was not changed");
                None
            }
            Ok(Ok(_)) | Err(_) => None,
        }
    }

    /// Posts a status message for a task that has none that is known to have arrived.
    async fn post_anew(&self, entry: &Entry, name: String) -> Result<(), StoreError> {
        let (bus, task) = (Arc::clone(&self.bus), entry.task.clone());
        let progress = entry.progress.cleaned(&self.redactor);
        let stopping = entry.stopping;
        self.bus
            .write(move |tx| {
                let unfinished = tx.task(&task.id)?.is_some_and(|now| !now.status.is_final());
                if !unfinished || tx.status_message(&task.id)? != StatusMessage::Missing {
                    return Ok(());
                }
                let document = format::task::progress(&task, &name, &progress, stopping, (tx.now(), Instant::now()));
                tx.enqueue(&report::status(bus.router().context(), &task, document)?)
            })
            .await
    }
}
