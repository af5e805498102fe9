//! The answering half: one attempt is one call.
//!
//! What an error says about the attempt is decided in `failure.rs`. Signs (typing, reactions, answers to presses) are asked
//! for once and never insisted on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::json;
use signalbox_adapter::{
    ChatAddress, Deliver, DeliverError, Form, Identity, MessageId, Opening, Outgoing, Pace, Receipt, Reconciled,
    Signal, ThreadId, Tried, UserId, one_line,
};
use tokio::time::Instant;

use crate::api::Api;
use crate::boards::{Boards, Kind};
use crate::card::Kept;
use crate::compose::{answered, channel, channel_of, compose, home, message_id};
use crate::failure::{CallError, Effect};
use crate::look_up::{look_up, look_up_post};
use crate::pace::{self, PACE};
use crate::pictured::Pictured;
use crate::post::{ARCHIVED_AFTER_MIN, Made, Posts, Shown, as_post, make};
use crate::refusal::{About, Refusal, THREAD_EXISTS};
use crate::rights::{ATTACH, OPEN_THREADS, READ_HISTORY, Right, SEND, SEND_IN_THREADS, VIEW, lacking};
use crate::sent::Sent;

/// Time after the first try in which Discord itself surely knows a nonce again; it says "the past few minutes".
/// Source: <https://docs.discord.com/developers/resources/message#create-message>, read 2026-11.
const NONCE_HOLDS: Duration = Duration::from_secs(120);

/// Longest answer to a press, in characters; twice as many may be needed to write it.
const MAX_NOTICE_CHARS: usize = 500;

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
    boards: Arc<Boards>,
}

impl DiscordDeliver {
    pub(crate) fn new(api: Arc<Api>, sent: Arc<Sent>, boards: Arc<Boards>) -> Self {
        Self { api, sent, boards }
    }

    async fn react(&self, address: &ChatAddress, message: &MessageId, emoji: &str) -> Result<(), DeliverError> {
        let path = self.reaction(address, message, emoji)?;
        hint(self.api.done(Method::PUT, &path, None).await)
    }

    /// Names our own reaction to a message.
    fn reaction(&self, address: &ChatAddress, message: &MessageId, emoji: &str) -> Result<String, DeliverError> {
        let emoji: String = emoji.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let channel = channel_of(address, message, self.kind(address).board().is_some())?;
        Ok(format!("channels/{channel}/messages/{}/reactions/{emoji}/@me", message_id(message)?))
    }

    /// Returns what is known of a chat.
    fn kind(&self, address: &ChatAddress) -> Kind {
        self.boards.kind(address.chat.as_str())
    }

    /// Finds out whether a chat is a forum, where that is not known and may be why a call was refused; `None` where it is none.
    async fn turned_out(
        &self,
        address: &ChatAddress,
        kind: &Kind,
        refused: bool,
    ) -> Result<Option<Kind>, DeliverError> {
        if !refused || *kind != Kind::Unknown || address.thread.is_some() {
            return Ok(None);
        }
        match self.boards.find_out(&self.api, address.chat.as_str()).await {
            Ok(kind @ Kind::Board(_)) => Ok(Some(kind)),
            Ok(Kind::Plain | Kind::Unknown) => Ok(None),
            Err(error) => Err(error.judged(Effect::Asks, false)),
        }
    }

    /// Finds out which right is missing where; what cannot be found out is left as it is.
    async fn explained(&self, address: &ChatAddress, needed: &[Right], error: CallError) -> CallError {
        match error {
            CallError::Answered(mut refusal) if refusal.lacks_a_right() => {
                refusal.lacks = lacking(&self.api, address.chat.as_str(), needed).await.unwrap_or_default();
                CallError::Answered(refusal)
            }
            error => error,
        }
    }

    /// Makes an attempt in a chat of this kind.
    async fn show(&self, message: &Outgoing, kind: &Kind) -> Made {
        let posts = Posts { api: &self.api, boards: &self.boards };
        match (kind.board(), &message.target.edit_of) {
            (Some(board), None) if begins_post(message) => posts.make(message, board).await,
            (Some(board), Some(post)) if message.target.address.thread.is_none() => {
                posts.change(message, board, post.as_str()).await
            }
            (board, _) => make(&self.api, &compose(message, board.is_some())?).await,
        }
    }

    /// Adds somebody to a thread, so that they are told of what is said there: it stands at a message of ours where a command
    /// asked for it. A thread without them is better than none.
    async fn add(&self, thread: &ThreadId, guest: &UserId) -> Result<(), DeliverError> {
        let [Ok(thread), Ok(guest)] = [thread.as_str(), guest.as_str()].map(str::parse::<u64>) else { return Ok(()) };
        hint(self.api.done(Method::PUT, &format!("channels/{thread}/thread-members/{guest}"), None).await)
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

/// Returns the rights that a message needs where it goes.
fn needs(message: &Outgoing) -> Vec<Right> {
    let writes = if message.target.address.thread.is_some() { SEND_IN_THREADS } else { SEND };
    let mut needed = vec![VIEW, writes];
    needed.extend(has_file(message).then_some(ATTACH));
    needed.extend(message.target.reply_to.is_some().then_some(READ_HISTORY));
    needed
}

/// Whether a message to a forum begins a post of its own: it answers none, or is a card, which stands in no other's post.
fn begins_post(message: &Outgoing) -> bool {
    let target = &message.target;
    let stands_alone = target.reply_to.is_none() || Kept::read(&message.part.body).is_some();
    target.address.thread.is_none() && target.edit_of.is_none() && target.window.is_none() && stands_alone
}

/// Whether a refusal is about the card that a message is, and not about its buttons: these it can keep.
fn is_about_card(message: &Outgoing, in_forum: bool, refusal: &Refusal) -> bool {
    let is_card = !message.plain && Kept::read(&message.part.body).is_some();
    let sent = compose(message, in_forum).map(|call| call.body["components"].clone()).unwrap_or_default();
    is_card && refusal.about(false) == About::Form(Form::Buttons) && !refusal.is_about_buttons(&sent)
}

/// Whether a file goes with a message: its own, or the picture of its charts.
fn has_file(message: &Outgoing) -> bool {
    message.attachment.is_some() || !Pictured::charts(message).is_empty()
}

/// Judges a failed call. A picture is no file of the message's own: without it, it goes in its plainest form.
fn failed(message: &Outgoing, effect: Effect, in_forum: bool, error: CallError) -> DeliverError {
    match judged(message, effect, in_forum, error) {
        DeliverError::RefusedForm { what: Form::File, words } if message.attachment.is_none() => {
            DeliverError::RefusedForm { what: Form::Text, words }
        }
        error => error,
    }
}

fn judged(message: &Outgoing, effect: Effect, in_forum: bool, error: CallError) -> DeliverError {
    if let CallError::Answered(refusal) = &error
        && refusal.status < 500
        && effect != Effect::Asks
        && is_about_card(message, in_forum, refusal)
    {
        return DeliverError::RefusedForm { what: Form::Text, words: refusal.words() };
    }
    if let CallError::Answered(refusal) = &error
        && message.target.window.is_some()
        && refusal.is_over()
    {
        return DeliverError::RefusedForm { what: Form::Window, words: refusal.words() };
    }
    let in_thread = message.target.address.thread.is_some();
    if let CallError::Answered(refusal) = &error
        && effect == Effect::Shows
        && let Some(what) = refusal.may_spare(has_file(message), in_thread)
    {
        return DeliverError::RefusedForm { what, words: refusal.words() };
    }
    if let CallError::Answered(refusal) = &error
        && in_forum
        && effect == Effect::Shows
        && !in_thread
        && refusal.is_final()
    {
        return refused_in_forum(message, refusal);
    }
    error.judged(effect, in_thread)
}

/// Judges the refusal of a message to a forum: of a post, or of an answer in one that is gone or closed.
fn refused_in_forum(message: &Outgoing, refusal: &Refusal) -> DeliverError {
    match refusal.about(true) {
        About::Form(Form::Thread) if message.target.reply_to.is_some() => {
            DeliverError::RefusedForm { what: Form::Reply, words: refusal.words() }
        }
        About::Form(what @ (Form::Text | Form::Buttons | Form::File)) if refusal.is_about_form() => {
            DeliverError::RefusedForm { what, words: refusal.words() }
        }
        About::Words => DeliverError::Blocked(refusal.words()),
        _ => DeliverError::Refused(refusal.words_of_posting()),
    }
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
        let address = &message.target.address;
        let effect = if message.target.edit_of.is_some() { Effect::Changes } else { Effect::Shows };
        self.sent.trying(&message.key, Instant::now());
        let mut kind = self.kind(address);
        let mut shown = self.show(message, &kind).await?;
        let refused = matches!(&shown, Err(error) if error.is_refusal());
        if let Some(forum) = self.turned_out(address, &kind, refused).await? {
            kind = forum;
            shown = self.show(message, &kind).await?;
        }
        let in_forum = kind.board().is_some();
        let Shown { id } = match shown {
            Ok(shown) => shown,
            Err(error) => {
                let error = self.explained(address, &needs(message), error).await;
                return Err(failed(message, effect, in_forum, error));
            }
        };
        let begun = (in_forum && effect == Effect::Shows && begins_post(message)).then(|| ThreadId::new(id.as_str()));
        let shown = MessageId::new(id);
        if effect == Effect::Shows {
            self.sent.arrived(message.key.as_str(), shown.clone());
        }
        Ok(Receipt { message: shown, begun })
    }

    /// First our own message as the gateway told of it; then Discord's own memory of nonces, by which a repeat shows
    /// nothing new; later the channel itself.
    async fn reconcile(&self, message: &Outgoing, tried: &Tried) -> Result<Reconciled, DeliverError> {
        let kind = match self.kind(&message.target.address) {
            Kind::Unknown if begins_post(message) => {
                let found = self.boards.find_out(&self.api, message.target.address.chat.as_str()).await;
                found.map_err(|error| failed(message, Effect::Asks, false, error))?
            }
            kind => kind,
        };
        let board = kind.board();
        let is_post = board.is_some() && begins_post(message);
        if let Some(message) = self.sent.message(&message.key) {
            let begun = is_post.then(|| ThreadId::new(message.as_str()));
            return Ok(Reconciled::Delivered(Receipt { message, begun }));
        }
        // What one person alone is shown stands in no channel, and has no nonce.
        if message.target.window.is_some() {
            return Ok(Reconciled::Unknowable);
        }
        // The first clock stands still while the machine sleeps, the second may have been set.
        let is_known = |first: Instant| first.elapsed() < NONCE_HOLDS && tried.age < NONCE_HOLDS;
        if !is_post && self.sent.first_try(&message.key).is_some_and(is_known) {
            return Ok(Reconciled::Absent);
        }
        let found = match board.filter(|_| is_post) {
            Some(board) => look_up_post(&self.api, board, &as_post(message), tried).await,
            None => {
                let channel = channel(&home(&message.target, board.is_some()))?;
                look_up(&self.api, channel, message, answered(&message.target, board.is_some()), tried).await
            }
        };
        match found {
            Ok(found) => Ok(found),
            // A channel that may not be looked through will say about the message what it has to say.
            Err(error) if error.is_refusal() => Ok(Reconciled::Unknowable),
            Err(error) => Err(failed(message, Effect::Asks, board.is_some(), error)),
        }
    }

    async fn open_thread(&self, opening: &Opening) -> Result<ThreadId, DeliverError> {
        let (kind, at) = (self.kind(&opening.address), ThreadId::new(opening.at.as_str()));
        if kind.board().is_some() {
            // The message is the first of a post, and that is its thread.
            return Ok(at);
        }
        let path = format!("channels/{}/messages/{}/threads", channel(&opening.address)?, message_id(&opening.at)?);
        let body = json!({ "name": opening.name, "auto_archive_duration": ARCHIVED_AFTER_MIN });
        let opened = self.api.call::<Shown>(Method::POST, &path, Some(&body)).await;
        let refused = matches!(&opened, Err(error) if error.is_refusal() && !error.is(THREAD_EXISTS));
        if self.turned_out(&opening.address, &kind, refused).await?.is_some() {
            return Ok(at);
        }
        let opened = match opened {
            Err(error) => Err(self.explained(&opening.address, &[VIEW, OPEN_THREADS, SEND_IN_THREADS], error).await),
            opened => opened,
        };
        let thread = match opened {
            Ok(Shown { id }) => ThreadId::new(id),
            Err(error) if error.is(THREAD_EXISTS) => at,
            Err(CallError::Answered(refusal)) if refusal.is_final() => {
                return Err(DeliverError::RefusedForm { what: Form::Thread, words: refusal.words_of_opening() });
            }
            Err(error) => return Err(error.judged(Effect::Changes, false)),
        };
        if let Some(guest) = &opening.guest {
            self.add(&thread, guest).await?;
        }
        Ok(thread)
    }

    async fn signal(&self, signal: &Signal) -> Result<(), DeliverError> {
        match signal {
            Signal::Working(address) => {
                hint(self.api.done(Method::POST, &format!("channels/{}/typing", channel(address)?), None).await)
            }
            Signal::Taken { address, message } => self.react(address, message, TAKEN).await,
            Signal::Ended { address, message, ok } => {
                self.react(address, message, if *ok { WENT_WELL } else { WENT_WRONG }).await?;
                hint(self.api.done(Method::DELETE, &self.reaction(address, message, TAKEN)?, None).await)
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
        let writes = if address.thread.is_some() { SEND_IN_THREADS } else { SEND };
        let chat = address.chat.as_str();
        match lacking(&self.api, chat, &[VIEW, writes]).await {
            Ok(Some(lacks)) => return Err(DeliverError::Refused(format!("the bot's role lacks {lacks}"))),
            Ok(None) => {}
            Err(error) => return Err(error.judged(Effect::Asks, address.thread.is_some())),
        }
        if address.thread.is_none() && matches!(self.boards.find_out(&self.api, chat).await, Ok(Kind::Board(_))) {
            // Nobody types in a forum.
            return Ok(());
        }
        let asked = self.api.done(Method::POST, &format!("channels/{}/typing", channel(address)?), None).await;
        asked.map_err(|error| error.judged(Effect::Asks, address.thread.is_some()))
    }

    async fn lacks(&self, address: &ChatAddress) -> Result<Option<String>, DeliverError> {
        let needed: &[Right] = match &address.thread {
            Some(_) => &[VIEW, SEND_IN_THREADS, READ_HISTORY],
            None => &[VIEW, SEND, OPEN_THREADS, SEND_IN_THREADS, READ_HISTORY],
        };
        match lacking(&self.api, address.chat.as_str(), needed).await {
            Ok(lacks) => Ok(lacks.map(|lacks| format!("the bot's role lacks {lacks}"))),
            Err(error) => Err(error.judged(Effect::Asks, false)),
        }
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
