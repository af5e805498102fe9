//! Which adapters there are: one file for each, and one line in the list below. Nothing else in the core names an
//! adapter's crate.
//!
//! What an adapter is told by the configuration it states itself, once; [`statements`] hands that to
//! [`crate::config`], which uses nothing of this.

mod adapter;
pub mod console;
mod discord;
mod email;
mod slack;
mod telegram;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use signalbox_adapter::settings::{Section, Values};
use signalbox_adapter::{ChatAddress, ChatId, CommandEntry, DeliverError, Provider, ReadAt};

use crate::agent::kinds;
use crate::config::{Config, ProviderStatement, Statements, Unreached};
use crate::store::ChatKey;
use crate::turn;
use adapter::{Adapter, Integration};
pub use adapter::{Connected, Found, Manifest, Verified};

/// The one chat of all terminals of a state directory.
pub const CONSOLE_CHAT: &str = crate::config::TERMINAL;

/// Returns the chat of all terminals.
#[must_use]
pub fn console_chat() -> ChatKey {
    CONSOLE_CHAT.parse().expect("it names a chat")
}

/// Returns the address of that chat.
#[must_use]
pub fn console_address() -> ChatAddress {
    CONSOLE_CHAT.parse().expect("it names a chat")
}

/// Makes the list of adapters. Of one that is left out of this build only its section's name is known.
macro_rules! adapters {
    ($($feature:literal $(reads $section:literal)?: $adapter:expr,)*) => {
        /// Every adapter that is built in, in the order in which `signalbox setup` asks.
        fn adapters() -> Vec<&'static dyn Adapter> {
            vec![$(#[cfg(feature = $feature)] &$adapter,)*]
        }

        /// The names of the sections of all adapters.
        #[cfg(test)]
        const LISTED: &[&str] = &[$($($section,)?)*];

        /// Returns the names of the sections of adapters that are left out of this build.
        fn left_out() -> Vec<&'static str> {
            vec![$($(#[cfg(not(feature = $feature))] $section,)?)*]
        }
    };
}

adapters! {
    "console": console::Console,
    "telegram" reads "telegram": telegram::Telegram,
    "email" reads "smtp": email::Email,
    "discord" reads "discord": discord::Discord,
    "slack" reads "slack": slack::Slack,
}

fn integrations() -> impl Iterator<Item = &'static dyn Integration> {
    adapters().into_iter().filter_map(Adapter::integration)
}

/// Returns what adapters and agents state of themselves to the configuration.
#[must_use]
pub fn statements() -> Statements {
    Statements {
        sections: integrations().map(Integration::section).collect(),
        providers: adapters().into_iter().map(provider).collect(),
        kinds: kinds::statements(),
        left_out: left_out(),
    }
}

fn provider(adapter: &'static dyn Adapter) -> ProviderStatement {
    ProviderStatement { name: adapter.provider(), section: adapter.integration().map(Integration::section) }
}

/// Says why nobody is told at an address of a provider; `None` where somebody is.
#[must_use]
pub fn unreached(config: &Config, provider: &str) -> Option<Unreached> {
    statements().unreached(&config.adapters, provider)
}

/// Returns the section that connects a provider, where one does.
#[must_use]
pub fn section_of(provider: &str) -> Option<&'static Section> {
    let adapter = adapters().into_iter().find(|adapter| adapter.provider() == provider)?;
    adapter.integration().map(Integration::section)
}

/// Returns what the core knows of each transport that is built in, by provider.
#[must_use]
pub fn transports(config: &Config) -> BTreeMap<String, turn::Transport> {
    let transport = |adapter: &'static dyn Adapter| {
        let section = adapter.integration().map(Integration::section);
        adapter.transport(section.map_or(&Values::NONE, |section| config.adapters.of(section.name)))
    };
    adapters().into_iter().map(|adapter| (adapter.provider().to_owned(), transport(adapter))).collect()
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
    let set = integrations().filter(|one| config.adapters.is_set(one.section()));
    let connected = set.filter_map(|one| {
        let section = one.section().name;
        let connected = one.connect(config.adapters.of(section));
        connected.inspect_err(|error| tracing::error!(section, error, "this transport is off; all else goes on")).ok()
    });
    connected.collect()
}

/// Asks the provider behind a section who we are, with what is configured; `None` where it is not set.
pub async fn verify(config: &Config, section: &Section) -> Option<Verified> {
    let integration = integrations().find(|one| one.section().name == section.name)?;
    if !config.adapters.is_set(section) {
        return None;
    }
    Some(integration.verify(config.adapters.of(section.name)).await)
}

/// Asks whether the places of alerts of a section's provider, as the configuration names them, can be written to; returns
/// those that cannot, with the provider's words. What nobody knows now is left out.
pub async fn closed_places(config: &Config, section: &Section) -> Vec<(ChatAddress, String)> {
    let Some(integration) = integrations().find(|one| one.section().name == section.name) else { return Vec::new() };
    let Ok(connected) = integration.connect(config.adapters.of(section.name)) else { return Vec::new() };
    let targets = config.hooks.iter().map(|hook| &hook.target);
    let named = config.triage.channels.iter().map(|channel| &channel.address).chain(targets);
    let places: BTreeSet<&ChatAddress> = named.filter(|place| place.provider.as_str() == connected.provider).collect();
    let mut closed = Vec::new();
    for place in places {
        if let Err(DeliverError::Refused(why)) = connected.deliver.can_post(place).await {
            closed.push((place.clone(), why));
        }
    }
    closed
}

/// Returns the address that opens a provider's bot and sends it a code, where the provider has such.
#[must_use]
pub fn invitation(section: &Section, bot_name: &str, code: &str) -> Option<String> {
    integrations().find(|one| one.section().name == section.name)?.invitation(bot_name, code)
}

/// Returns how a person tells a provider's bot a code: by that address where there is one, else in the words that are typed in
/// a direct chat with it; `None` where nobody writes to a bot.
#[must_use]
pub fn introduction(section: &Section, bot_name: Option<&str>, code: &str) -> Option<String> {
    let provider = section.access?.provider;
    let address = ChatAddress::new(Provider::new(provider), ChatId::new(""));
    let adapter = adapters().into_iter().find(|adapter| adapter.provider() == provider)?;
    let render = adapter.transport(&Values::NONE).render;
    let typed = || render.command(&format!("/start {code}"), &ReadAt { address: &address, is_reply: false, bot_name });
    Some(bot_name.and_then(|name| invitation(section, name, code)).unwrap_or_else(typed))
}

/// Returns what an app with these commands must be at the provider of a section, where people make one for themselves; `None`
/// where they do not, or the adapter is left out of this build.
#[must_use]
pub fn manifest(section: &str, commands: &[CommandEntry]) -> Option<Manifest> {
    integrations().find(|one| one.section().name == section)?.manifest(commands)
}

/// Returns how wide standard output is, where it is a terminal.
#[must_use]
pub fn columns() -> Option<usize> {
    #[cfg(feature = "console")]
    return console::columns();
    #[cfg(not(feature = "console"))]
    None
}

/// Paints a document for standard output.
#[must_use]
pub fn painted(document: &signalbox_adapter::Document) -> String {
    #[cfg(feature = "console")]
    return console::painted(document);
    #[cfg(not(feature = "console"))]
    document.to_markdown()
}
