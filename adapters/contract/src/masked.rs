//! A document whose secrets are masked.
//!
//! What a reader sees decides: a run of text is looked at as a whole, whatever is bold, code or a link in it.

use std::ops::Range;

use crate::{Block, Card, Chart, Document, Inline};

/// What stands in a secret's place.
pub const MASK: &str = "[redacted]";

/// Finds the secrets in a text, in order and apart from each other, each at the borders of characters.
type Find<'m> = &'m dyn Fn(&str) -> Vec<Range<usize>>;

impl Document {
    /// Returns the document with every text of it masked, addresses and the names of a chart included.
    #[must_use]
    pub fn masked(self, find: Find<'_>) -> Self {
        Self { blocks: blocks(self.blocks, find) }
    }
}

impl Card {
    /// Returns the card with every text of it masked.
    #[must_use]
    pub fn masked(self, find: Find<'_>) -> Self {
        Self {
            title: hide(&self.title, find),
            name: hide(&self.name, find),
            document: self.document.masked(find),
            ..self
        }
    }
}

fn blocks(all: Vec<Block>, find: Find<'_>) -> Vec<Block> {
    all.into_iter().map(|one| block(one, find)).collect()
}

fn block(block: Block, find: Find<'_>) -> Block {
    match block {
        Block::Paragraph(content) => Block::Paragraph(inlines(content, find)),
        Block::Heading { level, content } => Block::Heading { level, content: inlines(content, find) },
        Block::Code { language, text } => {
            Block::Code { language: language.map(|language| hide(&language, find)), text: hide(&text, find) }
        }
        Block::Quote(inner) => Block::Quote(blocks(inner, find)),
        Block::List { start, mut items } => {
            for item in &mut items {
                item.blocks = blocks(std::mem::take(&mut item.blocks), find);
            }
            Block::List { start, items }
        }
        Block::Table { align, header, rows } => {
            let row = |cells: Vec<Vec<Inline>>| cells.into_iter().map(|cell| inlines(cell, find)).collect();
            Block::Table { align, header: row(header), rows: rows.into_iter().map(row).collect() }
        }
        Block::Rule => Block::Rule,
        Block::Details { title, blocks: inner } => {
            Block::Details { title: hide(&title, find), blocks: blocks(inner, find) }
        }
        Block::Chart(chart) => chart_or_words(chart, find),
    }
}

/// Masks a chart; where a name holds a secret it is told in words, since names of a chart must differ and be short.
fn chart_or_words(chart: Chart, find: Find<'_>) -> Block {
    let is_clean = |text: &str| find(text).is_empty();
    let is_whole = is_clean(chart.title())
        && is_clean(chart.said())
        && chart.labels().iter().all(|label| is_clean(label))
        && chart.series().iter().all(|series| is_clean(&series.name));
    if is_whole { Block::Chart(chart) } else { Block::Paragraph(inlines(chart.in_words(), find)) }
}

/// Masks one text.
fn hide(text: &str, find: Find<'_>) -> String {
    hidden(text, 0..text.len(), &find(text))
}

/// Masks a run of text: a secret is found also where it is bold in part, and its mask stands where it begins.
fn inlines(content: Vec<Inline>, find: Find<'_>) -> Vec<Inline> {
    let whole = crate::visible::inline_text(&content);
    let secrets = find(&whole);
    Run { whole, secrets, at: 0, find }.all(content)
}

/// A run of text, read from its beginning.
struct Run<'m> {
    whole: String,
    secrets: Vec<Range<usize>>,
    at: usize,
    find: Find<'m>,
}

impl Run<'_> {
    fn all(&mut self, content: Vec<Inline>) -> Vec<Inline> {
        content.into_iter().map(|one| self.one(one)).collect()
    }

    fn one(&mut self, inline: Inline) -> Inline {
        match inline {
            Inline::Text(text) => Inline::Text(self.text(&text)),
            Inline::Code(text) => Inline::Code(self.text(&text)),
            Inline::Command(text) => Inline::Command(self.text(&text)),
            Inline::Strong(inner) => Inline::Strong(self.all(inner)),
            Inline::Emphasis(inner) => Inline::Emphasis(self.all(inner)),
            Inline::Strike(inner) => Inline::Strike(self.all(inner)),
            // What is left of an address that held a secret leads nowhere.
            Inline::Link { url, content } if !(self.find)(&url).is_empty() => Inline::Emphasis(self.all(content)),
            Inline::Link { url, content } => Inline::Link { url, content: self.all(content) },
            Inline::Break => {
                self.at += 1;
                Inline::Break
            }
        }
    }

    fn text(&mut self, text: &str) -> String {
        let part = self.at..self.at + text.len();
        self.at = part.end;
        hidden(&self.whole, part, &self.secrets)
    }
}

/// Returns a part of a text with its secrets masked; of one that has begun before it nothing is left.
fn hidden(whole: &str, part: Range<usize>, secrets: &[Range<usize>]) -> String {
    let mut shown = String::with_capacity(part.len());
    let mut at = part.start;
    for secret in secrets.iter().filter(|secret| secret.start < part.end && secret.end > part.start) {
        if secret.start >= part.start {
            shown.push_str(&whole[at..secret.start]);
            shown.push_str(MASK);
        }
        at = secret.end.min(part.end);
    }
    shown.push_str(&whole[at..part.end]);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_a_document_is_masked() {
        let text = "# key one\n\nA key, **a key**, *a key*, ~~a key~~, `a key`, [a key](https://e.example/key) and \
                    [a link](https://e.example/).\n\n> a key\n\n- a key\n\n| key | b |\n|---|---|\n| a key | c |\n\n---\n\n\
                    ```key\na key\n```\n";
        let document = Document::from_markdown(text).with(Block::details("a key", vec![Block::text("a key")]));
        let masked = document.masked(&|text| text.match_indices("key").map(|(at, key)| at..at + key.len()).collect());
        let written = format!("{masked:?}");
        assert!(!written.contains("key") && written.matches(MASK).count() == 15, "{written}");
        assert!(written.contains("https://e.example/\""), "{written}");
    }

    #[test]
    fn a_secret_is_seen_through_what_is_bold_or_code_in_it() {
        let find = |text: &str| text.match_indices("k-e-y").map(|(at, key)| at..at + key.len()).collect();
        for (text, shown) in [
            ("a k-e-y b", "a [redacted] b"),
            ("a k-**e**-y b", "a [redacted] b"),
            ("a k\\-e&#45;y b", "a [redacted] b"),
            ("a `k-`e-*y* b", "a [redacted] b"),
            ("a [k-e](https://e.example)-y b", "a [redacted] b"),
            ("| a | b |\n|---|---|\n| k-__e__-y | c |", "a\tb\n[redacted]\tc"),
            ("a k-e\\\n-y b", "a k-e\n-y b"),
        ] {
            assert_eq!(Document::from_markdown(text).masked(&find).visible_text(), shown, "{text}");
        }
    }
}
