//! The adapter against a Bot API that keeps chats and refuses what the real one refuses.

mod attachments;
mod compliance;
mod delivering;
mod listening;
mod menus;
mod pieces;
mod scene;
mod trouble;
