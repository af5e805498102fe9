//! Telegram for signalbox: long polling in, one Bot API call for each message out.
//!
//! [`connect`] makes the two halves from a token without asking Telegram anything, so that a start does not depend on
//! the network. [`TelegramListen`] polls and confirms an update only when the inbox has it; [`TelegramDeliver`] makes one
//! call an attempt; [`TelegramRender`] turns a document into text and message entities; [`Menu`] is the command menu.
//!
//! # What is teloxide's and what is not
//! What is said to Telegram (payloads, entities, keyboards) and how a connection is set up is teloxide's. The request
//! itself is made by `api.rs`: teloxide's `Bot` sleeps for 10 s inside the call when the server answers 5xx, and does not
//! tell a request that never left from one whose answer was lost, on which the promise to say nothing twice rests. What is
//! heard from Telegram is read by `update.rs`, more leniently than teloxide does, so that no message is lost for one field.
//!
//! # The one window
//! Telegram takes no idempotency key and a bot cannot read a chat back. When the answer to a send is unclear, nobody can
//! tell whether the message arrived: [`TelegramDeliver`] says so ([`signalbox_adapter::Reconciled::Unknowable`]), and the
//! core sends a result again, marked "(may be a repeat)". That mark is the only case in which a person can see
//! something twice.
//!
//! | what came | a call that sends (`sendMessage`, `sendDocument`) | any other (an edit, a sign, `getMe`) |
//! |---|---|---|
//! | no connection, a page of 3xx or 4xx from something in between | not reached: again, unmarked | not reached: again |
//! | no answer, half of one, any 5xx, in HTML or in Telegram's own JSON | unclear: again, marked | not reached: again |
//! | 429 | again after exactly that time | again after exactly that time |
//! | 401, 404 (the token) | not reached: again when the token is right | not reached: again |
//! | a refusal of the form (`refusal.rs` lists the words) | again without what was refused | an edit too; else refused |
//! | any other refusal | refused | refused |
//!
//! A 5xx in Telegram's own form is no refusal: servers have been seen to do what was asked for and to answer so. An edit
//! done twice is the same as done once, and a question changes nothing; so for them it is only a reason to ask again.

mod address;
mod api;
mod body;
mod compose;
mod deliver;
mod failure;
mod files;
mod flood;
mod gather;
mod listen;
mod menu;
mod pace;
mod posted;
mod refusal;
mod render;
mod rich;
mod section;
mod settings;
mod translate;
mod update;
mod window;
mod words;
mod write;

use std::sync::Arc;

pub use deliver::TelegramDeliver;
pub use files::MAX_DOWNLOAD_BYTES;
pub use listen::TelegramListen;
pub use menu::Menu;
pub use render::TelegramRender;
pub use section::{PROVIDER, SECTION};
pub use settings::{DEFAULT_API_URL, InvalidSettings, Settings};

/// The two halves of the adapter.
pub struct Telegram {
    /// The bot's id: the part of the token before the colon.
    pub bot_id: String,
    /// Receives updates.
    pub listen: TelegramListen,
    /// Sends messages.
    pub deliver: Arc<TelegramDeliver>,
    /// Sets the command menu.
    pub menu: Arc<Menu>,
}

/// Makes the two halves; nothing is asked of Telegram yet.
///
/// # Errors
/// [`InvalidSettings`] when token or address cannot be right.
pub fn connect(settings: Settings) -> Result<Telegram, InvalidSettings> {
    let poll = settings.poll;
    let api = Arc::new(api::Api::new(settings)?);
    let bot_id = api.bot_id().to_owned();
    Ok(Telegram {
        listen: TelegramListen::new(Arc::clone(&api), poll),
        deliver: Arc::new(TelegramDeliver::new(Arc::clone(&api))),
        menu: Arc::new(Menu::new(api)),
        bot_id,
    })
}
