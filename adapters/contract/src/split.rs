//! Splits a document into parts that a provider takes.
//!
//! Cuts fall between blocks where they can, though not between a title, or the line that a message begins with, and the
//! beginning of what it is about, then between
//! items, rows and lines, then between sentences, words and characters as people see them. A quote, list, code block or format that is cut is closed and opened again: numbers
//! go on, a task box is not repeated, the header of a table is. White space at a cut is dropped, no other text is
//! dropped or repeated. The work is linear in the text, whatever the limit.

mod boundary;
mod builder;
mod code;
mod pictured;
mod run;
mod table;

use builder::{Builder, GAP_LINES};
pub use pictured::{MAX_PICTURED, PicturedPart, split_pictured};

use crate::measure::{Meter, digits};
use crate::{Block, Document, Face, Measure};

/// Parts after which the rest is attached as a file, where nothing else is configured.
pub const DEFAULT_MAX_PARTS: usize = 5;
/// Most parts a document is split into.
pub const MAX_PARTS: usize = 9_999;
/// Smallest limit that is kept; a smaller one leaves no room for a part's number.
pub const MIN_LIMIT: usize = 32;

/// A document as parts, and what is left over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// At least one; none costs more than the limit, [`Split::numbered`] or not.
    pub parts: Vec<Document>,
    /// What did not fit in `max_parts` parts, as Markdown for an attachment.
    pub rest: Option<String>,
}

/// Splits a document into at most `max_parts` parts of at most `limit` units as `measure` counts them.
///
/// `limit` is at least [`MIN_LIMIT`] and `max_parts` from 1 to [`MAX_PARTS`]; other values are moved there. An adapter
/// that may have to add a mark to a part passes a limit that leaves room for it.
#[must_use]
pub fn split(document: &Document, measure: &dyn Measure, limit: usize, max_parts: usize) -> Split {
    let (limit, max_parts) = (limit.max(MIN_LIMIT), max_parts.clamp(1, MAX_PARTS));
    let document = document.unfold_tables(measure.table_width());
    if Meter::spent(measure, limit, |meter| meter.blocks(&document.blocks, 0)).is_some() {
        return Split { parts: vec![document.into_owned()], rest: None };
    }
    let number = label(max_parts, max_parts);
    let reserve = GAP_LINES + measure.text(&number, Face::Plain);
    let mut builder = Builder::new(measure, limit.saturating_sub(reserve), max_parts);
    builder.blocks(&document.blocks);
    let (parts, rest) = builder.finish();
    Split { parts, rest }
}

impl Split {
    /// Ends each of several parts with its number, `(2/5)`; a single part has none.
    #[must_use]
    pub fn numbered(self) -> Vec<Document> {
        let all = self.parts.len();
        if all == 1 {
            return self.parts;
        }
        let numbered = |(at, part): (usize, Document)| part.with(Block::text(label(at + 1, all)));
        self.parts.into_iter().enumerate().map(numbered).collect()
    }
}

fn label(part: usize, all: usize) -> String {
    debug_assert!(digits(part as u64) <= digits(all as u64), "a part is one of all");
    format!("({part}/{all})")
}
