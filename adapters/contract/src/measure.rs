//! What a provider charges for text and markup, so that a document can be split without rendering it.
//!
//! The model is additive: a document costs the sum of its runs of text, of the markup around them and of the line
//! breaks between them. An adapter states prices no lower than what its rendering takes; then no part is too long.
//! The layout that is charged for: an empty line between blocks, a line break between items and rows, and at the
//! beginning of each line the prefixes of the quotes and items that it stands in.

use crate::table::Layout;
use crate::{Block, Document, Inline, Item, TABLE_WIDTH, TextUnit};

/// Bytes measured at once, so that an oversized text is given up early.
const CHUNK_BYTES: usize = 256;

/// States what a provider charges.
pub trait Measure {
    /// Price of a run of text, escapes and newlines included.
    ///
    /// A text may not cost more than its pieces together, wherever between two characters it is cut.
    fn text(&self, text: &str, face: Face) -> usize;

    /// Price of what a thing adds to its text on both sides, such as `**` twice.
    fn markup(&self, markup: Markup<'_>) -> usize;

    /// Price of what a quote or item adds at the beginning of each further line within it: two, unless a measure says otherwise.
    fn prefix(&self, markup: Markup<'_>) -> usize {
        match markup {
            Markup::Item { .. } | Markup::Quote => 2,
            Markup::Heading(_)
            | Markup::CodeBlock(_)
            | Markup::Table
            | Markup::Rule
            | Markup::Strong
            | Markup::Emphasis
            | Markup::Strike
            | Markup::Code
            | Markup::Link(_) => 0,
        }
    }

    /// Whether a chart is drawn in the text too, below its words.
    fn draws_charts(&self) -> bool {
        false
    }

    /// Widest table left as a table, in terminal columns; a wider one is split as a list of named values.
    fn table_width(&self) -> usize {
        TABLE_WIDTH
    }
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
    /// A table laid out as aligned lines, as a code block or what the provider has.
    Table,
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

/// Prices of plain text with `• `, `1. `, `[x] `, `> ` and `———`; formatting is free, as where a provider takes it beside
/// the text.
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
            Markup::Quote => "> ".len(),
            Markup::Heading(_)
            | Markup::CodeBlock(_)
            | Markup::Table
            | Markup::Strong
            | Markup::Emphasis
            | Markup::Strike
            | Markup::Code
            | Markup::Link(_) => 0,
        }
    }
}

/// Counts the decimal digits of a number, such as that of an item of a list.
#[must_use]
pub fn digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

impl Document {
    /// Returns what the document costs as one part.
    #[must_use]
    pub fn cost(&self, measure: &dyn Measure) -> usize {
        let document = self.unfold_tables(measure.table_width());
        Meter::spent(measure, usize::MAX, |meter| meter.blocks(&document.blocks, 0)).unwrap_or(usize::MAX)
    }
}

/// Adds up prices until a budget is spent.
pub(crate) struct Meter<'m> {
    measure: &'m dyn Measure,
    left: usize,
}

impl<'m> Meter<'m> {
    /// Returns what `count` charges, or `None` as soon as that is more than `budget`.
    pub(crate) fn spent(
        measure: &'m dyn Measure,
        budget: usize,
        count: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<usize> {
        let mut meter = Self { measure, left: budget };
        count(&mut meter)?;
        Some(budget - meter.left)
    }

    pub(crate) fn charge(&mut self, units: usize) -> Option<()> {
        self.left = self.left.checked_sub(units)?;
        Some(())
    }

    /// Charges blocks that stand below each other where each line costs `prefix`.
    pub(crate) fn blocks(&mut self, blocks: &[Block], prefix: usize) -> Option<()> {
        for (at, block) in blocks.iter().enumerate() {
            if at > 0 {
                self.charge(2 * (1 + prefix))?;
            }
            self.block(block, prefix)?;
        }
        Some(())
    }

    pub(crate) fn block(&mut self, block: &Block, prefix: usize) -> Option<()> {
        match block {
            Block::Paragraph(content) => self.inlines(content, prefix),
            Block::Heading { level, content } => {
                self.charge(self.measure.markup(Markup::Heading(*level)))?;
                self.inlines(content, prefix)
            }
            Block::Code { language, text } => {
                self.charge(self.measure.markup(Markup::CodeBlock(language.as_deref())) + 2 * prefix)?;
                self.text(text, Face::Block, prefix)
            }
            Block::Quote(blocks) => {
                self.charge(self.measure.markup(Markup::Quote))?;
                self.blocks(blocks, prefix + self.measure.prefix(Markup::Quote))
            }
            Block::List { start, items } => {
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.charge(1 + prefix)?;
                    }
                    self.item(item, start.map(|start| start.saturating_add(at as u64)), prefix)?;
                }
                Some(())
            }
            Block::Table { align, header, rows } => self.table(align, header, rows, prefix),
            Block::Rule => self.charge(self.measure.markup(Markup::Rule)),
            Block::Details { title, blocks } => {
                self.details_title(title, prefix)?;
                self.blocks(blocks, prefix)
            }
            Block::Chart(chart) => {
                self.inlines(&chart.in_words(), prefix)?;
                if !self.measure.draws_charts() {
                    return Some(());
                }
                self.charge(2 * (1 + prefix) + self.measure.markup(Markup::CodeBlock(None)) + 2 * prefix)?;
                self.text(&chart.drawn_in_text(), Face::Block, prefix)
            }
        }
    }

    /// Charges what stands before the details: their title, and what may mark them as folded.
    pub(crate) fn details_title(&mut self, title: &str, prefix: usize) -> Option<()> {
        self.charge(self.measure.markup(Markup::Quote))?;
        if title.is_empty() {
            return Some(());
        }
        self.charge(self.measure.markup(Markup::Strong) + 2 * (1 + prefix))?;
        self.text(title, Face::Plain, prefix)
    }

    pub(crate) fn item(&mut self, item: &Item, number: Option<u64>, prefix: usize) -> Option<()> {
        let markup = Markup::Item { number, checked: item.checked };
        self.charge(self.measure.markup(markup))?;
        self.blocks(&item.blocks, prefix + self.measure.prefix(markup))
    }

    fn table(
        &mut self,
        align: &[crate::Alignment],
        header: &[Vec<Inline>],
        rows: &[Vec<Vec<Inline>>],
        prefix: usize,
    ) -> Option<()> {
        let layout = Layout::new(align, header, rows, self.measure.table_width());
        let layout = layout.expect("tables that are too wide have been unfolded");
        self.charge(self.measure.markup(Markup::Table) + 2 * prefix)?;
        let mut line = layout.head(header);
        self.text(&line, Face::Block, prefix)?;
        for row in rows {
            line.clear();
            line.push('\n');
            layout.push_row(row, &mut line);
            self.text(&line, Face::Block, prefix)?;
        }
        Some(())
    }

    pub(crate) fn inlines(&mut self, inlines: &[Inline], prefix: usize) -> Option<()> {
        inlines.iter().try_for_each(|inline| self.inline(inline, prefix))
    }

    pub(crate) fn inline(&mut self, inline: &Inline, prefix: usize) -> Option<()> {
        let content = match inline {
            Inline::Text(text) => return self.text(text, Face::Plain, prefix),
            Inline::Break => return self.charge(1 + prefix),
            Inline::Code(text) | Inline::Command(text) => {
                self.charge(self.measure.markup(Markup::Code))?;
                return self.text(text, Face::Code, prefix);
            }
            Inline::Strong(content) => (Markup::Strong, content),
            Inline::Emphasis(content) => (Markup::Emphasis, content),
            Inline::Strike(content) => (Markup::Strike, content),
            Inline::Link { url, content } => (Markup::Link(url), content),
        };
        self.charge(self.measure.markup(content.0))?;
        self.inlines(content.1, prefix)
    }

    pub(crate) fn text(&mut self, text: &str, face: Face, prefix: usize) -> Option<()> {
        let mut rest = text;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(chunk_end(rest));
            self.charge(price(self.measure, chunk, face, prefix))?;
            rest = after;
        }
        Some(())
    }
}

/// Prices a text in which each line costs `prefix`.
fn price(measure: &dyn Measure, text: &str, face: Face, prefix: usize) -> usize {
    let lines = if prefix == 0 { 0 } else { text.bytes().filter(|b| *b == b'\n').count() };
    measure.text(text, face) + lines * prefix
}

fn chunk_end(text: &str) -> usize {
    if text.len() <= CHUNK_BYTES { text.len() } else { text.floor_char_boundary(CHUNK_BYTES) }
}

/// Returns how many bytes of a text `room` units pay for; looks no further than that.
pub(crate) fn affordable(measure: &dyn Measure, text: &str, face: Face, prefix: usize, room: usize) -> usize {
    let mut end = 0;
    let mut left = room;
    while end < text.len() {
        let chunk = &text[end..end + chunk_end(&text[end..])];
        let whole = price(measure, chunk, face, prefix);
        if whole <= left {
            left -= whole;
            end += chunk.len();
            continue;
        }
        for c in chunk.chars() {
            let cost = price(measure, c.encode_utf8(&mut [0; 4]), face, prefix);
            if cost > left {
                return end;
            }
            left -= cost;
            end += c.len_utf8();
        }
    }
    end
}
