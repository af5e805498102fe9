//! A document as plain text: wrapped for a mail reader, with quotes, lists, indented code and aligned tables.
//!
//! The price of everything that is added here stands in `render.rs`.

use signalbox_adapter::{Block, Document, Inline, Item, TABLE_WIDTH, align_table, inline_text};
use unicode_width::UnicodeWidthStr;

/// Where lines are wrapped, in columns.
pub(crate) const WIDTH: usize = 76;
/// Deepest indentation at which lines are still wrapped, in columns; what stands deeper keeps its lines.
const MAX_WRAPPED_INDENT: usize = 14;
/// What code is indented by.
pub(crate) const CODE_INDENT: &str = "    ";
/// A horizontal rule.
pub(crate) const RULE: &str = "----------------------------------------";

/// Writes a document as text, without a newline at its end.
pub(crate) fn write_text(document: &Document) -> String {
    let document = document.unfold_tables(TABLE_WIDTH);
    let mut out = Lines { text: String::new(), prefix: String::new(), first: None };
    out.blocks(&document.blocks);
    out.text.truncate(out.text.trim_end().len());
    out.text
}

/// Returns what stands before an item.
pub(crate) fn bullet(number: Option<u64>, checked: Option<bool>) -> String {
    let mark = number.map_or("- ".to_owned(), |number| format!("{number}. "));
    match checked {
        Some(true) => mark + "[x] ",
        Some(false) => mark + "[ ] ",
        None => mark,
    }
}

struct Lines {
    text: String,
    /// Begins each line.
    prefix: String,
    /// Begins the next line in place of `prefix`.
    first: Option<String>,
}

impl Lines {
    fn blocks(&mut self, blocks: &[Block]) {
        for (at, block) in blocks.iter().enumerate() {
            if at > 0 {
                self.line("");
            }
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(content) => self.paragraph(content),
            Block::Heading { level, content } => {
                let begin = self.text.len();
                self.paragraph(content);
                let width = self.text[begin..].lines().map(UnicodeWidthStr::width).max().unwrap_or(0);
                let width = width.saturating_sub(self.prefix.len()).min(WIDTH);
                if width > 0 && *level <= 2 {
                    self.line(&(if *level == 1 { "=" } else { "-" }).repeat(width));
                }
            }
            Block::Code { text, .. } => self.indented(text),
            Block::Quote(blocks) => self.nested("> ", "> ", blocks),
            Block::List { start, items } => {
                for (at, Item { checked, blocks }) in items.iter().enumerate() {
                    let mark = bullet(start.map(|start| start.saturating_add(at as u64)), *checked);
                    self.nested(&mark, &" ".repeat(indent_of(*start)), blocks);
                }
            }
            Block::Table { align, header, rows } => {
                for line in align_table(align, header, rows, TABLE_WIDTH).lines() {
                    self.line(line);
                }
            }
            Block::Rule => self.line(RULE),
            Block::Details { .. } => self.blocks(&block.simpler()),
            Block::Chart(chart) => {
                self.blocks(&block.simpler());
                self.line("");
                self.indented(&chart.drawn_in_text());
            }
        }
    }

    /// Writes blocks within a quote or item.
    fn nested(&mut self, first: &str, rest: &str, blocks: &[Block]) {
        let before = self.prefix.len();
        self.first = Some(format!("{}{first}", self.first.as_deref().unwrap_or(&self.prefix)));
        self.prefix.push_str(rest);
        self.blocks(blocks);
        if self.first.is_some() {
            self.line("");
        }
        self.prefix.truncate(before);
    }

    fn indented(&mut self, code: &str) {
        for line in code.split('\n') {
            if line.is_empty() { self.line("") } else { self.line(&format!("{CODE_INDENT}{line}")) }
        }
    }

    fn paragraph(&mut self, content: &[Inline]) {
        let mut text = String::new();
        push_inlines(content, &mut text);
        for line in text.split('\n') {
            self.wrapped(line);
        }
    }

    /// Writes one line of running text, broken at spaces where it is too long.
    fn wrapped(&mut self, line: &str) {
        if self.prefix.len() > MAX_WRAPPED_INDENT {
            return self.line(line);
        }
        let width = WIDTH - self.prefix.len();
        let mut rest = line.trim_end();
        while let Some((end, next)) = break_at(rest, width) {
            self.line(&rest[..end]);
            rest = &rest[next..];
        }
        self.line(rest);
    }

    fn line(&mut self, line: &str) {
        match self.first.take() {
            Some(first) => self.text.push_str(&first),
            None => self.text.push_str(&self.prefix),
        }
        self.text.push_str(line);
        let end = self.text.trim_end_matches([' ', '\t']).len();
        self.text.truncate(end);
        self.text.push('\n');
    }
}

/// Columns by which the further lines of an item are indented.
pub(crate) fn indent_of(start: Option<u64>) -> usize {
    if start.is_some() { 3 } else { 2 }
}

/// Finds where a line of more than `width` columns ends and where the next one begins; words are never cut.
fn break_at(line: &str, width: usize) -> Option<(usize, usize)> {
    let mut last = None;
    let (mut columns, mut measured) = (0, 0);
    for (at, _) in line.match_indices(' ').filter(|(at, _)| !line[..*at].ends_with(' ') && *at > 0) {
        columns += line[measured..at].width();
        measured = at;
        let gap = (at, at + line[at..].bytes().take_while(|b| *b == b' ').count());
        if columns > width {
            return last.or(Some(gap));
        }
        last = Some(gap);
    }
    if columns + line[measured..].width() > width { last } else { None }
}

fn push_inlines(inlines: &[Inline], text: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(run) | Inline::Code(run) | Inline::Command(run) => text.push_str(run),
            Inline::Strong(content) | Inline::Emphasis(content) | Inline::Strike(content) => {
                push_inlines(content, text);
            }
            Inline::Link { url, content } => {
                push_inlines(content, text);
                if inline_text(content).trim() != url {
                    text.extend([" <", url.as_str(), ">"]);
                }
            }
            Inline::Break => text.push('\n'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(markdown: &str) -> String {
        write_text(&Document::from_markdown(markdown))
    }

    #[test]
    fn blocks_read_as_they_do_in_a_mail_of_a_person() {
        let written = text(
            "# Cause\n\nThe disk is **full**, see [the graph](https://g.example/d).\n\n> quoted\n> > twice\n\n\
             1. one\n   - deep\n2. two\n\n- [x] done\n- [ ] open\n\n```sh\nrm -r x\n\ny\n```\n\n---\n\n\
             |host|n|\n|-|-:|\n|db1|22|\n",
        );
        let expected = "Cause\n=====\n\nThe disk is full, see the graph <https://g.example/d>.\n\n> quoted\n>\n> > twice\n\n\
                        1. one\n\n   - deep\n2. two\n\n- [x] done\n- [ ] open\n\n    rm -r x\n\n    y\n\n\
                        ----------------------------------------\n\nhost |  n\n-----+---\ndb1  | 22";
        assert_eq!(written, expected);
    }

    #[test]
    fn lines_are_wrapped_between_words_and_never_within_one() {
        let address = format!("https://example.org/{}", "a".repeat(100));
        let written = text(&format!("> {}\n\n{address} then more", "word ".repeat(40)));
        for line in written.lines().filter(|line| !line.contains("https")) {
            assert!(line.len() <= WIDTH, "{line}");
        }
        assert_eq!(written.lines().filter(|line| line.starts_with("> word") && line.len() > 60).count(), 2);
        assert!(written.contains(&format!("\n{address}\nthen more")), "{written}");
        assert_eq!(text(&"日本 ".repeat(40)).lines().map(UnicodeWidthStr::width).max(), Some(74));
    }

    #[test]
    fn an_exact_fit_stays_on_its_line() {
        let exact = format!("{} {}", "a".repeat(37), "b".repeat(38));
        assert_eq!(text(&exact), exact);
        assert_eq!(text(&format!("{exact}c")), format!("{}\n{}c", "a".repeat(37), "b".repeat(38)));
        assert_eq!(text(&format!("{exact} c")), format!("{exact}\nc"));
    }
}
