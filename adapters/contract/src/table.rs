//! Tables for providers that have none: aligned lines in a code block, or `header: value` lists where that is too wide.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use crate::{Alignment, Block, Document, Inline, Item, inline_text};

/// Widest table that is shown aligned, in terminal columns; a wider one would wrap and read as noise.
pub const TABLE_WIDTH: usize = 72;
/// What stands between two columns.
const BETWEEN: &str = " | ";

/// Column widths of a table that is not too wide.
struct Layout {
    columns: Vec<(usize, Alignment)>,
}

impl Layout {
    /// Measures the columns; `None` if the table is wider than `max_width`.
    fn new(align: &[Alignment], header: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>], max_width: usize) -> Option<Self> {
        let mut columns: Vec<(usize, Alignment)> = Vec::new();
        let mut total = 0;
        for row in std::iter::once(header).chain(rows.iter().map(Vec::as_slice)) {
            for (column, cell) in row.iter().enumerate() {
                if column == columns.len() {
                    columns.push((0, align.get(column).copied().unwrap_or(Alignment::Left)));
                    total += if column > 0 { BETWEEN.len() } else { 0 };
                }
                let width = cell_text(cell).width();
                if width > columns[column].0 {
                    total += width - columns[column].0;
                    columns[column].0 = width;
                }
                if total > max_width {
                    return None;
                }
            }
        }
        Some(Self { columns })
    }

    /// Returns the whole table, without a final newline.
    fn lines(&self, header: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) -> String {
        let mut text = self.head(header);
        for row in rows {
            text.push('\n');
            self.push_row(row, &mut text);
        }
        text
    }

    /// Returns the header and the line below it.
    fn head(&self, header: &[Vec<Inline>]) -> String {
        let mut text = String::new();
        self.push_row(header, &mut text);
        text.push('\n');
        for (column, (width, _)) in self.columns.iter().enumerate() {
            text.push_str(if column > 0 { "-+-" } else { "" });
            text.extend(std::iter::repeat_n('-', *width));
        }
        text
    }

    /// Appends one row as a line, without a newline.
    fn push_row(&self, row: &[Vec<Inline>], text: &mut String) {
        let begin = text.len();
        for (column, (width, align)) in self.columns.iter().enumerate() {
            let cell = row.get(column).map(|cell| cell_text(cell)).unwrap_or_default();
            let free = width.saturating_sub(cell.width());
            let before = match align {
                Alignment::Left => 0,
                Alignment::Center => free / 2,
                Alignment::Right => free,
            };
            text.push_str(if column > 0 { BETWEEN } else { "" });
            text.extend(std::iter::repeat_n(' ', before));
            text.push_str(&cell);
            text.extend(std::iter::repeat_n(' ', free - before));
        }
        let end = text[begin..].trim_end_matches(' ').len();
        text.truncate(begin + end);
    }
}

/// A cell as one line.
fn cell_text(cell: &[Inline]) -> Cow<'_, str> {
    match cell {
        [Inline::Text(text) | Inline::Code(text)] if !text.contains(['\n', '\t']) => Cow::Borrowed(text),
        _ => Cow::Owned(inline_text(cell).replace(['\n', '\t'], " ")),
    }
}

/// Turns each row into a run of `header: value` lines, empty cells left out.
fn unfold(header: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) -> Vec<Vec<Inline>> {
    if rows.is_empty() {
        return vec![lines(header)];
    }
    let named = |row: &Vec<Vec<Inline>>| {
        let mut run = Vec::new();
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            if !run.is_empty() {
                run.push(Inline::Break);
            }
            if let Some(name) = header.get(column).filter(|name| !name.is_empty()) {
                run.push(Inline::Strong(vec![Inline::Text(inline_text(name))]));
                run.push(Inline::Text(": ".to_owned()));
            }
            run.extend(cell.iter().cloned());
        }
        run
    };
    rows.iter().map(named).collect()
}

/// Puts the cells of one row below each other.
fn lines(row: &[Vec<Inline>]) -> Vec<Inline> {
    let mut run = Vec::new();
    for cell in row.iter().filter(|cell| !cell.is_empty()) {
        if !run.is_empty() {
            run.push(Inline::Break);
        }
        run.extend(cell.iter().cloned());
    }
    run
}

impl Document {
    /// Turns tables into code blocks of aligned lines; those wider than `max_width` terminal columns into lists of
    /// `header: value` lines, one item a row.
    #[must_use]
    pub fn flatten_tables(&self, max_width: usize) -> Cow<'_, Document> {
        if has_table(&self.blocks) {
            Cow::Owned(Document { blocks: flatten(&self.blocks, max_width) })
        } else {
            Cow::Borrowed(self)
        }
    }
}

fn has_table(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match block {
        Block::Table { .. } => true,
        Block::Quote(blocks) => has_table(blocks),
        Block::List { items, .. } => items.iter().any(|item| has_table(&item.blocks)),
        Block::Paragraph(_) | Block::Heading { .. } | Block::Code { .. } | Block::Rule => false,
    })
}

fn flatten(blocks: &[Block], max_width: usize) -> Vec<Block> {
    let flat = |block: &Block| match block {
        Block::Table { align, header, rows } => match Layout::new(align, header, rows, max_width) {
            Some(layout) => Block::Code { language: None, text: layout.lines(header, rows) },
            None => {
                let items = unfold(header, rows).into_iter().filter(|run| !run.is_empty());
                let items = items.map(|run| Item { checked: None, blocks: vec![Block::Paragraph(run)] }).collect();
                Block::List { start: None, items }
            }
        },
        Block::Quote(blocks) => Block::Quote(flatten(blocks, max_width)),
        Block::List { start, items } => {
            let flat_item = |item: &Item| Item { checked: item.checked, blocks: flatten(&item.blocks, max_width) };
            Block::List { start: *start, items: items.iter().map(flat_item).collect() }
        }
        Block::Paragraph(_) | Block::Heading { .. } | Block::Code { .. } | Block::Rule => block.clone(),
    };
    blocks.iter().map(flat).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(markdown: &str) -> Block {
        Document::from_markdown(markdown).flatten_tables(TABLE_WIDTH).into_owned().blocks.remove(0)
    }

    #[test]
    fn columns_line_up_also_with_wide_characters_and_missing_cells() {
        let text = "name |    n\n-----+-----\n日本 |    7\na b  | 1234\nx    |".to_owned();
        let table = flat("|name|n|\n|:-|-:|\n|日本|7|\n|a **b**|1234|\n|x|");
        assert_eq!(table, Block::Code { language: None, text });
    }

    #[test]
    fn a_table_of_fifty_columns_becomes_named_values() {
        let row = |word: &str| (0..50).map(|n| format!("|{word}{n}")).collect::<String>() + "|\n";
        let flat = flat(&(row("head") + &"|-".repeat(50) + "|\n" + &row("value") + &row("other")));
        let text = Document { blocks: vec![flat] }.visible_text();
        assert!(text.starts_with("head0: value0\nhead1: value1\n"), "{text}");
        assert!(text.contains("head49: value49\nhead0: other0"), "{text}");
    }
}
