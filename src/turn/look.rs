//! What can only be looked at outside of the transaction, asked for in one way.
//!
//! A handler names what it needs as [`Look`]s; all of them are looked at before the transaction begins, and what was found
//! is one value, [`Looked`], in the handler's [`Turn`](super::Turn). What takes a while never holds the writer up.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use signalbox_adapter::{ChatAddress, Incoming};
use tokio::io::AsyncReadExt as _;

use super::context::Context;
use super::intake;
use crate::agent::catalogue::{Choice, Presence};
use crate::alert::MAX_INPUT_BYTES;

/// Longest that a provider is asked whether a chat can be written to.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

/// Something that a handler needs to know from outside of its transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Which agents are installed: [`Looked::presence`].
    Presence,
    /// The same, and in which version.
    Versions,
    /// The text of the first file that came along: [`Looked::attached`].
    Attached,
    /// Whether these chats can be written to: [`Looked::unreachable`].
    Reach(Vec<ChatAddress>),
}

/// What a voice note was heard to say, or why it could not be heard.
pub type Heard = Result<String, String>;

/// What was found outside of the transaction.
#[derive(Debug, Default)]
pub struct Looked {
    heard: Option<Heard>,
    presence: Option<Presence>,
    attached: Option<Result<String, String>>,
    unreachable: BTreeMap<ChatAddress, String>,
}

/// What is said of agents that nobody has looked for.
static NOT_LOOKED_FOR: Presence = Presence { default: Choice::OnlyHost, versions: BTreeMap::new() };

impl Looked {
    /// Takes along what the message's voice note was heard to say, where it has one.
    #[must_use]
    pub fn hearing(heard: Option<Heard>) -> Self {
        Self { heard, ..Self::default() }
    }

    /// Looks at everything that is asked for.
    pub async fn look(&mut self, cx: &Context, incoming: &Incoming, looks: Vec<Look>) {
        for look in looks {
            match look {
                Look::Presence => self.presence = Some(cx.agents.look()),
                Look::Versions => self.presence = Some(cx.agents.look_closely().await),
                Look::Attached => {
                    if let Some(file) = intake::documents(&incoming.files).next() {
                        self.attached = read_text(Path::new(&file.path)).await.transpose();
                    }
                }
                Look::Reach(addresses) => {
                    for address in addresses {
                        if let Err(why) = reach(cx, &address).await {
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
    pub fn attached(&self) -> Option<&Result<String, String>> {
        self.attached.as_ref()
    }

    /// Returns why a chat cannot be written to; `None` where nothing stands in the way.
    #[must_use]
    pub fn unreachable(&self, address: &ChatAddress) -> Option<&str> {
        self.unreachable.get(address).map(String::as_str)
    }
}

/// Asks a provider whether a chat can be written to, where it is connected.
async fn reach(cx: &Context, address: &ChatAddress) -> Result<(), String> {
    let transport = cx.transports.get(address.provider.as_str());
    let Some(deliver) = transport.and_then(|transport| transport.deliver.as_ref()) else { return Ok(()) };
    match tokio::time::timeout(REACH_TIMEOUT, deliver.can_post(address)).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("no answer came in time".to_owned()),
    }
}

/// Reads a file that holds an alert; `None` for one that is no text, which is named to the agent instead.
async fn read_text(path: &Path) -> Result<Option<String>, String> {
    let unreadable = |error: std::io::Error| format!("the attached file cannot be read ({error})");
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_INPUT_BYTES).unwrap_or(u64::MAX);
    file.take(most + 1).read_to_end(&mut bytes).await.map_err(unreadable)?;
    if bytes.len() > MAX_INPUT_BYTES {
        return Err(format!("the attached file is longer than {MAX_INPUT_BYTES} bytes"));
    }
    Ok(String::from_utf8(bytes).ok())
}
