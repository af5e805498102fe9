//! What one person alone is shown, and by what they are reached: written by who hears them, read by who answers.
//!
//! An address that came with a command or a press is good for five answers in half an hour, also where the bot is no member;
//! after that the person is named, who has to be in the channel. Neither is seen after the client is loaded again.

use serde::{Deserialize, Serialize};

/// By what one person is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Aside {
    /// The person.
    #[serde(default)]
    pub(crate) user: String,
    /// Where.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) channel: String,
    /// In which thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) thread: Option<String>,
    /// The address that answers them for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

impl Aside {
    /// Writes it as the name of a window or of a press.
    pub(crate) fn written(&self) -> String {
        serde_json::to_string(self).expect("it is JSON")
    }

    /// Reads it; a text that is none names the person.
    pub(crate) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self { user: text.to_owned(), ..Self::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_name_alone_is_one() {
        let aside = Aside {
            user: "U1".to_owned(),
            channel: "C1".to_owned(),
            thread: Some("1.2".to_owned()),
            url: Some("https://hooks.slack.example/x".to_owned()),
        };
        assert_eq!(Aside::read(&aside.written()), aside);
        assert_eq!(Aside::read("U1").user, "U1");
    }
}
