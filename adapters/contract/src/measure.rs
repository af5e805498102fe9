//! What a provider charges for text and markup, so that a document can be split without rendering it.
//!
//! The model is additive: a document costs the sum of its runs of text, of the markup around them and of the line
//! breaks between them. An adapter states prices no lower than what its rendering takes; then no part is too long.
//! The layout that is charged for: an empty line between blocks, a line break between items and rows, and at the
//! beginning of each line the prefixes of the quotes and items that it stands in.

use crate::{Block, Document, Inline, Item, TextUnit};

/// Bytes priced at once.
const CHUNK_BYTES: usize = 256;

/// States what a provider charges.
pub trait Measure {
    /// Price of a run of text, escapes and newlines included.
    ///
    /// A text may not cost more than its pieces together, wherever between two characters it is cut.
    fn text(&self, text: &str, face: Face) -> usize;

    /// Price of what a thing adds to its text on both sides, such as `**` twice.
    fn markup(&self, markup: Markup<'_>) -> usize;

    /// Price of what a quote or item adds at the beginning of each further line within it.
    fn prefix(&self, markup: Markup<'_>) -> usize;
}

/// How a run of text is set, where escaping may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Running text.
    Plain,
    /// Code within running text.
    Code,
    /// Lines of a code block or table.
    Block,
}

/// What adds something to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup<'a> {
    /// A heading of this level.
    Heading(u8),
    /// A code block in this language, with the line breaks that set the fences apart.
    CodeBlock(Option<&'a str>),
    /// A quote; on the first line.
    Quote,
    /// A list item; on the first line, with the bullet or number and the task box.
    Item {
        /// Its number; `None` for a bullet.
        number: Option<u64>,
        /// Its task box.
        checked: Option<bool>,
    },
    /// A horizontal rule.
    Rule,
    /// Bold.
    Strong,
    /// Italic.
    Emphasis,
    /// Struck through.
    Strike,
    /// Code within running text.
    Code,
    /// A link to this address.
    Link(&'a str),
}

/// Prices of plain text with `• `, `1. `, `[x] ` and one blank line between blocks; formatting is free, as where a
/// provider takes it beside the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainMeasure(pub TextUnit);

impl Measure for PlainMeasure {
    fn text(&self, text: &str, _face: Face) -> usize {
        self.0.count(text)
    }

    fn markup(&self, markup: Markup<'_>) -> usize {
        match markup {
            Markup::Item { number, checked } => {
                let bullet = number.map_or(self.0.count("• "), |number| digits(number) + ". ".len());
                bullet + checked.map_or(0, |_| "[x] ".len())
            }
            Markup::Rule => self.0.count("———"),
            Markup::Heading(_)
            | Markup::CodeBlock(_)
            | Markup::Quote
            | Markup::Strong
            | Markup::Emphasis
            | Markup::Strike
            | Markup::Code
            | Markup::Link(_) => 0,
        }
    }

    fn prefix(&self, markup: Markup<'_>) -> usize {
        match markup {
            Markup::Item { .. } => "  ".len(),
            Markup::Heading(_)
            | Markup::CodeBlock(_)
            | Markup::Quote
            | Markup::Rule
            | Markup::Strong
            | Markup::Emphasis
            | Markup::Strike
            | Markup::Code
            | Markup::Link(_) => 0,
        }
    }
}

/// Counts the decimal digits of a number.
pub(crate) fn digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Adds up what a tree costs; `prefix` is what each further line costs where it stands.
pub(crate) struct Prices<'m>(pub(crate) &'m dyn Measure);

impl Prices<'_> {
    pub(crate) fn document(&self, document: &Document) -> usize {
        self.blocks(&document.blocks, 0)
    }

    pub(crate) fn blocks(&self, blocks: &[Block], prefix: usize) -> usize {
        let gaps = blocks.len().saturating_sub(1) * gap(GAP_LINES, prefix);
        gaps + blocks.iter().map(|block| self.block(block, prefix)).sum::<usize>()
    }

    pub(crate) fn block(&self, block: &Block, prefix: usize) -> usize {
        match block {
            Block::Paragraph(content) => self.inlines(content, prefix),
            Block::Heading { level, content } => self.0.markup(Markup::Heading(*level)) + self.inlines(content, prefix),
            Block::Code { language, text } => {
                self.0.markup(Markup::CodeBlock(language.as_deref()))
                    + 2 * prefix
                    + self.text(text, Face::Block, prefix)
            }
            Block::Quote(blocks) => {
                self.0.markup(Markup::Quote) + self.blocks(blocks, prefix + self.0.prefix(Markup::Quote))
            }
            Block::List { start, items } => {
                let numbered = |at: usize| start.map(|start| start.saturating_add(at as u64));
                let gaps = items.len().saturating_sub(1) * gap(1, prefix);
                let items = items.iter().enumerate().map(|(at, item)| self.item(item, numbered(at), prefix));
                gaps + items.sum::<usize>()
            }
            Block::Table { header, rows, .. } => {
                let cells = std::iter::once(header).chain(rows).flatten();
                cells.map(|cell| self.inlines(cell, prefix) + gap(1, prefix)).sum()
            }
            Block::Rule => self.0.markup(Markup::Rule),
        }
    }

    pub(crate) fn item(&self, item: &Item, number: Option<u64>, prefix: usize) -> usize {
        let markup = Markup::Item { number, checked: item.checked };
        self.0.markup(markup) + self.blocks(&item.blocks, prefix + self.0.prefix(markup))
    }

    fn inlines(&self, inlines: &[Inline], prefix: usize) -> usize {
        inlines.iter().map(|inline| self.inline(inline, prefix)).sum()
    }

    fn inline(&self, inline: &Inline, prefix: usize) -> usize {
        let (markup, content) = match inline {
            Inline::Text(text) => return self.text(text, Face::Plain, prefix),
            Inline::Break => return gap(1, prefix),
            Inline::Code(text) => return self.0.markup(Markup::Code) + self.text(text, Face::Code, prefix),
            Inline::Strong(content) => (Markup::Strong, content),
            Inline::Emphasis(content) => (Markup::Emphasis, content),
            Inline::Strike(content) => (Markup::Strike, content),
            Inline::Link { url, content } => (Markup::Link(url), content),
        };
        self.0.markup(markup) + self.inlines(content, prefix)
    }

    /// Prices a text in which each further line costs `prefix`.
    pub(crate) fn text(&self, text: &str, face: Face, prefix: usize) -> usize {
        let lines = if prefix == 0 { 0 } else { text.bytes().filter(|b| *b == b'\n').count() };
        self.0.text(text, face) + lines * prefix
    }

    /// Returns how many bytes of a text `room` units pay for; looks no further than that.
    pub(crate) fn affordable(&self, text: &str, face: Face, prefix: usize, room: usize) -> usize {
        let (mut end, mut left) = (0, room);
        while end < text.len() {
            let rest = &text[end..];
            let chunk = &rest[..rest.floor_char_boundary(CHUNK_BYTES)];
            let whole = self.text(chunk, face, prefix);
            if whole <= left {
                left -= whole;
                end += chunk.len();
                continue;
            }
            for c in chunk.chars() {
                let cost = self.text(c.encode_utf8(&mut [0; 4]), face, prefix);
                if cost > left {
                    return end;
                }
                left -= cost;
                end += c.len_utf8();
            }
            // Pieces may cost more together than as one: then the whole chunk was paid for.
        }
        end
    }
}

/// Line breaks between two blocks.
pub(crate) const GAP_LINES: usize = 2;

/// Prices line breaks, with the prefix of the line that each begins.
pub(crate) fn gap(lines: usize, prefix: usize) -> usize {
    lines * (1 + prefix)
}
