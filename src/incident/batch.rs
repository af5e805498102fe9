//! Alerts that arrive together for one chat.

use signalbox_adapter::ChatAddress;

use super::group::AlertGroup;
use crate::alert::{Alert, Payload};

/// Alerts that arrive together for one chat.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Where their incidents are shown.
    pub target: ChatAddress,
    /// By which door they came.
    pub origin: AlertOrigin,
    /// The alerts.
    pub payload: Payload,
    /// Whether one that says what is known already counts as another time: a new message of a bot does, which nobody sends
    /// by itself; the change of a message does not, nor a hook's word, which its source repeats as long as it fires.
    pub counts_repeats: bool,
}

impl Batch {
    /// Returns the group of one of the alerts: what comes by another door is another, whatever its sender calls it.
    #[must_use]
    pub fn group_of(&self, alert: &Alert) -> AlertGroup {
        AlertGroup::of(alert, &self.payload).within(&self.origin.door(&self.target))
    }
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

    /// Returns what tells alerts that come here for a chat from all others of that chat: two hooks may tell two of its topics
    /// of the same. Where a post stands says nothing, since each post of a forum is a thread of its own.
    #[must_use]
    pub fn door(&self, target: &ChatAddress) -> String {
        match (self, &target.thread) {
            (Self::Hook(_), Some(thread)) => format!("{}/{thread}", self.written()),
            (Self::Hook(_), None) | (Self::Post(_), _) => self.written(),
        }
    }

    /// Returns what an alert that comes here for a chat is known by.
    #[must_use]
    pub fn identity(&self, target: &ChatAddress, alert: &Alert) -> String {
        format!("{}\n{}:{}", self.door(target), alert.source.as_str(), alert.fingerprint)
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
