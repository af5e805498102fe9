//! Code blocks: cut between lines; a line too long for a part is cut between characters.

use super::boundary::hard;
use super::builder::Builder;
use crate::measure::{Meter, affordable};
use crate::{Block, Face, Inline, Markup};

impl Builder<'_> {
    pub(super) fn code(&mut self, language: Option<&str>, text: &str) {
        let language = language.filter(|language| self.affords(Markup::CodeBlock(Some(language))));
        let markup = Markup::CodeBlock(language);
        if !self.affords(markup) {
            return self.run(&without_fences(text), None);
        }
        let mut rest = text;
        while !rest.trim_start().is_empty() {
            let fences = self.measure.markup(markup) + 2 * self.prefix;
            let room = self.room().saturating_sub(self.gap() + fences);
            let end = affordable(self.measure, rest, Face::Block, self.prefix, room);
            let (piece, after) = match between_lines(rest, end) {
                Some(cut) => cut,
                None if self.filled => {
                    self.flush();
                    continue;
                }
                None => rest.split_at(hard(rest, end)),
            };
            rest = after;
            if piece.trim_start().is_empty() {
                continue;
            }
            let cost = Meter::spent(self.measure, usize::MAX, |meter| meter.text(piece, Face::Block, self.prefix));
            let block = Block::Code { language: language.map(str::to_owned), text: piece.to_owned() };
            self.push(block, fences + cost.unwrap_or(room));
            if !rest.trim_start().is_empty() {
                self.flush();
            }
        }
    }
}

/// Cuts at the last line end in `text[..=end]`; without one there is no such cut.
fn between_lines(text: &str, end: usize) -> Option<(&str, &str)> {
    if end == text.len() {
        return Some((text, ""));
    }
    let at = if text[end..].starts_with('\n') { end } else { text[..end].rfind('\n')? };
    Some((&text[..at], &text[at + 1..]))
}

/// Code where the fences would crowd it out.
fn without_fences(text: &str) -> Vec<Inline> {
    let mut run = Vec::new();
    for line in text.split('\n') {
        if !run.is_empty() {
            run.push(Inline::Break);
        }
        run.push(Inline::Text(line.to_owned()));
    }
    run
}
