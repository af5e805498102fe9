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
pub fn transports() -> BTreeMap<String, turn::Transport> {
    adapters().into_iter().map(|adapter| (adapter.provider().to_owned(), adapter.transport())).collect()
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

/// Mail, which is only sent.
pub const EMAIL: &str = "email";

/// A notice by mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The subject.
    pub subject: String,
    /// Everybody who gets it.
    pub to: Vec<String>,
    /// Names the notice for ever, the same for all who get it.
    pub id: String,
    /// The `id`s of earlier notices about the same thing, oldest first.
    pub references: Vec<String>,
    /// What it says.
    pub document: signalbox_adapter::Document,
}

/// Makes the part of a notice that each of its recipients gets.
#[must_use]
pub fn mail_part(mail: &Mail) -> signalbox_adapter::Part {
    #[cfg(feature = "email")]
    return email::mail_part(mail.clone());
    #[cfg(not(feature = "email"))]
    signalbox_adapter::Part { body: mail.document.to_markdown() }
}

/// Paints a document for standard output.
#[must_use]
pub fn painted(document: &signalbox_adapter::Document) -> String {
    #[cfg(feature = "console")]
    return console::painted(document);
    #[cfg(not(feature = "console"))]
    document.to_markdown()
}
