//! Ids, each a type of its own, parsed once at the edge.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Tells why a text is not a valid id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("invalid {what}: {why}")]
pub struct InvalidId {
    what: &'static str,
    why: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the provider's own text.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Returns the text as the provider wrote it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// Names a provider: `console`, `telegram`, `discord`, `slack` …
    Provider
);
text_id!(
    /// Names a chat within its provider.
    ChatId
);
text_id!(
    /// Names a thread or topic within its chat.
    ThreadId
);
text_id!(
    /// Names a person or bot within its provider; immutable, never a display name.
    UserId
);
text_id!(
    /// Names one message within its chat, as the provider numbers it.
    MessageId
);
text_id!(
    /// Identifies one provider update for ever: `<provider>:<bot id>:<id>`. A second copy carries the same key.
    InboundKey
);

/// Idempotency key of one delivery: 1–22 characters of base62, unique for ever.
///
/// 22 characters hold 128 bits and fit every provider's own key field (Discord's `nonce`: 25).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeliveryKey(String);

impl DeliveryKey {
    /// Longest key, in characters.
    pub const MAX_CHARS: usize = 22;

    /// Makes a key of 128 bits, enough of which are random that no two are the same.
    #[must_use]
    pub fn from_random_bits(bits: u128) -> Self {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut rest = bits;
        let mut text = vec![b'0'; Self::MAX_CHARS];
        for digit in text.iter_mut().rev() {
            *digit = DIGITS[usize::try_from(rest % 62).expect("a remainder below 62 fits")];
            rest /= 62;
        }
        Self(String::from_utf8(text).expect("base62 digits are ASCII"))
    }

    /// Returns the key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DeliveryKey {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let invalid = |why| InvalidId { what: "delivery key", why };
        if text.is_empty() || text.len() > Self::MAX_CHARS {
            return Err(invalid("must have 1 to 22 characters"));
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(invalid("must be base62"));
        }
        Ok(Self(text))
    }
}

impl From<DeliveryKey> for String {
    fn from(key: DeliveryKey) -> Self {
        key.0
    }
}

/// Where a message comes from and goes to: provider, chat and, where the provider has them, thread.
///
/// Written `provider:chat` or `provider:chat/thread`, for example `console:local` or `telegram:-100123/77`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChatAddress {
    /// Provider that carries the chat.
    pub provider: Provider,
    /// Chat within the provider.
    pub chat: ChatId,
    /// Thread within the chat, or the chat's main stream.
    pub thread: Option<ThreadId>,
}

impl ChatAddress {
    /// Addresses a chat's main stream.
    #[must_use]
    pub fn new(provider: Provider, chat: ChatId) -> Self {
        Self { provider, chat, thread: None }
    }
}

impl fmt::Display for ChatAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.provider, self.chat)?;
        match &self.thread {
            Some(thread) => write!(f, "/{thread}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ChatAddress {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = |why| InvalidId { what: "chat address", why };
        let (provider, rest) =
            text.split_once(':').ok_or(invalid("must be provider:chat, as in telegram:-1001234 or slack:C0123"))?;
        if provider.is_empty() || !provider.bytes().all(|b| b.is_ascii_lowercase()) {
            return Err(invalid("the provider must be lower-case letters"));
        }
        let (chat, thread) = match rest.split_once('/') {
            Some((chat, thread)) => (chat, Some(thread)),
            None => (rest, None),
        };
        if chat.is_empty() || thread.is_some_and(str::is_empty) {
            return Err(invalid("chat and thread must not be empty"));
        }
        Ok(Self { provider: Provider::new(provider), chat: ChatId::new(chat), thread: thread.map(ThreadId::new) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_it_was_written() {
        for text in ["console:local", "telegram:-100123/77", "slack:C0123"] {
            assert_eq!(text.parse::<ChatAddress>().expect("valid").to_string(), text);
        }
        for text in ["", "console", ":x", "Console:x", "slack:", "slack:C1/"] {
            assert!(text.parse::<ChatAddress>().is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn keys_are_22_characters_of_base62_whatever_the_bits() {
        for bits in [0, 1, u128::MAX] {
            let key = DeliveryKey::from_random_bits(bits);
            assert_eq!(key.as_str().len(), DeliveryKey::MAX_CHARS);
            assert_eq!(DeliveryKey::try_from(key.as_str().to_owned()), Ok(key));
        }
        assert!(DeliveryKey::try_from("with space".to_owned()).is_err());
    }
}
