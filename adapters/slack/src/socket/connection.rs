//! One connection, from its opening to its end.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_adapter::ListenError;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, Sleep, interval_at, sleep, sleep_until};

use super::wire::{Heard, Wire, address};
use crate::api::Api;
use crate::failure::SOCKET_MODE_IS_OFF;

/// Longest wait for the first word.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// Time between two questions whether the other end is there.
const PING_EVERY: Duration = Duration::from_secs(4);

/// Silence after which a connection is dead; it is noticed at most [`PING_EVERY`] later.
const SILENT: Duration = Duration::from_secs(10);

/// Within this time a dead connection is noticed.
const NOTICED_WITHIN: Duration = Duration::from_secs(15);
const _: () = assert!(SILENT.as_secs() + PING_EVERY.as_secs() < NOTICED_WITHIN.as_secs());

/// Longest time for which a connection that Slack is about to end is read on.
const DRAINED_WITHIN: Duration = Duration::from_secs(15);

/// Longest time that a connection is believed to last.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Acknowledgements that wait to be written. What is not, Slack hands over again.
const ACKS: usize = 256;

/// Acknowledges one envelope on the connection that brought it.
#[derive(Clone)]
pub(crate) struct Ack {
    id: String,
    to: mpsc::Sender<String>,
}

impl Ack {
    /// Acknowledges.
    pub(crate) fn send(self) {
        let frame = json!({ "envelope_id": self.id });
        // A connection that is gone takes none; the envelope comes again, and its copy is acknowledged.
        self.to.try_send(frame.to_string()).ok();
    }
}

/// What a connection tells while it stands.
pub(crate) enum News {
    /// It stands, and lasts so long where Slack says so.
    Ready(u64, Option<Duration>),
    /// Slack will end it soon; the next should stand by then.
    Leaving(u64),
    /// An envelope, with what acknowledges it; none where it has no id.
    Envelope(String, Option<Ack>),
    /// The other end is there.
    Alive,
}

/// How a connection has ended.
pub(crate) enum End {
    /// It was to end, and another stands in its place.
    Left,
    /// It is gone.
    Lost(String),
    /// Slack will have no other either.
    Refused(ListenError),
}

/// A connection that has ended.
pub(crate) struct Ended {
    pub(crate) number: u64,
    pub(crate) was_ready: bool,
    /// For how long it was not heard.
    pub(crate) silent: Duration,
    pub(crate) end: End,
}

#[derive(Deserialize)]
struct Opened {
    url: String,
}

/// What every frame has.
#[derive(Deserialize)]
struct Frame {
    #[serde(default, rename = "type")]
    kind: Value,
    #[serde(default)]
    reason: Value,
    #[serde(default)]
    envelope_id: Option<String>,
    #[serde(default)]
    debug_info: Value,
}

/// One connection.
pub(crate) struct Connection {
    pub(crate) number: u64,
    pub(crate) api: Arc<Api>,
    pub(crate) news: mpsc::Sender<News>,
    /// How long to wait before it is opened.
    pub(crate) after: Duration,
    /// When it is to leave by itself, once that is decided: so that it does not end together with another.
    pub(crate) leaves: Arc<OnceLock<Instant>>,
}

struct Standing {
    is_ready: bool,
    is_leaving: bool,
    heard: Instant,
    /// When something is to happen by: the first word, or the end of one that leaves.
    deadline: Pin<Box<Sleep>>,
}

impl Connection {
    /// Opens it and reads until it ends.
    pub(crate) async fn run(self) -> Ended {
        let number = self.number;
        let ended = |end| Ended { number, was_ready: false, silent: Duration::ZERO, end };
        sleep(self.after).await;
        let opened: Result<Opened, _> = self.api.open_socket().await;
        let url = match opened {
            Ok(Opened { url }) => url,
            Err(error) => return ended(refused_or_lost(error.into())),
        };
        let Some(url) = address(&url, self.api.base()) else {
            return ended(End::Lost("the API names a socket that is not Slack's".to_owned()));
        };
        let mut wire = match Wire::open(self.api.way(), &url).await {
            Ok(wire) => wire,
            Err(why) => return ended(End::Lost(why)),
        };
        let now = Instant::now();
        let mut standing = Standing {
            is_ready: false,
            is_leaving: false,
            heard: now,
            deadline: Box::pin(sleep_until(now + HELLO_WITHIN)),
        };
        let end = self.read(&mut wire, &mut standing).await;
        let silent = standing.heard.elapsed();
        wire.close().await;
        Ended { number, was_ready: standing.is_ready, silent, end }
    }

    async fn read(&self, wire: &mut Wire, standing: &mut Standing) -> End {
        let (acks, mut to_acknowledge) = mpsc::channel(ACKS);
        let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut place = None;
        loop {
            // Each branch may be dropped: a frame is heard whole or not at all.
            let heard = tokio::select! {
                biased;
                Some(frame) = to_acknowledge.recv() => match wire.say(frame).await {
                    Ok(()) => continue,
                    Err(why) => return End::Lost(why),
                },
                _ = pings.tick() => match self.look(wire, standing, place.is_some()).await {
                    Ok(()) => continue,
                    Err(end) => return end,
                },
                () = &mut standing.deadline, if !standing.is_ready || standing.is_leaving => {
                    if standing.is_leaving {
                        return End::Left;
                    }
                    return End::Lost("Slack did not say hello in time".to_owned());
                }
                reserved = self.news.reserve(), if place.is_none() => {
                    let Ok(reserved) = reserved else { return End::Lost("nobody reads what is heard".to_owned()) };
                    place = Some(reserved);
                    continue;
                }
                heard = wire.next(), if place.is_some() => heard,
            };
            standing.heard = Instant::now();
            let news = match heard {
                Heard::Text(text) => match self.hear(standing, text, &acks) {
                    Ok(news) => news,
                    Err(end) => return end,
                },
                Heard::Sign => Some(News::Alive),
                Heard::Gone(_) if standing.is_leaving => return End::Left,
                Heard::Gone(why) => return End::Lost(why),
            };
            if let (Some(news), Some(place)) = (news, place.take()) {
                place.send(news);
            }
        }
    }

    /// Looks whether the other end is there, as long as it is listened to, and whether it is time to leave.
    async fn look(&self, wire: &mut Wire, standing: &mut Standing, is_read: bool) -> Result<(), End> {
        if is_read && standing.heard.elapsed() >= SILENT {
            return Err(End::Lost(format!("nothing was heard for {} s", SILENT.as_secs())));
        }
        if self.leaves.get().is_some_and(|at| Instant::now() >= *at) && !standing.is_leaving {
            leave(standing);
            // With the queue full, the next look tells.
            if self.news.try_send(News::Leaving(self.number)).is_err() {
                standing.is_leaving = false;
            }
        }
        wire.ping().await.map_err(End::Lost)
    }

    fn hear(&self, standing: &mut Standing, text: String, acks: &mpsc::Sender<String>) -> Result<Option<News>, End> {
        let Ok(frame) = serde_json::from_str::<Frame>(&text) else { return Ok(Some(News::Envelope(text, None))) };
        match frame.kind.as_str().unwrap_or_default() {
            "hello" => {
                standing.is_ready = true;
                let lasts = frame.debug_info["approximate_connection_time"].as_u64();
                let lasts =
                    lasts.filter(|seconds| *seconds > 0).map(|seconds| Duration::from_secs(seconds).min(LONGEST));
                Ok(Some(News::Ready(self.number, lasts)))
            }
            "disconnect" if frame.reason == "link_disabled" => {
                Err(End::Refused(ListenError::Refused(SOCKET_MODE_IS_OFF.to_owned())))
            }
            "disconnect" => {
                let reason = frame.reason.as_str().unwrap_or("none given").to_owned();
                tracing::info!(reason, "Slack is about to end a socket; the next is opened");
                let is_news = !standing.is_leaving;
                leave(standing);
                Ok(is_news.then_some(News::Leaving(self.number)))
            }
            _ => {
                let ack = frame.envelope_id.map(|id| Ack { id, to: acks.clone() });
                Ok(Some(News::Envelope(text, ack)))
            }
        }
    }
}

fn leave(standing: &mut Standing) {
    if !standing.is_leaving {
        standing.is_leaving = true;
        standing.deadline = Box::pin(sleep(DRAINED_WITHIN));
    }
}

fn refused_or_lost(error: ListenError) -> End {
    match error {
        ListenError::Lost(why) => End::Lost(why),
        error @ (ListenError::Refused(_) | ListenError::Contested(_)) => End::Refused(error),
    }
}
