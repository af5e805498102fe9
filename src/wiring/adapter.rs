//! What an adapter is to the core; each file beside this one says it of one.

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::Deliver;

use crate::config::Config;
use crate::transport;
use crate::turn;

/// One adapter.
#[async_trait]
pub(super) trait Adapter: Sync {
    /// The provider's name, as addresses have it.
    fn provider(&self) -> &'static str;

    /// The section of the configuration that it is connected by; `None` where nothing needs to be set.
    fn section(&self) -> Option<&'static str> {
        None
    }

    /// What the core knows of it.
    fn transport(&self, config: &Config) -> turn::Transport;

    /// Connects it, without asking the provider anything; `None` where it is not configured.
    ///
    /// # Errors
    /// What is wrong with what is configured.
    fn connect(&self, _config: &Config) -> Option<Result<Connected, String>> {
        None
    }

    /// Asks the provider who we are.
    async fn verify(&self, _config: &Config) -> Verified {
        Verified::NotSet
    }
}

/// A provider that is configured, and not asked anything yet.
pub struct Connected {
    /// The provider.
    pub provider: &'static str,
    /// What writes there.
    pub deliver: Arc<dyn Deliver>,
    /// What keeps listening there; `None` where we only write.
    pub chats: Option<transport::Transport>,
}

/// What asking a provider who we are has come to.
#[derive(Debug)]
pub enum Verified {
    /// Nothing is configured to ask with.
    NotSet,
    /// It knows us: who we are there.
    Good(String),
    /// Our credentials, or what stands beside them, are no good.
    Refused(String),
    /// It could not be asked.
    Unreachable(String),
}
