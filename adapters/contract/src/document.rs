//! The tree between what an agent writes and what a provider shows.
//!
//! Markdown is parsed once into a [`Document`]; sentences of our own are built as one; each adapter renders it.
//! The tree holds no provider's markup, so nothing in an agent's text can become a mention or a command by itself.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

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
