//! Tables: aligned columns where they fit, else one block of `header: value` lines for each row.

use signalbox_adapter::{Alignment, Inline};

use super::inline::inlines;
use super::row::{Face, Row, inside};

/// Widest table drawn as columns, in columns of the terminal, also where nothing is wrapped.
///
/// One huge cell would otherwise pad every row of its column to its own width.
const MAX_TABLE_COLUMNS: usize = 1000;

/// What stands between two columns.
const GAP: &str = " │ ";

pub(super) fn paint(
    align: &[Alignment],
    header: &[Vec<Inline>],
    rows: &[Vec<Vec<Inline>>],
    width: usize,
    colour: bool,
) -> Vec<Row> {
    let header: Vec<Row> = header.iter().map(|cell| laid_out(cell, Face::BOLD, colour)).collect();
    let rows: Vec<Vec<Row>> =
        rows.iter().map(|row| row.iter().map(|cell| laid_out(cell, Face::default(), colour)).collect()).collect();
    let count = rows.iter().map(Vec::len).chain([header.len()]).max().unwrap_or(0);
    if count == 0 {
        return Vec::new();
    }
    let mut widths = vec![0; count];
    for row in rows.iter().chain([&header]) {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = cell.lines().iter().map(Row::width).max().unwrap_or_default().max(*widest);
        }
    }
    let total = widths.iter().sum::<usize>() + (count - 1) * 3;
    if total <= width.min(MAX_TABLE_COLUMNS) {
        columns(align, header, rows, &widths)
    } else {
        stacked(&header, rows, width)
    }
}

/// Lays a cell out, its lines parted by line feeds.
fn laid_out(cell: &[Inline], face: Face, colour: bool) -> Row {
    let mut row = Row::default();
    inlines(cell, face, colour, &mut row);
    row.without_tabs()
}

fn columns(align: &[Alignment], header: Vec<Row>, rows: Vec<Vec<Row>>, widths: &[usize]) -> Vec<Row> {
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("─┼─");
    let mut painted = lines(align, &header, widths);
    painted.push(Row::from_text(&rule, Face::DIM));
    painted.extend(rows.iter().flat_map(|row| lines(align, row, widths)));
    painted
}

/// Paints one row of the table: as many lines as its longest cell has.
fn lines(align: &[Alignment], cells: &[Row], widths: &[usize]) -> Vec<Row> {
    let cells: Vec<Vec<Row>> = cells.iter().map(Row::lines).collect();
    let count = cells.iter().map(Vec::len).max().unwrap_or_default().max(1);
    let line = |at: usize| cells.iter().map(|cell| cell.get(at).cloned().unwrap_or_default()).collect();
    (0..count).map(|at| aligned(align, line(at), widths)).collect()
}

fn aligned(align: &[Alignment], cells: Vec<Row>, widths: &[usize]) -> Row {
    let mut cells = cells.into_iter();
    let mut painted = Row::default();
    for (at, width) in widths.iter().enumerate() {
        if at > 0 {
            painted.push(GAP, Face::DIM);
        }
        let cell = cells.next().unwrap_or_default();
        let spare = width - cell.width();
        let before = match align.get(at).copied().unwrap_or(Alignment::Left) {
            Alignment::Left => 0,
            Alignment::Center => spare / 2,
            Alignment::Right => spare,
        };
        painted.push(&" ".repeat(before), Face::default());
        painted.append(cell);
        painted.push(&" ".repeat(spare - before), Face::default());
    }
    painted
}

fn stacked(header: &[Row], rows: Vec<Vec<Row>>, width: usize) -> Vec<Row> {
    let mut painted: Vec<Row> = Vec::new();
    if rows.is_empty() {
        painted.extend(header.iter().flat_map(|cell| cell.clone().wrap(width)));
    }
    for row in rows {
        if !painted.is_empty() {
            painted.push(Row::default());
        }
        for (at, cell) in row.into_iter().enumerate() {
            let mut line = header.get(at).cloned().unwrap_or_default().flattened();
            if line.len() > 0 {
                line.push(": ", Face::BOLD);
            }
            line.append(cell);
            let wrapped = line.wrap(inside(width, 2)).into_iter().enumerate();
            painted.extend(wrapped.map(|(at, row)| row.indented("", "  ", at)));
        }
    }
    painted
}
