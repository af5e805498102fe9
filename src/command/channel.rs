//! Who is told besides the chat that asked: channels of a chat, as people write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use signalbox_adapter::{ChatAddress, Provider};

/// Most channels of a chat.
pub const MAX_CHANNELS: usize = 10;
/// Clears the list.
pub const NONE: &str = "none";

/// Somebody to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Channel {
    /// Everybody whom the configuration names as a reader of this provider, as `email` has them.
    Readers(Provider),
    /// The chat's main stream, where the work ran in a thread.
    Chat,
    /// Another chat.
    To(ChatAddress),
}

/// A word that is not a channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a channel")]
pub struct NoChannel(pub String);

impl FromStr for Channel {
    type Err = NoChannel;

    fn from_str(text: &str) -> Result<Self, NoChannel> {
        match text {
            "chat" => Ok(Self::Chat),
            NONE | "" => Err(NoChannel(text.to_owned())),
            word if word.bytes().all(|b| b.is_ascii_lowercase()) => Ok(Self::Readers(Provider::new(word))),
            address => address.parse().map(Self::To).map_err(|_| NoChannel(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Channel {
    type Error = NoChannel;

    fn try_from(text: String) -> Result<Self, NoChannel> {
        text.parse()
    }
}

impl From<Channel> for String {
    fn from(channel: Channel) -> Self {
        channel.to_string()
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Readers(provider) => write!(f, "{provider}"),
            Self::Chat => f.write_str("chat"),
            Self::To(address) => write!(f, "{address}"),
        }
    }
}

/// Reads a list such as `email,slack:C0123`; `none` alone is the empty list. Which providers have readers is not known here.
///
/// # Errors
/// [`NoChannel`] with the first word that is none; nothing of the list counts then.
pub fn read_list(text: &str) -> Result<Vec<Channel>, NoChannel> {
    if text.trim().eq_ignore_ascii_case(NONE) {
        return Ok(Vec::new());
    }
    let mut channels = Vec::new();
    for word in text.split(',').map(str::trim) {
        let is_word = word.bytes().all(|b| b.is_ascii_alphabetic());
        let channel: Channel = if is_word { word.to_ascii_lowercase().parse()? } else { word.parse()? };
        if channels.len() == MAX_CHANNELS {
            return Err(NoChannel(word.to_owned()));
        }
        if !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    Ok(channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whole_or_not_at_all() {
        let written = |text: &str| read_list(text).map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(written("email,chat"), Ok(vec!["email".into(), "chat".into()]));
        assert_eq!(written("Email, telegram:-100/77 ,email"), Ok(vec!["email".into(), "telegram:-100/77".into()]));
        assert_eq!(written("none"), Ok(vec![]));
        assert_eq!(written("email,#pigeon"), Err(NoChannel("#pigeon".into())));
        assert_eq!(written("email,,chat"), Err(NoChannel(String::new())));
        assert_eq!(written("none,email"), Err(NoChannel("none".into())));
        assert!(read_list(&vec!["telegram:1"; 500].join(",")).is_ok(), "the same once");
        let many: Vec<String> = (0..11).map(|n| format!("telegram:{n}")).collect();
        assert!(read_list(&many.join(",")).is_err());
    }

    #[test]
    fn a_channel_is_stored_as_it_is_written() {
        let list = read_list("email,chat,slack:C0123").expect("channels");
        let stored = serde_json::to_string(&list).expect("JSON");
        assert_eq!(stored, r#"["email","chat","slack:C0123"]"#);
        assert_eq!(serde_json::from_str::<Vec<Channel>>(&stored).expect("read back"), list);
    }
}
