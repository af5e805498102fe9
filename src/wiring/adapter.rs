//! What an adapter is to the core; each file beside this one says it of one.

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::settings::{Section, Values};
use signalbox_adapter::{Announce, CommandEntry, Deliver, DeliverError, Listen};

use crate::transport;
use crate::turn;

/// One adapter.
pub(super) trait Adapter: Sync {
    /// The provider's name, as addresses have it.
    fn provider(&self) -> &'static str;

    /// What the core knows of it. The values are those of its section, if it has one.
    fn transport(&self, values: &Values) -> turn::Transport;

    /// What connects it; `None` where nothing has to be set.
    fn integration(&self) -> Option<&dyn Integration> {
        None
    }
}

/// What is connected by a section of the configuration.
#[async_trait]
pub(super) trait Integration: Sync {
    /// What it is told by the configuration.
    fn section(&self) -> &'static Section;

    /// Connects it without asking the provider anything; the section is set.
    ///
    /// # Errors
    /// What is wrong with the values.
    fn connect(&self, values: &Values) -> Result<Connected, String>;

    /// Asks the provider who we are; the section is set.
    async fn verify(&self, values: &Values) -> Verified;

    /// Returns the address that opens the bot and sends it a code, where the provider has such.
    fn invitation(&self, _bot_name: &str, _code: &str) -> Option<String> {
        None
    }

    /// Returns what an app with these commands must be at the provider, where people make one for themselves.
    fn manifest(&self, _commands: &[CommandEntry]) -> Option<Manifest> {
        None
    }
}

/// What an app must be at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// As the provider takes it.
    pub text: String,
    /// The address that makes such an app.
    pub address: String,
}

/// A provider that is configured, and not asked anything yet.
pub struct Connected {
    /// The provider.
    pub provider: &'static str,
    /// What writes there.
    pub deliver: Arc<dyn Deliver>,
    /// What keeps listening there; `None` where we only write.
    pub chats: Option<transport::ChatTransport>,
}

impl Connected {
    /// A provider with chats, where one thing listens and another writes.
    #[must_use]
    pub fn chats(
        provider: &'static str,
        bot_id: String,
        listen: Box<dyn Listen>,
        deliver: Arc<dyn Deliver>,
        announce: Option<Arc<dyn Announce>>,
    ) -> Self {
        let chats = transport::ChatTransport {
            provider: provider.to_owned(),
            bot_id,
            listen,
            deliver: Arc::clone(&deliver),
            announce,
        };
        Self { provider, deliver, chats: Some(chats) }
    }
}

/// What asking a provider who we are has come to.
#[derive(Debug)]
pub enum Verified {
    /// It knows us.
    Good(Found),
    /// Our credentials are no good.
    Refused(String),
    /// It could not be asked, or not everything went well.
    Unsure(String),
}

impl Verified {
    /// Asks a bot's API, which is at an address, who the bot is; `mark` stands before the names of bots there.
    pub async fn bot(deliver: &dyn Deliver, mark: &str, values: &Values) -> Self {
        let at = values.text("api_url").unwrap_or_default();
        Self::bot_at(deliver, mark, at, || format!("at {at}")).await
    }

    /// Does so where it can be told better than by the address where the bot is, once it has answered.
    pub async fn bot_at(deliver: &dyn Deliver, mark: &str, at: &str, place: impl Fn() -> String + Send) -> Self {
        match deliver.check().await {
            Ok(identity) => {
                let who = format!("{mark}{} (id {}) {}", identity.name, identity.id, place());
                Self::Good(Found::Bot { name: identity.name, who })
            }
            Err(DeliverError::Refused(why)) => Self::Refused(why),
            Err(error) => Self::Unsure(format!("{at} could not be asked: {error}")),
        }
    }
}

/// What a provider that knows us has told.
#[derive(Debug)]
pub enum Found {
    /// The bot that we are there.
    Bot {
        /// Its name.
        name: String,
        /// Who it is, in one line.
        who: String,
    },
    /// The steps that went well, one a line.
    Steps(String),
}
