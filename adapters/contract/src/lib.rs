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
//! A renderer states its provider's prices as a [`Measure`] and lets [`split()`] cut an answer into parts that fit. The
//! feature `testing` has the checks that every adapter's tests call.

mod address;
mod announce;
mod clean;
mod deliver;
mod document;
mod id;
mod incoming;
mod listen;
mod markdown;
mod measure;
mod notice;
mod outgoing;
mod render;
pub mod settings;
mod split;
mod table;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod visible;
mod write;

pub use announce::{Announce, CommandEntry};
pub use clean::clean;
pub use deliver::{Deliver, DeliverError, Identity, Pace, Receipt, Reconciled, Signal};
pub use document::{Alignment, Block, Document, Inline, Item};
pub use id::{ChatAddress, ChatId, DeliveryKey, InboundKey, InvalidId, MessageId, Provider, ThreadId, UserId};
pub use incoming::{FileKind, Incoming, IncomingFile, IncomingKind, Sender};
pub use listen::{AcceptError, Inbox, Listen, ListenContext, ListenError};
pub use markdown::{MAX_BLOCK_DEPTH, MAX_INLINE_DEPTH, MAX_URL_BYTES};
pub use measure::{Face, Markup, Measure, PlainMeasure};
pub use notice::{Compose, Notice};
pub use outgoing::{Attachment, Button, Outgoing, Purpose, Target};
pub use render::{Limits, Part, Render, Rendered, TextUnit};
pub use split::{DEFAULT_MAX_PARTS, MAX_PARTS, MIN_LIMIT, Split, split};
pub use table::{TABLE_WIDTH, align_table};
pub use visible::{inline_text, same_text};
