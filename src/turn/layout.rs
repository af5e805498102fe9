//! Laying messages out: where, and when.
//!
//! # The rule
//! Everybody waits while the writer's transaction is open. Within it only what is short ([`MAX_WITHIN_BYTES`]) is laid
//! out; whatever else an agent, a person or an alert has written is laid out before, one at a time at a thread of its
//! own ([`Desk`]), so that memory is bounded. A step need not know beforehand what it will say: where it comes to a long message
//! that is not ready it fails with [`StoreError::Deferred`] and nothing of it is stored;
//! [`Bus::write`](crate::bus::Bus::write) has the message laid out and does the step again, at the same instant.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use signalbox_adapter::{Notice, Part};

use super::desk::Desk;
use crate::format::{self, Draft};
use crate::store::{Deferral, Enclosed, StoreError};

/// Heaviest draft that is laid out within a transaction, in bytes ([`Draft::weight_bytes`]): about a millisecond of work.
pub(super) const MAX_WITHIN_BYTES: usize = 16 * 1024;

/// What a message is laid out as: its parts, and what does not fit as a file.
pub type Laid = (Vec<Part>, Option<Enclosed>);

/// A message to be laid out.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Unlaid {
    /// For a chat of this provider.
    Chat(String, Draft),
    /// A letter to the readers of this provider; what the notice says is the draft.
    Letter(String, Notice, Draft),
}

impl Unlaid {
    fn weight_bytes(&self) -> usize {
        match self {
            Self::Chat(_, draft) | Self::Letter(_, _, draft) => draft.weight_bytes(),
        }
    }
}

/// The long messages of steps that are under way.
#[derive(Debug, Default)]
pub struct Layout {
    messages: Mutex<Messages>,
    desk: Desk,
}

#[derive(Debug, Default)]
struct Messages {
    last: u64,
    by_deferral: HashMap<Deferral, (Unlaid, Option<Laid>)>,
}

impl Layout {
    /// Lays a short message out at once, and returns a long one that is ready.
    ///
    /// # Errors
    /// [`StoreError::Deferred`] for a long one that is not.
    pub(super) fn of(&self, message: Unlaid, lay: impl FnOnce(&Unlaid) -> Laid) -> Result<Laid, StoreError> {
        if message.weight_bytes() <= MAX_WITHIN_BYTES {
            return Ok(lay(&message));
        }
        let mut messages = self.messages();
        let ready = messages.by_deferral.values().find(|(other, laid)| laid.is_some() && *other == message);
        if let Some(laid) = ready.and_then(|(_, laid)| laid.clone()) {
            return Ok(laid);
        }
        messages.last += 1;
        let deferral = Deferral(messages.last);
        messages.by_deferral.insert(deferral, (message, None));
        Err(StoreError::Deferred(deferral))
    }

    /// Has a message laid out by `lay`, which blocks, and keeps it ready.
    pub(super) async fn prepare(&self, deferral: Deferral, lay: impl FnOnce(&Unlaid) -> Laid + Send + 'static) {
        let Some(message) = self.messages().by_deferral.get(&deferral).map(|(message, _)| message.clone()) else {
            return;
        };
        let laid = self.desk.work(move || lay(&message)).await.unwrap_or_else(|| {
            tracing::error!("a message could not be laid out; its chat is told so");
            (vec![Part { body: format::delivery::not_laid_out().to_markdown() }], None)
        });
        if let Some((_, ready)) = self.messages().by_deferral.get_mut(&deferral) {
            *ready = Some(laid);
        }
    }

    /// Drops what a step needs no longer.
    pub fn forget(&self, deferrals: &[Deferral]) {
        let mut messages = self.messages();
        for deferral in deferrals {
            messages.by_deferral.remove(deferral);
        }
    }

    fn messages(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
