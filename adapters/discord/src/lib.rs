//! Discord for signalbox: the gateway in, one REST call for each message out.
//!
//! [`connect`] makes the two halves from a token without asking Discord anything, so that a start does not depend on
//! the network. [`DiscordListen`] keeps a session with the gateway and moves it on only behind what the inbox has;
//! [`DiscordDeliver`] makes one call an attempt; [`DiscordRender`] turns a document into Discord's Markdown; [`Commands`]
//! registers the commands.
//!
//! # What is serenity's and what is not
//! The bodies of what is said to Discord (messages, components, commands) are built by serenity's builders. Everything else
//! is ours, and serenity is built without its client:
//! - **The gateway** (`gateway/`, over tokio-tungstenite). serenity's moves the sequence on before anybody has seen an
//!   event, throws the session away when one heartbeat is not heard, keeps it to itself, so that no restart goes on with it,
//!   and passes over what it cannot read. The promise to lose nothing rests on each of these.
//! - **The REST call** (`api.rs`, over reqwest): the outbox must know whether a request that failed ever left.
//! - **What is heard** (`event.rs`) is read more leniently than serenity does, so that no message is lost for one field.
//!
//! Calls and gateway go through the same proxy: the one of `discord.proxy`, else the one that the environment names.
//!
//! # Interactions
//! Each is answered within three seconds, also while the inbox is slow (`interact.rs`): a command by a message that shows
//! what was asked, a press by nothing to be seen. All that follows is ordinary messages, which need no token and outlive a
//! restart. What came too late to be answered is done all the same. What is answered is noted before (`asked.rs`) until the
//! inbox has it, so that a command that is shown, and a press that is acknowledged, are done also where the program is killed
//! right after and no session goes on. Where the store takes longer than 1.2 s, or 64 wait at once, it is written to a file
//! (`beside.rs`); only where that takes longer than a second too is it not acknowledged: Discord then shows that it failed.
//!
//! # Nothing lost
//! Where a session could not go on, what was said meanwhile is read from the channels (`backfill.rs`), beside what is said
//! now (`reading.rs`): only a channel's own messages wait until what was missed in it is read (`behind.rs`), so that it keeps
//! its order. What is still to be read is in the notes (`owed.rs`) and outlives a restart. Not to be had again:
//! presses and commands of that time that were not told of, edits, and what was taken away;
//! and the first words to the bot alone of somebody who may use it by a role or a chat only, not by id: Discord names no such
//! channel before something is said in it, and only those of people who are allowed by id, or paired, can be asked for. Nothing of a message that is told of as taken away
//! before it is told of itself is taken (`gone.rs`).
//!
//! A frame that comes broken each time, and an event that cannot be understood, are kept in the notes (`unread.rs`) and passed
//! over. A message whose files are fetched (`files.rs`) holds up its own chat only (`fetching.rs`), and the session stays
//! before it until the inbox has it.
//!
//! # Nothing twice
//! Each message carries its delivery key as a nonce. When the answer to a send is unclear, first our own message as the
//! gateway tells of it is looked for, then (for two minutes) the message is sent again, which Discord's memory of nonces
//! makes harmless, and later the channel itself is looked through (`look_up.rs`), for a message that is not known to be
//! another. Where not all of it can be looked through, it is sent again and marked.
//!
//! | what came | a call that sends | any other (an edit, a sign, a question) |
//! |---|---|---|
//! | no connection, a page of 3xx or 4xx from something in between | not reached: again | not reached: again |
//! | no answer, half of one, any 5xx | unclear: asked about, then again | not reached: again |
//! | 429, slow mode | again after exactly that time | again after exactly that time |
//! | 401 (the token) | nothing is asked for a minute; again after it | again after it |
//! | a refusal of the form (`refusal.rs` lists the codes) | again without what was refused | an edit too; else refused |
//! | any other refusal | refused | refused |

mod api;
mod asked;
mod backfill;
mod behind;
mod beside;
mod boards;
mod card;
mod catch_up;
mod commands;
mod commit;
mod compose;
mod deliver;
mod escape;
mod event;
mod failure;
mod fetching;
mod files;
mod gateway;
mod gone;
mod interact;
mod lenient;
mod limits;
mod listen;
mod look_up;
mod mentioned;
mod owed;
mod pace;
mod pictured;
mod places;
mod post;
mod posted;
mod reading;
mod refusal;
mod render;
mod rights;
mod root;
mod section;
mod sent;
mod settings;
mod snowflake;
mod translate;
mod unread;
mod write;

use std::sync::Arc;

pub use card::Cards;
pub use commands::Commands;
pub use deliver::DiscordDeliver;
pub use listen::DiscordListen;
pub use render::DiscordRender;
pub use section::{PROVIDER, SECTION};
pub use settings::{BETWEEN_SESSIONS, DEFAULT_API_URL, InvalidSettings, Settings};

/// The two halves of the adapter.
pub struct Discord {
    /// The bot's id: the first part of the token.
    pub bot_id: String,
    /// Receives events.
    pub listen: DiscordListen,
    /// Sends messages.
    pub deliver: Arc<DiscordDeliver>,
    /// Registers the commands.
    pub commands: Arc<Commands>,
}

/// Makes the two halves; nothing is asked of Discord yet.
///
/// # Errors
/// [`InvalidSettings`] when token or address cannot be right.
pub fn connect(settings: Settings) -> Result<Discord, InvalidSettings> {
    let between_sessions = settings.between_sessions;
    let api = Arc::new(api::Api::new(settings)?);
    let (sent, boards) = (Arc::new(sent::Sent::default()), Arc::new(boards::Boards::default()));
    Ok(Discord {
        bot_id: api.bot_id().to_owned(),
        listen: DiscordListen::new(Arc::clone(&api), Arc::clone(&sent), Arc::clone(&boards), between_sessions),
        deliver: Arc::new(DiscordDeliver::new(Arc::clone(&api), sent, boards)),
        commands: Arc::new(Commands::new(api)),
    })
}
