//! Which adapters there are: provider name → adapter crate. No other file names one.

use std::collections::BTreeMap;

use crate::router::Transport;

/// The terminal.
pub const CONSOLE: &str = "console";
/// The one chat of all terminals of a state directory.
pub const CONSOLE_CHAT: &str = "console:local";

/// Returns the transports of this program, by provider.
#[must_use]
pub fn transports() -> BTreeMap<String, Transport> {
    #[cfg(feature = "console")]
    {
        let render = std::sync::Arc::new(signalbox_console::ConsoleRender);
        BTreeMap::from([(CONSOLE.to_owned(), Transport { render, trusted: true, bot_name: None })])
    }
    #[cfg(not(feature = "console"))]
    BTreeMap::new()
}

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
