//! Digests with charts, on every transport: the same glance first, the chart as each provider can show it, details folded, and
//! the words where a picture or a block is not taken.

mod console;
mod discord;
mod mails;
mod phone;
pub(crate) mod scene;
mod slack;
