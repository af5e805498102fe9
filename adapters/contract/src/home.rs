//! The page that a provider shows one person alone of the bot, beside all chats.
//!
//! It is asked for when somebody opens it, and of their own chats only: nobody sees there what they could not read in a chat.

use crate::{ChatAddress, Sender};

/// Somebody has opened the page that they alone see of the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeOpened {
    /// Who.
    pub person: Sender,
    /// Their direct chat with the bot.
    pub direct: ChatAddress,
    /// The other chats that they read, with what each is called there.
    pub others: Vec<(ChatAddress, String)>,
}
