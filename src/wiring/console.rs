//! The terminal: nothing to set, and connected by the shell that runs in it.
#![cfg(feature = "console")]

use std::sync::Arc;

use signalbox_adapter::Document;
use signalbox_adapter::settings::Values;
pub use signalbox_console::*;

use super::adapter::Adapter;
use crate::config::TERMINAL;
use crate::turn::{ChatIds, Transport};

/// What its chats are called: there is one.
const CHATS: ChatIds = ChatIds { is_one: |chat| chat.to_string() == TERMINAL, form: "one: console:local" };

/// The terminal.
pub(super) struct Console;

impl Adapter for Console {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn transport(&self, _values: &Values) -> Transport {
        Transport { trusted: true, chats: CHATS, ..Transport::new(Arc::new(ConsoleRender)) }
    }
}

/// Paints a document for standard output.
pub(super) fn painted(document: &Document) -> String {
    paint(document, &StreamPrinter::stdout().style())
}

/// Returns how wide standard output is, where it is a terminal.
pub(super) fn columns() -> Option<usize> {
    Some(StreamPrinter::stdout().style().width).filter(|width| *width != usize::MAX)
}
