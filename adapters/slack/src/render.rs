//! From a document to what Slack shows. Pure.

use signalbox_adapter::{Document, Limits, Part, PlainMeasure, Render, Rendered, Split, TextUnit, split};

/// Longest text of a message, in characters, as Slack advises; it cuts what is longer than 40,000.
/// Source: <https://docs.slack.dev/reference/methods/chat.postMessage#truncating>, read 2026-11.
const MAX_TEXT_CHARS: usize = 3000;

/// Renders for Slack.
#[derive(Debug, Clone, Copy, Default)]
pub struct SlackRender;

impl Render for SlackRender {
    fn limits(&self) -> Limits {
        Limits { max_text: MAX_TEXT_CHARS, unit: TextUnit::Chars }
    }

    fn render(&self, document: &Document, max_parts: usize) -> Rendered {
        let split = split(document, &PlainMeasure(TextUnit::Chars), MAX_TEXT_CHARS, max_parts);
        let rest = split.rest.clone();
        let parts = Split::numbered(split).iter().map(|part| Part { body: part.visible_text() }).collect();
        Rendered { parts, rest }
    }
}
