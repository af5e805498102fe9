//! An inbox that remembers.

use async_trait::async_trait;
use tokio::sync::watch;

use crate::{AcceptError, Inbox, Incoming};

/// Stands for the core: keeps what it accepts, drops copies, and refuses when told to.
#[derive(Debug)]
pub struct RecordingInbox {
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct State {
    offers: Vec<Incoming>,
    accepted: Vec<Incoming>,
    refusals: usize,
}

impl Default for RecordingInbox {
    fn default() -> Self {
        Self { state: watch::Sender::new(State::default()) }
    }
}

impl RecordingInbox {
    /// Returns what was accepted, in order of arrival, each update once.
    #[must_use]
    pub fn accepted(&self) -> Vec<Incoming> {
        self.state.borrow().accepted.clone()
    }

    /// Returns all that was offered, in order, copies and what was refused included.
    #[must_use]
    pub fn offers(&self) -> Vec<Incoming> {
        self.state.borrow().offers.clone()
    }

    /// Refuses the next so many, as a full disk would.
    pub fn refuse_next(&self, count: usize) {
        self.state.send_modify(|state| state.refusals = count);
    }

    /// Waits until so many are accepted, and returns all that are.
    pub async fn wait_for(&self, count: usize) -> Vec<Incoming> {
        let mut state = self.state.subscribe();
        let enough = state.wait_for(|state| state.accepted.len() >= count).await;
        enough.expect("the inbox that is waited on is alive").accepted.clone()
    }
}

#[async_trait]
impl Inbox for RecordingInbox {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        let mut outcome = Ok(());
        self.state.send_modify(|state| {
            state.offers.push(incoming.clone());
            if state.refusals > 0 {
                state.refusals -= 1;
                outcome = Err(AcceptError("the inbox was told to refuse".into()));
            } else if state.accepted.iter().all(|earlier| earlier.key != incoming.key) {
                state.accepted.push(incoming);
            }
        });
        outcome
    }
}
