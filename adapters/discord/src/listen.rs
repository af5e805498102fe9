//! The arriving half: connections to the gateway, one after the other, and what comes of them.
//!
//! Reading and committing go on side by side. An event counts as taken when the inbox has it; from there the session goes
//! on after a lost connection, and after a restart from the last note of it, which is at most [`NOTE_EVERY`] older: what
//! then comes twice has the same key twice.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use signalbox_adapter::{AcceptError, Listen, ListenContext, ListenError, Occurrence};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::api::Api;
use crate::backfill::Heard;
use crate::behind::Behind;
use crate::boards::Boards;
use crate::catch_up::FIRST_AGAIN;
use crate::commit::Committer;
use crate::failure::CallError;
use crate::fetching::Fetching;
use crate::gateway::{Broken, End, Ended, NO_CONTENT, Reader, Session, Socket, WAITING, address};
use crate::gone::Gone;
use crate::interact::Answering;
use crate::places::Places;
use crate::reading::Reading;
use crate::sent::Sent;
use crate::unread::Unread;

/// Longest time in which what was read is committed when a connection has ended.
const COMMIT_WITHIN: Duration = Duration::from_secs(3);

/// Name of the note that a session was begun so lately that no other may be, or shortly before the program ended: the next life
/// then waits as long as between two sessions. It holds no time of day, which may have been set meanwhile.
pub(crate) const BEGAN: &str = "began";

/// Longest wait that Discord may ask for before it says where sessions begin, and how often.
const MAX_WAIT: Duration = Duration::from_secs(10);
const MAX_WAITS: u32 = 3;

/// Least time between two connections of one session.
const BETWEEN_CONNECTIONS: Duration = Duration::from_millis(500);

/// Time after which a connection has lasted.
const LASTING: Duration = Duration::from_secs(5);

/// Connections in a row that did not last until it is given up to go on at once.
const MAX_SHORT: u32 = 20;

/// Tries in a row to go on with a session until it is given up.
const MAX_RESUMES: u32 = 3;

/// New sessions that are left for people to use: Discord resets the token of a bot that begins more than it may in a day.
const SPARED_SESSIONS: u64 = 50;

/// Receives a bot's events.
pub struct DiscordListen {
    api: Arc<Api>,
    sent: Arc<Sent>,
    places: Places,
    session: Option<Session>,
    heard: Heard,
    /// Whether a session of an earlier life was looked for.
    is_looked_up: bool,
    /// Whether what messages say is asked for.
    content: bool,
    /// Whether the session's own address did not answer.
    went_back: bool,
    /// When a session was last begun, or asked for, as far as that matters.
    began: Option<Instant>,
    /// Least time between two that are.
    between_sessions: Duration,
    broken: Broken,
    gone: Gone,
    unread: Unread,
    /// Connections in a row that did not last.
    short: u32,
    /// Connections in a row on which the session did not go on.
    not_resumed: u32,
    answering: Answering,
}

#[derive(Deserialize)]
struct Gateway {
    url: String,
    #[serde(default)]
    session_start_limit: Option<StartLimit>,
}

#[derive(Deserialize)]
struct StartLimit {
    total: u64,
    remaining: u64,
    #[serde(default)]
    reset_after: u64,
}

impl DiscordListen {
    pub(crate) fn new(api: Arc<Api>, sent: Arc<Sent>, boards: Arc<Boards>, between_sessions: Duration) -> Self {
        let places = Places::new(boards);
        Self {
            answering: Answering::new(Arc::clone(&api), places.channels()),
            api,
            sent,
            places,
            session: None,
            heard: Heard::default(),
            is_looked_up: false,
            content: true,
            went_back: false,
            began: None,
            between_sessions,
            broken: Broken::default(),
            gone: Gone::default(),
            unread: Unread::default(),
            short: 0,
            not_resumed: 0,
        }
    }

    /// Connects to where the session is to go on, or to where one begins.
    async fn open(&mut self, cx: &ListenContext) -> Result<Socket, ListenError> {
        let lost = |error: AcceptError| ListenError::Lost(error.to_string());
        if !self.is_looked_up {
            let began = cx.inbox.noted(BEGAN).await.map_err(lost)?;
            self.began = began.filter(|words| !words.is_empty()).map(|_| Instant::now());
            self.session = Session::noted(cx.inbox.as_ref()).await.map_err(lost)?;
            self.heard = Heard::noted(cx.inbox.as_ref()).await.map_err(lost)?;
            self.unread = Unread::noted(cx.inbox.as_ref()).await.map_err(lost)?;
            self.answering.asked().load(cx.inbox.as_ref(), &cx.files).await.map_err(lost)?;
            self.is_looked_up = true;
        }
        let own = self.session.as_ref().filter(|_| !self.went_back);
        if let Some(url) = own.and_then(|session| address(&session.url, self.api.base())) {
            match Socket::open(self.api.way(), &url).await {
                Ok(socket) => return Ok(socket),
                Err(why) => tracing::info!(why, "the session's own address does not answer; asking for another"),
            }
        }
        let gateway = self.gateway().await?;
        let Some(url) = address(&gateway.url, self.api.base()) else {
            return Err(ListenError::Lost("the API names a gateway to which the token must not go".to_owned()));
        };
        self.went_back = false;
        if self.session.is_none() {
            budget(gateway.session_start_limit.as_ref())?;
            if let Some(began) = self.began {
                sleep_until(began + self.between_sessions).await;
            }
            cx.inbox.note(BEGAN, "a session").await.map_err(lost)?;
            self.began = Some(Instant::now());
        }
        Socket::open(self.api.way(), &url).await.map_err(ListenError::Lost)
    }

    /// Asks where sessions begin, again after a short wait where Discord asks for one.
    async fn gateway(&self) -> Result<Gateway, CallError> {
        let mut waits = 0;
        loop {
            match self.api.get("gateway/bot").await {
                Err(CallError::Held { after, .. } | CallError::Limited { after, .. })
                    if after <= MAX_WAIT && waits < MAX_WAITS =>
                {
                    waits += 1;
                    sleep(after).await;
                }
                asked => return asked,
            }
        }
    }

    /// Reads and commits until the connection ends.
    async fn converse(&mut self, cx: &ListenContext, socket: &mut Socket) -> Result<Ended, ListenError> {
        let (items, waiting) = mpsc::channel(WAITING);
        let left = self.answering.begin_again(&cx.inbox);
        let asked = self.answering.asked();
        let reader = Reader {
            socket,
            token: self.api.token(),
            session: self.session.clone(),
            content: self.content,
            answering: &mut self.answering,
            inbox: Arc::clone(&cx.inbox),
            alive: Arc::clone(&cx.alive),
            occurred: Arc::clone(&cx.occurred),
            shutdown: &cx.shutdown,
            broken: &mut self.broken,
        };
        let read_until = self.session.as_ref().map_or(0, |session| session.seq);
        let committer = Committer {
            cx,
            content: self.content,
            api: Arc::clone(&self.api),
            sent: &self.sent,
            places: &mut self.places,
            session: &mut self.session,
            heard: &mut self.heard,
            read_until,
            note_at: None,
            gone: &mut self.gone,
            unread: &mut self.unread,
            fetching: Fetching::default(),
            asked,
            left,
            acknowledged: Vec::new(),
            began: &mut self.began,
            between_sessions: self.between_sessions,
            reading: Reading::default(),
            behind: Behind::default(),
            settling: Vec::new(),
            unheard: Vec::new(),
            again: None,
            again_after: FIRST_AGAIN,
            retry: VecDeque::new(),
        };
        let mut read = pin!(reader.read(items));
        let mut commit = pin!(committer.commit(waiting));
        tokio::select! {
            biased;
            committed = &mut commit => {
                let end = End::Lost("nothing is read any more".to_owned());
                committed.map(|()| Ended { end, was_ready: false, identified: None })
            }
            ended = &mut read => match timeout(COMMIT_WITHIN, commit).await {
                Ok(committed) => committed.map(|()| ended),
                // What was not committed comes again.
                Err(_) => Ok(ended),
            },
        }
    }
}

impl DiscordListen {
    /// Judges the end of a connection on which a session was to go on and did not: the next is made where Discord's API says,
    /// and after a few the session is given up, whose events are then read from the channels.
    fn judged(&mut self, end: End, was_ready: bool) -> End {
        let End::Lost(why) = end else { return end };
        if was_ready || self.session.is_none() {
            self.not_resumed = 0;
            return End::Lost(why);
        }
        self.went_back = true;
        self.not_resumed += 1;
        if self.not_resumed < MAX_RESUMES { End::Lost(why) } else { End::SessionOver(why) }
    }

    /// Lets go of a session that is over.
    async fn forget(&mut self, cx: &ListenContext) -> Result<(), ListenError> {
        self.session = None;
        self.not_resumed = 0;
        self.broken = Broken::default();
        Session::forget(cx.inbox.as_ref()).await.map_err(|error| ListenError::Lost(error.to_string()))
    }

    /// Whether it goes on at once on another connection: Discord ends each of them sooner or later, and a session too; what
    /// is pressed until the next one begins is lost. Where one after the other does not last, that is told, and waited.
    fn goes_on_at_once(&mut self, end: &End, opened: Instant, was_in_session: bool) -> bool {
        let (End::Lost(why) | End::SessionOver(why)) = end else { return false };
        if !was_in_session {
            return false;
        }
        self.short = if opened.elapsed() < LASTING { self.short + 1 } else { 0 };
        if self.short >= MAX_SHORT {
            self.short = 0;
            return false;
        }
        tracing::info!(why, "a connection to Discord has ended; the next is made at once");
        true
    }
}

#[async_trait]
impl Listen for DiscordListen {
    async fn listen(&mut self, cx: &ListenContext) -> Result<(), ListenError> {
        loop {
            let opened = Instant::now();
            let mut socket = tokio::select! {
                biased;
                () = cx.shutdown.cancelled() => return Ok(()),
                socket = self.open(cx) => socket?,
            };
            let went_on = self.session.is_some();
            let ended = self.converse(cx, &mut socket).await;
            socket.close().await;
            let Ended { end, was_ready, identified } = ended?;
            self.began = identified.max(self.began);
            let end = self.judged(end, was_ready);
            let was_in_session = match &end {
                End::Stopped => return Ok(()),
                End::Lost(_) => was_ready,
                End::SessionOver(_) => {
                    self.forget(cx).await?;
                    was_ready || went_on
                }
                End::NoContent => {
                    self.forget(cx).await?;
                    self.content = false;
                    (cx.limited)(Some(NO_CONTENT));
                    tracing::error!("{NO_CONTENT}");
                    false
                }
                End::Refused(_) => false,
            };
            if was_ready {
                (cx.occurred)(Occurrence::Lost, 1);
            }
            if !self.goes_on_at_once(&end, opened, was_in_session) {
                return end.as_error().map_or(Ok(()), Err);
            }
            tokio::select! {
                biased;
                () = cx.shutdown.cancelled() => return Ok(()),
                () = sleep_until(opened + BETWEEN_CONNECTIONS) => {}
            }
        }
    }
}

/// Lets no session begin when too few are left for the day.
fn budget(limit: Option<&StartLimit>) -> Result<(), ListenError> {
    match limit {
        Some(limit) if limit.remaining < SPARED_SESSIONS => Err(ListenError::Lost(format!(
            "only {} of {} new sessions are left, and with the last Discord would reset the token; waiting for more, which \
             come in {} min",
            limit.remaining,
            limit.total,
            limit.reset_after.div_ceil(60_000)
        ))),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sessions_of_a_day_are_spared() {
        let limit = |remaining| StartLimit { total: 1000, remaining, reset_after: 3_600_000 };
        assert!(budget(Some(&limit(50))).is_ok());
        let error = budget(Some(&limit(49))).expect_err("too few").to_string();
        assert!(error.contains("49 of 1000") && error.contains("60 min"), "{error}");
        assert!(budget(None).is_ok());
    }
}
