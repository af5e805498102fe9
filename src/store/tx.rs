//! One step of the store: the transaction that its methods work in, and what it will set in motion.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, PoisonError, RwLock};

use rusqlite::Connection;
use signalbox_adapter::{Provider, Signal};

use super::delivery::Delivering;
use super::effects::Effects;
use crate::clock::{Clock, Timestamp};
use crate::health::StoreHealth;

/// Bounds of admission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caps {
    /// Tasks that run at once in one chat.
    pub per_chat: usize,
    /// Tasks that run at once in the process.
    pub total: usize,
    /// Tasks that may wait in one chat.
    pub queued_per_chat: usize,
    /// Open sessions of one chat.
    pub sessions_per_chat: usize,
    /// Boot of this machine; noted with what is started.
    pub boot: String,
}

/// What every transaction needs beside the rows.
pub(super) struct TxContext {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) caps: Caps,
    pub(super) delivering: RwLock<Option<Delivering>>,
    pub(super) health: StoreHealth,
}

/// One request within a transaction; its methods are the domain's verbs.
pub struct Tx<'c> {
    pub(super) connection: &'c Connection,
    pub(super) context: &'c TxContext,
    pub(super) effects: RefCell<Effects>,
    instant: Cell<Option<Timestamp>>,
}

impl TxContext {
    pub(super) fn new(clock: Arc<dyn Clock>, caps: Caps) -> Arc<Self> {
        Arc::new(Self { clock, caps, delivering: RwLock::default(), health: StoreHealth::default() })
    }

    /// Returns what this process delivers.
    pub(super) fn delivering(&self) -> Option<Delivering> {
        self.delivering.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connection, context: &'c TxContext) -> Self {
        Self { connection, context, effects: RefCell::default(), instant: Cell::new(None) }
    }

    pub(super) fn into_effects(self) -> Effects {
        self.effects.into_inner()
    }

    /// Returns the current instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.instant.get().unwrap_or_else(|| self.context.clock.now())
    }

    /// Makes this the current instant: a step that is done again says and stores the same as before.
    pub fn stand_at(&self, instant: Timestamp) {
        self.instant.set(Some(instant));
    }

    /// Says that the step need not be on the disk when its caller goes on: it goes there with the next one, within a second.
    /// The end of this process loses nothing of it; a power cut may lose it, and nothing that was written before it.
    pub fn rides_along(&self) {
        self.effects.borrow_mut().rides_along = true;
    }

    /// Returns the bounds of admission.
    #[must_use]
    pub fn caps(&self) -> &Caps {
        &self.context.caps
    }

    /// Gives a sign after the commit; it is never repeated.
    pub fn sign(&self, provider: &Provider, signal: Signal) {
        self.effects.borrow_mut().signs.push((provider.clone(), signal));
    }

    /// Returns a number below `bound`, by chance.
    #[must_use]
    pub fn chance(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.context.clock.random() % bound).unwrap_or(0)
    }

    /// Makes a short id that people can type: `length` characters without look-alikes.
    pub(super) fn short_id(&self, length: usize) -> String {
        const LETTERS: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
        (0..length).map(|_| char::from(LETTERS[self.chance(LETTERS.len())])).collect()
    }
}
