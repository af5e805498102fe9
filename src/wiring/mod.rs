//! Which adapters there are: one file for each, and one line in [`adapters`]. Nothing else in the core names an
//! adapter's crate.

mod adapter;
pub mod console;
mod email;
mod telegram;

use std::collections::BTreeMap;

use crate::config::Config;
use crate::turn;
use adapter::Adapter;
pub use adapter::{Connected, Verified};

/// The one chat of all terminals of a state directory.
pub const CONSOLE_CHAT: &str = "console:local";

/// Every adapter that is built in, in the order in which `signalbox setup` asks.
fn adapters() -> Vec<&'static dyn Adapter> {
    vec![
        #[cfg(feature = "console")]
        &console::Console,
        #[cfg(feature = "telegram")]
        &telegram::Telegram,
        #[cfg(feature = "email")]
        &email::Email,
    ]
}

/// Returns what the core knows of each transport that is built in, by provider.
#[must_use]
pub fn transports(config: &Config) -> BTreeMap<String, turn::Transport> {
    adapters().into_iter().map(|adapter| (adapter.provider().to_owned(), adapter.transport(config))).collect()
}

/// Names the providers that are only written to, and have readers.
#[must_use]
pub fn readers(config: &Config) -> Vec<String> {
    let all = transports(config).into_iter();
    all.filter(|(_, transport)| transport.readers.is_some()).map(|(provider, _)| provider).collect()
}

/// Connects what is configured; what cannot be is left out and said why, all else goes on.
#[must_use]
pub fn connect(config: &Config) -> Vec<Connected> {
    let connected = adapters().into_iter().filter_map(|adapter| match adapter.connect(config)? {
        Ok(connected) => Some(connected),
        Err(error) => {
            tracing::error!(transport = adapter.provider(), error, "this transport is off; all else goes on");
            None
        }
    });
    connected.collect()
}

/// Returns the names of what can be connected to: sections of the configuration.
#[must_use]
pub fn integrations() -> Vec<&'static str> {
    adapters().into_iter().filter_map(Adapter::section).collect()
}

/// Asks a provider who we are, with what is configured; a name that is none of [`integrations`] is never set.
pub async fn verify(config: &Config, name: &str) -> Verified {
    match adapters().into_iter().find(|adapter| adapter.section() == Some(name)) {
        Some(adapter) => adapter.verify(config).await,
        None => Verified::NotSet,
    }
}

/// Paints a document for standard output.
#[must_use]
pub fn painted(document: &signalbox_adapter::Document) -> String {
    #[cfg(feature = "console")]
    return console::painted(document);
    #[cfg(not(feature = "console"))]
    document.to_markdown()
}
