//! What we say to a provider: one value is one provider call with one effect.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{ChatAddress, DeliveryKey, MessageId, Part};

/// Longest [`Outgoing::mark`], in bytes and so in any provider's units; a renderer leaves room for it.
pub const MAX_MARK_BYTES: usize = 40;

/// One message to deliver, rendered and within the adapter's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Idempotency key, the same on every attempt.
    pub key: DeliveryKey,
    /// Where it goes.
    pub target: Target,
    /// Why it is said; decides priority, sound and what may be dropped.
    pub purpose: Purpose,
    /// The rendered text.
    pub part: Part,
    /// Buttons below the text.
    pub buttons: Vec<Button>,
    /// A file that goes with it.
    pub attachment: Option<Attachment>,
    /// A line that goes with the text, such as that it may be a repeat; at most [`MAX_MARK_BYTES`], but for one that says what to
    /// type in place of buttons that were refused. A text that does not fit together with it is cut.
    pub mark: Option<String>,
    /// Whether it goes in the plainest form that the provider has: the text alone as it reads without formatting, pinging
    /// nobody, addresses behind their words where there is room. Set when the provider refused another form of it; an adapter
    /// whose provider refuses none need not look at it.
    pub plain: bool,
}

/// Where an [`Outgoing`] goes; references to other deliveries are already resolved to message ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The chat.
    pub address: ChatAddress,
    /// The message it answers; delivered all the same when that is gone.
    pub reply_to: Option<MessageId>,
    /// The message it replaces.
    pub edit_of: Option<MessageId>,
    /// The window of the chat that it is for, as [`crate::Incoming::window`] names it; `None` for everybody.
    pub window: Option<String>,
}

/// Why something is said. The order is the priority: smaller goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A final result, or the answer to a command.
    Result,
    /// A question to a person that holds work up.
    Approval,
    /// An alert card or notice.
    Alert,
    /// A status message; makes no sound and may be replaced by a newer one.
    Progress,
}

/// A button that carries a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What comes back when it is pressed, at most 64 bytes.
    pub action: String,
}

/// A file that goes with a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name shown to people.
    pub file_name: String,
    /// Media type, for example `text/markdown`.
    pub media_type: String,
    /// All of it.
    pub content: Vec<u8>,
    /// Where it lies on this machine, for who sits at it; `None` for what is nowhere else.
    pub path: Option<PathBuf>,
}

impl Attachment {
    /// Makes one of a text.
    #[must_use]
    pub fn text(file_name: &str, media_type: &str, text: &str) -> Self {
        let (file_name, media_type) = (file_name.to_owned(), media_type.to_owned());
        Self { file_name, media_type, content: text.as_bytes().to_vec(), path: None }
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, kind, size_bytes) = (&self.file_name, &self.media_type, self.content.len());
        write!(f, "Attachment({name:?}, {kind:?}, {size_bytes} bytes)")
    }
}
