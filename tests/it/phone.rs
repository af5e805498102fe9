//! Stories of people who talk to the program in Telegram.

mod answers;
mod context;
mod conversation;
mod forms;
mod listening;
mod lives;
mod long_answers;
mod messages;
mod outage;
mod proxies;
mod questions;
mod quick;
mod receipts;
mod restarts;
pub(crate) mod scene;
mod strangers;
mod talk;
