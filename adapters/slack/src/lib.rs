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
//! A proxy in `HTTPS_PROXY` is asked for calls and not for the sockets, which tokio-tungstenite does not send through one.
//!
//! # Nothing lost
//! Slack gives an envelope that is not acknowledged to another socket, for how long is written nowhere; the channels' history is
//! the proof. What was said while no socket stood, or just before one was lost, is read again from there (`gap.rs`), from a
//! minute before the newest message of each channel that the inbox has; the marks are in the notes. A copy has the key of the
//! first, which is made of channel and time stamp. Not to be had again: presses, slash commands and edits of a time without a
//! socket, and what was taken away before it was read.
//!
//! An envelope that cannot be understood is kept in the notes (`unread.rs`), and only then acknowledged.

mod api;
mod aside;
mod asked;
mod deliver;
mod envelope;
mod failure;
mod files;
mod gap;
mod handle;
mod interact;
mod lanes;
mod listen;
mod manifest;
mod marks;
mod people;
mod posted;
mod recent;
mod render;
mod section;
mod settings;
mod socket;
mod stamp;
mod translate;
mod unread;
mod words;

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
