//! `/proc/stat` and `/proc/<pid>/stat`, parsed.
//!
//! Pure functions of text. The second format puts a process's name between parentheses, and a name may itself hold
//! spaces, parentheses and line breaks: the last closing parenthesis ends it.

/// Processor time of the whole machine since boot, in clock ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ticks {
    /// Everything, guests counted once.
    pub(crate) total: u64,
    /// Idle with nothing to wait for.
    pub(crate) idle: u64,
    /// Idle while something waited for I/O.
    pub(crate) iowait: u64,
    /// Taken by the hypervisor.
    pub(crate) steal: u64,
}

/// What `/proc/stat` says of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MachineStat {
    /// Processor time.
    pub(crate) ticks: Ticks,
    /// Processors online.
    pub(crate) cores: usize,
    /// Tasks running or ready to run at this moment.
    pub(crate) running: u64,
    /// Tasks blocked on I/O at this moment.
    pub(crate) blocked: u64,
}

/// What `/proc/<pid>/stat` says of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProcessStat {
    /// Its name, as the process chose it.
    pub(crate) name: String,
    /// Processor time since its start, in clock ticks.
    pub(crate) ticks: u64,
    /// When it began, in clock ticks since boot; with the pid it names one process for good.
    pub(crate) started: u64,
    /// Threads.
    pub(crate) threads: u64,
    /// Memory resident, in pages.
    pub(crate) resident_pages: u64,
}

/// Parses `/proc/stat`.
pub(crate) fn parse_machine(text: &str) -> Option<MachineStat> {
    let mut stat = MachineStat::default();
    let mut totals = None;
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("cpu") => totals = parse_ticks(words),
            Some("procs_running") => stat.running = words.next()?.parse().ok()?,
            Some("procs_blocked") => stat.blocked = words.next()?.parse().ok()?,
            Some(word) if word.starts_with("cpu") => stat.cores += 1,
            Some(_) | None => {}
        }
    }
    stat.ticks = totals?;
    (stat.cores > 0).then_some(stat)
}

fn parse_ticks<'a>(words: impl Iterator<Item = &'a str>) -> Option<Ticks> {
    // user nice system idle iowait irq softirq steal; the guest columns after them are in user and nice already.
    let columns: Vec<u64> = words.take(8).map_while(|word| word.parse().ok()).collect();
    Some(Ticks {
        total: columns.iter().fold(0, |sum, &ticks| sum.saturating_add(ticks)),
        idle: *columns.get(3)?,
        iowait: columns.get(4).copied().unwrap_or(0),
        steal: columns.get(7).copied().unwrap_or(0),
    })
}

/// Parses `/proc/<pid>/stat`.
pub(crate) fn parse_process(text: &str) -> Option<ProcessStat> {
    let (before, name_and_rest) = text.split_once('(')?;
    before.trim().parse::<u32>().ok()?;
    let (name, rest) = name_and_rest.rsplit_once(')')?;
    // Column 3 of the manual page, the state, is the first after the name.
    let columns: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |column: usize| columns.get(column - 3)?.parse::<i64>().ok().map(i64::unsigned_abs);
    Some(ProcessStat {
        name: name.to_owned(),
        ticks: number(14)?.saturating_add(number(15)?),
        threads: number(20)?,
        started: number(22)?,
        resident_pages: number(24)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REST: &str = "R 1 1 1 0 -1 4194304 98 0 0 0 70 30 5 5 20 0 3 0 8249 3133440 379 18446744073709551615 1 1";

    #[test]
    fn a_machine_line_counts_guests_once() {
        let text =
            "cpu  10 1 5 80 4 0 0 2 7 0\ncpu0 5 0 0 0 0\ncpu1 5 1 5 80\nintr 9\nprocs_running 3\nprocs_blocked 1\n";
        let ticks = Ticks { total: 102, idle: 80, iowait: 4, steal: 2 };
        assert_eq!(parse_machine(text), Some(MachineStat { ticks, cores: 2, running: 3, blocked: 1 }));
        assert_eq!(parse_machine("cpu  1 2\n"), None);
        assert_eq!(parse_machine(""), None);
    }

    #[test]
    fn a_process_may_be_named_like_the_format_itself() {
        for name in ["a b", "x) R 1 2 (y", "new\nline) S 0", "", "((("] {
            let stat = parse_process(&format!("42 ({name}) {REST}\n")).unwrap();
            assert_eq!(
                stat,
                ProcessStat { name: name.into(), ticks: 100, started: 8249, threads: 3, resident_pages: 379 }
            );
        }
    }

    #[test]
    fn a_cut_line_is_no_process() {
        for text in ["", "42", "42 (cat", "42 (cat) R 1 2", "x (cat) R", ") ("] {
            assert_eq!(parse_process(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            let _ = (parse_machine(&text), parse_process(&text));
        }
    }
}
