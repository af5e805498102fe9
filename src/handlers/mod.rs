//! What each command does: one file or folder a command.
//!
//! A handler gets a [`Turn`](crate::turn::Turn), which is the message's own transaction, and the parsed command; it decides,
//! writes rows and answers. What is said stands in [`mod@crate::format`].

pub mod agents;
pub mod approvals;
pub mod background;
pub mod edit;
pub mod help;
pub mod id;
pub mod investigate;
pub mod pairing;
pub mod session;
pub mod start;
pub mod status;
pub mod stop;
pub mod tasks;
pub mod why;
