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
/// Those of them that one address may have.
const MAX_WAITING_OF_ADDRESS: usize = 48;
/// How long a request waits for one.
const WAIT: Duration = Duration::from_secs(1);

/// The places.
pub(super) struct HookDesks {
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    by_address: Arc<Mutex<ByAddress>>,
}

type ByAddress = BTreeMap<IpAddr, Arc<Share>>;

/// What one address may have.
struct Share {
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Share {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MAX_OF_ADDRESS)),
            waiting: Arc::new(Semaphore::new(MAX_WAITING_OF_ADDRESS)),
        }
    }
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
    /// Takes a place, waiting a little for one; none when too many wait, of the address or of all, or none became free.
    pub(super) async fn sit_down(&self, peer: Option<IpAddr>) -> Option<HookDesk> {
        // The address's own share first: what it may not have takes nothing from the others.
        let mut own = self.own(peer);
        let share = own.share.as_ref().map(|share| (Arc::clone(&share.places), Arc::clone(&share.waiting)));
        let (own_places, own_waiting) = share.unzip();
        let _own_waiting = match own_waiting {
            Some(waiting) => Some(waiting.try_acquire_owned().ok()?),
            None => None,
        };
        let _waiting = Arc::clone(&self.waiting).try_acquire_owned().ok()?;
        let sit = async {
            if let Some(places) = own_places {
                own.place = Some(places.acquire_owned().await.ok()?);
            }
            let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
            Some(HookDesk { _place: place, _own: own })
        };
        tokio::time::timeout(WAIT, sit).await.ok()?
    }

    /// Finds the share of an address; the entry is gone again when nobody of it works or waits.
    fn own(&self, peer: Option<IpAddr>) -> Own {
        let share = peer.map(|address| Arc::clone(locked(&self.by_address).entry(address).or_default()));
        Own { place: None, address: peer, share, by_address: Arc::clone(&self.by_address) }
    }
}

/// A place among those of an address.
struct Own {
    place: Option<OwnedSemaphorePermit>,
    address: Option<IpAddr>,
    share: Option<Arc<Share>>,
    by_address: Arc<Mutex<ByAddress>>,
}

impl Drop for Own {
    fn drop(&mut self) {
        self.place = None;
        self.share = None;
        let Some(address) = self.address else { return };
        let mut by_address = locked(&self.by_address);
        // The map's own is the only one left when nobody of the address works or waits.
        if by_address.get(&address).is_some_and(|share| Arc::strong_count(share) == 1) {
            by_address.remove(&address);
        }
    }
}

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
    async fn one_address_cannot_have_all_places_to_wait_at() {
        let desks = Arc::new(HookDesks::default());
        let mut taken = Vec::new();
        for _ in 0..MAX_OF_ADDRESS {
            taken.push(desks.sit_down(address(1)).await.expect("a place"));
        }
        let wait = |_| {
            let desks = Arc::clone(&desks);
            async move { desks.sit_down(address(1)).await }
        };
        let waiting = futures_util::future::join_all((0..150).map(wait));
        let other = async {
            // The others have asked before this one goes on.
            tokio::task::yield_now().await;
            desks.sit_down(address(2)).await
        };
        let (waited, other) = tokio::join!(biased; waiting, other);
        assert!(waited.iter().all(Option::is_none));
        assert!(other.is_some(), "who comes from elsewhere finds a place");
        drop((waited, other, taken));
        assert!(locked(&desks.by_address).is_empty(), "nothing is kept of who is gone");
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
