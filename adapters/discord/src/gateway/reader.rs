//! Reads one connection: the handshake, heartbeats, and events on to those who commit them.
//!
//! A place for what is read is reserved before it is read, so that no more than [`WAITING`] events are ever read and not
//! committed. While none is free nothing is read, acknowledgements of heartbeats neither; then they are not judged.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use signalbox_adapter::{Inbox, Occurrence, TellOccurrence};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};
use tokio_util::sync::CancellationToken;

use super::end::End;
use super::frame::{self, Frame, op};
use super::session::Session;
use super::socket::{Heard, Socket};
use crate::interact::{Answer, Answering};
use crate::unread::{MAX_TEXT_BYTES, Piece};

/// Events that may be read and not committed.
pub(crate) const WAITING: usize = 256;

/// Longest wait for the server's first word.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// Longest wait until a session goes on.
const RESUMED_WITHIN: Duration = Duration::from_secs(20);

/// Longest wait until a session begins, as long as the server hears our heartbeats: each that is asked for counts, also one
/// that is not waited for, and there are only so many in a day.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// Shortest interval of heartbeats that is kept; below it the server is not believed.
const MIN_BEAT: Duration = Duration::from_millis(50);

/// Events that are read; all others only move the sequence on.
const READ: [&str; 12] = [
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "INTERACTION_CREATE",
    "GUILD_CREATE",
    "GUILD_DELETE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_LIST_SYNC",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
];

/// Something read, to be committed in its order.
pub(crate) enum Item {
    /// A session began in these servers.
    Began(Session, Vec<String>),
    /// A session went on, and everything missed has come.
    Resumed(u64),
    /// An event.
    Event(Event),
    /// An event that says nothing to us.
    Passed(u64),
    /// A frame that came broken again and again.
    Broken(Piece),
}

/// The frame that came broken last, and how often: on connections in a row, each of which ended with it. Where one ends
/// otherwise, it may have been the connection that broke the frame.
#[derive(Debug, Default)]
pub(crate) struct Broken {
    after: u64,
    times: u32,
}

/// How often a frame may come broken in the same place until it is passed over.
const BROKEN_TIMES: u32 = 3;

impl Broken {
    /// Counts a broken frame behind an event, and returns how often one came there.
    fn count(&mut self, after: u64) -> u32 {
        self.times = if self.after == after { self.times.saturating_add(1) } else { 1 };
        self.after = after;
        self.times
    }
}

/// How reading ended, and whether the session had begun or gone on.
pub(crate) struct Ended {
    pub(crate) end: End,
    pub(crate) was_ready: bool,
    /// When a new session was asked for, if one was.
    pub(crate) identified: Option<Instant>,
}

/// An event as it was read.
pub(crate) struct Event {
    /// Its number in the session.
    pub(crate) seq: u64,
    /// Its name.
    pub(crate) name: String,
    /// What it says, as JSON.
    pub(crate) data: String,
    /// What became of the answer that an interaction gets at once.
    pub(crate) answer: Option<Answer>,
}

/// What reading needs.
pub(crate) struct Reader<'a> {
    /// The connection.
    pub(crate) socket: &'a mut Socket,
    /// The bot's token.
    pub(crate) token: &'a SecretString,
    /// The session that goes on; `None` begins one.
    pub(crate) session: Option<Session>,
    /// Whether what messages say is asked for.
    pub(crate) content: bool,
    /// Answers interactions while they are waiting to be committed, also when this connection has ended.
    pub(crate) answering: &'a mut Answering,
    /// Asked how interactions are to be answered.
    pub(crate) inbox: Arc<dyn Inbox>,
    /// Told whenever the server has been heard.
    pub(crate) alive: Arc<dyn Fn() + Send + Sync>,
    /// Told of what happens beside events.
    pub(crate) occurred: TellOccurrence,
    /// Cancelled when the program stops.
    pub(crate) shutdown: &'a CancellationToken,
    /// What came broken on the connections before this one.
    pub(crate) broken: &'a mut Broken,
}

/// What is known of the connection so far.
struct State {
    /// The last event that was read.
    seq: Option<u64>,
    /// Whether the session has begun or goes on.
    is_ready: bool,
    deadline: Instant,
    beat: Option<Interval>,
    is_heard: bool,
    was_full: bool,
    /// Whether it ends with a broken frame.
    is_broken: bool,
    /// Broken frames that were passed over behind the last event.
    passed: u64,
    /// When a new session was asked for.
    identified: Option<Instant>,
}

#[derive(Deserialize)]
struct Hello {
    heartbeat_interval: u64,
}

#[derive(Deserialize)]
struct Ready {
    session_id: String,
    resume_gateway_url: String,
    user: Named,
    #[serde(default)]
    guilds: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

impl Reader<'_> {
    /// Reads until the connection ends or the program stops.
    pub(crate) async fn read(mut self, items: mpsc::Sender<Item>) -> Ended {
        let mut state = State {
            seq: self.session.as_ref().map(|session| session.seq),
            is_ready: false,
            deadline: Instant::now() + HELLO_WITHIN,
            beat: None,
            is_heard: true,
            was_full: false,
            is_broken: false,
            passed: 0,
            identified: None,
        };
        let end = self.read_on(&mut state, &items).await;
        if !state.is_broken {
            *self.broken = Broken::default();
        }
        Ended { end, was_ready: state.is_ready, identified: state.identified }
    }

    async fn read_on(&mut self, state: &mut State, items: &mpsc::Sender<Item>) -> End {
        let mut place = None;
        loop {
            // Each branch may be dropped: a frame is heard whole or not at all.
            let heard = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return End::Stopped,
                () = sleep_until(state.deadline), if !state.is_ready => {
                    return End::Lost("the gateway did not begin a session in time".to_owned());
                }
                () = tick(state.beat.as_mut()), if state.beat.is_some() => {
                    match self.beat(state, place.is_none()).await {
                        Ok(()) => continue,
                        Err(end) => return end,
                    }
                }
                reserved = items.reserve(), if place.is_none() => {
                    let Ok(reserved) = reserved else { return End::Lost("nobody commits what is read".to_owned()) };
                    place = Some(reserved);
                    continue;
                }
                heard = self.socket.next(), if place.is_some() => heard,
            };
            match self.hear(state, heard).await {
                Ok(None) => {}
                Ok(Some(item)) => {
                    if let Some(place) = place.take() {
                        place.send(item);
                    }
                }
                Err(end) => return end,
            }
        }
    }

    async fn hear(&mut self, state: &mut State, heard: Heard) -> Result<Option<Item>, End> {
        let text = match heard {
            Heard::Text(text) => text,
            Heard::Closed(code, reason) => return Err(End::closed(code, &reason, self.content)),
            Heard::Gone(why) => return Err(End::Lost(why)),
        };
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(text.as_str()) else {
            return self.broken(state, text.as_str());
        };
        match frame.op {
            op::DISPATCH => return self.dispatch(state, &frame),
            op::HELLO => self.greet(state, &frame).await?,
            op::HEARTBEAT => self.send(&frame::heartbeat(state.seq)).await?,
            op::HEARTBEAT_ACK => {
                state.is_heard = true;
                (self.alive)();
            }
            op::RECONNECT => return Err(End::Lost("the gateway asked to connect again".to_owned())),
            op::INVALID_SESSION if frame.says() == Some(true) => {
                return Err(End::Lost("the gateway cannot go on with the session now".to_owned()));
            }
            op::INVALID_SESSION => {
                return Err(End::SessionOver("the gateway cannot go on with the session".to_owned()));
            }
            _ => {}
        }
        Ok(None)
    }

    /// Judges a frame that cannot be read: the connection may be at fault, so it is asked for again; where it comes so each
    /// time, it is kept and passed over. The session stays before it until the next event.
    fn broken(&mut self, state: &mut State, text: &str) -> Result<Option<Item>, End> {
        let lost = || End::Lost("a frame of the gateway could not be read".to_owned());
        let seq = state.seq.ok_or_else(lost)?;
        if self.broken.count(seq) < BROKEN_TIMES {
            state.is_broken = true;
            return Err(lost());
        }
        state.passed += 1;
        let text = text[..text.floor_char_boundary(MAX_TEXT_BYTES)].to_owned();
        Ok(Some(Item::Broken(Piece { what: "a broken frame".to_owned(), seq, text })))
    }

    /// Answers the server's first word: with a session that goes on, or a new one.
    async fn greet(&mut self, state: &mut State, frame: &Frame<'_>) -> Result<(), End> {
        let Some(Hello { heartbeat_interval }) = frame.says() else {
            return Err(End::Lost("the gateway's first word could not be read".to_owned()));
        };
        let was_greeted = state.beat.is_some();
        let every = Duration::from_millis(heartbeat_interval).max(MIN_BEAT);
        // Not all that were cut off together beat together.
        let mut beat = interval_at(Instant::now() + every.mul_f64(fastrand::f64()), every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        state.beat = Some(beat);
        if was_greeted {
            // Another session of this connection would cost one of the day's, and the connection.
            return Ok(());
        }
        state.deadline = Instant::now() + if self.session.is_some() { RESUMED_WITHIN } else { READY_WITHIN };
        let greeting = match &self.session {
            Some(session) => frame::resume(self.token, &session.id, session.seq),
            None => {
                state.identified = Some(Instant::now());
                frame::identify(self.token, self.content)
            }
        };
        self.send(&greeting).await
    }

    /// Says that we are there, unless the server has not heard the last time: then the connection is dead.
    async fn beat(&mut self, state: &mut State, is_full: bool) -> Result<(), End> {
        if !state.is_heard && !is_full && !state.was_full {
            return Err(End::Lost("the gateway does not hear our heartbeats".to_owned()));
        }
        state.is_heard = false;
        state.was_full = is_full;
        self.send(&frame::heartbeat(state.seq)).await
    }

    async fn send(&mut self, frame: &serde_json::Value) -> Result<(), End> {
        self.socket.send(frame).await.map_err(End::Lost)
    }

    /// Counts what did not come although its number has gone by; nothing waits for it, since it may never have been.
    fn look_for_gap(&self, state: &mut State, seq: u64) {
        let expected = state.seq.map_or(seq, |last| last.saturating_add(1).saturating_add(state.passed));
        state.passed = 0;
        let gap = seq.saturating_sub(expected);
        if gap > 0 {
            tracing::warn!(event.seq = seq, events = gap, "the gateway has left numbers of events out");
            (self.occurred)(Occurrence::Skipped, gap);
        }
    }

    fn dispatch(&mut self, state: &mut State, frame: &Frame<'_>) -> Result<Option<Item>, End> {
        let Some(seq) = frame.s else { return Ok(None) };
        self.look_for_gap(state, seq);
        state.seq = state.seq.max(Some(seq));
        if !state.is_ready {
            state.is_ready = true;
            (self.alive)();
        }
        let name = frame.t.as_deref().unwrap_or_default();
        Ok(Some(match name {
            "READY" => {
                let Some(Ready { session_id, resume_gateway_url, user, guilds }) = frame.says() else {
                    return Err(End::SessionOver("the beginning of the session could not be read".to_owned()));
                };
                state.seq = Some(seq);
                let (url, content) = (resume_gateway_url, self.content);
                let guilds = guilds.into_iter().map(|guild| guild.id).collect();
                Item::Began(Session { id: session_id, seq, url, user: user.id, content }, guilds)
            }
            "RESUMED" => Item::Resumed(seq),
            name if READ.contains(&name) => {
                let data = frame.d.map_or("null", |data| data.get()).to_owned();
                let answer = (name == "INTERACTION_CREATE").then(|| self.answering.begin(&data, &self.inbox));
                Item::Event(Event { seq, name: name.to_owned(), data, answer })
            }
            _ => Item::Passed(seq),
        }))
    }
}

async fn tick(beat: Option<&mut Interval>) {
    if let Some(beat) = beat {
        beat.tick().await;
    }
}
