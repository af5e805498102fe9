//! How each transport is, and the store: written by those who listen and store, read by `/readyz` and `/metrics`.
//!
//! A listener tells its [`TransportHealth`] after each successful poll or heartbeat, and whoever calls it again after a
//! failure tells what has become of it. Nothing is stored: a process knows its own transports only.

mod sends;
mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

pub use sends::{SendCounts, Sends, Sent};
use signalbox_adapter::Occurrence;
pub use store::{LostByPanic, StoreHealth, Trouble, Waiting};

/// How long after its last successful poll a transport counts as listening; a poll is held open for up to 50 s.
pub const READY_WITHIN: Duration = Duration::from_secs(120);
/// Longest reason that is kept, in characters.
pub const MAX_WHY_CHARS: usize = 300;
/// Longest word on what a transport is kept from that is kept, in characters; it says what to do, too.
pub const MAX_LIMITED_CHARS: usize = 500;

/// State of a transport. Reasons are shown to whoever may ask, so they must hold no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportState {
    /// It has not listened yet.
    Starting,
    /// Another process listens, and this one takes over when that ends.
    Standby,
    /// It listens.
    Listening,
    /// The connection is lost and tried again.
    Lost {
        /// Since when.
        since: Instant,
        /// Why.
        why: String,
    },
    /// Another program listens with the same credentials; it is tried again.
    Contested {
        /// Since when.
        since: Instant,
        /// What the provider said.
        why: String,
    },
    /// The provider will not have us, and it is not tried again.
    Refused {
        /// Why.
        why: String,
    },
}

impl TransportState {
    /// Returns the state's word.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Standby => "standby",
            Self::Listening => "listening",
            Self::Lost { .. } => "lost",
            Self::Contested { .. } => "contested",
            Self::Refused { .. } => "refused",
        }
    }

    /// Returns why it does not listen, where that is known.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Starting | Self::Standby | Self::Listening => None,
            Self::Lost { why, .. } | Self::Contested { why, .. } | Self::Refused { why } => Some(why),
        }
    }

    fn bounded(mut self) -> Self {
        match &mut self {
            Self::Starting | Self::Standby | Self::Listening => {}
            Self::Lost { why, .. } | Self::Contested { why, .. } | Self::Refused { why } => {
                if let Some((end, _)) = why.char_indices().nth(MAX_WHY_CHARS) {
                    why.truncate(end);
                }
            }
        }
        self
    }
}

/// How all transports of this process are.
#[derive(Debug, Default)]
pub struct Health {
    transports: Mutex<BTreeMap<String, TransportHealth>>,
    lacking: Mutex<BTreeMap<String, String>>,
    /// What came of attempts to send.
    pub sends: Arc<Sends>,
}

/// How one transport is; a cheap handle that is told, by whoever runs the transport.
#[derive(Debug, Clone)]
pub struct TransportHealth {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    state: TransportState,
    last_alive: Option<Instant>,
    limited: Option<String>,
    occurred: BTreeMap<Occurrence, u64>,
}

/// How one transport was at the moment of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportSnapshot {
    /// Name of the provider.
    pub provider: String,
    /// Its state.
    pub state: TransportState,
    /// Time since its last successful poll or heartbeat, if there was one.
    pub since_alive: Option<Duration>,
    /// What the provider keeps from it although it listens, and how to change that.
    pub limited: Option<String>,
    /// What has happened to it beside messages, and how often, since the process began.
    pub occurred: BTreeMap<Occurrence, u64>,
}

impl Health {
    /// Makes a registry without transports.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the handle of a provider's transport, which is [`TransportState::Starting`] when first asked for.
    #[must_use]
    pub fn transport(&self, provider: &str) -> TransportHealth {
        let mut transports = locked(&self.transports);
        transports.entry(provider.to_owned()).or_insert_with(TransportHealth::starting).clone()
    }

    /// Notes in which chats the bot lacks a right, and which.
    pub fn set_lacking(&self, lacking: BTreeMap<String, String>) {
        *locked(&self.lacking) = lacking;
    }

    /// Returns in which chats the bot lacks a right, by address, and which.
    #[must_use]
    pub fn lacking(&self) -> BTreeMap<String, String> {
        locked(&self.lacking).clone()
    }

    /// Returns how every transport is at `now`, by name.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> Vec<TransportSnapshot> {
        let transports = locked(&self.transports);
        let transport = |(provider, health): (&String, &TransportHealth)| {
            let inner = locked(&health.inner);
            let since_alive = inner.last_alive.map(|last| now.saturating_duration_since(last));
            let (state, limited) = (inner.state.clone(), inner.limited.clone());
            let occurred = inner.occurred.clone();
            TransportSnapshot { provider: provider.clone(), state, since_alive, limited, occurred }
        };
        transports.iter().map(transport).collect()
    }
}

impl TransportHealth {
    fn starting() -> Self {
        let inner = Inner {
            state: TransportState::Starting,
            last_alive: None,
            limited: None,
            occurred: Occurrence::ALL.map(|what| (what, 0)).into(),
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Notes a successful poll or heartbeat: it listens.
    pub fn alive(&self) {
        self.alive_at(Instant::now());
    }

    /// Notes a successful poll or heartbeat at an instant.
    pub fn alive_at(&self, now: Instant) {
        let mut inner = locked(&self.inner);
        inner.state = TransportState::Listening;
        inner.last_alive = Some(now);
    }

    /// Notes a state; a reason is cut to [`MAX_WHY_CHARS`].
    pub fn set(&self, state: TransportState) {
        locked(&self.inner).state = state.bounded();
    }

    /// Counts what has happened to it beside messages.
    pub fn occurred(&self, what: Occurrence, times: u64) {
        *locked(&self.inner).occurred.entry(what).or_default() += times;
    }

    /// Notes what the provider keeps from it although it listens, cut to [`MAX_LIMITED_CHARS`]; `None` when that is over.
    pub fn limited(&self, why: Option<&str>) {
        locked(&self.inner).limited = why.map(|why| why.chars().take(MAX_LIMITED_CHARS).collect());
    }
}

impl TransportSnapshot {
    /// Whether messages come in, here or at the process that this one stands by for.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        match self.state {
            TransportState::Standby => true,
            TransportState::Listening => self.since_alive.is_some_and(|silence| silence <= READY_WITHIN),
            TransportState::Starting
            | TransportState::Lost { .. }
            | TransportState::Contested { .. }
            | TransportState::Refused { .. } => false,
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock panics")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(health: &Health, now: Instant) -> TransportSnapshot {
        let [transport] = health.snapshot(now).try_into().expect("one transport");
        transport
    }

    #[test]
    fn a_transport_is_ready_as_long_as_it_was_alive_not_long_ago() {
        let (health, start) = (Health::new(), Instant::now());
        let telegram = health.transport("telegram");
        assert!(!only(&health, start).is_ready(), "it has not listened yet");
        telegram.set(TransportState::Listening);
        assert!(!only(&health, start).is_ready(), "no poll has succeeded yet");
        telegram.alive_at(start);
        assert!(only(&health, start + READY_WITHIN).is_ready());
        let late = only(&health, start + READY_WITHIN + Duration::from_millis(1));
        assert!(!late.is_ready());
        assert_eq!(late.since_alive, Some(READY_WITHIN + Duration::from_millis(1)));
    }

    #[test]
    fn a_lost_transport_is_not_ready_until_the_next_successful_poll() {
        let (health, start) = (Health::new(), Instant::now());
        let telegram = health.transport("telegram");
        let states = [
            TransportState::Lost { since: start, why: "reset".into() },
            TransportState::Contested { since: start, why: "409".into() },
            TransportState::Refused { why: "401".into() },
        ];
        for state in states {
            telegram.alive_at(start);
            telegram.set(state.clone());
            let transport = only(&health, start);
            assert_eq!((&transport.state, transport.is_ready()), (&state, false));
            assert_eq!(transport.since_alive, Some(Duration::ZERO), "the last poll is still known");
            telegram.alive_at(start);
            assert!(only(&health, start).is_ready());
        }
    }

    #[test]
    fn one_that_stands_by_is_ready_without_ever_polling() {
        let health = Health::new();
        health.transport("telegram").set(TransportState::Standby);
        assert!(only(&health, Instant::now()).is_ready());
    }

    #[test]
    fn handles_of_a_provider_tell_of_the_same_transport() {
        let (health, now) = (Health::new(), Instant::now());
        health.transport("slack").set(TransportState::Refused { why: "no".into() });
        health.transport("discord").alive_at(now);
        health.transport("discord").set(TransportState::Standby);
        let names: Vec<_> = health.snapshot(now).into_iter().map(|one| (one.provider, one.state.as_str())).collect();
        assert_eq!(names, [("discord".into(), "standby"), ("slack".into(), "refused")]);
    }

    #[test]
    fn what_a_transport_is_kept_from_lasts_until_it_is_over() {
        let (health, start) = (Health::new(), Instant::now());
        let discord = health.transport("discord");
        discord.limited(Some("no content"));
        discord.alive_at(start);
        let limited = only(&health, start);
        assert_eq!((limited.is_ready(), limited.limited.as_deref()), (true, Some("no content")));
        discord.limited(None);
        assert_eq!(only(&health, start).limited, None);
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let health = Health::new();
        health.transport("telegram").set(TransportState::Refused { why: "é".repeat(100_000) });
        let why = only(&health, Instant::now()).state.why().map(str::to_owned);
        assert_eq!(why, Some("é".repeat(MAX_WHY_CHARS)));
    }
}
