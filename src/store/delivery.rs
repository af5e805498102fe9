//! A delivery: one provider call with one effect; who makes it, and when it may.

use std::sync::Arc;
use std::time::Duration;

use signalbox_adapter::{Button, ChatAddress, DeliveryKey, MessageId, Part, Purpose, UserId};

use super::about::About;
use super::enclosed::Enclosed;
use super::id::{DeliveryId, InboxId, TaskId};
use crate::clock::Timestamp;

/// State of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits to be sent.
    Pending,
    /// A process is sending it.
    Sending,
    /// It may have arrived.
    Unknown,
    /// It arrived.
    Delivered,
    /// It never will; in the dead-letter list.
    Failed,
}

impl State {
    /// Every state, in the order of a delivery's life.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Sending, Self::Unknown, Self::Delivered, Self::Failed];

    /// Returns the word shown to people and stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    pub(super) fn parse(word: &str) -> Self {
        match word {
            "pending" => Self::Pending,
            "sending" => Self::Sending,
            "delivered" => Self::Delivered,
            "failed" => Self::Failed,
            _ => Self::Unknown,
        }
    }
}

/// Which lanes a process delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lanes {
    /// The provider.
    pub provider: String,
    /// The one window of it; `None` for a provider that has none.
    pub window: Option<String>,
}

/// What this process delivers, under which name, and how fast.
#[derive(Clone)]
pub struct Delivering {
    /// Its lanes.
    pub scopes: Vec<Lanes>,
    /// Its name in the rows.
    pub sender: String,
    /// Says when a chat may be written to.
    pub gate: Arc<dyn Gate>,
}

/// Says when a chat may be written to; asked inside the step that claims a delivery.
pub trait Gate: Send + Sync {
    /// Whether a message to this chat may go out now; if so it counts as sent.
    fn admits(&self, address: &ChatAddress, what: Sending) -> bool;

    /// Notes that a delivery is to be looked for after this long.
    fn expect(&self, after: Duration);
}

/// What is about to go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// A new message, and why; a status message leaves room for others.
    Message(Purpose),
    /// A change of an earlier message; leaves room for a new one.
    Edit,
    /// A thread at a message.
    Opening,
}

/// A delivery to be.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Where it goes.
    pub address: ChatAddress,
    /// Which window of the chat.
    pub window: Option<String>,
    /// The message it answers.
    pub reply_to: Option<String>,
    /// Why.
    pub purpose: Purpose,
    /// Its parts, in order; the buttons go below the last.
    pub parts: Vec<Part>,
    /// Buttons.
    pub buttons: Vec<Button>,
    /// A file that goes with the last part.
    pub attachment: Option<Enclosed>,
    /// Files that go behind it, one message each, with what stands there.
    pub files: Vec<(Part, Enclosed)>,
    /// The task it tells of.
    pub task: Option<TaskId>,
    /// The inbound message it answers.
    pub inbox: Option<InboxId>,
    /// What its buttons are about, by which it is found when they are spent.
    pub about: Option<About>,
    /// When it is sent at the earliest; `None` for at once. Until then nothing waits for it.
    pub not_before: Option<Timestamp>,
}

impl NewDelivery {
    /// Makes a delivery to a whole chat that answers nothing and has no buttons.
    #[must_use]
    pub fn to(address: ChatAddress, purpose: Purpose, parts: Vec<Part>) -> Self {
        Self {
            address,
            window: None,
            reply_to: None,
            purpose,
            parts,
            buttons: Vec::new(),
            attachment: None,
            files: Vec::new(),
            task: None,
            inbox: None,
            about: None,
            not_before: None,
        }
    }
}

/// What opens a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opens {
    /// What the thread is called.
    pub name: String,
    /// Who asked for it.
    pub guest: Option<UserId>,
    /// The message at which it is to stand; `None` where that is not, or no more, known.
    pub at: Option<MessageId>,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Row id: order of writing.
    pub id: DeliveryId,
    /// Idempotency key.
    pub key: DeliveryKey,
    /// Lane.
    pub lane: String,
    /// Where it goes.
    pub address: ChatAddress,
    /// Why.
    pub purpose: Purpose,
    /// Rendered text.
    pub part: Part,
    /// Buttons.
    pub buttons: Vec<Button>,
    /// Whether the buttons are told in words instead, since they were refused.
    pub by_words: bool,
    /// File.
    pub attachment: Option<Enclosed>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// State.
    pub state: State,
    /// Attempts so far, the one under way included.
    pub attempts: u32,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub finished_at: Option<Timestamp>,
    /// The last error.
    pub error: Option<String>,
    /// Whether an earlier attempt may have arrived.
    pub maybe_repeat: bool,
    /// Whether it goes in the plainest form, since another was refused.
    pub plain: bool,
    /// The task it tells of.
    pub task: Option<TaskId>,
    /// What it is about, where it is to be found again.
    pub about: Option<About>,
    /// Whether it changes an earlier message.
    pub is_edit: bool,
    /// That message, where it has arrived.
    pub edit_of: Option<MessageId>,
    /// The thread that it opens, and which is all that it does.
    pub opens: Option<Opens>,
    /// The window of the chat that it is for; `None` for everybody.
    pub window: Option<String>,
}
