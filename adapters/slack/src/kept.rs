//! Commands that Slack shows nobody, between their acknowledgement and their way into the inbox.
//!
//! A slash command, a form and a shortcut are shown by a message of ours, at which the answers then stand, so that the inbox
//! cannot have them before they are shown. They are kept in the notes of the listener until it has: what is acknowledged is
//! done, also where the program dies in between, and what was shown already is found again by its key.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use signalbox_adapter::{AcceptError, DeliveryKey, Inbox, Incoming, Outgoing, Purpose, Target};

use crate::aside::Aside;
use crate::body::Body;
use crate::stamp::Stamp;

/// Name of the note.
const NOTE: &str = "asked";

/// Most commands that are kept; further ones are not shown, and the inbox has them at once.
const MAX_KEPT: usize = 64;

/// A command that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// As the message that it would be.
    pub(crate) incoming: Incoming,
    /// How it is shown, not escaped.
    pub(crate) said: String,
    /// By what who asks is reached alone.
    pub(crate) aside: Aside,
    /// The newest message that was heard when it was kept: it was shown later than that.
    pub(crate) since: Stamp,
}

impl Kept {
    /// Returns the message that shows it, which has the same key whenever it is made.
    pub(crate) fn shown(&self) -> Outgoing {
        let body = Body { text: self.said.clone(), ..Body::default() };
        Outgoing {
            key: key(self.incoming.key.as_str()),
            target: Target { address: self.incoming.address.clone(), reply_to: None, edit_of: None, window: None },
            purpose: Purpose::Result,
            part: body.into_part(),
            buttons: Vec::new(),
            attachment: None,
            mark: None,
            plain: true,
        }
    }

    /// Returns since when it may have been shown, by Slack's clock.
    pub(crate) fn since(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.since.seconds())
    }
}

/// Makes a delivery key that stands for a name.
fn key(name: &str) -> DeliveryKey {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, name).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    DeliveryKey::from_random_bits(half(1) << 64 | half(2))
}

/// The commands that are kept, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Commands(VecDeque<Kept>);

impl Commands {
    /// Returns those of earlier lives.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub(crate) async fn noted(inbox: &dyn Inbox) -> Result<Self, AcceptError> {
        let noted = inbox.noted(NOTE).await?;
        Ok(noted.and_then(|words| serde_json::from_str(&words).ok()).unwrap_or_default())
    }

    /// Returns all of them.
    pub(crate) fn all(&self) -> Vec<Kept> {
        self.0.iter().cloned().collect()
    }

    /// Keeps a command; `false` where there are too many.
    ///
    /// # Errors
    /// [`AcceptError`]: it is not kept.
    pub(crate) async fn keep(&mut self, inbox: &dyn Inbox, command: &Kept) -> Result<bool, AcceptError> {
        if self.0.iter().any(|known| known.incoming.key == command.incoming.key) {
            return Ok(true);
        }
        if self.0.len() >= MAX_KEPT {
            return Ok(false);
        }
        self.0.push_back(command.clone());
        let noted = self.note(inbox).await;
        if noted.is_err() {
            self.0.pop_back();
        }
        noted.map(|()| true)
    }

    /// Forgets a command that the inbox has.
    ///
    /// # Errors
    /// [`AcceptError`]: a next life will look at it again.
    pub(crate) async fn done(&mut self, inbox: &dyn Inbox, command: &Kept) -> Result<(), AcceptError> {
        self.0.retain(|known| known.incoming.key != command.incoming.key);
        self.note(inbox).await
    }

    async fn note(&self, inbox: &dyn Inbox) -> Result<(), AcceptError> {
        inbox.note(NOTE, &serde_json::to_string(self).expect("it is JSON")).await
    }
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::testing::RecordingInbox;
    use signalbox_adapter::{InboundKey, IncomingKind, Sender};

    use super::*;

    fn command(number: usize) -> Kept {
        let key = InboundKey::new(format!("slack:1-2:asked:{number}"));
        let address = "slack:C1".parse().expect("an address");
        let incoming = Incoming::new(key, address, Sender::nobody(), IncomingKind::Text("/status".to_owned()));
        Kept { incoming, said: "Ada: /status".to_owned(), aside: Aside::default(), since: Stamp::default() }
    }

    #[tokio::test]
    async fn commands_are_kept_once_within_bounds_until_they_are_done() {
        let (mut commands, inbox) = (Commands::default(), RecordingInbox::default());
        for number in 0..MAX_KEPT {
            assert!(commands.keep(&inbox, &command(number)).await.expect("kept"));
        }
        assert!(commands.keep(&inbox, &command(3)).await.expect("kept"), "a copy is kept already");
        assert!(!commands.keep(&inbox, &command(MAX_KEPT)).await.expect("no trouble"));
        commands.done(&inbox, &command(3)).await.expect("noted");
        assert_eq!(commands.all().len(), MAX_KEPT - 1);
        assert!(commands.all().iter().all(|kept| *kept != command(3)));
    }

    #[test]
    fn what_shows_a_command_has_the_same_key_in_every_life_and_no_other_command_s() {
        let written = serde_json::to_string(&command(1)).expect("JSON");
        let read: Kept = serde_json::from_str(&written).expect("a command");
        assert_eq!(read.shown().key, command(1).shown().key);
        assert_ne!(command(1).shown().key, command(2).shown().key);
    }
}
