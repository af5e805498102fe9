//! Documents to parts: split by what Slack takes, then written as blocks and as the text that says the same.
//!
//! The text is the measure: all that blocks say is in it, so that who has it read out, or sees it in a notification, misses
//! nothing, and neither does who gets it because blocks were refused.

mod blocks;
mod inline;
mod novel;
mod table;
#[cfg(test)]
mod tests;
mod text;

use signalbox_adapter::{
    Block, Card, Document, Face, Inline, Limits, MAX_MARK_BYTES, Markup, Measure, Part, ReadAt, Render, Rendered,
    TABLE_WIDTH, TextUnit, digits, inline_text, split,
};
use slack_morphism::prelude::SlackBlock;

pub(crate) use blocks::small;

use crate::body::{Bar, Body};
use crate::card::colour;
use crate::escape;
use crate::limits::{MAX_TEXT_CHARS, MAX_URL_CHARS};
use crate::manifest;
use crate::translate::is_direct;

/// Room for a mark and the empty line before it.
const MARK: usize = MAX_MARK_BYTES + 2;

/// Largest file that a workspace takes, in bytes.
/// Source: <https://slack.com/help/articles/201330736-Add-files-to-Slack>, read 2026-11.
const MAX_FILE_BYTES: u64 = 1_000_000_000;

/// Renders for Slack.
#[derive(Debug, Clone, Copy, Default)]
pub struct SlackRender;

impl Render for SlackRender {
    fn limits(&self) -> Limits {
        Limits { max_text: MAX_TEXT_CHARS - MARK, unit: TextUnit::Chars }
    }

    fn max_file_bytes(&self) -> u64 {
        MAX_FILE_BYTES
    }

    fn render(&self, document: &Document, max_parts: usize) -> Rendered {
        let document = document.with_addresses(&is_followed);
        let mut whole = split(&document, &Prices, self.limits().max_text, max_parts);
        let rest = whole.rest.take();
        let several = whole.parts.len() > 1;
        let parts = whole.numbered().into_iter().map(|part| body(part, several).into_part()).collect();
        Rendered { parts, rest }
    }

    /// Slack has no slash commands in threads, and behind the `/` key only those that are registered.
    fn command(&self, command: &str, read: &ReadAt<'_>) -> String {
        let answers_in_thread = read.is_reply && !is_direct(read.address.chat.as_str());
        match read.bot_name {
            Some(bot_name) if read.address.thread.is_some() || answers_in_thread => format!("@{bot_name} {command}"),
            _ => manifest::typed(command),
        }
    }

    /// The first line stands above, so that it is what a list of messages shows; the others beside a bar of the card's colour.
    fn card(&self, card: &Card) -> Part {
        let document = card.document.with_addresses(&is_followed);
        let whole = split(&document, &Prices, self.limits().max_text, 1);
        let Some(shown) = whole.parts.into_iter().next() else { return Body::default().into_part() };
        let (head, rest) = first_line(&shown);
        let bar = Bar { colour: colour(card.tone).to_owned(), blocks: blocks::blocks(&rest) };
        let body = Body { blocks: blocks::blocks(&head), bar: Some(bar), ..said(&shown) };
        body.into_part()
    }
}

/// Returns the blocks of a page, on which a table stands as aligned text: pages have none.
pub(crate) fn page(document: &Document) -> Vec<SlackBlock> {
    let mut document = document.with_addresses(&is_followed).into_owned();
    // Only a table at the very end is a block of its own.
    document.blocks.push(Block::Paragraph(Vec::new()));
    blocks::blocks(&document)
}

/// Returns what a page says in plain words, with addresses behind the words that lead there.
pub(crate) fn plain(document: &Document) -> String {
    text::text(&document.with_addresses(&|_| false))
}

/// Writes one part; one of several ends with its number.
fn body(mut part: Document, of_several: bool) -> Body {
    let said = said(&part);
    let number = if of_several { part.blocks.pop() } else { None };
    let number = match number {
        Some(Block::Paragraph(number)) => Some(small(&inline_text(&number))),
        _ => None,
    };
    let numbered = |mut blocks: Vec<SlackBlock>| {
        blocks.extend(number.clone());
        blocks
    };
    let simpler = numbered(blocks::blocks(&part));
    match blocks::novel_blocks(&part).map(numbered) {
        Some(blocks) => {
            let unfolded = blocks::unfolded_blocks(&part).map(numbered);
            Body { blocks, unfolded, simpler: Some(simpler), ..said }
        }
        None => Body { blocks: simpler, ..said },
    }
}

/// Returns what a document says, without its looks.
fn said(document: &Document) -> Body {
    let text = text::text(document);
    let with_addresses = text::text(&document.with_addresses(&|_| false));
    let plain = (with_addresses != text).then_some(with_addresses);
    Body { text, plain, ..Body::default() }
}

/// Parts a document after its first line.
fn first_line(document: &Document) -> (Document, Document) {
    let Some((first, others)) = document.blocks.split_first() else { return Default::default() };
    let (head, rest) = match first {
        Block::Paragraph(content) => {
            let end = content.iter().position(|inline| *inline == Inline::Break).unwrap_or(content.len());
            let below = content.get(end + 1..).unwrap_or_default();
            (Block::Paragraph(content[..end].to_vec()), (!below.is_empty()).then(|| Block::Paragraph(below.to_vec())))
        }
        Block::Heading { .. }
        | Block::Code { .. }
        | Block::Quote(_)
        | Block::List { .. }
        | Block::Table { .. }
        | Block::Details { .. }
        | Block::Chart(_)
        | Block::Rule => (first.clone(), None),
    };
    let rest = rest.into_iter().chain(others.iter().cloned()).collect();
    (Document { blocks: vec![head] }, Document { blocks: rest })
}

/// Whether Slack makes a link of an address; others are written out behind their words.
fn is_followed(url: &str) -> bool {
    let fits = url.chars().count() <= MAX_URL_CHARS;
    fits && url.parse::<reqwest::Url>().is_ok_and(|parsed| match parsed.scheme() {
        "http" | "https" => parsed.has_host() && parsed.port() != Some(0),
        scheme => scheme == "mailto" && parsed.path().contains('@'),
    })
}

/// What the text takes, escaped; formatting is free, since it stands in the blocks.
struct Prices;

impl Measure for Prices {
    fn text(&self, text: &str, _face: Face) -> usize {
        escape::price(text)
    }

    fn markup(&self, markup: Markup<'_>) -> usize {
        match markup {
            Markup::Item { number, checked } => {
                let bullet = number.map_or(2, |number| digits(number) + 2);
                bullet + checked.map_or(0, |_| 2)
            }
            Markup::Quote => 2,
            Markup::Rule => 3,
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

    fn table_width(&self) -> usize {
        TABLE_WIDTH
    }
}
