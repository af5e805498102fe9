//! Threads below a message: whether a provider has them, and how one comes to be.
//!
//! A thread has the id of the message at which it stands, wherever a provider has threads at messages, so its address is
//! known as soon as that message has a receipt; only whether a call must open it differs.

use crate::{ChatAddress, DeliveryKey, MessageId, ThreadId, UserId};

/// Longest name of a thread, in characters.
/// Source: Discord, <https://docs.discord.com/developers/resources/channel#start-thread-from-message>, read 2026-11; no
/// other provider with named threads takes fewer.
pub const MAX_THREAD_NAME_CHARS: usize = 100;

/// What threads a provider has at a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// None: what belongs together answers the same message.
    None,
    /// One at each message, by itself: whatever is sent to it is in it (Slack, Matrix).
    AtMessage,
    /// One at each message for which it was opened by [`crate::Deliver::open_thread`] (Discord; in a forum there it stands
    /// from the beginning, and the message is its first).
    Opened,
}

impl Threads {
    /// Returns the address of the thread at a message of a chat; `None` where there is none, and what belongs to the message
    /// is to answer it.
    ///
    /// A thread has none of its own below it: what belongs to a message in a thread goes to that same thread.
    #[must_use]
    pub fn at(self, chat: &ChatAddress, message: &MessageId) -> Option<ChatAddress> {
        match self {
            Self::None => None,
            Self::AtMessage | Self::Opened if chat.thread.is_some() => Some(chat.clone()),
            Self::AtMessage | Self::Opened => {
                Some(ChatAddress { thread: Some(ThreadId::new(message.as_str())), ..chat.clone() })
            }
        }
    }

    /// Whether a call must open the thread at a message of this chat before something is sent to it.
    #[must_use]
    pub fn must_be_opened(self, chat: &ChatAddress) -> bool {
        self == Self::Opened && chat.thread.is_none()
    }
}

/// A thread to be opened: one call with one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Idempotency key, the same on every attempt.
    pub key: DeliveryKey,
    /// The chat, in its main stream.
    pub address: ChatAddress,
    /// The message at which the thread is to stand: ours, or a person's.
    pub at: MessageId,
    /// Who asked for it, and is to be told of what is said there, where the provider does not see to that by itself.
    pub guest: Option<UserId>,
    /// What the thread is called: one line, at most [`MAX_THREAD_NAME_CHARS`], not empty.
    pub name: String,
}

impl Opening {
    /// Returns a text as a thread's name: its first line, cut.
    #[must_use]
    pub fn named(text: &str) -> String {
        let line = crate::clean(text.trim().lines().next().unwrap_or_default());
        match line.trim() {
            "" => "…".to_owned(),
            line if line.chars().nth(MAX_THREAD_NAME_CHARS).is_none() => line.to_owned(),
            line => line.chars().take(MAX_THREAD_NAME_CHARS - 1).chain(['…']).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_the_id_of_its_message_and_none_below_it() {
        let (chat, message) = ("memory:1".parse().expect("valid"), MessageId::new("7"));
        assert_eq!(Threads::None.at(&chat, &message), None);
        for threads in [Threads::AtMessage, Threads::Opened] {
            let thread = threads.at(&chat, &message).expect("there are threads");
            assert_eq!(thread.to_string(), "memory:1/7");
            assert_eq!(threads.at(&thread, &MessageId::new("8")), Some(thread.clone()));
            assert!(!threads.must_be_opened(&thread));
        }
        assert!(Threads::Opened.must_be_opened(&chat) && !Threads::AtMessage.must_be_opened(&chat));
    }

    #[test]
    fn a_name_is_one_line_that_fits() {
        assert_eq!(Opening::named("\u{1b}[1m high cpu\nand more"), "high cpu");
        assert_eq!(Opening::named(" \n"), "…");
        assert_eq!(Opening::named(&"x".repeat(101)).chars().count(), MAX_THREAD_NAME_CHARS);
        assert_eq!(Opening::named(&"é".repeat(100)), "é".repeat(100));
    }
}
