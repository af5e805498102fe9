//! The arriving half: long polling.
//!
//! One `getUpdates` at a time. An update is confirmed, by the offset of a later poll, when the inbox has it and everything
//! before it. While something is held (an album that may go on, a download) polls do not wait at the server, since it
//! gives the unconfirmed updates again at once; others pass what is held.
//!
//! # Which branches may be dropped
//! A poll, a pause and a finished download may: nothing is confirmed by them. Handing over to the inbox is never cut off.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::value::RawValue;
use signalbox_adapter::{Incoming, Listen, ListenContext, ListenError};
use teloxide::payloads::{DeleteWebhook, GetUpdates};
use teloxide::types::AllowedUpdate;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::api::{Api, Bot, CALL_TIMEOUT};
use crate::failure::CallError;
use crate::files::{self, FileError, Saved};
use crate::translate::{Piece, Said, translate};
use crate::update::Named;
use crate::window::{Ready, Window};

/// How much longer than the server may hold a poll open its answer is waited for; then the connection counts as lost.
const POLL_MARGIN: Duration = Duration::from_secs(10);

/// Pause between polls while something is held, and after one that brought nothing new.
const PAUSE: Duration = Duration::from_millis(200);

/// Silence after which the offset is forgotten: after a week without updates Telegram may choose lower ids.
/// Source: <https://core.telegram.org/bots/api#update>, read 2026-11.
const FORGET_OFFSET_AFTER: Duration = Duration::from_secs(6 * 24 * 60 * 60);

/// Most updates in one answer; Telegram gives no more.
const MAX_UPDATES: u8 = 100;

/// How often a file is asked for before it is given up.
const DOWNLOAD_ATTEMPTS: u32 = 3;

/// Pause after the first failed download; the next is twice as long.
const DOWNLOAD_PAUSE: Duration = Duration::from_millis(500);

/// Receives a bot's updates.
pub struct TelegramListen {
    api: Arc<Api>,
    poll: Duration,
}

/// What became of a message whose files were fetched.
type Fetched = (Vec<u32>, Result<Box<Incoming>, FileError>);

impl TelegramListen {
    pub(crate) fn new(api: Arc<Api>, poll: Duration) -> Self {
        Self { api, poll }
    }

    /// Makes the server ready to be polled and asks who we are.
    async fn open(&self) -> Result<Bot, ListenError> {
        let mut delete = DeleteWebhook::new();
        delete.drop_pending_updates = Some(false);
        let bot = self.api.who().await?;
        // Whoever we are, a server that will not hear of webhooks has none.
        match self.api.done(&delete, CALL_TIMEOUT).await {
            Err(CallError::Answered(refusal)) if !matches!(refusal.code, 401 | 429 | 500..) => {
                tracing::warn!(reason = refusal.description, "the server has no webhook to take away");
            }
            outcome => outcome?,
        }
        tracing::info!(bot.id, bot.name = bot.username, "listening to Telegram");
        Ok(bot)
    }

    async fn updates(&self, offset: Option<i64>, wait: Duration) -> Result<Vec<Box<RawValue>>, ListenError> {
        let mut poll = GetUpdates::new();
        poll.offset = offset.map(|offset| i32::try_from(offset).unwrap_or(i32::MAX));
        poll.timeout = Some(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX));
        poll.limit = Some(MAX_UPDATES);
        poll.allowed_updates = Some(vec![
            AllowedUpdate::Message,
            AllowedUpdate::EditedMessage,
            AllowedUpdate::ChannelPost,
            AllowedUpdate::EditedChannelPost,
            AllowedUpdate::CallbackQuery,
            AllowedUpdate::MyChatMember,
        ]);
        Ok(self.api.call(&poll, wait + POLL_MARGIN).await?)
    }

    /// Hands over what is complete; what has files is fetched first, beside the polls.
    async fn hand_over(
        &self,
        cx: &ListenContext,
        window: &mut Window,
        fetches: &mut JoinSet<Fetched>,
    ) -> Result<(), ListenError> {
        loop {
            let ready = window.ready(Instant::now());
            if ready.is_empty() {
                return Ok(());
            }
            for (ids, piece) in ready {
                match piece {
                    Ready::Nothing(why) => tracing::debug!(update.id = ids[0], why, "an update was passed over"),
                    Ready::Whole(incoming) => accept(cx, *incoming).await?,
                    Ready::Said(said) if said.files.is_empty() => accept(cx, said.incoming).await?,
                    Ready::Said(mut said) => {
                        if !cx.inbox.wants_files(&mut said.incoming).await {
                            accept(cx, said.incoming).await?;
                            window.done(&ids);
                            continue;
                        }
                        let directory = cx.files.join(said.incoming.address.chat.as_str());
                        let api = Arc::clone(&self.api);
                        fetches.spawn(async move { (ids, fetch(&api, *said, &directory).await) });
                        continue;
                    }
                }
                window.done(&ids);
            }
        }
    }
}

#[async_trait]
impl Listen for TelegramListen {
    async fn listen(&mut self, cx: &ListenContext) -> Result<(), ListenError> {
        let bot = tokio::select! {
            biased;
            () = cx.shutdown.cancelled() => return Ok(()),
            bot = self.open() => bot?,
        };
        let mut window = Window::default();
        let mut fetches: JoinSet<Fetched> = JoinSet::new();
        let mut last_update = Instant::now();
        loop {
            if last_update.elapsed() >= FORGET_OFFSET_AFTER && window.is_empty() {
                window.forget_offset();
                last_update = Instant::now();
            }
            let wait = if window.is_empty() { self.poll } else { Duration::ZERO };
            let asked = Instant::now();
            let updates = tokio::select! {
                biased;
                () = cx.shutdown.cancelled() => return Ok(()),
                updates = self.updates(window.offset(), wait) => updates?,
            };
            (cx.alive)();
            let news = take(&bot, &mut window, updates);
            if news {
                last_update = Instant::now();
            }
            while let Some(fetched) = fetches.try_join_next() {
                finish(cx, &mut window, fetched).await?;
            }
            self.hand_over(cx, &mut window, &mut fetches).await?;
            let is_idle = !news && asked.elapsed() < PAUSE;
            if !window.is_empty() || is_idle {
                let fetched = tokio::select! {
                    biased;
                    () = cx.shutdown.cancelled() => return Ok(()),
                    Some(fetched) = fetches.join_next() => Some(fetched),
                    () = tokio::time::sleep(PAUSE) => None,
                };
                if let Some(fetched) = fetched {
                    finish(cx, &mut window, fetched).await?;
                }
                self.hand_over(cx, &mut window, &mut fetches).await?;
            }
        }
    }
}

/// Puts the new ones among an answer's updates into the window; says whether there were any.
///
/// Each is read by itself: one that cannot be, such as one with half a character or a depth that no reader follows, would come
/// again with every poll and hide all others.
fn take(bot: &Bot, window: &mut Window, updates: Vec<Box<RawValue>>) -> bool {
    let mut news = false;
    for update in updates {
        let Ok(Named { update_id: id }) = serde_json::from_str(update.get()) else {
            tracing::warn!("an update without an id was passed over");
            continue;
        };
        if window.holds(id) {
            continue;
        }
        news |= window.offset().is_none_or(|offset| i64::from(id) >= offset);
        // What is wrong with it may quote it, so only its id is logged.
        let piece = serde_json::from_str(update.get()).map_or_else(
            |_| {
                tracing::warn!(update.id = id, "an update that cannot be understood was passed over");
                Piece::Nothing("not understood")
            },
            |update| translate(bot, update),
        );
        window.take(id, piece, Instant::now());
    }
    news
}

async fn finish(
    cx: &ListenContext,
    window: &mut Window,
    fetched: Result<Fetched, tokio::task::JoinError>,
) -> Result<(), ListenError> {
    let (ids, outcome) = fetched.map_err(|error| ListenError::Lost(format!("a download ended: {error}")))?;
    let incoming = outcome.map_err(|error| ListenError::Lost(error.to_string()))?;
    accept(cx, *incoming).await?;
    window.done(&ids);
    Ok(())
}

async fn accept(cx: &ListenContext, incoming: Incoming) -> Result<(), ListenError> {
    cx.inbox.accept(incoming).await.map_err(|error| ListenError::Lost(error.to_string()))
}

/// Downloads the files of a message. A file that cannot be had is named rather than waited for; while Telegram cannot be
/// reached at all, polling ends first, and with it the download, which begins anew with the next.
async fn fetch(api: &Arc<Api>, said: Said, directory: &Path) -> Result<Box<Incoming>, FileError> {
    let mut incoming = Box::new(said.incoming);
    for (number, file) in said.files.iter().enumerate() {
        let mut attempt = 1;
        let saved = loop {
            match files::save(api, file, directory, &incoming.key, number).await {
                Err(FileError::Download(error)) if attempt < DOWNLOAD_ATTEMPTS => {
                    tracing::debug!(%error, attempt, "a download failed");
                    tokio::time::sleep(attempt * DOWNLOAD_PAUSE).await;
                    attempt += 1;
                }
                Err(FileError::Download(error)) => break Saved::Not(files::not_downloaded(file, &error)),
                saved => break saved?,
            }
        };
        match saved {
            Saved::File(file) => incoming.files.push(file),
            Saved::Not(why) => incoming.not_taken.push(why),
        }
    }
    Ok(incoming)
}
