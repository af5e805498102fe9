//! Telling a provider which commands there are.

use async_trait::async_trait;

use crate::DeliverError;

/// Keeps the provider's own list of commands (a menu, a registration) true.
#[async_trait]
pub trait Announce: Send + Sync {
    /// Makes the provider's list say this; changes nothing where it already does. Returns whether it had to be changed.
    ///
    /// # Errors
    /// [`DeliverError`], as for a message.
    async fn announce(&self, commands: &[CommandEntry]) -> Result<bool, DeliverError>;
}

/// One command of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandEntry {
    /// The command, without its slash.
    pub name: String,
    /// What it does, one line.
    pub description: String,
    /// Whether it is of use only in a direct chat with the bot.
    pub direct_only: bool,
}
