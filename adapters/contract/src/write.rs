//! [`Document`] back to Markdown, for files that go with a message and for providers that take nothing else.
//!
//! What is written parses back to the same visible text, white space aside. Where a format cannot be written so that it
//! surely parses back, such as bold that begins and ends within a word, its text is written without it.

mod inline;

use crate::{Alignment, Block, Document, Inline, Item};
use inline::{Place, longest_run, write_run};

/// Largest number that Markdown takes for a list item.
const MAX_ITEM_NUMBER: u64 = 999_999_999;

impl Document {
    /// Writes the document as Markdown, without a final newline.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        write_blocks(&self.blocks)
    }
}

fn write_blocks(blocks: &[Block]) -> String {
    let written = blocks.iter().map(write_block).filter(|block| !block.is_empty());
    let mut markdown = String::new();
    for block in written {
        if !markdown.is_empty() {
            markdown.push_str("\n\n");
        }
        markdown.push_str(&block);
    }
    markdown
}

fn write_block(block: &Block) -> String {
    match block {
        Block::Paragraph(content) => write_run(content, Place::Paragraph),
        Block::Heading { level, content } => {
            let text = write_run(content, Place::Heading);
            if text.is_empty() { text } else { format!("{} {text}", "#".repeat(usize::from(*level).clamp(1, 6))) }
        }
        Block::Code { language, text } => write_code(language.as_deref(), text),
        Block::Quote(blocks) => indented(&write_blocks(blocks), "> ", "> "),
        Block::List { start, items } => write_list(*start, items),
        Block::Table { align, header, rows } => write_table(align, header, rows),
        // Not `---`: after the bullet of an item that would be a rule in place of the item.
        Block::Rule => "***".to_owned(),
        Block::Details { .. } | Block::Chart(_) => write_blocks(&block.simpler()),
    }
}

fn write_code(language: Option<&str>, text: &str) -> String {
    let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
    let is_name = |language: &&str| !language.contains(|c: char| c == '`' || c.is_whitespace());
    let language = language.filter(is_name).unwrap_or_default();
    format!("{fence}{language}\n{text}\n{fence}")
}

fn write_list(start: Option<u64>, items: &[Item]) -> String {
    let mut markdown = String::new();
    for (at, item) in items.iter().enumerate() {
        let mut text = write_blocks(&item.blocks);
        if let (Some(checked), Some(Block::Paragraph(_)), false) = (item.checked, item.blocks.first(), text.is_empty())
        {
            text.insert_str(0, if checked { "[x] " } else { "[ ] " });
        }
        let marker = match start {
            Some(start) => format!("{}. ", start.saturating_add(at as u64).min(MAX_ITEM_NUMBER)),
            None => "- ".to_owned(),
        };
        if at > 0 {
            markdown.push('\n');
        }
        markdown.push_str(indented(&text, &marker, &" ".repeat(marker.len())).trim_end_matches(' '));
    }
    markdown
}

fn write_table(align: &[Alignment], header: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) -> String {
    let columns = rows.iter().map(Vec::len).chain([header.len()]).max().unwrap_or(0);
    if columns == 0 {
        return String::new();
    }
    let mut markdown = String::new();
    write_row(header, columns, &mut markdown);
    markdown.push_str("\n|");
    for column in 0..columns {
        markdown.push_str(match align.get(column) {
            Some(Alignment::Left) | None => "---|",
            Some(Alignment::Center) => ":-:|",
            Some(Alignment::Right) => "--:|",
        });
    }
    for row in rows {
        markdown.push('\n');
        write_row(row, row.len(), &mut markdown);
    }
    markdown
}

fn write_row(row: &[Vec<Inline>], columns: usize, markdown: &mut String) {
    markdown.push('|');
    for column in 0..columns.max(1) {
        let cell = row.get(column).map(|cell| write_run(cell, Place::Cell)).unwrap_or_default();
        markdown.push(' ');
        markdown.push_str(&cell);
        markdown.push_str(if cell.is_empty() { "|" } else { " |" });
    }
}

/// Begins the first line with `first` and every other with `rest`; nothing stays nothing, but for an item's marker.
fn indented(text: &str, first: &str, rest: &str) -> String {
    if text.is_empty() && first == rest {
        return String::new();
    }
    let mut indented = String::with_capacity(text.len() + first.len());
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            indented.push('\n');
        }
        let prefix = if at == 0 { first } else { rest };
        indented.push_str(if line.is_empty() { prefix.trim_end_matches(' ') } else { prefix });
        indented.push_str(line);
    }
    indented
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_markdown_is_written_as_a_person_would() {
        let markdown = "# Cause: it's #1\n\n**Disk:** `/var` is *full*, see [the docs](https://a.example/b_c?d=1).\nsnake_case\n\n\
                        - [x] done\n- open\n  1. one\n\n     two\n\n> quoted\n>\n> ```sh\n> rm -r x\n> ```\n\n\
                        | a | b |\n|---|--:|\n| 1 | `c` |";
        let written = Document::from_markdown(markdown).to_markdown();
        assert_eq!(written, markdown.replace("it's #1", "it's \\#1").replace("open\n  1.", "open\n\n  1."));
    }

    #[test]
    fn text_that_looks_like_markdown_stays_text() {
        for text in [
            "1. a",
            "12) b",
            "- c",
            "+ d",
            "# e",
            "> f",
            "a\n===",
            "    g",
            "*h*",
            "![i](http://j)",
            "&amp;",
            "<b>",
            "~~~",
            "|a|\n|-|",
        ] {
            let document = Document::text(text);
            assert_eq!(Document::from_markdown(&document.to_markdown()).visible_text(), text.trim_start(), "{text:?}");
        }
    }

    #[test]
    fn a_bar_does_not_end_its_cell() {
        let markdown = "|h|\n|-|\n|a \\| b|";
        let document = Document::from_markdown(markdown);
        assert_eq!(Document::from_markdown(&document.to_markdown()), document);
    }
}
