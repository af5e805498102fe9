//! The text that a reader sees, which defines "nothing is lost or repeated".
//!
//! Bullets, numbers, task boxes, quote bars, rules, fences and addresses behind a link are decoration, not text. White
//! space is layout: two texts are the same if they agree without it ([`same_text`]).

use crate::{Block, Document, Inline};

impl Document {
    /// Returns the text a reader sees: one line for each block, line break and table row, tabs between cells.
    #[must_use]
    pub fn visible_text(&self) -> String {
        let mut text = String::new();
        blocks(&self.blocks, &mut text);
        text.truncate(text.trim_end_matches('\n').len());
        text
    }
}

/// Tells whether two visible texts agree in all but white space, which a cut between parts may swallow or add.
#[must_use]
pub fn same_text(a: &str, b: &str) -> bool {
    ink(a).eq(ink(b))
}

fn ink(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace())
}

/// Returns the visible text of a run of text.
#[must_use]
pub fn inline_text(inlines: &[Inline]) -> String {
    let mut text = String::new();
    push_inlines(inlines, &mut text);
    text
}

fn blocks(blocks: &[Block], text: &mut String) {
    for block in blocks {
        push_block(block, text);
    }
}

fn push_block(block: &Block, text: &mut String) {
    match block {
        Block::Paragraph(content) | Block::Heading { content, .. } => {
            push_inlines(content, text);
            text.push('\n');
        }
        Block::Code { text: code, .. } => {
            text.push_str(code);
            text.push('\n');
        }
        Block::Quote(inner) => blocks(inner, text),
        Block::List { items, .. } => items.iter().for_each(|item| blocks(&item.blocks, text)),
        Block::Table { header, rows, .. } => {
            for row in std::iter::once(header).chain(rows) {
                for (column, cell) in row.iter().enumerate() {
                    if column > 0 {
                        text.push('\t');
                    }
                    push_inlines(cell, text);
                }
                text.push('\n');
            }
        }
        Block::Rule => {}
        Block::Details { .. } | Block::Chart(_) => blocks(&block.simpler(), text),
    }
}

fn push_inlines(inlines: &[Inline], text: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(run) | Inline::Code(run) | Inline::Command(run) => text.push_str(run),
            Inline::Strong(content)
            | Inline::Emphasis(content)
            | Inline::Strike(content)
            | Inline::Link { content, .. } => push_inlines(content, text),
            Inline::Break => text.push('\n'),
        }
    }
}

/// Line breaks at either end of a run of text say nothing.
pub(crate) fn trim_breaks(content: &mut Vec<Inline>) {
    while matches!(content.last(), Some(Inline::Break)) {
        content.pop();
    }
    let leading = content.iter().take_while(|inline| matches!(inline, Inline::Break)).count();
    content.drain(..leading);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoration_is_no_text() {
        let document =
            Document::from_markdown("# A\n\n1. [x] b\n2. **c** [d](https://e.f)\n\n> g\n\n---\n\n|h|i|\n|-|-|\n|j|k|");
        assert_eq!(document.visible_text(), "A\nb\nc d\ng\nh\ti\nj\tk");
    }

    #[test]
    fn white_space_does_not_tell_texts_apart() {
        assert!(same_text("a b\n c", "ab c"));
        assert!(!same_text("a b", "b a"));
    }
}
