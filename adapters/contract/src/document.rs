//! The tree between what an agent writes and what a provider shows.
//!
//! Markdown is parsed once into a [`Document`]; sentences of our own are built as one; each adapter renders it.
//! The tree holds no provider's markup, so nothing in an agent's text can become a mention or a command by itself.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Chart;

/// Longest title of what is folded, in characters, as Slack's containers have it.
pub const MAX_DETAILS_TITLE_CHARS: usize = 150;

/// A formatted text: blocks from top to bottom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The blocks, in reading order.
    pub blocks: Vec<Block>,
}

/// One block of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    /// Running text.
    Paragraph(Vec<Inline>),
    /// A heading of level 1–6.
    Heading {
        /// 1 (largest) to 6.
        level: u8,
        /// What it says.
        content: Vec<Inline>,
    },
    /// Text shown as it is, in a fixed-width face.
    Code {
        /// Language named at the fence.
        language: Option<String>,
        /// The text, without a final newline.
        text: String,
    },
    /// Quoted blocks.
    Quote(Vec<Block>),
    /// A list.
    List {
        /// First number of a numbered list; `None` for bullets.
        start: Option<u64>,
        /// The items.
        items: Vec<Item>,
    },
    /// A table; a row may have fewer cells than the header.
    Table {
        /// Alignment per column.
        align: Vec<Alignment>,
        /// Header cells.
        header: Vec<Vec<Inline>>,
        /// Rows of cells.
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// A horizontal rule.
    Rule,
    /// What need not be read at once: folded where the provider can fold, below its title elsewhere.
    Details {
        /// What it is about, in one line; empty where it goes on from the part before.
        title: String,
        /// What is folded.
        blocks: Vec<Block>,
    },
    /// A chart, which is told in words wherever it is shown.
    Chart(Chart),
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Box of a task list: ticked or not; `None` in an ordinary list.
    pub checked: Option<bool>,
    /// What the item holds.
    pub blocks: Vec<Block>,
}

/// How a table column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alignment {
    /// Left, also where nothing was said.
    Left,
    /// Centre.
    Center,
    /// Right.
    Right,
}

/// A run of text within a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inline {
    /// Plain text.
    Text(String),
    /// Fixed-width text.
    Code(String),
    /// A command of ours that the reader may type, its slash first: fixed-width text that is written as it is typed where it is
    /// read ([`Document::typed`]).
    Command(String),
    /// Bold.
    Strong(Vec<Inline>),
    /// Italic.
    Emphasis(Vec<Inline>),
    /// Struck through.
    Strike(Vec<Inline>),
    /// A link; the address is http, https or mailto.
    Link {
        /// Where it leads.
        url: String,
        /// What it says.
        content: Vec<Inline>,
    },
    /// A line break within the block.
    Break,
}

impl Document {
    /// Makes a document of one paragraph of plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { blocks: vec![Block::text(text)] }
    }

    /// Appends another document's blocks.
    #[must_use]
    pub fn then(mut self, other: Document) -> Self {
        self.blocks.extend(other.blocks);
        self
    }

    /// Appends one block.
    #[must_use]
    pub fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }
}

impl Block {
    /// Makes a paragraph of plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Paragraph(vec![Inline::text(text)])
    }

    /// Makes what is folded, its title on one line of at most [`MAX_DETAILS_TITLE_CHARS`].
    #[must_use]
    pub fn details(title: &str, blocks: Vec<Block>) -> Self {
        Self::Details { title: crate::one_line(title, MAX_DETAILS_TITLE_CHARS), blocks }
    }

    /// Returns blocks of every provider's that say the same: details below their title, a chart in words.
    #[must_use]
    pub fn simpler(&self) -> Vec<Block> {
        match self {
            Self::Details { title, blocks } => {
                let title = (!title.is_empty()).then(|| Self::Paragraph(vec![Inline::strong(title)]));
                title.into_iter().chain(blocks.iter().cloned()).collect()
            }
            Self::Chart(chart) => vec![Self::Paragraph(chart.in_words())],
            Self::Paragraph(_)
            | Self::Heading { .. }
            | Self::Code { .. }
            | Self::Quote(_)
            | Self::List { .. }
            | Self::Table { .. }
            | Self::Rule => vec![self.clone()],
        }
    }
}

impl Inline {
    /// Makes plain text, cleaned of control characters.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        match crate::clean(&text) {
            Cow::Borrowed(_) => Self::Text(text),
            Cow::Owned(cleaned) => Self::Text(cleaned),
        }
    }

    /// Makes bold text, cleaned of control characters.
    #[must_use]
    pub fn strong(text: impl Into<String>) -> Self {
        Self::Strong(vec![Inline::text(text)])
    }
}
