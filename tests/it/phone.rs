//! Stories of people who talk to the program in Telegram.

mod conversation;
mod listening;
mod messages;
mod outage;
mod restarts;
pub(crate) mod scene;
mod strangers;
