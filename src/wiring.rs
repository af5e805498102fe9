//! Which adapters there are: provider name → adapter crate. No other file names one.

use std::collections::BTreeMap;
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
    let mut all = BTreeMap::new();
    #[cfg(feature = "console")]
    all.insert(CONSOLE.to_owned(), known(Arc::new(signalbox_console::ConsoleRender), true, false));
    #[cfg(feature = "telegram")]
    all.insert(TELEGRAM.to_owned(), known(Arc::new(signalbox_telegram::TelegramRender), false, true));
    all
}

#[cfg(any(feature = "console", feature = "telegram"))]
fn known(render: Arc<dyn signalbox_adapter::Render>, trusted: bool, edits: bool) -> router::Transport {
    router::Transport { render, trusted, edits, bot_name: Arc::default() }
}

/// Connects the transports that are configured; one that cannot be is left out and said why, all others go on.
#[must_use]
pub fn connect(config: &Config) -> Vec<transport::Transport> {
    let mut connected = Vec::new();
    #[cfg(feature = "telegram")]
    if let Some(token) = &config.telegram.token {
        let settings = signalbox_telegram::Settings {
            api_url: config.telegram.api_url.clone(),
            ..signalbox_telegram::Settings::new(token.clone())
        };
        match signalbox_telegram::connect(settings) {
            Ok(bot) => connected.push(transport::Transport {
                provider: TELEGRAM.to_owned(),
                bot_id: bot.bot_id,
                listen: Box::new(bot.listen),
                deliver: bot.deliver,
                announce: Some(bot.menu),
            }),
            Err(error) => tracing::error!(transport = TELEGRAM, %error, "this transport is off; all else goes on"),
        }
    }
    #[cfg(not(feature = "telegram"))]
    let _ = config;
    connected
}

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
