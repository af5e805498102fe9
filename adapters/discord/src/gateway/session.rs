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
    /// What was missed before it began and is still to be read; `None` where nothing was.
    #[serde(default)]
    pub(crate) missed: Option<Missed>,
}

/// What was missed before a session began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Missed {
    /// The id behind which it lies.
    pub(crate) after: u64,
    /// Whether the channels in which people write to the bot alone were read.
    pub(crate) has_direct: bool,
    /// The servers whose channels were read.
    pub(crate) guilds: Vec<String>,
    /// The servers whose channels are still to be read.
    #[serde(default)]
    pub(crate) left: Vec<String>,
}

impl Missed {
    /// Returns what is still to be read behind an id, in these servers.
    pub(crate) fn new(after: u64, left: Vec<String>) -> Self {
        Self { after, has_direct: false, guilds: Vec::new(), left }
    }

    /// Notes that a server's channels were read.
    pub(crate) fn read(&mut self, guild: &str) {
        self.left.retain(|left| left != guild);
        self.guilds.push(guild.to_owned());
    }

    /// Whether everything was read.
    pub(crate) fn is_read(&self) -> bool {
        self.has_direct && self.left.is_empty()
    }
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
