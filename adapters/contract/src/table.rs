//! Tables for providers that have none: aligned text for a code block, or `header: value` lists where that is too wide.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use crate::{Alignment, Block, Document, Inline, Item, inline_text, one_line};

/// Widest table that is shown aligned, in terminal columns; a wider one would wrap and read as noise.
pub const TABLE_WIDTH: usize = 72;
/// Widest table that is laid out at all, in terminal columns, so that one long cell cannot pad a thousand others.
const MAX_TABLE_WIDTH: usize = 200;
/// Longest name of a column repeated in each row, in characters.
const MAX_NAME_CHARS: usize = 40;
/// What stands between two columns.
const BETWEEN: &str = " | ";

/// Lays a table out as aligned lines, without a final newline.
///
/// Where that is wider than `max_width` terminal columns it becomes one group of `header: value` lines for each row.
#[must_use]
pub fn align_table(align: &[Alignment], header: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>], max_width: usize) -> String {
    let Some(layout) = Layout::new(align, header, rows, max_width) else {
        let groups = unfold(header, rows).into_iter().map(|lines| inline_text(&lines));
        return groups.collect::<Vec<_>>().join("\n\n");
    };
    let mut text = layout.head(header);
    for row in rows {
        text.push('\n');
        layout.push_row(row, &mut text);
    }
    text
}

/// Column widths of a table that is not too wide.
pub(crate) struct Layout {
    columns: Vec<(usize, Alignment)>,
}

impl Layout {
    /// Measures the columns; `None` if the table is wider than `max_width`.
    pub(crate) fn new(
        align: &[Alignment],
        header: &[Vec<Inline>],
        rows: &[Vec<Vec<Inline>>],
        max_width: usize,
    ) -> Option<Self> {
        let max_width = max_width.min(MAX_TABLE_WIDTH);
        let mut columns: Vec<(usize, Alignment)> = Vec::new();
        let mut total = 0;
        for row in std::iter::once(header).chain(rows.iter().map(Vec::as_slice)) {
            for (column, cell) in row.iter().enumerate() {
                if column == columns.len() {
                    columns.push((0, align.get(column).copied().unwrap_or(Alignment::Left)));
                    total += if column > 0 { BETWEEN.len() } else { 0 };
                }
                let width = cell_text(cell).split('\n').map(UnicodeWidthStr::width).max().unwrap_or_default();
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

    /// Returns the header and the line below it.
    pub(crate) fn head(&self, header: &[Vec<Inline>]) -> String {
        let mut text = String::new();
        self.push_row(header, &mut text);
        text.push('\n');
        for (column, (width, _)) in self.columns.iter().enumerate() {
            text.push_str(if column > 0 { "-+-" } else { "" });
            text.extend(std::iter::repeat_n('-', *width));
        }
        text
    }

    /// Appends one row, without a newline at its end: as many lines as its longest cell has.
    pub(crate) fn push_row(&self, row: &[Vec<Inline>], text: &mut String) {
        let cells: Vec<_> = row.iter().map(|cell| cell_text(cell)).collect();
        let mut cells: Vec<_> = cells.iter().map(|cell| cell.split('\n').peekable()).collect();
        self.push_line(cells.iter_mut().map(|lines| lines.next().unwrap_or_default()), text);
        while cells.iter_mut().any(|lines| lines.peek().is_some()) {
            text.push('\n');
            self.push_line(cells.iter_mut().map(|lines| lines.next().unwrap_or_default()), text);
        }
    }

    fn push_line<'a>(&self, mut cells: impl Iterator<Item = &'a str>, text: &mut String) {
        let begin = text.len();
        for (column, (width, align)) in self.columns.iter().enumerate() {
            let cell = cells.next().unwrap_or_default();
            let free = width.saturating_sub(cell.width());
            let before = match align {
                Alignment::Left => 0,
                Alignment::Center => free / 2,
                Alignment::Right => free,
            };
            text.push_str(if column > 0 { BETWEEN } else { "" });
            text.extend(std::iter::repeat_n(' ', before));
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', free - before));
        }
        let end = text[begin..].trim_end_matches(' ').len();
        text.truncate(begin + end);
    }
}

/// The lines of a cell.
fn cell_text(cell: &[Inline]) -> Cow<'_, str> {
    match cell {
        [Inline::Text(text) | Inline::Code(text) | Inline::Command(text)] if !text.contains('\t') => {
            Cow::Borrowed(text)
        }
        _ => Cow::Owned(inline_text(cell).replace('\t', " ")),
    }
}

/// Turns each row into a run of `header: value` lines, so that a value is never taken for another column's. Where a name is cut,
/// all names are said in a first run.
fn unfold(header: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) -> Vec<Vec<Inline>> {
    if rows.is_empty() {
        return vec![lines(header)];
    }
    let names: Vec<String> = header.iter().map(|name| one_line(&cell_text(name), MAX_NAME_CHARS)).collect();
    let is_cut = header.iter().any(|name| cell_text(name).chars().count() > MAX_NAME_CHARS);
    let head = is_cut.then(|| lines(header));
    head.into_iter().chain(rows.iter().map(|row| named_lines(&names, row))).collect()
}

/// Puts the cells of one row below each other, each after the name of its column.
fn named_lines(names: &[String], row: &[Vec<Inline>]) -> Vec<Inline> {
    let mut run = Vec::new();
    for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        let name = names.get(column).filter(|name| !name.is_empty());
        if !run.is_empty() {
            run.push(Inline::Break);
        }
        if let Some(name) = name {
            run.extend([Inline::strong(name), Inline::Text(": ".to_owned())]);
        }
        run.extend(cell.iter().cloned());
    }
    run
}

/// Puts the cells of one row below each other.
pub(crate) fn lines(row: &[Vec<Inline>]) -> Vec<Inline> {
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
    /// Turns tables wider than `max_width` terminal columns into lists of `header: value` lines, one item a row.
    #[must_use]
    pub fn unfold_tables(&self, max_width: usize) -> Cow<'_, Document> {
        if has_wide_table(&self.blocks, max_width) {
            Cow::Owned(Document { blocks: unfold_blocks(&self.blocks, max_width) })
        } else {
            Cow::Borrowed(self)
        }
    }
}

fn has_wide_table(blocks: &[Block], max_width: usize) -> bool {
    blocks.iter().any(|block| match block {
        Block::Table { align, header, rows } => Layout::new(align, header, rows, max_width).is_none(),
        Block::Quote(blocks) | Block::Details { blocks, .. } => has_wide_table(blocks, max_width),
        Block::List { items, .. } => items.iter().any(|item| has_wide_table(&item.blocks, max_width)),
        Block::Paragraph(_) | Block::Heading { .. } | Block::Code { .. } | Block::Rule | Block::Chart(_) => false,
    })
}

fn unfold_blocks(blocks: &[Block], max_width: usize) -> Vec<Block> {
    let unfolded = |block: &Block| match block {
        Block::Table { align, header, rows } if Layout::new(align, header, rows, max_width).is_none() => {
            let items = unfold(header, rows)
                .into_iter()
                .map(|run| Item { checked: None, blocks: vec![Block::Paragraph(run)] })
                .collect();
            Block::List { start: None, items }
        }
        Block::Quote(blocks) => Block::Quote(unfold_blocks(blocks, max_width)),
        Block::Details { title, blocks } => {
            Block::Details { title: title.clone(), blocks: unfold_blocks(blocks, max_width) }
        }
        Block::List { start, items } => {
            let unfold_item =
                |item: &Item| Item { checked: item.checked, blocks: unfold_blocks(&item.blocks, max_width) };
            Block::List { start: *start, items: items.iter().map(unfold_item).collect() }
        }
        Block::Table { .. }
        | Block::Paragraph(_)
        | Block::Heading { .. }
        | Block::Code { .. }
        | Block::Rule
        | Block::Chart(_) => block.clone(),
    };
    blocks.iter().map(unfolded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aligned(markdown: &str) -> String {
        match &Document::from_markdown(markdown).blocks[0] {
            Block::Table { align, header, rows } => align_table(align, header, rows, TABLE_WIDTH),
            other => panic!("no table: {other:?}"),
        }
    }

    #[test]
    fn columns_line_up_also_with_wide_characters_and_missing_cells() {
        let text = aligned("|name|n|\n|:-|-:|\n|日本|7|\n|a **b**|1234|\n|x|");
        assert_eq!(text, "name |    n\n-----+-----\n日本 |    7\na b  | 1234\nx    |");
    }

    #[test]
    fn a_table_of_fifty_columns_becomes_named_values() {
        let row = |word: &str| (0..50).map(|n| format!("|{word}{n}")).collect::<String>() + "|\n";
        let text = aligned(&(row("head") + &"|-".repeat(50) + "|\n" + &row("value") + &row("other")));
        assert!(text.starts_with("head0: value0\nhead1: value1\n"));
        assert!(text.contains("head49: value49\n\nhead0: other0"));
    }

    #[test]
    fn a_value_of_a_wide_table_stands_with_its_own_column_also_beside_empty_cells() {
        let text = aligned(
            "|Service|Owner of the service in production and beyond|Status of the last deployment|Notes|\n|-|-|-|-|\n\
             |checkout||failed||\n|cart|alice||see the runbook|",
        );
        assert!(text.starts_with("Service\nOwner of the service in production and beyond\nStatus"), "{text}");
        assert!(text.contains("\n\nService: checkout\nStatus of the last deployment: failed\n\n"), "{text}");
        assert!(text.contains("Service: cart\nOwner of"), "{text}");
        assert!(text.ends_with("…: alice\nNotes: see the runbook"), "{text}");
    }
}
