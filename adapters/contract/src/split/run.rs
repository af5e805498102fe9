//! Running text: cut between sentences, words or characters, formats closed and opened again.

use super::boundary::{gentle, hard};
use super::builder::Builder;
use crate::measure::{Meter, affordable};
use crate::visible::trim_breaks;
use crate::{Block, Face, Inline, Markup, inline_text};

/// A format that is open.
#[derive(Clone, Copy)]
enum Span<'d> {
    Strong,
    Emphasis,
    Strike,
    Code,
    Link(&'d str),
}

impl<'d> Span<'d> {
    fn markup(self) -> Markup<'d> {
        match self {
            Self::Strong => Markup::Strong,
            Self::Emphasis => Markup::Emphasis,
            Self::Strike => Markup::Strike,
            Self::Code => Markup::Code,
            Self::Link(url) => Markup::Link(url),
        }
    }

    fn wrap(self, content: Vec<Inline>) -> Inline {
        match self {
            Self::Strong => Inline::Strong(content),
            Self::Emphasis => Inline::Emphasis(content),
            Self::Strike => Inline::Strike(content),
            Self::Code => Inline::Code(inline_text(&content)),
            Self::Link(url) => Inline::Link { url: url.to_owned(), content },
        }
    }
}

/// A run of text on its way into one part or several.
struct Run<'b, 'm, 'd> {
    builder: &'b mut Builder<'m>,
    /// Level of the heading that it is.
    heading: Option<u8>,
    /// What has no format open.
    root: Vec<Inline>,
    /// Open formats and what they hold so far.
    spans: Vec<(Span<'d>, Vec<Inline>)>,
    /// What opening the heading and the formats costs.
    opening: usize,
    /// Whether the open part holds text of this run.
    inked: bool,
}

impl Builder<'_> {
    /// Places a paragraph or heading.
    pub(super) fn run(&mut self, content: &[Inline], heading: Option<u8>) {
        let heading = heading.filter(|level| self.affords(Markup::Heading(*level)));
        let opening = heading.map_or(0, |level| self.measure.markup(Markup::Heading(level)));
        self.used += self.gap() + opening;
        let mut run = Run { builder: self, heading, root: Vec::new(), spans: Vec::new(), opening, inked: false };
        run.inlines(content);
        run.put();
    }
}

impl<'d> Run<'_, '_, 'd> {
    fn inlines(&mut self, inlines: &'d [Inline]) {
        for inline in inlines {
            match inline {
                Inline::Text(text) => self.text(text, Face::Plain),
                Inline::Code(text) | Inline::Command(text) => self.within(Span::Code, |run, face| run.text(text, face)),
                Inline::Strong(content) => self.within(Span::Strong, |run, _| run.inlines(content)),
                Inline::Emphasis(content) => self.within(Span::Emphasis, |run, _| run.inlines(content)),
                Inline::Strike(content) => self.within(Span::Strike, |run, _| run.inlines(content)),
                Inline::Link { url, content } => self.within(Span::Link(url), |run, _| run.inlines(content)),
                Inline::Break => self.line_break(),
            }
        }
    }

    /// Places content within a format; without it where it would take more than half of what a part has.
    fn within(&mut self, span: Span<'d>, content: impl FnOnce(&mut Self, Face)) {
        let cost = self.builder.measure.markup(span.markup());
        if !self.builder.affords_within(self.opening + cost) {
            return content(self, Face::Plain);
        }
        self.opening += cost;
        self.builder.used += cost;
        self.spans.push((span, Vec::new()));
        content(self, if matches!(span, Span::Code) { Face::Code } else { Face::Plain });
        self.opening -= cost;
        if let Some((span, content)) = self.spans.pop()
            && !content.is_empty()
        {
            self.open_content().push(span.wrap(content));
        }
    }

    fn text(&mut self, text: &str, face: Face) {
        let mut rest = text;
        while !rest.is_empty() {
            let (measure, prefix) = (self.builder.measure, self.builder.prefix);
            let end = affordable(measure, rest, face, prefix, self.builder.room());
            if end == rest.len() {
                return self.add(rest, face);
            }
            let is_begun = self.inked || self.builder.filled;
            if let Some(at) = gentle(rest, end).or_else(|| (!is_begun).then(|| hard(rest, end))) {
                self.add(rest[..at].trim_end(), face);
                rest = rest[at..].trim_start();
            }
            self.next_part();
        }
    }

    fn line_break(&mut self) {
        let cost = 1 + self.builder.prefix;
        if !self.inked {
            return;
        }
        if cost > self.builder.room() {
            return self.next_part();
        }
        self.builder.used += cost;
        self.open_content().push(Inline::Break);
    }

    /// Adds text that fits; a run does not begin with white space.
    fn add(&mut self, text: &str, face: Face) {
        let text = if self.inked { text } else { text.trim_start() };
        if text.is_empty() {
            return;
        }
        let (measure, prefix) = (self.builder.measure, self.builder.prefix);
        let cost = Meter::spent(measure, usize::MAX, |meter| meter.text(text, face, prefix));
        self.builder.used += cost.unwrap_or_default();
        self.inked = true;
        let content = self.open_content();
        if let Some(Inline::Text(before)) = content.last_mut() {
            before.push_str(text);
        } else {
            content.push(Inline::Text(text.to_owned()));
        }
    }

    fn open_content(&mut self) -> &mut Vec<Inline> {
        self.spans.last_mut().map_or(&mut self.root, |(_, content)| content)
    }

    /// Ends the open part, if anything is in it, and goes on in a new one.
    fn next_part(&mut self) {
        self.put();
        if self.builder.filled {
            self.builder.flush();
            self.builder.used += self.opening;
        }
    }

    /// Puts what there is into the open part, with the open formats closed.
    fn put(&mut self) {
        let mut closed = Vec::new();
        for (span, content) in self.spans.iter_mut().rev() {
            let mut content = std::mem::take(content);
            content.append(&mut closed);
            trim_breaks(&mut content);
            if !content.is_empty() {
                closed.push(span.wrap(content));
            }
        }
        let mut content = std::mem::take(&mut self.root);
        content.append(&mut closed);
        trim_breaks(&mut content);
        if !content.is_empty() {
            self.builder.put(match self.heading {
                Some(level) => Block::Heading { level, content },
                None => Block::Paragraph(content),
            });
        }
        self.inked = false;
    }
}
