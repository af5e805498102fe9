//! The contract between signalbox and its transport adapters.
//!
//! An adapter translates one provider (Telegram, Discord, Slack, a terminal …) and nothing else: it maps what the
//! provider says into [`Incoming`] and hands it to the [`Inbox`]; it turns one [`Outgoing`] into one provider call.
//! Ordering, retries, rights and commands live in the core. This crate uses nothing else of ours.
//!
//! ```text
//! provider ──► Listen ──► Incoming ──► Inbox::accept          (left half: arrival)
//! Document ──► Render ──► Part ──► Outgoing ──► Deliver ──► Receipt   (right half: answer)
//! ```
//!
//! # Add an adapter
//! 1. Its crate: copy `adapters/console`, fill `listen.rs`, `render.rs` and `deliver.rs`, and state in `section.rs` what the
//!    configuration has to tell it ([`settings::Section`]). Its tests call the checks of `testing`.
//! 2. One line in `Cargo.toml`, its feature, beside the lines with which cargo finds the crate.
//! 3. One file in `src/wiring/`, which says what it is to the core, and its name and line in `src/wiring/mod.rs`.
//!
//! Keys and their faults, `config show`, `signalbox setup`, `signalbox integrations`, the secrets that are masked and the
//! variables that no agent gets follow from the statement; so does the section of the example file, which
//! `SIGNALBOX_WRITE_EXAMPLE=1 cargo test --lib wiring` writes. If it needs more, this contract is wrong: mend it here.
//!
//! # Threads
//! Whether a provider has threads at messages is data, a [`Threads`] that the adapter's file in `src/wiring/` states. Where a
//! call opens one, the adapter implements [`Deliver::open_thread`]; the outbox makes that call from a row of its own, with
//! its own retries. Where there are none, what belongs together is a chain of replies, and an adapter has nothing to do.
//!
//! # Charts and details
//! A document may hold a [`Chart`] and what is folded ([`Block::Details`]). A provider that has neither shows
//! [`Block::simpler`]; one that takes pictures gets each chart drawn by `picture` (feature `picture`), from the numbers that
//! the part keeps, each time that it is sent: there is no file to be lost, and where none is taken the words stay.
//!
//! # Parts that fit
//! A renderer states its provider's prices as a [`Measure`] and lets [`split()`] cut an answer into parts that fit. The
//! feature `testing` has the checks that every adapter's tests call; the feature `http` what every HTTP API needs.

mod address;
mod announce;
mod card;
mod chart;
mod clean;
mod deliver;
mod document;
mod home;
#[cfg(feature = "http")]
pub mod http;
mod id;
mod incoming;
mod listen;
mod markdown;
mod masked;
mod measure;
mod notice;
mod outgoing;
#[cfg(feature = "picture")]
pub mod picture;
mod reception;
mod render;
mod saving;
mod sequence;
pub mod settings;
mod split;
mod table;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod threads;
mod typed;
mod visible;
mod write;

pub use announce::{Announce, CommandEntry};
pub use card::{Card, Phase, Tone};
pub use chart::{
    Amount, Chart, ChartKind, MAX_CHART_NAME_CHARS, MAX_CHART_POINTS, MAX_CHART_SERIES, MAX_CHART_TITLE_CHARS,
    MAX_CHART_WORDS_CHARS, Plot, PlotSeries, Series,
};
pub use clean::{clean, one_line};
pub use deliver::{Apart, Astray, Deliver, DeliverError, Form, Identity, Pace, Receipt, Reconciled, Signal, Tried};
pub use document::{Alignment, Block, Document, Inline, Item, MAX_DETAILS_TITLE_CHARS};
pub use home::HomeOpened;
pub use id::{ChatAddress, ChatId, DeliveryKey, InboundKey, InvalidId, MessageId, Provider, ThreadId, UserId};
pub use incoming::{FileKind, Incoming, IncomingFile, IncomingKind, MAX_QUOTED_BYTES, Quoted, Quoting, Sender};
pub use listen::{AcceptError, Inbox, Listen, ListenContext, ListenError, Occurrence, TellLimited, TellOccurrence};
pub use markdown::{MAX_BLOCK_DEPTH, MAX_INLINE_DEPTH, MAX_NODES, MAX_TABLE_COLUMNS, MAX_URL_BYTES};
pub use masked::MASK;
pub use measure::{Face, Markup, Measure, PlainMeasure, digits};
pub use notice::{Compose, Notice};
pub use outgoing::{Attachment, Button, MAX_MARK_BYTES, Outgoing, Purpose, Target};
pub use reception::{Offer, Reception, TextPrompt};
pub use render::{Limits, Part, ReadAt, Render, Rendered, TextUnit};
pub use saving::{Content, Saving, safe_name};
pub use split::{DEFAULT_MAX_PARTS, MAX_PARTS, MAX_PICTURED, MIN_LIMIT, PicturedPart, Split, split, split_pictured};
pub use table::{TABLE_WIDTH, align_table};
pub use threads::{MAX_THREAD_NAME_CHARS, Opening, Threads};
pub use visible::{inline_text, same_text};
