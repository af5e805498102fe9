//! Who waits for whom: what concerns one channel is handled in its order, all else at once.
//!
//! # Order across two sockets
//! Two messages of a channel may come by two sockets, and the later one first. What waits in a lane stands in the order of
//! Slack's time stamps, and the first of a lane waits [`SETTLED_AFTER`] for an earlier one: that long a wait nobody notices, and
//! within it sockets of one machine differ. What comes later than that is taken when it comes, behind what was said after it:
//! to wait longer would hold up every message for the rare one, and to hold the later one back until Slack were asked would be
//! a call for each. It is not lost, and its time stamp, by which answers and threads go, is its own.
//!
//! A message is therefore begun upon [`SETTLED_AFTER`] later than one of a provider that tells all by one connection, which is
//! more than everything between its arrival and its agent takes. It is the price of the order in which people spoke; a slash
//! command, a press, a form and a shortcut stand in no order and wait for nothing.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use signalbox_adapter::ListenError;
use tokio::time::sleep;

use crate::envelope::{Envelope, Holds};
use crate::gap::{self, Due, Read};
use crate::handle::Handler;
use crate::home::{self, Opened};
use crate::kept::Kept;
use crate::socket::Ack;
use crate::stamp::Stamp;

/// Jobs that wait or are under way until no more envelopes are read.
const MAX_JOBS: usize = 1024;

/// How long it is waited for an earlier message of a channel, which may come by the other socket.
const SETTLED_AFTER: Duration = Duration::from_millis(40);

/// How long before a socket was last heard it may have lost something, in seconds.
const MARGIN_SECONDS: u64 = 60;

/// How far our clock may be ahead of Slack's, in seconds.
const CLOCKS_APART_SECONDS: u64 = 300;

/// What is to be done.
enum Job {
    /// Wait for what may come by the other socket.
    Settle,
    /// Take an envelope.
    Take(Envelope),
    /// Show a command that is kept, and hand it over; whether it may have been shown already.
    Finish(Box<Kept>, bool),
    /// Write somebody's page.
    Home(Opened),
    /// Read what was said in a channel.
    Read(Due),
    /// Read it again later: nobody waits meanwhile.
    ReadLater(Duration, Due),
    /// Ask which channels there are, to read what was said in each.
    List(Due),
}

/// What was done.
struct Done {
    lane: String,
    outcome: Result<Outcome, ListenError>,
}

enum Outcome {
    Taken { identity: String, kept: Option<Box<Kept>> },
    Done,
    Again(Duration, Due),
    Waited(String, Due),
    Listed(Vec<String>, Due),
}

/// The lane in which it is asked which channels there are; no channel is called so.
const LIST: &str = "list";

/// The lanes.
pub(crate) struct Lanes {
    handler: Arc<Handler>,
    waiting: HashMap<String, VecDeque<Job>>,
    under_way: FuturesUnordered<Pin<Box<dyn Future<Output = Done> + Send>>>,
    /// What acknowledges each envelope that waits or is under way: its copies too.
    acks: HashMap<String, Vec<Ack>>,
    jobs: usize,
}

impl Lanes {
    pub(crate) fn new(handler: Arc<Handler>) -> Self {
        Self { handler, waiting: HashMap::new(), under_way: FuturesUnordered::new(), acks: HashMap::new(), jobs: 0 }
    }

    /// Whether there is room for another envelope.
    pub(crate) fn has_room(&self) -> bool {
        self.jobs < MAX_JOBS
    }

    /// Whether nothing waits and nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.jobs == 0
    }

    /// Takes an envelope in its turn; a copy of one that waits is acknowledged with it.
    pub(crate) fn take(&mut self, envelope: Envelope, ack: Option<Ack>) {
        if let Holds::Home(opened) = envelope.holds {
            ack.into_iter().for_each(Ack::send);
            let waits = self.waiting.get(&envelope.lane).is_some_and(|waiting| !waiting.is_empty());
            if !waits {
                self.push(envelope.lane, Job::Home(opened));
            }
            return;
        }
        if let Some(acks) = self.acks.get_mut(&envelope.identity) {
            acks.extend(ack);
            return;
        }
        self.acks.insert(envelope.identity.clone(), ack.into_iter().collect());
        self.push(envelope.lane.clone(), Job::Take(envelope));
    }

    /// Shows and hands over the commands that an earlier life has kept.
    pub(crate) fn finish(&mut self, kept: Vec<Kept>) {
        for kept in kept {
            self.push(kept.incoming.key.as_str().to_owned(), Job::Finish(Box::new(kept), true));
        }
    }

    /// Reads what was said in a channel, before what is told of it now; once where it is to be read already.
    fn read(&mut self, channel: String, due: Due) {
        let mut waiting = self.waiting.get_mut(&channel).into_iter().flatten();
        let known =
            waiting.find_map(|job| if let Job::Read(known) | Job::List(known) = job { Some(known) } else { None });
        match known {
            Some(known) => *known = known.and(due),
            None if channel == LIST => self.push(channel, Job::List(due)),
            None => self.push(channel, Job::Read(due)),
        }
    }

    /// Reads what was said in all channels while nobody listened.
    pub(crate) fn catch_up(&mut self) {
        let (marked, others) = {
            let marks = self.handler.marks();
            let since = |channel: &str| marks.since(channel).map(Due::since);
            let marked = marks.all().into_iter().filter_map(|channel| since(&channel).map(|due| (channel, due)));
            (marked.collect::<Vec<_>>(), since(LIST))
        };
        if let (false, Some(others)) = (marked.is_empty(), others) {
            marked.into_iter().for_each(|(channel, due)| self.read(channel, due));
            self.read(LIST.to_owned(), others);
        }
    }

    /// Reads what was said in all channels since a socket that is lost was last heard, so long ago: another has told only of
    /// what was handed to it.
    #[expect(
        clippy::disallowed_methods,
        reason = "it is compared with time stamps of Slack's clock, and clocks may be apart"
    )]
    pub(crate) fn missed(&mut self, silent: Duration) {
        let (marked, newest) = {
            let marks = self.handler.marks();
            (marks.all(), marks.newest())
        };
        let due = Due::since(lost_since(newest, silent, SystemTime::now()));
        marked.into_iter().for_each(|channel| self.read(channel, due));
        self.read(LIST.to_owned(), due);
    }

    /// Waits until something was done; may be dropped. `None` where nothing is under way.
    ///
    /// # Errors
    /// [`ListenError`]: something was not taken.
    pub(crate) async fn next(&mut self) -> Option<Result<(), ListenError>> {
        let Done { lane, outcome } = self.under_way.next().await?;
        self.jobs -= 1;
        let more = self.waiting.get_mut(&lane).and_then(VecDeque::pop_front);
        match more {
            Some(job) => self.begin(lane.clone(), job),
            None => drop(self.waiting.remove(&lane)),
        }
        match outcome {
            Ok(Outcome::Taken { identity, kept }) => {
                self.acks.remove(&identity).into_iter().flatten().for_each(Ack::send);
                if let Some(kept) = kept {
                    self.push(kept.incoming.key.as_str().to_owned(), Job::Finish(kept, false));
                }
            }
            Ok(Outcome::Again(after, due)) => self.push(format!("{lane} later"), Job::ReadLater(after, due)),
            Ok(Outcome::Waited(channel, due)) => self.read(channel, due),
            Ok(Outcome::Listed(channels, due)) => {
                let marked = self.handler.marks().all();
                let others = channels.into_iter().filter(|channel| !marked.contains(channel)).collect::<Vec<_>>();
                others.into_iter().for_each(|channel| self.read(channel, due));
            }
            Ok(Outcome::Done) => {}
            Err(error) => return Some(Err(error)),
        }
        Some(Ok(()))
    }

    fn push(&mut self, lane: String, job: Job) {
        self.jobs += 1;
        let may_be_late = matches!(&job, Job::Take(envelope) if envelope.at.is_some());
        match self.waiting.get_mut(&lane) {
            Some(waiting) => insert(waiting, job),
            None if may_be_late => {
                self.waiting.insert(lane.clone(), [job].into());
                self.jobs += 1;
                self.begin(lane, Job::Settle);
            }
            None => {
                self.waiting.insert(lane.clone(), VecDeque::new());
                self.begin(lane, job);
            }
        }
    }

    fn begin(&mut self, lane: String, job: Job) {
        let handler = Arc::clone(&self.handler);
        self.under_way.push(Box::pin(async move {
            let outcome = match job {
                Job::Settle => {
                    sleep(SETTLED_AFTER).await;
                    Ok(Outcome::Done)
                }
                Job::Take(envelope) => {
                    let identity = envelope.identity.clone();
                    handler.take(envelope).await.map(|kept| Outcome::Taken { identity, kept })
                }
                Job::Finish(kept, may_be_shown) => handler.finish(*kept, may_be_shown).await.map(|()| Outcome::Done),
                Job::Home(opened) => {
                    home::publish(&handler, &opened).await;
                    Ok(Outcome::Done)
                }
                Job::Read(due) => gap::read(&handler, &lane, due).await.map(|read| match read {
                    Read::Whole(()) => Outcome::Done,
                    Read::Again(after, due) => Outcome::Again(after, due),
                }),
                Job::List(due) => Ok(match gap::channels(&handler, due).await {
                    Read::Whole(channels) => Outcome::Listed(channels, Due::since(due.since)),
                    Read::Again(after, due) => Outcome::Again(after, due),
                }),
                Job::ReadLater(after, due) => {
                    sleep(after).await;
                    Ok(Outcome::Waited(lane.trim_end_matches(" later").to_owned(), due))
                }
            };
            Done { lane, outcome }
        }));
    }
}

/// Returns from when on is to be read what a lost socket may have had: from before it was last heard, by the newest of all that
/// was heard or by our clock, whichever is later. The newest may be days old, and clocks may be apart.
fn lost_since(newest: Stamp, silent: Duration, now: SystemTime) -> Stamp {
    let ours = Stamp::at(now).before(silent.as_secs() + CLOCKS_APART_SECONDS);
    newest.before(silent.as_secs() + MARGIN_SECONDS).max(ours)
}

/// Puts a job behind those that wait; what somebody said before what others did, where it came to be earlier.
fn insert(waiting: &mut VecDeque<Job>, job: Job) {
    let Job::Take(Envelope { at: Some(at), .. }) = &job else { return waiting.push_back(job) };
    let is_later = |other: &Job| matches!(other, Job::Take(Envelope { at: Some(other), .. }) if other > at);
    let later = waiting.iter().rev().take_while(|other| is_later(other)).count();
    waiting.insert(waiting.len() - later, job);
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;
    use signalbox_adapter::testing::RecordingInbox;
    use signalbox_adapter::{IncomingKind, ListenContext};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::api::Api;
    use crate::settings::Settings;
    use crate::translate::Us;

    /// Says two things of which the earlier comes so much later than the other; returns in which order they are taken.
    async fn taken(late: Duration) -> Vec<String> {
        let inbox = Arc::new(RecordingInbox::default());
        let cx = ListenContext::new(Arc::clone(&inbox) as _, PathBuf::new(), CancellationToken::new());
        let settings = Settings::new("xoxb-1-2-3".to_owned().into(), None);
        let api = Arc::new(Api::new(settings).expect("settings"));
        let handler = Handler::new(&cx, api, Us::default()).await.expect("nothing is noted");
        let mut lanes = Lanes::new(Arc::new(handler));
        let said = |ts: &str| {
            let event = json!({ "type": "message", "subtype": "bot_message", "bot_id": "B1", "channel": "C1", "ts": ts,
                "event_ts": ts, "text": ts });
            let payload = json!({ "event_id": ts, "event": event });
            Envelope::read(&json!({ "type": "events_api", "payload": payload }).to_string())
        };
        lanes.take(said("2.000000"), None);
        let mut other = Box::pin(sleep(late));
        loop {
            let is_idle = lanes.is_idle();
            tokio::select! {
                biased;
                Some(done) = lanes.next(), if !is_idle => done.expect("taken"),
                () = &mut other => break,
            }
        }
        lanes.take(said("1.000000"), None);
        while let Some(done) = lanes.next().await {
            done.expect("taken");
        }
        let text = |incoming: signalbox_adapter::Incoming| match incoming.kind {
            IncomingKind::Text(text) => text,
            other => panic!("{other:?}"),
        };
        inbox.accepted().into_iter().map(text).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_late_by_the_other_socket_is_waited_for_a_little_and_never_lost() {
        let millisecond = Duration::from_millis(1);
        assert_eq!(taken(SETTLED_AFTER - millisecond).await, ["1.000000", "2.000000"]);
        assert_eq!(taken(SETTLED_AFTER + millisecond).await, ["2.000000", "1.000000"]);
        assert_eq!(taken(100 * SETTLED_AFTER).await, ["2.000000", "1.000000"]);
    }

    #[test]
    fn a_lost_socket_is_read_from_a_minute_before_it_was_last_heard() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let since =
            |newest: &str| lost_since(Stamp::read(newest).expect("a stamp"), Duration::from_secs(10), now).seconds();
        assert_eq!(since("999999.0"), 999_929);
        assert_eq!(since("1000500.0"), 1_000_430, "our clock is behind");
        assert_eq!((since("0.0"), since("5000.0")), (999_690, 999_690), "nobody has said anything for long");
        let due = |seconds: u64| Due::since(Stamp::read(&format!("{seconds}.0")).expect("a stamp"));
        assert_eq!((due(5).and(due(7)), due(7).and(due(5))), (due(5), due(5)));
    }

    #[test]
    fn what_comes_late_is_put_in_its_place_but_not_before_a_reading() {
        let event = |at: &str| {
            let event = serde_json::json!({ "type": "message", "channel": "C1", "event_ts": at });
            let payload = serde_json::json!({ "event_id": at, "event": event });
            Job::Take(Envelope::read(&serde_json::json!({ "type": "events_api", "payload": payload }).to_string()))
        };
        let mut waiting = VecDeque::new();
        for at in ["3.0", "1.0"] {
            insert(&mut waiting, event(at));
        }
        insert(&mut waiting, Job::Read(Due::since(Stamp::default())));
        for at in ["9.0", "2.0", "5.0"] {
            insert(&mut waiting, event(at));
        }
        let told = |job: &Job| match job {
            Job::Take(envelope) => envelope.identity.clone(),
            Job::Read(_) | Job::ReadLater(..) | Job::List(_) | Job::Settle | Job::Finish(..) | Job::Home(_) => {
                "read".to_owned()
            }
        };
        assert_eq!(waiting.iter().map(told).collect::<Vec<_>>(), ["1.0", "3.0", "read", "2.0", "5.0", "9.0"]);
    }
}
