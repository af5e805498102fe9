//! Paints a document as text for a terminal or a file.
//!
//! In goes a [`Document`] and a [`Style`], out comes text whose every line ends in a line feed. Pure. With `colour` off
//! there is no escape sequence at all; with a `width` of `usize::MAX` nothing is wrapped, so that a file keeps the lines
//! as they were written. Code is never wrapped: it is there to be copied.

mod inline;
mod row;
mod table;

use signalbox_adapter::{Block, Document, Inline, Item};

use inline::inlines;
use row::{Face, MIN_WIDTH, Row, inside};

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
        Block::Details { .. } => blocks(&block.simpler(), width, colour),
        Block::Chart(chart) => {
            let mut rows = text(&chart.in_words(), Face::default(), width, colour);
            rows.extend(chart.drawn_in_text().lines().map(|line| Row::from_text(line, Face::default())));
            rows
        }
    }
}

/// Widest horizontal rule, in columns.
const RULE_COLUMNS: usize = 40;

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

#[cfg(test)]
mod tests;
