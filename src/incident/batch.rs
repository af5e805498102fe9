//! Alerts that arrive together for one chat.

use signalbox_adapter::ChatAddress;

use crate::alert::Payload;

/// Alerts that arrive together for one chat.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Where their incidents are shown.
    pub target: ChatAddress,
    /// By which door they came.
    pub origin: AlertOrigin,
    /// The alerts.
    pub payload: Payload,
}

/// The door by which alerts came; what a post says is cut by its sender, so it counts for less than a hook's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertOrigin {
    /// A hook; holds its id.
    Hook(String),
    /// A message of a bot in an alert channel; holds the sender's id.
    Post(String),
}

impl AlertOrigin {
    /// Whether it is a post.
    #[must_use]
    pub fn is_post(&self) -> bool {
        matches!(self, Self::Post(_))
    }

    /// Returns it in a word and an id, as it is stored: `hook:ops`, `post:1001`.
    #[must_use]
    pub fn written(&self) -> String {
        match self {
            Self::Hook(id) => format!("hook:{id}"),
            Self::Post(sender) => format!("post:{sender}"),
        }
    }
}
