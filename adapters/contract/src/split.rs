//! Splits a document into parts that a provider takes.
//!
//! Cuts fall between blocks where they can, then between items and lines, then between sentences, words and characters
//! as people see them. A quote, list, code block or format that is cut is closed and opened again: numbers go on, a task
//! box is not repeated. White space at a cut is dropped; no other text is dropped or repeated. The work is linear in the
//! text, whatever the limit. Tables are flattened first ([`Document::flatten_tables`]).

mod builder;
mod cut;

use crate::measure::{GAP_LINES, Prices};
use crate::{Block, Document, Face, Measure, TABLE_WIDTH};
use builder::Builder;

/// Parts after which the rest is attached as a file, where nothing else is configured.
pub const DEFAULT_MAX_PARTS: usize = 5;
/// Smallest limit that is kept; a smaller one leaves no room for markup and a part's number.
pub const MIN_LIMIT: usize = 64;

/// A document as parts, and what is left over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// At least one; none costs more than the limit. Several end with their number, `(2/5)`.
    pub parts: Vec<Document>,
    /// What did not fit, as Markdown for an attachment.
    pub rest: Option<String>,
}

/// Splits a document into at most `max_parts` (at least 1) parts of at most `limit` (at least [`MIN_LIMIT`]) units, as
/// `measure` counts them.
#[must_use]
pub fn split(document: &Document, measure: &dyn Measure, limit: usize, max_parts: usize) -> Split {
    let (limit, max_parts) = (limit.max(MIN_LIMIT), max_parts.max(1));
    let document = document.flatten_tables(TABLE_WIDTH);
    let prices = Prices(measure);
    if prices.document(&document) <= limit {
        return Split { parts: vec![document.into_owned()], rest: None };
    }
    let number = GAP_LINES + prices.text(&label(max_parts, max_parts), Face::Plain, 0);
    let mut builder = Builder::new(prices, limit.saturating_sub(number), max_parts);
    builder.blocks(&document.blocks);
    let (parts, rest) = builder.finish();
    let all = parts.len();
    let numbered =
        |(at, part): (usize, Document)| if all > 1 { part.with(Block::text(label(at + 1, all))) } else { part };
    let rest = rest.map(|rest| rest.to_markdown()).filter(|rest| !rest.is_empty());
    Split { parts: parts.into_iter().enumerate().map(numbered).collect(), rest }
}

fn label(part: usize, all: usize) -> String {
    format!("({part}/{all})")
}

#[cfg(test)]
mod tests;
