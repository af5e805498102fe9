//! What a session needs to go on, kept where the next life of the program finds it.

use serde::{Deserialize, Serialize};
use signalbox_adapter::{AcceptError, Inbox};

/// Name of the note.
const NOTE: &str = "session";

/// A session with the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Its id.
    pub(crate) id: String,
    /// The number of the last event that the inbox has.
    pub(crate) seq: u64,
    /// Where it is to go on.
    pub(crate) url: String,
    /// The bot's user id.
    pub(crate) user: String,
    /// Whether it brings what messages say.
    pub(crate) content: bool,
}

impl Session {
    /// Returns the session of an earlier life; `None` where none can go on.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub(crate) async fn noted(inbox: &dyn Inbox) -> Result<Option<Self>, AcceptError> {
        let noted = inbox.noted(NOTE).await?;
        // One without what messages say is not worth going on with: it may have been switched on since.
        Ok(noted.and_then(|words| serde_json::from_str(&words).ok()).filter(|session: &Self| session.content))
    }

    /// Keeps it for the next life.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub(crate) async fn note(&self, inbox: &dyn Inbox) -> Result<(), AcceptError> {
        inbox.note(NOTE, &serde_json::to_string(self).expect("a session is JSON")).await
    }

    /// Lets no later life go on with a session that is over.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub(crate) async fn forget(inbox: &dyn Inbox) -> Result<(), AcceptError> {
        inbox.note(NOTE, "").await
    }
}
