//! Two connections, so that one stands while the other is changed: Slack ends each of them every few hours.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use signalbox_adapter::ListenError;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::connection::{Ack, Connection, End, Ended, News};
use super::terms::Terms;
use crate::api::Api;

/// Connections that are kept. Slack allows ten, and hands each envelope to any one.
const KEPT: usize = 2;

/// Envelopes that wait to be looked at.
const WAITING: usize = 64;

/// Wait after a connection that was lost, and the longest after several in a row that did not come to stand.
const FIRST_AGAIN: Duration = Duration::from_millis(100);
const LAST_AGAIN: Duration = Duration::from_secs(30);

/// What has happened.
pub(crate) enum Turn {
    /// A connection stands; `first` where none did before.
    Stands {
        /// Whether none did.
        first: bool,
    },
    /// An envelope came.
    Envelope(String, Option<Ack>),
    /// The other end is there.
    Alive,
    /// A connection was lost; `others` says whether another stands.
    Lost {
        /// Why.
        why: String,
        /// Whether another stands.
        others: bool,
        /// For how long it was not heard.
        silent: Duration,
    },
    /// A connection was changed as it had to be.
    Changed,
}

/// The connections.
pub(crate) struct Pair {
    api: Arc<Api>,
    running: FuturesUnordered<Pin<Box<dyn Future<Output = Ended> + Send>>>,
    /// Each that is opened or stands: whether it stands, and whether it is about to go.
    known: HashMap<u64, Known>,
    next: u64,
    /// Connections in a row that did not come to stand.
    failed: u32,
    /// When each that is to stay ends.
    terms: Terms,
    news: mpsc::Sender<News>,
    heard: mpsc::Receiver<News>,
}

#[derive(Default)]
struct Known {
    is_ready: bool,
    is_leaving: bool,
    /// When it is to leave by itself, once that is decided.
    leaves: Arc<OnceLock<Instant>>,
}

impl Pair {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        let (news, heard) = mpsc::channel(WAITING);
        let mut pair = Self {
            api,
            running: FuturesUnordered::new(),
            known: HashMap::new(),
            next: 1,
            failed: 0,
            terms: Terms::default(),
            news,
            heard,
        };
        pair.fill();
        pair
    }

    /// Waits for what happens next; may be dropped. `takes` says whether an envelope is wanted.
    ///
    /// # Errors
    /// [`ListenError`] when Slack will have no connection, or none stands and none can be had.
    pub(crate) async fn next(&mut self, takes: bool) -> Result<Turn, ListenError> {
        loop {
            let turn = tokio::select! {
                Some(ended) = self.running.next() => self.ended(ended)?,
                Some(news) = self.heard.recv(), if takes => self.told(news),
            };
            self.fill();
            if let Some(turn) = turn {
                return Ok(turn);
            }
        }
    }

    fn told(&mut self, news: News) -> Option<Turn> {
        match news {
            News::Ready(number, lasts) => {
                let first = !self.stands();
                // One that has ended meanwhile is not known any more.
                let known = self.known.get_mut(&number)?;
                known.is_ready = true;
                if let Some(leaves) = lasts.and_then(|lasts| self.terms.begin(number, Instant::now(), lasts)) {
                    known.leaves.get_or_init(|| leaves);
                }
                self.failed = 0;
                Some(Turn::Stands { first })
            }
            News::Leaving(number) => {
                self.known.get_mut(&number)?.is_leaving = true;
                self.terms.end(number);
                None
            }
            News::Envelope(text, ack) => Some(Turn::Envelope(text, ack)),
            News::Alive => Some(Turn::Alive),
        }
    }

    fn ended(&mut self, ended: Ended) -> Result<Option<Turn>, ListenError> {
        self.known.remove(&ended.number);
        self.terms.end(ended.number);
        match ended.end {
            End::Refused(error) => Err(error),
            End::Left => Ok(Some(Turn::Changed)),
            End::Lost(why) if ended.was_ready => {
                Ok(Some(Turn::Lost { why, others: self.stands(), silent: ended.silent }))
            }
            End::Lost(why) => {
                self.failed += 1;
                // Whoever calls waits before it listens again.
                if self.stands() { Ok(None) } else { Err(ListenError::Lost(why)) }
            }
        }
    }

    fn stands(&self) -> bool {
        self.known.values().any(|known| known.is_ready)
    }

    /// Opens what is missing; the second only when the first stands, so that what is wrong is told once.
    fn fill(&mut self) {
        let staying = self.known.values().filter(|known| !known.is_leaving).count();
        let wanted = if self.stands() { KEPT } else { 1 };
        for _ in staying..wanted {
            let known = Known::default();
            let connection = Connection {
                number: self.next,
                api: Arc::clone(&self.api),
                news: self.news.clone(),
                after: self.pause(),
                leaves: Arc::clone(&known.leaves),
            };
            self.known.insert(self.next, known);
            self.next += 1;
            self.running.push(Box::pin(connection.run()));
        }
    }

    fn pause(&self) -> Duration {
        if self.next == 1 || self.failed == 0 && self.known.values().any(|known| known.is_leaving) {
            return Duration::ZERO;
        }
        let grown = FIRST_AGAIN * 2_u32.saturating_pow(self.failed.min(16));
        grown.min(LAST_AGAIN).mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}
