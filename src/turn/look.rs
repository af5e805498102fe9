//! What can only be looked at outside of the transaction, asked for in one way.
//!
//! A handler names what it needs as [`Look`]s; all of them are looked at before the transaction begins, and what was found
//! is one value, [`Looked`], in the handler's [`Turn`](super::Turn). What takes a while never holds the writer up.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use signalbox_adapter::{ChatAddress, Deliver, Incoming};
use tokio::io::AsyncReadExt as _;

use super::context::Context;
use super::intake;
use crate::agent::catalogue::{CHAT_PATIENCE, Choice, Presence, TERMINAL_PATIENCE};
use crate::agent::checkout::{Checkout, Git};
use crate::agent::supervisor::client::KeptAgent;
use crate::alert::MAX_INPUT_BYTES;
use crate::config::Sandbox;
use crate::format::background::Unreachable;
use crate::format::rca::BadFile;
use crate::store::{ChatKey, Store};
use crate::voice;

/// Longest that a provider is asked whether a chat can be written to.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

/// Something that a handler needs to know from outside of its transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Which agents are installed: [`Looked::presence`].
    Presence,
    /// The same, and what each is like.
    Versions,
    /// The text of the first file that came along: [`Looked::attached`].
    Attached,
    /// Which agents are kept for a next prompt: [`Looked::kept`].
    Kept,
    /// Whether these chats can be written to: [`Looked::unreachable`].
    Reach(Vec<ChatAddress>),
    /// How git stands in the directory of the chat's session of this name, or of the one that is meant where none is named:
    /// [`Looked::checkout`].
    Checkout(Option<String>),
}

/// What a voice note was heard to say, or why it could not be heard.
pub type Heard = Result<String, voice::Unheard>;

/// What was found outside of the transaction.
#[derive(Debug, Default)]
pub struct Looked {
    heard: Option<Heard>,
    presence: Option<Presence>,
    attached: Option<Result<String, BadFile>>,
    kept: Vec<KeptAgent>,
    unreachable: BTreeMap<ChatAddress, Unreachable>,
    checkout: Option<Checkout>,
}

/// What is said of agents that nobody has looked for.
static NOT_LOOKED_FOR: Presence = Presence {
    default: Choice::OnlyHost,
    installed: Vec::new(),
    sandbox: false,
    programs: BTreeMap::new(),
    closer: BTreeMap::new(),
};

impl Looked {
    /// Takes along what the message's voice note was heard to say, where it has one.
    #[must_use]
    pub fn hearing(heard: Option<Heard>) -> Self {
        Self { heard, ..Self::default() }
    }

    /// Looks at everything that is asked for.
    pub async fn look(&mut self, cx: &Context, store: &Store, incoming: &Incoming, looks: Vec<Look>) {
        for look in looks {
            match look {
                Look::Presence => self.presence = Some(cx.agents.look()),
                // A terminal may end with its one answer; in a chat an answer is worth more than the whole of it.
                Look::Versions => {
                    let patience = if cx.is_trusted(incoming.address.provider.as_str()) {
                        TERMINAL_PATIENCE
                    } else {
                        CHAT_PATIENCE
                    };
                    self.presence = Some(cx.agents.look_closely(patience).await);
                }
                Look::Kept => {
                    let state = cx.state.clone();
                    let looking = tokio::task::spawn_blocking(move || KeptAgent::all(&state));
                    self.kept = looking.await.unwrap_or_default();
                }
                Look::Attached => {
                    if let Some(file) = intake::documents(&incoming.files).next() {
                        self.attached = read_text(Path::new(&file.path)).await.transpose();
                    }
                }
                Look::Checkout(name) => self.checkout = checkout(cx, store, incoming, name).await,
                Look::Reach(addresses) => {
                    for address in addresses {
                        let transport = cx.transports.get(address.provider.as_str());
                        let Some(deliver) = transport.and_then(|transport| transport.deliver.as_ref()) else {
                            continue;
                        };
                        if let Err(why) = reach(deliver.as_ref(), &address).await {
                            self.unreachable.insert(address, why);
                        }
                    }
                }
            }
        }
    }

    /// Returns what the message's voice note was heard to say, or why it could not be heard.
    #[must_use]
    pub fn heard(&self) -> Option<&Heard> {
        self.heard.as_ref()
    }

    /// Returns what the machine says of its agents.
    #[must_use]
    pub fn presence(&self) -> &Presence {
        debug_assert!(self.presence.is_some(), "a handler uses what it has not asked for");
        self.presence.as_ref().unwrap_or(&NOT_LOOKED_FOR)
    }

    /// Returns the text of the file that came along, or why it cannot be read; `None` where there is no text.
    #[must_use]
    pub fn attached(&self) -> Option<&Result<String, BadFile>> {
        self.attached.as_ref()
    }

    /// Returns how git stands in the session's directory; `None` where it is in no checkout, or its agent is kept apart.
    #[must_use]
    pub fn checkout(&self) -> Option<&Checkout> {
        self.checkout.as_ref()
    }

    /// Returns the agents that are kept for a next prompt.
    #[must_use]
    pub fn kept(&self) -> &[KeptAgent] {
        &self.kept
    }

    /// Returns why a chat cannot be written to; `None` where nothing stands in the way.
    #[must_use]
    pub fn unreachable(&self, address: &ChatAddress) -> Option<&Unreachable> {
        self.unreachable.get(address)
    }
}

/// Looks at the directory of a chat's session. A store that cannot be read says so where the message is handled.
async fn checkout(cx: &Context, store: &Store, incoming: &Incoming, name: Option<String>) -> Option<Checkout> {
    let incoming = incoming.clone();
    let find = store.read(move |tx| {
        let Some(name) = &name else { return tx.session_meant(&incoming) };
        let (chat, name) = (ChatKey::of(&incoming.address), name.trim_start_matches('@'));
        match tx.session_by_name(&chat, name)? {
            Some(session) => Ok(Some(session)),
            None => tx.closed_session_by_name(&chat, name),
        }
    });
    let session = find.await.ok().flatten()?;
    if cx.agents.agent(&session.agent).is_none_or(|agent| agent.sandbox != Sandbox::Off) {
        return None;
    }
    let (git, directory) = (Git::new(cx.agents.variables()), Path::new(&session.directory));
    let mut checkout = git.look(directory).await?;
    let branch = session.branch();
    if session.worktree_of.is_some() && checkout.branch.as_ref() == Some(&branch) {
        checkout.has_own = git.has_own(directory, &branch).await;
    }
    Some(checkout)
}

/// Asks a provider whether a chat can be written to.
async fn reach(deliver: &dyn Deliver, address: &ChatAddress) -> Result<(), Unreachable> {
    match tokio::time::timeout(REACH_TIMEOUT, deliver.can_post(address)).await {
        Ok(answer) => answer.map_err(|error| Unreachable::Said(error.to_string())),
        Err(_) => Err(Unreachable::Silent),
    }
}

/// Reads a file that holds an alert; `None` for one that is no text, which is named to the agent instead.
async fn read_text(path: &Path) -> Result<Option<String>, BadFile> {
    let unreadable = |error: std::io::Error| BadFile::Unreadable(error.to_string());
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_INPUT_BYTES).unwrap_or(u64::MAX);
    file.take(most + 1).read_to_end(&mut bytes).await.map_err(unreadable)?;
    if bytes.len() > MAX_INPUT_BYTES {
        return Err(BadFile::Long);
    }
    Ok(String::from_utf8(bytes).ok())
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::{DeliverError, Identity, Outgoing, Receipt, Reconciled, Tried};

    use super::*;

    /// A provider that refuses one chat, and never answers about any other.
    struct Closed;

    #[async_trait::async_trait]
    impl Deliver for Closed {
        async fn deliver(&self, _message: &Outgoing) -> Result<Receipt, DeliverError> {
            Err(DeliverError::Refused("closed".into()))
        }

        async fn reconcile(&self, _message: &Outgoing, _tried: &Tried) -> Result<Reconciled, DeliverError> {
            Err(DeliverError::Refused("closed".into()))
        }

        async fn can_post(&self, address: &ChatAddress) -> Result<(), DeliverError> {
            if address.chat.as_str() != "1" {
                std::future::pending::<()>().await;
            }
            Err(DeliverError::Refused("chat not found".into()))
        }

        async fn check(&self) -> Result<Identity, DeliverError> {
            Err(DeliverError::Refused("closed".into()))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_chat_is_out_of_reach_where_the_provider_says_so_or_does_not_answer() {
        let ask = async |address: &str| reach(&Closed, &address.parse().expect("an address")).await;
        assert_eq!(ask("telegram:1").await, Err(Unreachable::Said("refused: chat not found".into())));
        assert_eq!(ask("telegram:2").await, Err(Unreachable::Silent));
    }

    #[tokio::test]
    async fn a_file_is_read_as_text_left_to_the_agent_or_refused_for_its_length() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = |name: &str, content: &[u8]| {
            let path = directory.path().join(name);
            std::fs::write(&path, content).expect("a file");
            path
        };
        assert_eq!(read_text(&file("alert.json", b"{}")).await, Ok(Some("{}".into())));
        assert_eq!(read_text(&file("graph.png", b"\x89PNG\xff")).await, Ok(None));
        let long = read_text(&file("long.txt", &vec![b'x'; MAX_INPUT_BYTES + 1])).await;
        assert_eq!(long, Err(BadFile::Long));
        let gone = read_text(&directory.path().join("gone")).await.expect_err("it is not there");
        assert!(matches!(gone, BadFile::Unreadable(_)), "{gone:?}");
    }
}
