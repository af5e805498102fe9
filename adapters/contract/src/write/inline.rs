//! Running text as Markdown: escapes, and formats only where they surely parse back.

use std::iter::Peekable;
use std::str::Chars;

use crate::markdown::is_followed;
use crate::{Inline, inline_text};

/// Where a run of text stands, which decides what must be escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Lines of their own.
    Paragraph,
    /// The one line of a heading.
    Heading,
    /// A cell of a table, which ends at a bar.
    Cell,
}

/// Writes a run of text; white space at its ends is dropped.
pub(super) fn write_run(content: &[Inline], place: Place) -> String {
    let mut writer = Writer { out: String::new(), line: 0, place, open: Vec::new() };
    writer.inlines(content, Some('\n'));
    let end = writer.out.trim_end().len();
    writer.out.truncate(end);
    writer.out
}

/// Counts the longest run of one character.
pub(super) fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

struct Writer {
    out: String,
    /// Where the open line begins.
    line: usize,
    place: Place,
    /// Formats that are open; none is opened twice.
    open: Vec<&'static str>,
}

/// What stands around a link.
const LINK: &str = "[";

impl Writer {
    /// Writes inlines that are followed by `next`, where that is known.
    fn inlines(&mut self, content: &[Inline], next: Option<char>) {
        for (at, inline) in content.iter().enumerate() {
            let next = match content.get(at + 1) {
                None => next,
                Some(Inline::Break) => Some('\n'),
                Some(Inline::Text(text)) => text.chars().next(),
                Some(
                    Inline::Code(_)
                    | Inline::Command(_)
                    | Inline::Strong(_)
                    | Inline::Emphasis(_)
                    | Inline::Strike(_)
                    | Inline::Link { .. },
                ) => None,
            };
            match inline {
                Inline::Text(text) => self.text(text),
                Inline::Code(text) | Inline::Command(text) => self.code(text),
                Inline::Break => self.line_break(),
                Inline::Strong(content) => self.marked("**", content, next),
                Inline::Emphasis(content) => self.marked("*", content, next),
                Inline::Strike(content) => self.marked("~~", content, next),
                Inline::Link { url, content } => self.link(url, content),
            }
        }
    }

    fn line_break(&mut self) {
        let end = self.out.trim_end().len();
        self.out.truncate(end);
        if self.out.is_empty() {
            return;
        }
        if self.place == Place::Paragraph {
            self.out.push('\n');
            self.line = self.out.len();
        } else {
            self.out.push(' ');
        }
    }

    /// Writes content between two marks, if these will be seen as marks.
    fn marked(&mut self, mark: &'static str, content: &[Inline], next: Option<char>) {
        let start = self.out.len();
        if self.open.contains(&mark) {
            return self.inlines(content, next);
        }
        self.open.push(mark);
        self.inlines(content, None);
        self.open.pop();
        let start = start.min(self.out.len());
        let begin = start + self.out[start..].len() - self.out[start..].trim_start().len();
        let end = start + self.out[start..].trim_end().len();
        if begin < end && opens(&self.out, begin) && closes(&self.out[..end], &self.out[end..], next) {
            self.insert(end, mark);
            self.insert(begin, mark);
        }
    }

    fn insert(&mut self, at: usize, mark: &str) {
        self.out.insert_str(at, mark);
        if at < self.line {
            self.line += mark.len();
        }
    }

    fn link(&mut self, url: &str, content: &[Inline]) {
        if self.open.contains(&LINK) || !is_followed(url) || inline_text(content).trim().is_empty() {
            return self.inlines(content, None);
        }
        self.out.push('[');
        self.open.push(LINK);
        self.inlines(content, None);
        self.open.pop();
        self.out.push_str("](");
        self.out.push_str(&destination(url));
        self.out.push(')');
    }

    fn code(&mut self, text: &str) {
        let text = text.replace('\n', " ");
        let text = text.trim();
        // Two code spans that touch would become one; a bar ends a cell even within code.
        if self.out.ends_with('`') || (self.place == Place::Cell && text.contains(['|', '\\'])) {
            return self.text(text);
        }
        if text.is_empty() {
            return;
        }
        let fence = "`".repeat(longest_run(text, '`') + 1);
        let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
        self.out.extend([&fence, pad, text, pad, &fence]);
    }

    fn text(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            self.char(c, &mut chars);
        }
    }

    fn char(&mut self, c: char, after: &mut Peekable<Chars<'_>>) {
        if c == '\n' {
            return self.line_break();
        }
        let line = &self.out[self.line..];
        if c.is_whitespace() && line.is_empty() {
            return;
        }
        if self.place == Place::Cell && matches!(c, '|' | '\\') {
            // How many backslashes escape a bar is not agreed upon.
            return self.out.push_str(if c == '|' { "&#124;" } else { "&#92;" });
        }
        let next = after.peek().copied();
        let is_active = match c {
            '\\' | '*' | '`' | '[' | ']' | '~' => true,
            '_' => !(line.ends_with(char::is_alphanumeric) && next.is_some_and(char::is_alphanumeric)),
            '<' => !next.is_some_and(|next| next.is_whitespace() || next.is_ascii_digit() || next == '='),
            '&' => next.is_none_or(|next| next == '#' || next.is_ascii_alphanumeric()),
            '!' => next.is_none_or(|next| next == '['),
            '#' => line.is_empty() || self.place == Place::Heading,
            '>' | '+' | '-' | '=' | '|' | ':' => line.is_empty(),
            '.' | ')' => !line.is_empty() && line.len() < 10 && line.bytes().all(|b| b.is_ascii_digit()),
            _ordinary => false,
        };
        if is_active {
            self.out.push('\\');
        }
        self.out.push(c);
    }
}

/// Tells whether marks inserted at `begin` open a format.
fn opens(out: &str, begin: usize) -> bool {
    let before = out[..begin].chars().next_back().unwrap_or('\n');
    let first = out[begin..].chars().next();
    !is_mark(before) && first.is_some_and(|c| c.is_alphanumeric() || (before.is_whitespace() && !is_mark(c)))
}

/// Tells whether marks inserted after `before` close a format.
fn closes(before: &str, after: &str, next: Option<char>) -> bool {
    let next = after.chars().next().or(next);
    let before_space = next.is_some_and(char::is_whitespace);
    before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || (before_space && !is_mark(c)))
}

fn is_mark(c: char) -> bool {
    matches!(c, '*' | '~')
}

/// Writes an address as the destination of a link.
fn destination(url: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#@!$'+,;=%&".contains(&b);
    if url.bytes().all(is_plain) && !(url.contains('&') && url.contains(';')) {
        return url.to_owned();
    }
    let mut destination = "<".to_owned();
    for c in url.chars() {
        match c {
            '<' => destination.push_str("&lt;"),
            '>' => destination.push_str("&gt;"),
            '&' => destination.push_str("&amp;"),
            '|' => destination.push_str("&#124;"),
            '\\' => destination.push_str("&#92;"),
            c => destination.push(c),
        }
    }
    destination.push('>');
    destination
}
