//! Which adapters there are: provider name → adapter crate. No other file names one.

use std::collections::BTreeMap;
#[cfg(any(feature = "console", feature = "telegram"))]
use std::sync::Arc;

use crate::config::Config;
use crate::router;
use crate::transport;

/// The terminal.
pub const CONSOLE: &str = "console";
/// The one chat of all terminals of a state directory.
pub const CONSOLE_CHAT: &str = "console:local";

/// Returns what the core knows of each transport that is built in, by provider.
#[must_use]
pub fn transports() -> BTreeMap<String, router::Transport> {
    let all = [
        #[cfg(feature = "console")]
        (CONSOLE.to_owned(), known(Arc::new(signalbox_console::ConsoleRender), true, false)),
        #[cfg(feature = "telegram")]
        (TELEGRAM.to_owned(), known(Arc::new(signalbox_telegram::TelegramRender), false, true)),
    ];
    BTreeMap::from(all)
}

#[cfg(any(feature = "console", feature = "telegram"))]
fn known(render: Arc<dyn signalbox_adapter::Render>, trusted: bool, edits: bool) -> router::Transport {
    router::Transport { render, trusted, edits, bot_name: Arc::default() }
}

/// Connects the transports that are configured; one that cannot be is left out and said why, all others go on.
#[must_use]
pub fn connect(config: &Config) -> Vec<transport::Transport> {
    let connections = [
        #[cfg(feature = "telegram")]
        telegram(config),
        None,
    ];
    #[cfg(not(feature = "telegram"))]
    let _ = config;
    connections.into_iter().flatten().collect()
}

#[cfg(feature = "telegram")]
fn telegram_bot(config: &Config) -> Option<Result<signalbox_telegram::Telegram, signalbox_telegram::InvalidSettings>> {
    let token = config.telegram.token.as_ref()?;
    let settings = signalbox_telegram::Settings {
        api_url: config.telegram.api_url.clone(),
        ..signalbox_telegram::Settings::new(token.clone())
    };
    Some(signalbox_telegram::connect(settings))
}

#[cfg(feature = "telegram")]
fn telegram(config: &Config) -> Option<transport::Transport> {
    let bot = telegram_bot(config)?
        .inspect_err(|error| tracing::error!(transport = TELEGRAM, %error, "this transport is off; all else goes on"))
        .ok()?;
    Some(transport::Transport {
        provider: TELEGRAM.to_owned(),
        bot_id: bot.bot_id,
        listen: Box::new(bot.listen),
        deliver: bot.deliver,
        announce: Some(bot.menu),
    })
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

/// Asks a provider who we are, with what is configured; a name that is none of [`INTEGRATIONS`] is never set.
pub async fn verify(config: &Config, name: &str) -> Verified {
    match name {
        #[cfg(feature = "telegram")]
        TELEGRAM => match telegram_bot(config) {
            None => Verified::NotSet,
            Some(Err(error)) => Verified::Refused(error.to_string()),
            Some(Ok(bot)) => who(bot.deliver.as_ref(), &config.telegram.api_url).await,
        },
        _ => {
            let _ = config;
            Verified::NotSet
        }
    }
}

#[cfg(feature = "telegram")]
async fn who(deliver: &dyn signalbox_adapter::Deliver, at: &str) -> Verified {
    use signalbox_adapter::DeliverError;
    match deliver.check().await {
        Ok(identity) => Verified::Good(format!("@{} (id {}) at {at}", identity.name, identity.id)),
        Err(DeliverError::Refused(why)) => Verified::Refused(why),
        Err(error) => Verified::Unreachable(format!("{at} could not be asked: {error}")),
    }
}

/// What can be connected to, by the name of its section of the configuration.
pub const INTEGRATIONS: &[&str] = &[
    #[cfg(feature = "telegram")]
    TELEGRAM,
];

/// Telegram.
#[cfg(feature = "telegram")]
const TELEGRAM: &str = "telegram";

#[cfg(feature = "console")]
pub use signalbox_console as console;

/// Paints a document for standard output.
#[must_use]
pub fn painted(document: &signalbox_adapter::Document) -> String {
    #[cfg(feature = "console")]
    {
        use console::Printer as _;
        console::paint(document, &console::StreamPrinter::stdout().style())
    }
    #[cfg(not(feature = "console"))]
    document.to_markdown()
}
