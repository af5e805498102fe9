//! Paints a document as text for a terminal or a file.
//!
//! In goes a [`Document`] and a [`Style`], out comes text whose every line ends in a line feed. Pure. With `colour` off
//! there is no escape sequence at all; with a `width` of `usize::MAX` nothing is wrapped, so that a file keeps the lines
//! as they were written. Code is never wrapped: it is there to be copied.

mod row;
mod table;

use signalbox_adapter::{Block, Document, Inline, Item};

use row::{Face, Row};

/// How much of the terminal may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether escape sequences for bold, italic, colour … may be written.
    pub colour: bool,
    /// Columns to wrap at; `usize::MAX` wraps nothing.
    pub width: usize,
}

impl Style {
    /// For files and pipes: no escape sequence, no wrapping.
    pub const PLAIN: Self = Self { colour: false, width: usize::MAX };
}

/// Narrowest column of text left inside quotes and lists, however deep they are.
const MIN_WIDTH: usize = 16;

/// Paints a document; every line ends in a line feed.
#[must_use]
pub fn paint(document: &Document, style: &Style) -> String {
    let rows = blocks(&document.blocks, style.width.max(MIN_WIDTH), style.colour);
    let mut text = String::new();
    for row in &rows {
        row.write(style.colour, &mut text);
        text.push('\n');
    }
    text
}

/// Paints blocks with an empty row between them, none before the list that belongs to a paragraph's item.
fn blocks(blocks: &[Block], width: usize, colour: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for block in blocks {
        let painted = paint_block(block, width, colour);
        if !rows.is_empty() && !painted.is_empty() {
            rows.push(Row::default());
        }
        rows.extend(painted);
    }
    rows
}

fn paint_block(block: &Block, width: usize, colour: bool) -> Vec<Row> {
    match block {
        Block::Paragraph(content) => text(content, Face::default(), width, colour),
        Block::Heading { level: _, content } => text(content, Face::BOLD, width, colour),
        Block::Code { language: _, text } => {
            text.lines().map(|line| Row::from_text(line, Face::CODE).indented("    ", "    ", 0)).collect()
        }
        Block::Quote(inner) => {
            blocks(inner, inside(width, 2), colour).into_iter().map(|row| row.prefixed("│ ", Face::DIM)).collect()
        }
        Block::List { start, items } => list(*start, items, width, colour),
        Block::Table { align, header, rows } => table::paint(align, header, rows, width, colour),
        Block::Rule => vec![Row::from_text(&"─".repeat(width.min(RULE_COLUMNS)), Face::DIM)],
    }
}

/// Widest horizontal rule, in columns.
const RULE_COLUMNS: usize = 40;

fn inside(width: usize, taken: usize) -> usize {
    width.saturating_sub(taken).max(MIN_WIDTH)
}

fn list(start: Option<u64>, items: &[Item], width: usize, colour: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut number = start.unwrap_or(0);
    for item in items {
        let mut marker = match start {
            Some(_) => format!("{number}. "),
            None if item.checked.is_some() => String::new(),
            None => "• ".to_owned(),
        };
        match item.checked {
            Some(true) => marker.push_str("[x] "),
            Some(false) => marker.push_str("[ ] "),
            None => {}
        }
        number = number.saturating_add(1);
        let columns = marker.chars().count();
        let rest = " ".repeat(columns);
        let mut inner = Vec::new();
        for block in &item.blocks {
            if !inner.is_empty() && !matches!(block, Block::List { .. }) {
                inner.push(Row::default());
            }
            inner.extend(paint_block(block, inside(width, columns), colour));
        }
        if inner.is_empty() {
            inner.push(Row::default());
        }
        rows.extend(inner.into_iter().enumerate().map(|(at, row)| row.indented(&marker, &rest, at)));
    }
    rows
}

/// Paints running text, wrapped.
fn text(content: &[Inline], face: Face, width: usize, colour: bool) -> Vec<Row> {
    let mut row = Row::default();
    inlines(content, face, colour, &mut row);
    row.wrap(width)
}

/// Lays inlines out on one endless row, in which breaks are line feeds.
fn inlines(content: &[Inline], face: Face, colour: bool, row: &mut Row) {
    for inline in content {
        match inline {
            Inline::Text(text) => row.push(text, face),
            Inline::Code(text) => row.push(text, Face { code: true, ..face }),
            Inline::Strong(inner) => inlines(inner, Face { bold: true, ..face }, colour, row),
            Inline::Emphasis(inner) => inlines(inner, Face { italic: true, ..face }, colour, row),
            Inline::Strike(inner) => {
                // Without a stroke the text would say the opposite.
                let mark = if colour { "" } else { "~~" };
                row.push(mark, face);
                inlines(inner, Face { strike: true, ..face }, colour, row);
                row.push(mark, face);
            }
            Inline::Link { url, content } => {
                let from = row.len();
                inlines(content, Face { underline: true, ..face }, colour, row);
                let said = row.plain(from);
                if said.is_empty() {
                    row.push(url, Face { underline: true, ..face });
                } else if said != *url && url.strip_prefix("mailto:") != Some(said.as_str()) {
                    row.push(&format!(" ({url})"), Face { dim: true, ..face });
                }
            }
            Inline::Break => row.push("\n", face),
        }
    }
}

#[cfg(test)]
mod tests;
