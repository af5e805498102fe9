//! How the tables name a chat.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use signalbox_adapter::{ChatAddress, ChatId, Provider};

/// A chat without its thread: what sessions, tasks and settings belong to. Written `provider:chat`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChatKey {
    provider: Provider,
    chat: ChatId,
}

/// A text names no chat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no chat; expected provider:chat, for example telegram:1001")]
pub struct ChatKeyError(String);

impl ChatKey {
    /// Returns the key of the chat that an address lies in.
    #[must_use]
    pub fn of(address: &ChatAddress) -> Self {
        Self { provider: address.provider.clone(), chat: address.chat.clone() }
    }

    /// Returns the provider's own id of the chat.
    #[must_use]
    pub fn chat(&self) -> &ChatId {
        &self.chat
    }
}

impl fmt::Display for ChatKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.provider, self.chat)
    }
}

impl FromStr for ChatKey {
    type Err = ChatKeyError;

    fn from_str(text: &str) -> Result<Self, ChatKeyError> {
        match text.split_once(':') {
            Some((provider, chat)) if !provider.is_empty() && !chat.is_empty() => {
                Ok(Self { provider: Provider::new(provider), chat: ChatId::new(chat) })
            }
            Some(_) | None => Err(ChatKeyError(text.to_owned())),
        }
    }
}

impl ToSql for ChatKey {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl FromSql for ChatKey {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|error: ChatKeyError| FromSqlError::Other(Box::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written_and_has_no_thread() {
        let address: ChatAddress = "matrix:!room:example.org/7".parse().expect("an address");
        let key = ChatKey::of(&ChatAddress { thread: Some(signalbox_adapter::ThreadId::new("7")), ..address });
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        assert!(key.to_string().starts_with("matrix:!room:example.org"), "{key}");
    }

    #[test]
    fn what_names_no_chat_is_refused() {
        for text in ["", "telegram", "telegram:", ":1"] {
            assert!(text.parse::<ChatKey>().is_err(), "{text:?}");
        }
    }
}
