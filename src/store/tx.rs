//! One step of the store: the transaction that its methods work in, and what it will set in motion.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

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

/// The random numbers of a step, in the order in which it takes them.
#[derive(Debug, Clone, Default)]
pub struct Drawn(Arc<Mutex<Vec<u64>>>);

/// One request within a transaction; its methods are the domain's verbs.
pub struct Tx<'c> {
    pub(super) connection: &'c Connection,
    pub(super) context: &'c TxContext,
    pub(super) effects: RefCell<Effects>,
    instant: Cell<Option<Timestamp>>,
    drawn: RefCell<Drawn>,
    next_drawn: Cell<usize>,
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
        let (effects, instant) = (RefCell::default(), Cell::new(None));
        Self { connection, context, effects, instant, drawn: RefCell::default(), next_drawn: Cell::new(0) }
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

    /// Makes these its random numbers; what is missing is drawn. A step that is done again names what it makes as before.
    pub fn draw_from(&self, drawn: &Drawn) {
        self.drawn.replace(drawn.clone());
        self.next_drawn.set(0);
    }

    /// Returns 64 random bits that nobody can guess.
    pub(super) fn random(&self) -> u64 {
        let drawn = self.drawn.borrow();
        let mut numbers = drawn.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.next_drawn.replace(self.next_drawn.get() + 1);
        if numbers.len() <= at {
            numbers.push(self.context.clock.random());
        }
        numbers[at]
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
        usize::try_from(self.random() % bound).unwrap_or(0)
    }

    /// Makes a short id that people can type: `length` characters without look-alikes.
    pub(super) fn short_id(&self, length: usize) -> String {
        const LETTERS: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
        (0..length).map(|_| char::from(LETTERS[self.chance(LETTERS.len())])).collect()
    }
}
