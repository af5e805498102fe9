//! Tables: cut between rows, the header repeated in each part; a row too long for a part is placed as lines.

use super::builder::Builder;
use crate::measure::Meter;
use crate::table::{Layout, lines};
use crate::{Alignment, Block, Face, Inline, Markup};

type Row = Vec<Vec<Inline>>;

impl Builder<'_> {
    pub(super) fn table(&mut self, align: &[Alignment], header: &Row, rows: &[Row]) {
        let Some(layout) = Layout::new(align, header, rows, self.measure.table_width()) else {
            return self.rows_as_lines(std::iter::once(header).chain(rows));
        };
        let head = self.measure.markup(Markup::Table) + 2 * self.prefix + self.line_cost(&layout.head(header));
        if !self.affords(Markup::Table) || !self.fits_fresh(head) {
            return self.rows_as_lines(std::iter::once(header).chain(rows));
        }
        if self.filled && !self.fits(head) {
            self.flush();
        }
        let table = |rows| Block::Table { align: align.to_vec(), header: header.clone(), rows };
        let (mut chunk, mut cost, mut is_shown) = (Vec::new(), head, false);
        let mut line = String::new();
        for row in rows {
            line.clear();
            line.push('\n');
            layout.push_row(row, &mut line);
            let price = self.line_cost(&line);
            let is_oversized = !self.fits_fresh(head + price);
            if (is_oversized && !is_shown) || (!chunk.is_empty() && (is_oversized || !self.fits(cost + price))) {
                self.push(table(std::mem::take(&mut chunk)), cost);
                (cost, is_shown) = (head, true);
            }
            if is_oversized {
                self.run(&lines(row), None);
                continue;
            }
            if self.filled && !self.fits(cost + price) {
                self.flush();
            }
            chunk.push(row.clone());
            cost += price;
        }
        if !chunk.is_empty() || !is_shown {
            self.push(table(chunk), cost);
        }
    }

    fn rows_as_lines<'r>(&mut self, rows: impl Iterator<Item = &'r Row>) {
        rows.for_each(|row| self.run(&lines(row), None));
    }

    fn line_cost(&self, line: &str) -> usize {
        Meter::spent(self.measure, usize::MAX, |meter| meter.text(line, Face::Block, self.prefix)).unwrap_or(usize::MAX)
    }
}
