//! A message before it is laid out: our own sentences, and between them what somebody else wrote, not read yet.
//!
//! An agent's answer may be a megabyte. To read its Markdown and to lay it out takes a while, and who puts the message
//! together may have to leave that to somebody else: a draft is cheap to make, to compare and to keep.

use signalbox_adapter::{Block, Document, Inline};

/// A message before it is laid out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Blocks(Vec<Block>),
    Markdown(String),
}

impl Draft {
    /// Makes a draft of somebody else's Markdown.
    #[must_use]
    pub fn markdown(text: impl Into<String>) -> Self {
        Self { pieces: vec![Piece::Markdown(text.into())] }
    }

    /// Appends what follows.
    #[must_use]
    pub fn then(mut self, next: impl Into<Self>) -> Self {
        self.pieces.extend(next.into().pieces);
        self
    }

    /// Appends one block.
    #[must_use]
    pub fn with(self, block: Block) -> Self {
        self.then(Document { blocks: vec![block] })
    }

    /// Returns the document, all of it read.
    #[must_use]
    pub fn document(&self) -> Document {
        let mut document = Document::default();
        for piece in &self.pieces {
            match piece {
                Piece::Blocks(blocks) => document.blocks.extend_from_slice(blocks),
                Piece::Markdown(text) => document.blocks.extend(Document::from_markdown(text).blocks),
            }
        }
        document
    }

    /// Returns the draft with the commands in our own sentences as they are typed where it is read.
    #[must_use]
    pub fn typed(mut self, write: &dyn Fn(&str) -> String) -> Self {
        for piece in &mut self.pieces {
            if let Piece::Blocks(blocks) = piece {
                let document = Document { blocks: std::mem::take(blocks) };
                *blocks = document.typed(write).blocks;
            }
        }
        self
    }

    /// Returns about how much work it is to lay it out: its length in bytes, with one for each node of its tree.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        let weights = self.pieces.iter().map(|piece| match piece {
            Piece::Blocks(blocks) => of_blocks(blocks),
            Piece::Markdown(text) => text.len(),
        });
        weights.sum()
    }
}

impl From<Document> for Draft {
    fn from(document: Document) -> Self {
        Self { pieces: vec![Piece::Blocks(document.blocks)] }
    }
}

fn of_blocks(blocks: &[Block]) -> usize {
    let of_block = |block: &Block| match block {
        Block::Paragraph(content) | Block::Heading { content, .. } => of_inlines(content),
        Block::Code { text, .. } => text.len(),
        Block::Quote(blocks) => of_blocks(blocks),
        Block::List { items, .. } => items.iter().map(|item| 1 + of_blocks(&item.blocks)).sum(),
        Block::Table { header, rows, .. } => {
            let cells = std::iter::once(header).chain(rows).flatten();
            cells.map(|cell| 1 + of_inlines(cell)).sum()
        }
        Block::Rule => 0,
        Block::Details { title, blocks } => title.len() + of_blocks(blocks),
        Block::Chart(chart) => chart.said().len() + chart.labels().len() * (1 + chart.series().len()),
    };
    blocks.iter().map(|block| 1 + of_block(block)).sum()
}

fn of_inlines(content: &[Inline]) -> usize {
    let of_inline = |inline: &Inline| match inline {
        Inline::Text(text) | Inline::Code(text) | Inline::Command(text) => text.len(),
        Inline::Strong(content) | Inline::Emphasis(content) | Inline::Strike(content) => of_inlines(content),
        Inline::Link { url, content } => url.len() + of_inlines(content),
        Inline::Break => 0,
    };
    content.iter().map(|inline| 1 + of_inline(inline)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_read_in_order() {
        let draft = Draft::from(Document::text("[ada] Complete")).then(Draft::markdown("It *is*.\n\nDone."));
        let draft = draft.with(Block::text("1 tool"));
        assert_eq!(draft.document().to_markdown(), "\\[ada\\] Complete\n\nIt *is*.\n\nDone.\n\n1 tool");
    }

    #[test]
    fn what_is_written_by_others_weighs_as_much_before_it_is_read_as_its_text() {
        let text = "- item with **words**\n".repeat(100);
        let (unread, read) = (Draft::markdown(&text), Draft::from(Document::from_markdown(&text)));
        assert_eq!(unread.weight_bytes(), text.len());
        assert!((text.len() / 2..=text.len() * 2).contains(&read.weight_bytes()), "{}", read.weight_bytes());
        assert_eq!(Draft::default().weight_bytes(), 0);
    }
}
