//! The adapter against a Bot API that keeps chats and refuses what the real one refuses.

#[allow(dead_code, reason = "the program's own stories use the rest of the server")]
#[path = "../../../../tests/support/src/telegram/mod.rs"]
mod telegram;

mod attachments;
mod delivering;
mod listening;
mod menus;
mod pieces;
mod scene;
mod trouble;
