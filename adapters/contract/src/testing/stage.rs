//! What an adapter gives the suite so that its `Listen` can be checked.

use async_trait::async_trait;

use crate::Listen;

/// A provider, or a stand-in for one, in front of which a listener is checked.
///
/// Chats are numbered from 0; a provider that has one chat only takes every number for it. All chats are such that the
/// bot is meant, by somebody who may talk to it.
#[async_trait]
pub trait Stage: Send + Sync {
    /// Makes the arriving half, as the program does after each start.
    fn listener(&self) -> Box<dyn Listen>;

    /// Lets somebody say something in a chat.
    async fn say(&self, chat: usize, text: &str);

    /// Lets somebody take a message away that was said in a chat with this text; returns false where the provider tells
    /// nobody of that.
    async fn take_away(&self, _chat: usize, _text: &str) -> bool {
        false
    }

    /// Tells how a message stands that was said with this text.
    fn standing(&self, text: &str) -> Standing;

    /// Lets the provider give again what is not acknowledged; for one that does so by itself, to the next listener or
    /// after a while, there is nothing to do.
    async fn give_again(&self) {}

    /// Keeps what the listener notes for its next life ([`crate::Inbox::note`]); for an adapter that notes nothing there is
    /// nothing to do.
    fn note(&self, _name: &str, _words: &str) {}

    /// Returns what was noted under this name.
    fn noted(&self, _name: &str) -> Option<String> {
        None
    }

    /// Breaks the connection in the way of this number when the listener next uses it; returns false when there are no
    /// more ways.
    async fn disturb(&self, way: usize) -> bool;

    /// Returns what must never be shown: tokens, passwords, addresses that hold them.
    fn secrets(&self) -> Vec<String>;

    /// Returns what `{:?}` prints of all that the adapter shows to others and that knows a secret, such as its settings.
    fn debugs(&self) -> Vec<String>;
}

/// How a message stands between its sender, the provider and us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The provider keeps it, and gives it again until it is acknowledged.
    Kept,
    /// It was acknowledged: the provider does not give it again.
    Acknowledged,
    /// Nobody keeps it, as with a terminal, which forgets a line when it is read.
    Gone,
    /// Nobody keeps it, and its sender was told that it was not taken.
    Returned,
}
