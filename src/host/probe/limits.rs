//! Tables of the kernel that fill up: open files, and threads against their own limit and the number of pids.

use crate::host::fact::{Measure, Reading};
use crate::host::root::{Root, Unreadable, malformed};
use crate::host::shown::{percent, share};

use super::load;

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Table {
    /// What it holds.
    pub(crate) what: &'static str,
    /// Entries in use.
    pub(crate) used: u64,
    /// Entries there can be.
    pub(crate) limit: u64,
}

/// The tables and what could not be read of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LimitTables {
    /// The tables that could be read.
    pub(crate) tables: Vec<Table>,
    /// Why the others could not.
    pub(crate) unreadable: Vec<Unreadable>,
}

/// Reads the tables.
///
/// # Errors
/// [`Unreadable`] when not one can be read.
pub(crate) fn read(root: &Root) -> Result<LimitTables, Unreadable> {
    let mut limits = LimitTables { tables: Vec::new(), unreadable: Vec::new() };
    for table in [open_files(root), tasks(root, "threads", "threads-max"), tasks(root, "process ids", "pid_max")] {
        match table {
            Ok(table) => limits.tables.push(table),
            Err(why) => limits.unreadable.push(why),
        }
    }
    if limits.tables.is_empty() { Err(limits.unreadable.swap_remove(0)) } else { Ok(limits) }
}

fn open_files(root: &Root) -> Result<Table, Unreadable> {
    const FILE: &str = "proc/sys/fs/file-nr";
    parse_file_nr(&root.read(FILE)?).ok_or_else(|| malformed(FILE))
}

fn parse_file_nr(text: &str) -> Option<Table> {
    let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<u64>().ok());
    let (allocated, unused, limit) = (numbers.next()??, numbers.next()??, numbers.next()??);
    Some(Table { what: "open files", used: allocated.saturating_sub(unused), limit })
}

fn tasks(root: &Root, what: &'static str, file: &str) -> Result<Table, Unreadable> {
    let file = format!("proc/sys/kernel/{file}");
    let limit = root.read_number(&file)?.ok_or_else(|| malformed(&file))?;
    Ok(Table { what, used: load::read(root)?.tasks, limit })
}

impl Table {
    /// Computes how full it is, in percent.
    pub(crate) fn used_percent(&self) -> f64 {
        share(self.used, self.limit)
    }

    /// Says in one line how full it is.
    pub(crate) fn line(&self) -> String {
        let Self { what, used, limit } = self;
        format!("{what}: {used} of at most {limit} in use ({})", percent(self.used_percent()))
    }
}

impl LimitTables {
    /// Makes the reading.
    pub(crate) fn reading(&self) -> Reading {
        let mut reading = Reading::new(self.evidence());
        for table in &self.tables {
            let what = table.what.to_owned();
            reading.fact_of(Measure::TableUsed, what.clone(), what, table.used_percent(), table.line());
        }
        reading.gaps = self.unreadable.iter().map(Unreadable::to_string).collect();
        reading
    }

    /// Writes the evidence as plain text.
    pub(crate) fn evidence(&self) -> String {
        let tables = self.tables.iter().map(Table::line);
        tables.chain(self.unreadable.iter().map(Unreadable::to_string)).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_with_its_limit() {
        let table = parse_file_nr("539\t9\t1000\n").unwrap();
        assert_eq!(table.line(), "open files: 530 of at most 1000 in use (53 %)");
        assert_eq!(parse_file_nr("539"), None);
        assert_eq!(parse_file_nr("a b c"), None);
    }
}
