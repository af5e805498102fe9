//! Supervisors whose run is over and that wait for the next.

use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use super::waiting::WaitingSupervisor;
use crate::agent::exit::Exit;
use crate::agent::supervisor::spare::may_go_on;

/// Most supervisors that wait between two runs; each holds about as much memory as an idle shell.
const MAX_SPARES: usize = 2;

/// Supervisors without a run. Dropped, they end.
#[derive(Debug, Default)]
pub(super) struct Spares(Mutex<Vec<WaitingSupervisor>>);

impl Spares {
    /// Takes one that lives, if there is one.
    pub(super) fn take(&self) -> Option<WaitingSupervisor> {
        self.living().pop()
    }

    /// Forgets those that have ended.
    pub(super) fn tidy(&self) {
        drop(self.living());
    }

    fn put(&self, spare: WaitingSupervisor) {
        let mut spares = self.living();
        if spares.len() < MAX_SPARES {
            spares.push(spare);
        }
    }

    fn living(&self) -> MutexGuard<'_, Vec<WaitingSupervisor>> {
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spares.retain_mut(WaitingSupervisor::is_alive);
        spares
    }
}

/// A supervisor that has a run, and where it goes afterwards.
#[derive(Debug)]
pub(super) struct Lent {
    supervisor: WaitingSupervisor,
    to: Weak<Spares>,
}

impl Lent {
    /// Notes where a supervisor goes after its run.
    pub(super) fn of(supervisor: WaitingSupervisor, to: Weak<Spares>) -> Self {
        Self { supervisor, to }
    }

    /// Gives it back after its run, if it takes another. One that ends all the same is found out when it gets the next.
    pub(super) fn give_back(self, exit: &Exit) {
        if let Some(spares) = self.to.upgrade().filter(|_| may_go_on(exit)) {
            spares.put(self.supervisor);
        }
    }
}
