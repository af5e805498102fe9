//! The arriving half: two sockets, and what comes of them.
//!
//! Reading and handing over go on side by side, in one task. An envelope is acknowledged when the inbox has what it holds.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde::de::IgnoredAny;
use signalbox_adapter::{Listen, ListenContext, ListenError, Occurrence};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::api::Api;
use crate::envelope::Envelope;
use crate::handle::Handler;
use crate::lanes::Lanes;
use crate::socket::{Pair, Turn};
use crate::translate::Us;

/// How old the note of what was heard may grow.
const NOTE_EVERY: Duration = Duration::from_secs(1);

/// Longest time in which what was heard is handed over when listening is to stop.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// Receives an app's envelopes.
pub struct SlackListen {
    api: Arc<Api>,
}

#[derive(Deserialize)]
struct Who {
    user_id: String,
    #[serde(default)]
    bot_id: String,
}

impl SlackListen {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    /// Asks Slack for the address of a socket, which nothing is opened at: whether Slack would be heard.
    ///
    /// # Errors
    /// [`ListenError::Refused`] with what to do; [`ListenError::Lost`] where nobody knows.
    pub async fn check(&self) -> Result<(), ListenError> {
        self.api.open_socket::<IgnoredAny>().await?;
        Ok(())
    }

    async fn begin(&self, cx: &ListenContext) -> Result<Arc<Handler>, ListenError> {
        let Who { user_id: user, bot_id: bot } = self.api.ask("auth.test", &[]).await?;
        let us = Us { id: self.api.bot_id().to_owned(), user, bot };
        Ok(Arc::new(Handler::new(cx, Arc::clone(&self.api), us).await?))
    }
}

#[async_trait]
impl Listen for SlackListen {
    async fn listen(&mut self, cx: &ListenContext) -> Result<(), ListenError> {
        let handler = tokio::select! {
            biased;
            () = cx.shutdown.cancelled() => return Ok(()),
            handler = self.begin(cx) => handler?,
        };
        let mut lanes = Lanes::new(Arc::clone(&handler));
        lanes.finish(handler.commands.lock().await.all());
        let outcome = converse(&self.api, cx, &handler, &mut lanes).await;
        // What is not taken in time is not acknowledged, and comes again.
        let finished = timeout(STOP_WITHIN, async {
            while outcome.is_ok() && !lanes.is_idle() {
                if let Some(Err(error)) = lanes.next().await {
                    return Err(error);
                }
            }
            handler.note().await
        });
        let noted = finished.await.unwrap_or(Ok(()));
        outcome.and(noted)
    }
}

/// Reads and hands over until listening is to stop.
async fn converse(
    api: &Arc<Api>,
    cx: &ListenContext,
    handler: &Arc<Handler>,
    lanes: &mut Lanes,
) -> Result<(), ListenError> {
    let mut pair = Pair::new(Arc::clone(api));
    let mut notes = interval(NOTE_EVERY);
    notes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (takes, is_idle) = (lanes.has_room(), lanes.is_idle());
        // Each branch may be dropped.
        let turn = tokio::select! {
            biased;
            () = cx.shutdown.cancelled() => return Ok(()),
            Some(done) = lanes.next(), if !is_idle => {
                done?;
                continue;
            }
            turn = pair.next(takes) => turn?,
            _ = notes.tick() => {
                handler.tell_missing();
                handler.note().await?;
                continue;
            }
        };
        match turn {
            Turn::Stands { first } => {
                (cx.alive)();
                if first {
                    (cx.occurred)(Occurrence::Begun, 1);
                    lanes.catch_up();
                }
            }
            Turn::Envelope(text, ack) => {
                (cx.alive)();
                lanes.take(Envelope::read(&text), ack);
            }
            Turn::Alive => (cx.alive)(),
            Turn::Changed => (cx.occurred)(Occurrence::Resumed, 1),
            Turn::Lost { why, others, silent } => {
                tracing::info!(why, others, "a socket to Slack was lost; the next is opened");
                (cx.occurred)(Occurrence::Lost, 1);
                if others {
                    lanes.missed(silent);
                }
            }
        }
    }
}
