//! Who is connected: so many at once, so many of one address, and whoever has not said what it wants makes room.
//!
//! # Why
//! A liveness probe is answered at once, however many clients sit there and say nothing: a connection is never refused while
//! another one idles before its request. Requests that take long have bounded places of their own, far fewer than there are
//! connections.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// Connections at once.
pub(super) const MAX_CONNECTIONS: usize = 256;
/// Connections at once of one address; a proxy in front of everything is one.
pub(super) const MAX_PER_ADDRESS: usize = 160;

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// All connections there are.
#[derive(Debug, Default)]
pub(super) struct Seats {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// By age.
    open: BTreeMap<u64, Connection>,
}

#[derive(Debug)]
struct Connection {
    address: IpAddr,
    cut: CancellationToken,
    /// Whether its request has been heard.
    heard: bool,
}

/// A connection's seat, free again when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    number: u64,
    seats: Arc<Seats>,
    /// Where it comes from.
    pub(super) address: IpAddr,
    /// Cancelled when it has to make room.
    pub(super) cut: CancellationToken,
}

impl Seats {
    /// Gives a connection a seat: a free one, else that of the oldest which has said nothing yet, of the same address if
    /// that has too many. `None` when all of them are at work.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let mut state = self.state();
        let of_address = state.open.values().filter(|one| one.address == address).count();
        let crowded = of_address >= MAX_PER_ADDRESS;
        if crowded || state.open.len() >= MAX_CONNECTIONS {
            let mut idle = state.open.iter().filter(|(_, one)| !one.heard && (!crowded || one.address == address));
            let oldest = *idle.next()?.0;
            state.open.remove(&oldest)?.cut.cancel();
        }
        let (number, cut) = (state.next, CancellationToken::new());
        state.next += 1;
        state.open.insert(number, Connection { address, cut: cut.clone(), heard: false });
        drop(state);
        Some(Seat { number, seats: Arc::clone(self), address, cut })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Notes that the request was heard: the connection is at work and makes room for nobody.
    pub(super) fn heard(&self) {
        if let Some(connection) = self.seats.state().open.get_mut(&self.number) {
            connection.heard = true;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.state().open.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn whoever_says_nothing_makes_room() {
        let seats = Arc::<Seats>::default();
        let silent: Vec<Seat> = (0..MAX_PER_ADDRESS).map(|_| seats.take(address(1)).expect("a seat")).collect();
        let other = seats.take(address(2)).expect("a seat");
        silent[0].heard();
        let next = seats.take(address(1)).expect("a seat");
        assert!(!silent[0].cut.is_cancelled() && silent[1].cut.is_cancelled() && !silent[2].cut.is_cancelled());
        assert!(!other.cut.is_cancelled() && !next.cut.is_cancelled());
    }

    #[test]
    fn an_address_whose_seats_are_all_at_work_gets_no_more_and_others_do() {
        let seats = Arc::<Seats>::default();
        let busy: Vec<Seat> = (0..MAX_PER_ADDRESS).map(|_| seats.take(address(1)).expect("a seat")).collect();
        busy.iter().for_each(Seat::heard);
        assert!(seats.take(address(1)).is_none());
        assert!(seats.take(address(2)).is_some());
        drop(busy);
        assert!(seats.take(address(1)).is_some());
    }

    #[test]
    fn the_oldest_silent_one_of_all_makes_room_when_all_seats_are_taken() {
        let seats = Arc::<Seats>::default();
        let all: Vec<Seat> =
            (0..MAX_CONNECTIONS).map(|n| seats.take(address(u8::from(n % 2 == 0))).expect("a seat")).collect();
        let next = seats.take(address(9));
        assert!(next.is_some() && all[0].cut.is_cancelled() && !all[1].cut.is_cancelled());
    }
}
