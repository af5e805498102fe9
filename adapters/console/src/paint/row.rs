//! A row of characters with faces, and how it is wrapped and written.
//!
//! Everything enters a row through [`Row::push`], which makes hostile characters visible; so nothing else has to.

use unicode_width::UnicodeWidthChar;

use crate::clean::visible;

/// Narrowest column of text left inside quotes and lists, however deep they are.
pub(super) const MIN_WIDTH: usize = 16;

/// Returns the width that is left inside something that takes some of it.
pub(super) fn inside(width: usize, taken: usize) -> usize {
    width.saturating_sub(taken).max(MIN_WIDTH)
}

/// How a character looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Face {
    pub(super) bold: bool,
    pub(super) dim: bool,
    pub(super) italic: bool,
    pub(super) underline: bool,
    pub(super) strike: bool,
    pub(super) code: bool,
}

impl Face {
    pub(super) const BOLD: Self = Self { bold: true, ..Self::PLAIN };
    pub(super) const CODE: Self = Self { code: true, ..Self::PLAIN };
    pub(super) const DIM: Self = Self { dim: true, ..Self::PLAIN };
    const PLAIN: Self = Self { bold: false, dim: false, italic: false, underline: false, strike: false, code: false };

    /// Writes the sequence that leads from any face to this one.
    fn write(self, text: &mut String) {
        text.push_str("\x1b[0");
        for (on, code) in [
            (self.bold, ";1"),
            (self.dim, ";2"),
            (self.italic, ";3"),
            (self.underline, ";4"),
            (self.strike, ";9"),
            (self.code, ";36"),
        ] {
            if on {
                text.push_str(code);
            }
        }
        text.push('m');
    }
}

/// One row of text.
#[derive(Debug, Clone, Default)]
pub(super) struct Row(Vec<(char, Face)>);

impl Row {
    /// Makes a row of one face.
    pub(super) fn from_text(text: &str, face: Face) -> Self {
        let mut row = Self::default();
        row.push(text, face);
        row
    }

    /// Appends text; carriage returns before line feeds go, control characters become visible.
    pub(super) fn push(&mut self, text: &str, face: Face) {
        let mut rest = text.chars().peekable();
        while let Some(ch) = rest.next() {
            if ch != '\r' || rest.peek() != Some(&'\n') {
                self.0.push((visible(ch), face));
            }
        }
    }

    /// Appends another row.
    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Characters so far.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The text from a character on, without faces.
    pub(super) fn plain(&self, from: usize) -> String {
        self.0[from..].iter().map(|(ch, _)| ch).collect()
    }

    /// Columns the row takes on a terminal.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(ch, _)| columns(*ch)).sum()
    }

    /// Replaces line feeds by spaces: for places that hold one line only.
    pub(super) fn flattened(self) -> Self {
        self.spaced('\n')
    }

    /// Replaces tabs by spaces: for places whose width counts.
    pub(super) fn without_tabs(self) -> Self {
        self.spaced('\t')
    }

    fn spaced(mut self, gone: char) -> Self {
        self.0.iter_mut().filter(|(ch, _)| *ch == gone).for_each(|(ch, _)| *ch = ' ');
        self
    }

    /// Cuts the row at its line feeds.
    pub(super) fn lines(&self) -> Vec<Self> {
        self.0.split(|(ch, _)| *ch == '\n').map(|line| Self(line.to_vec())).collect()
    }

    /// Puts a prefix before the row.
    pub(super) fn prefixed(self, prefix: &str, face: Face) -> Self {
        let mut row = Self::from_text(prefix, face);
        row.append(self);
        row
    }

    /// Puts `first` before row 0 of an item and `rest` before its other rows; empty rows stay empty.
    pub(super) fn indented(self, first: &str, rest: &str, at: usize) -> Self {
        match at {
            0 => self.prefixed(first, Face::PLAIN),
            _ if self.0.is_empty() => self,
            _ => self.prefixed(rest, Face::PLAIN),
        }
    }

    /// Cuts the row at its line feeds, and at spaces where it is wider than `width`; a longer word is cut anywhere.
    pub(super) fn wrap(self, width: usize) -> Vec<Self> {
        self.0.split(|(ch, _)| *ch == '\n').flat_map(|line| wrap_line(line, width)).collect()
    }

    /// Writes the row without trailing spaces and, with `colour`, with its faces.
    pub(super) fn write(&self, colour: bool, text: &mut String) {
        let end = self.0.iter().rposition(|(ch, _)| *ch != ' ').map_or(0, |last| last + 1);
        let mut face = Face::PLAIN;
        for (ch, next) in &self.0[..end] {
            if colour && *next != face {
                next.write(text);
                face = *next;
            }
            text.push(*ch);
        }
        if face != Face::PLAIN {
            text.push_str("\x1b[0m");
        }
    }
}

fn columns(ch: char) -> usize {
    ch.width().unwrap_or(1)
}

fn wrap_line(line: &[(char, Face)], width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let (mut start, mut taken, mut space) = (0, 0, None);
    for (at, (ch, _)) in line.iter().enumerate() {
        if *ch == ' ' {
            space = Some((at, taken));
        }
        taken += columns(*ch);
        // Twice where a space stands first: what follows it can still be one column too wide.
        while taken > width && *ch != ' ' {
            let (end, next, gone) = match space {
                Some((space, before)) => (space, space + 1, before + 1),
                None => (at, at, taken - columns(*ch)),
            };
            rows.push(Row(line[start..end].to_vec()));
            (start, taken, space) = (next, taken - gone, None);
        }
    }
    rows.push(Row(line[start..].to_vec()));
    rows
}
