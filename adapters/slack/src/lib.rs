//! Slack for signalbox: Socket Mode in, one call of the Web API for each message out.
//!
//! [`connect`] makes the two halves from tokens without asking Slack anything, so that a start does not depend on the
//! network. [`SlackListen`] keeps two sockets open and acknowledges an envelope only behind the inbox; [`SlackDeliver`] makes
//! one call an attempt; [`SlackRender`] turns a document into what Slack shows; [`manifest()`] says what the app must be.
//!
//! # What is slack-morphism's and what is not
//! Blocks and views that are said to Slack are slack-morphism's types, which is built without a client. Everything else is ours:
//! - **The sockets** (`socket/`, over tokio-tungstenite). slack-morphism's acknowledges what it cannot read, asks for ever with
//!   a token that is no good, and has a moment without a socket whenever Slack makes it change one.
//! - **The call** (`api.rs`, over reqwest): the outbox must know whether a request that failed ever left.
//! - **What is heard** is read from the JSON itself: another app's metadata must cost no message.
//!
//! Calls and sockets go through the same proxy: the one of `slack.proxy`, else the one that the environment names.
//!
//! # Nothing lost
//! Slack gives an envelope that is not acknowledged to another socket, for how long is written nowhere; the channels' history is
//! the proof. What was said while no socket stood, or just before one was lost, is read again from there (`gap.rs`), from a
//! minute before the newest message of each channel that the inbox has; the marks are in the notes. A copy has the key of the
//! first, which is made of channel and time stamp. Not to be had again: presses, slash commands and edits of a time without a
//! socket, and what was taken away before it was read.
//!
//! What was missed and could not be read yet, or not all of it, is told as long as that is so (`behind.rs`). That the app was
//! uninstalled or its token revoked Slack says itself; it is asked whether that is so, and listening ends with what to do.
//!
//! An envelope that cannot be understood is kept in the notes (`unread.rs`), and only then acknowledged. A slash command, a form
//! and a shortcut are kept there too (`kept.rs`) before they are shown and acknowledged, until the inbox has them; a press is the
//! inbox's at once. The two sockets are kept from ending together (`socket/terms.rs`); what comes late by one of them is put in
//! its place for a little while (`lanes.rs`).
//!
//! # What is shown
//! All that blocks say is in the text beside them too, which notifications show and screen readers read, so that the text is
//! the measure of a message (`render.rs`). Words stand in elements of rich text, in which nothing is markup, and the text is
//! escaped: nobody is pinged by either. A message that stands in a thread is never shown in the channel as well.
//!
//! What Slack lets the bot do it names with every answer (`scopes.rs`): a scope that is missing is told before it is needed. The
//! app's Home (`home.rs`) shows each person what goes on in the chats that they read.
//!
//! # Nothing twice
//! Each message carries its delivery key in its metadata. When the answer to a send is unclear, the channel's history, or the
//! thread, is looked through for that key before anything is sent again (`look_up.rs`). A file carries none and appears late:
//! where it is not found by its name it is sent again and marked. So is what one person alone was shown.
//!
//! | what came | a call that shows something | any other (a change, a sign, a question) |
//! |---|---|---|
//! | no connection, a page of 3xx or 4xx from something in between | not reached: again | not reached: again |
//! | no answer, half of one, any 5xx, `internal_error` | unclear: asked about, then again | not reached: again |
//! | 429 | again after exactly that time | again after exactly that time |
//! | a token or a scope that is no good | again, with what to do | again, with what to do |
//! | a refusal of the form (`refusal.rs` lists the words) | again without what was refused | a change too; else refused |
//! | any other refusal | refused, with what to do | refused, with what to do |
//!
//! Changes of messages have one allowance in a workspace (`pace.rs`); new messages are counted by channel, and come first.

mod api;
mod aside;
mod asked;
mod behind;
mod body;
mod card;
mod compose;
mod deliver;
mod doubt;
mod envelope;
mod escape;
mod failure;
mod files;
mod gap;
mod handle;
mod home;
mod interact;
mod kept;
mod lanes;
mod limits;
mod listen;
mod look_up;
mod manifest;
mod marks;
mod novelty;
mod pace;
mod people;
mod posted;
mod recent;
mod refusal;
mod render;
mod root;
mod scopes;
mod section;
mod settings;
mod share;
mod socket;
mod stamp;
mod translate;
mod unread;
mod words;
mod working;

use std::sync::Arc;

pub use deliver::SlackDeliver;
pub use listen::SlackListen;
pub use manifest::{manifest, new_app};
pub use render::SlackRender;
pub use section::{PROVIDER, SECTION};
pub use settings::{DEFAULT_API_URL, InvalidSettings, Settings};

/// The two halves of the adapter.
pub struct Slack {
    /// What stands for the bot for ever ([`Settings::bot_id`]).
    pub bot_id: String,
    /// Receives envelopes; `None` without an app-level token.
    pub listen: Option<SlackListen>,
    /// Sends messages.
    pub deliver: Arc<SlackDeliver>,
}

/// Makes the two halves; nothing is asked of Slack yet.
///
/// # Errors
/// [`InvalidSettings`] when a token or the address cannot be right.
pub fn connect(settings: Settings) -> Result<Slack, InvalidSettings> {
    let hears = settings.app_token.is_some();
    let api = Arc::new(api::Api::new(settings)?);
    Ok(Slack {
        bot_id: api.bot_id().to_owned(),
        listen: hears.then(|| SlackListen::new(Arc::clone(&api))),
        deliver: Arc::new(SlackDeliver::new(api)),
    })
}
