//! E-mail for signalbox: notices out over SMTP. Nothing is received.
//!
//! [`compose()`] makes the part of a notice in the core, with subject, recipients and the ids that tie the mails about one
//! task together; [`EmailRender`] makes one of any document. [`EmailDeliver`] sends one mail to one recipient an attempt,
//! over one connection; [`verify()`] walks the same steps without sending and tells which of them fails.
//!
//! # What is lettre's and what is not
//! Mails, addresses, SMTP commands and log-in mechanisms are lettre's. The connection under them is ours, for three
//! reasons: lettre's reads a line of the server of any length into memory; it keeps what a server (or whoever sits in
//! between) sent after its answer to STARTTLS, and takes it for an encrypted answer; and it does not tell a connection
//! lost before the end of a mail was written from an answer lost after it, on which the promise to say nothing twice rests.
//!
//! # The one window
//! SMTP has no way to ask whether a mail was taken. When the answer to a mail's end is lost, the attempt is
//! [`signalbox_adapter::DeliverError::Unknown`], and the core sends once more, marked "(may be a repeat)". Both copies
//! carry the same Message-ID, by which most mailboxes show one.

mod address;
mod body;
mod compose;
mod deliver;
mod failure;
mod hear;
mod html;
mod message;
mod render;
mod reply;
mod section;
mod session;
mod settings;
mod text;
mod tls;
mod verify;

pub use address::{InvalidAddress, bare_address};
pub use body::MAX_SUBJECT_CHARS;
pub use compose::compose;
pub use deliver::EmailDeliver;
pub use render::{EmailRender, MAX_TEXT_CHARS};
pub use section::{PROVIDER, SECTION};
pub use settings::{DEFAULT_TIMEOUT, InvalidSettings, Security, Settings};
pub use verify::{Report, Step, verify};
