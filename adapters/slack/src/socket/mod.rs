//! Socket Mode: connections on which Slack hands over envelopes, each to any one of them.
//!
//! [`Wire`] is one websocket; [`Connection`] says hello, acknowledges, notices death; [`Pair`] keeps two of them, and opens the
//! next before one goes.
//!
//! Source: <https://docs.slack.dev/apis/events-api/using-socket-mode>, read 2026-11.

mod connection;
mod pair;
mod terms;
mod wire;

pub(crate) use connection::Ack;
pub(crate) use pair::{Pair, Turn};
