//! Places at which bodies are read and stored: few, so that what they hold is bounded, and not all for one address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests whose bodies are read or stored at once.
const MAX_AT_WORK: usize = 32;
/// Those of them that one address may have.
const MAX_OF_ADDRESS: usize = 24;
/// Requests that wait for such a place.
const MAX_WAITING: usize = 64;
/// How long a request waits for one.
const WAIT: Duration = Duration::from_secs(1);

/// The places.
pub(super) struct HookDesks {
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    by_address: Arc<Mutex<BTreeMap<IpAddr, Arc<Semaphore>>>>,
}

/// A place, free again when this is dropped.
pub(super) struct HookDesk {
    _place: OwnedSemaphorePermit,
    _own: Own,
}

impl Default for HookDesks {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MAX_AT_WORK)),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            by_address: Arc::default(),
        }
    }
}

impl HookDesks {
    /// Takes a place, waiting a little for one; none when too many wait, or none became free.
    pub(super) async fn sit_down(&self, peer: Option<IpAddr>) -> Option<HookDesk> {
        let _waiting = Arc::clone(&self.waiting).try_acquire_owned().ok()?;
        let sit = async {
            let own = self.own(peer).await?;
            let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
            Some(HookDesk { _place: place, _own: own })
        };
        tokio::time::timeout(WAIT, sit).await.ok()?
    }

    async fn own(&self, peer: Option<IpAddr>) -> Option<Own> {
        let Some(address) = peer else {
            return Some(Own { place: None, address: None, by_address: Arc::clone(&self.by_address) });
        };
        let fresh = || Arc::new(Semaphore::new(MAX_OF_ADDRESS));
        let semaphore = Arc::clone(locked(&self.by_address).entry(address).or_insert_with(fresh));
        // Made before it is waited for, so that a wait that is given up leaves no entry behind.
        let mut own = Own { place: None, address: Some(address), by_address: Arc::clone(&self.by_address) };
        own.place = Some(semaphore.acquire_owned().await.ok()?);
        Some(own)
    }
}

/// A place among those of an address.
struct Own {
    place: Option<OwnedSemaphorePermit>,
    address: Option<IpAddr>,
    by_address: Arc<Mutex<BTreeMap<IpAddr, Arc<Semaphore>>>>,
}

impl Drop for Own {
    fn drop(&mut self) {
        self.place = None;
        let Some(address) = self.address else { return };
        let mut by_address = locked(&self.by_address);
        // The map's own is the only one left when nobody of the address works or waits.
        if by_address.get(&address).is_some_and(|semaphore| Arc::strong_count(semaphore) == 1) {
            by_address.remove(&address);
        }
    }
}

type ByAddress = BTreeMap<IpAddr, Arc<Semaphore>>;

fn locked(by_address: &Mutex<ByAddress>) -> MutexGuard<'_, ByAddress> {
    by_address.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_cannot_have_all_places() {
        let desks = HookDesks::default();
        let mut taken = Vec::new();
        for _ in 0..MAX_OF_ADDRESS {
            taken.push(desks.sit_down(address(1)).await.expect("a place"));
        }
        assert!(desks.sit_down(address(1)).await.is_none());
        for _ in MAX_OF_ADDRESS..MAX_AT_WORK {
            taken.push(desks.sit_down(address(2)).await.expect("a place"));
        }
        assert!(desks.sit_down(address(3)).await.is_none());
        drop(taken);
        assert!(desks.sit_down(address(1)).await.is_some());
        assert!(locked(&desks.by_address).is_empty(), "nothing is kept of who is gone");
    }
}
