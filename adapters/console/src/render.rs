//! Documents to parts: a terminal takes any length, so a document is always one part.
//!
//! The part's body is the document itself, as JSON. Colour and width are those of the terminal that prints it, which may
//! be another shell, much later; so [`crate::paint()`] runs only then.

use signalbox_adapter::{Block, Document, Limits, Part, Render, Rendered, TextUnit};

use crate::paint::{Style, paint};

/// Renders for the terminal.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConsoleRender;

impl Render for ConsoleRender {
    fn limits(&self) -> Limits {
        Limits { max_text: usize::MAX, unit: TextUnit::Bytes }
    }

    /// Only its place is printed.
    fn max_file_bytes(&self) -> u64 {
        u64::MAX
    }

    fn render(&self, document: &Document, _max_parts: usize) -> Rendered {
        let body = to_body(document);
        // The reader of JSON refuses deep nesting; such a document is kept as the text it would show.
        let readable = serde_json::from_str::<Document>(&body).is_ok();
        let body = if readable { body } else { to_body(&flattened(document)) };
        Rendered { parts: vec![Part { body }], rest: None }
    }
}

/// Reads a part back; a body that is no document is taken as the text to show.
#[must_use]
pub(crate) fn document(part: &Part) -> Document {
    serde_json::from_str(&part.body).unwrap_or_else(|_| Document::text(&part.body))
}

fn to_body(document: &Document) -> String {
    serde_json::to_string(document).expect("a document has only text keys")
}

fn flattened(document: &Document) -> Document {
    Document::default().with(Block::Code { language: None, text: paint(document, &Style::PLAIN) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_of_any_length_is_one_part_and_reads_back() {
        let written = Document::text("x".repeat(2_000_000)).with(Block::Rule);
        let Rendered { parts, rest } = ConsoleRender.render(&written, 1);
        assert_eq!((parts.len(), rest), (1, None));
        assert_eq!(document(&parts[0]), written);
    }

    #[test]
    fn a_document_nested_too_deep_keeps_its_text() {
        let mut deep = Block::text("at the bottom");
        for _ in 0..100 {
            deep = Block::Quote(vec![deep]);
        }
        let parts = ConsoleRender.render(&Document::default().with(deep), 1).parts;
        assert!(paint(&document(&parts[0]), &Style::PLAIN).contains("at the bottom"));
        assert!(!paint(&document(&parts[0]), &Style::PLAIN).contains('{'));
    }

    #[test]
    fn a_body_of_another_make_is_shown_as_it_is() {
        let part = Part { body: "plain words".to_owned() };
        assert_eq!(document(&part), Document::text("plain words"));
    }
}
