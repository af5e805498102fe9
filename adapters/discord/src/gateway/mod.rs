//! The gateway: the connection on which Discord tells what happens.
//!
//! ```text
//! Socket ─► Reader ─► at most 256 events ─► whoever commits them
//!             └─► interactions are answered at once, beside all of this
//! ```
//! A session goes on over lost connections and over restarts of the program, from the last event that was *committed*.

mod end;
mod frame;
mod reader;
mod session;
mod socket;

pub(crate) use end::{End, NO_CONTENT};
pub(crate) use reader::{Broken, Ended, Event, Item, Reader, WAITING};
pub(crate) use session::Session;
pub(crate) use socket::{Socket, address};
