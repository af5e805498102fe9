//! Runs of text as elements of rich text. In such an element nothing is markup: neither a name nor an address in it does
//! anything but be read.

use signalbox_adapter::Inline;
use slack_morphism::prelude::{
    SlackRelaxedUrl, SlackRichTextInlineElement, SlackRichTextLink, SlackRichTextStyle, SlackRichTextText,
};

/// How a run is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Look {
    bold: bool,
    italic: bool,
    strike: bool,
    code: bool,
}

impl Look {
    /// Bold.
    pub(crate) const BOLD: Self = Self { bold: true, italic: false, strike: false, code: false };

    fn style(self) -> Option<SlackRichTextStyle> {
        let set = |on: bool| on.then_some(true);
        (self != Self::default()).then(|| {
            SlackRichTextStyle::new()
                .opt_bold(set(self.bold))
                .opt_italic(set(self.italic))
                .opt_strike(set(self.strike))
                .opt_code(set(self.code))
        })
    }
}

/// Elements of one section, item, quote or cell.
#[derive(Debug, Default)]
pub(crate) struct Run(Vec<SlackRichTextInlineElement>);

impl From<Vec<SlackRichTextInlineElement>> for Run {
    fn from(elements: Vec<SlackRichTextInlineElement>) -> Self {
        Self(elements)
    }
}

impl Run {
    /// Makes the elements of runs of text that are set like this.
    pub(crate) fn of(content: &[Inline], look: Look) -> Self {
        let mut run = Self::default();
        run.push_all(content, look);
        run
    }

    /// Whether it says exactly this, in one plain run.
    pub(crate) fn says(&self, text: &str) -> bool {
        matches!(self.0.as_slice(), [SlackRichTextInlineElement::Text(only)] if only.text == text && only.style.is_none())
    }

    /// Whether it says nothing: Slack refuses such.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the elements.
    pub(crate) fn into_elements(self) -> Vec<SlackRichTextInlineElement> {
        self.0
    }

    /// Appends plain text.
    pub(crate) fn push_text(&mut self, text: &str) {
        self.push(text, Look::default(), None);
    }

    /// Appends runs of text that are set like this.
    pub(crate) fn push_all(&mut self, content: &[Inline], look: Look) {
        self.push_within(content, look, None);
    }

    fn push_within(&mut self, content: &[Inline], look: Look, url: Option<&str>) {
        for inline in content {
            match inline {
                Inline::Text(text) => self.push(text, look, url),
                Inline::Code(text) | Inline::Command(text) => self.push(text, Look { code: true, ..look }, url),
                Inline::Strong(content) => self.push_within(content, Look { bold: true, ..look }, url),
                Inline::Emphasis(content) => self.push_within(content, Look { italic: true, ..look }, url),
                Inline::Strike(content) => self.push_within(content, Look { strike: true, ..look }, url),
                Inline::Link { url: inner, content } => self.push_within(content, look, url.or(Some(inner))),
                Inline::Break => self.push("\n", look, None),
            }
        }
    }

    /// Appends one run; one that is set like the last is part of it.
    fn push(&mut self, text: &str, look: Look, url: Option<&str>) {
        if text.is_empty() {
            return;
        }
        let style = look.style();
        match (self.0.last_mut(), url) {
            (Some(SlackRichTextInlineElement::Text(last)), None) if last.style == style => last.text.push_str(text),
            // Words that cannot be seen are no link.
            (_, Some(url)) if !text.trim().is_empty() => {
                let link = SlackRichTextLink::new(SlackRelaxedUrl(url.to_owned()));
                let link = link.with_text(text.to_owned()).opt_style(style);
                self.0.push(SlackRichTextInlineElement::Link(link));
            }
            _ => {
                let text = SlackRichTextText::new(text.to_owned()).opt_style(style);
                self.0.push(SlackRichTextInlineElement::Text(text));
            }
        }
    }
}
