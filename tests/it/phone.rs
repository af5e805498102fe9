//! Stories of people who talk to the program in Telegram.

mod conversation;
mod messages;
mod scene;
mod strangers;
