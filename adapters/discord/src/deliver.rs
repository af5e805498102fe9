//! The answering half: one attempt is one call.
//!
//! What an error says about the attempt is decided in `failure.rs`. Signs (typing, reactions, answers to presses) are asked
//! for once and never insisted on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use signalbox_adapter::{
    ChatAddress, Deliver, DeliverError, Form, Identity, MessageId, Opening, Outgoing, Pace, Receipt, Reconciled,
    Signal, ThreadId, Tried, one_line,
};
use tokio::time::Instant;

use crate::api::Api;
use crate::compose::{channel, channel_of, compose, message_id};
use crate::failure::{CallError, Effect};
use crate::look_up::look_up;
use crate::pace::{self, PACE};
use crate::refusal::THREAD_EXISTS;
use crate::sent::Sent;

/// Time after the first try in which Discord itself surely knows a nonce again; it says "the past few minutes".
/// Source: <https://docs.discord.com/developers/resources/message#create-message>, read 2026-11.
const NONCE_HOLDS: Duration = Duration::from_secs(120);

/// Longest answer to a press, in characters; twice as many may be needed to write it.
const MAX_NOTICE_CHARS: usize = 500;

/// Minutes without a word after which a thread is archived; whoever writes there opens it again.
/// Source: <https://docs.discord.com/developers/topics/threads>, read 2026-11: 60, 1440, 4320 or 10080.
const ARCHIVED_AFTER_MIN: u32 = 10_080;

/// The flag of a message that only one person sees.
const EPHEMERAL: u32 = 1 << 6;

/// Signs at a message: it was taken, it went well, it did not.
const TAKEN: &str = "👀";
const WENT_WELL: &str = "👍";
const WENT_WRONG: &str = "👎";

/// Delivers to Discord channels.
pub struct DiscordDeliver {
    api: Arc<Api>,
    sent: Arc<Sent>,
}

/// The part of a sent message that matters; the rest of it could not make a send undone.
#[derive(Deserialize)]
struct Shown {
    id: String,
}

impl DiscordDeliver {
    pub(crate) fn new(api: Arc<Api>, sent: Arc<Sent>) -> Self {
        Self { api, sent }
    }

    async fn react(&self, address: &ChatAddress, message: &MessageId, emoji: &str) -> Result<(), DeliverError> {
        let path = reaction(address, message, emoji)?;
        hint(self.api.done(Method::PUT, &path, None).await)
    }

    /// Answers a press with a line that only its person sees.
    async fn tell(&self, press: &str, notice: &str) -> Result<(), DeliverError> {
        if notice.is_empty() {
            return Ok(());
        }
        let mut told = String::new();
        crate::escape::push_line(&mut told, &one_line(notice, MAX_NOTICE_CHARS), true);
        let body = json!({
            "content": told, "flags": EPHEMERAL, "allowed_mentions": { "parse": [] },
        });
        hint(self.api.done(Method::POST, &format!("webhooks/{press}"), Some(&body)).await)
    }
}

/// Names our own reaction to a message.
fn reaction(address: &ChatAddress, message: &MessageId, emoji: &str) -> Result<String, DeliverError> {
    let emoji: String = emoji.bytes().map(|byte| format!("%{byte:02X}")).collect();
    Ok(format!("channels/{}/messages/{}/reactions/{emoji}/@me", channel_of(address, message)?, message_id(message)?))
}

fn failed(message: &Outgoing, effect: Effect, error: CallError) -> DeliverError {
    if let CallError::Answered(refusal) = &error
        && message.target.window.is_some()
        && refusal.is_over()
    {
        return DeliverError::RefusedForm { what: Form::Window, words: refusal.words() };
    }
    let in_thread = message.target.address.thread.is_some();
    if let CallError::Answered(refusal) = &error
        && effect == Effect::Shows
        && let Some(what) = refusal.may_spare(message.attachment.is_some(), in_thread)
    {
        return DeliverError::RefusedForm { what, words: refusal.words() };
    }
    error.judged(effect, in_thread)
}

/// Takes a refusal as an answer: not every channel allows every sign, and an old press is answered no more.
fn hint(outcome: Result<(), CallError>) -> Result<(), DeliverError> {
    match outcome {
        Ok(()) => Ok(()),
        Err(error) if error.is_refusal() => {
            tracing::debug!(%error, "a sign was not taken");
            Ok(())
        }
        Err(error) => Err(error.judged(Effect::Asks, false)),
    }
}

#[async_trait]
impl Deliver for DiscordDeliver {
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        let call = compose(message)?;
        let effect = if message.target.edit_of.is_some() { Effect::Changes } else { Effect::Shows };
        self.sent.trying(&message.key, Instant::now());
        let shown: Result<Shown, CallError> = match &call.file {
            Some(file) => self.api.upload(&call.path, call.form(file)?).await,
            None => self.api.call(call.method, &call.path, Some(&call.body)).await,
        };
        let Shown { id } = shown.map_err(|error| failed(message, effect, error))?;
        let shown = MessageId::new(id);
        if effect == Effect::Shows {
            self.sent.arrived(message.key.as_str(), shown.clone());
        }
        Ok(Receipt { message: shown })
    }

    /// First our own message as the gateway told of it; then Discord's own memory of nonces, by which a repeat shows
    /// nothing new; later the channel itself.
    async fn reconcile(&self, message: &Outgoing, tried: &Tried) -> Result<Reconciled, DeliverError> {
        if let Some(message) = self.sent.message(&message.key) {
            return Ok(Reconciled::Delivered(Receipt { message }));
        }
        // What one person alone is shown stands in no channel, and has no nonce.
        if message.target.window.is_some() {
            return Ok(Reconciled::Unknowable);
        }
        // The first clock stands still while the machine sleeps, the second may have been set.
        let is_known = |first: Instant| first.elapsed() < NONCE_HOLDS && tried.age < NONCE_HOLDS;
        if self.sent.first_try(&message.key).is_some_and(is_known) {
            return Ok(Reconciled::Absent);
        }
        match look_up(&self.api, channel(&message.target.address)?, message, tried).await {
            Ok(found) => Ok(found),
            // A channel that may not be looked through will say about the message what it has to say.
            Err(error) if error.is_refusal() => Ok(Reconciled::Unknowable),
            Err(error) => Err(failed(message, Effect::Asks, error)),
        }
    }

    async fn open_thread(&self, opening: &Opening) -> Result<ThreadId, DeliverError> {
        let path = format!("channels/{}/messages/{}/threads", channel(&opening.address)?, message_id(&opening.at)?);
        let body = json!({ "name": opening.name, "auto_archive_duration": ARCHIVED_AFTER_MIN });
        match self.api.call::<Shown>(Method::POST, &path, Some(&body)).await {
            Ok(Shown { id }) => Ok(ThreadId::new(id)),
            Err(error) if error.is(THREAD_EXISTS) => Ok(ThreadId::new(opening.at.as_str())),
            Err(CallError::Answered(refusal)) if refusal.is_final() => {
                Err(DeliverError::RefusedForm { what: Form::Thread, words: refusal.words_of_opening() })
            }
            Err(error) => Err(error.judged(Effect::Changes, false)),
        }
    }

    async fn signal(&self, signal: &Signal) -> Result<(), DeliverError> {
        match signal {
            Signal::Working(address) => {
                hint(self.api.done(Method::POST, &format!("channels/{}/typing", channel(address)?), None).await)
            }
            Signal::Taken { address, message } => self.react(address, message, TAKEN).await,
            Signal::Ended { address, message, ok } => {
                self.react(address, message, if *ok { WENT_WELL } else { WENT_WRONG }).await?;
                hint(self.api.done(Method::DELETE, &reaction(address, message, TAKEN)?, None).await)
            }
            Signal::Pressed { press, notice } => self.tell(press, notice).await,
        }
    }

    fn pace(&self, address: &ChatAddress) -> Pace {
        let told = channel(address).ok().and_then(|channel| self.api.told_pace(&channel.to_string()));
        told.map_or(PACE, |(messages, within)| pace::told(messages, within))
    }

    fn too_many(&self) -> u64 {
        self.api.too_many()
    }

    async fn can_post(&self, address: &ChatAddress) -> Result<(), DeliverError> {
        let asked = self.api.done(Method::POST, &format!("channels/{}/typing", channel(address)?), None).await;
        asked.map_err(|error| error.judged(Effect::Asks, address.thread.is_some()))
    }

    async fn check(&self) -> Result<Identity, DeliverError> {
        let bot = self.api.who().await.map_err(|error| match error {
            CallError::Answered(refusal) if refusal.status == 401 => DeliverError::Refused(format!(
                "Discord does not know this token ({}); the developer portal gives a new one on the page Bot",
                refusal.message
            )),
            error => error.judged(Effect::Asks, false),
        })?;
        Ok(Identity { id: bot.id, name: bot.username })
    }
}
