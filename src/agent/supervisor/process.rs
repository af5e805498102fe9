//! Processes as `/proc` shows them: who is alive, who descends from whom, whose environment carries a mark.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use nix::unistd::getuid;
use serde::{Deserialize, Serialize};

/// The hidden subcommand that makes the program a supervisor.
pub const SUBCOMMAND: &str = "supervise";

/// A process that can be told from a later one with the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The running kernel's boot id.
    pub boot_id: String,
    /// Process id.
    pub pid: i32,
    /// Start time, in clock ticks since boot (field 22 of `/proc/<pid>/stat`).
    pub started: u64,
}

impl Identity {
    /// Looks a process up.
    ///
    /// # Errors
    /// Where there is no such process.
    pub fn of(pid: i32) -> io::Result<Self> {
        let stat = stat(pid).ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { boot_id: boot_id()?, pid, started: stat.started })
    }

    /// Returns whether the process still runs; a zombie does not.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        boot_id().is_ok_and(|id| id == self.boot_id)
            && stat(self.pid).is_some_and(|stat| stat.started == self.started && stat.is_running())
    }
}

/// Returns the running kernel's boot id, which is read once.
///
/// # Errors
/// Where `/proc` cannot be read.
pub fn boot_id() -> io::Result<String> {
    static BOOT_ID: OnceLock<String> = OnceLock::new();
    if let Some(id) = BOOT_ID.get() {
        return Ok(id.clone());
    }
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned();
    Ok(BOOT_ID.get_or_init(|| id).clone())
}

/// One line of the process table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) pid: i32,
    parent: i32,
    state: u8,
    started: u64,
}

impl Stat {
    /// Returns whether the process is neither a zombie nor dead.
    pub(super) fn is_running(self) -> bool {
        !matches!(self.state, b'Z' | b'X' | b'x')
    }
}

fn stat(pid: i32) -> Option<Stat> {
    // One line, which the kernel gives at once: a name of 15 bytes and 51 numbers.
    let mut line = [0; 1536];
    let length = File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut line).ok()?;
    parse_stat(pid, &line[..length])
}

/// Parses `/proc/<pid>/stat`; the second field is the program's name, which may hold anything, parentheses too.
fn parse_stat(pid: i32, stat: &[u8]) -> Option<Stat> {
    let name_end = stat.iter().rposition(|&byte| byte == b')')?;
    let mut fields = str::from_utf8(&stat[name_end + 1..]).ok()?.split_ascii_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    let parent = fields.next()?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    Some(Stat { pid, parent, state, started })
}

/// Returns the ids of all processes.
pub(super) fn all() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Returns the running processes that descend from `roots`, and those of `roots` that run.
pub(super) fn with_descendants(roots: &HashSet<i32>) -> Vec<i32> {
    let table: Vec<Stat> = all().filter_map(stat).collect();
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for stat in &table {
        children.entry(stat.parent).or_default().push(stat.pid);
    }
    let mut found = roots.clone();
    let mut open: Vec<i32> = roots.iter().copied().collect();
    while let Some(pid) = open.pop() {
        for &child in children.get(&pid).into_iter().flatten() {
            if found.insert(child) {
                open.push(child);
            }
        }
    }
    table.into_iter().filter(|stat| found.contains(&stat.pid) && stat.is_running()).map(|stat| stat.pid).collect()
}

/// Returns a process and those that it descends from, itself first; `None` where one of them has gone meanwhile.
pub(super) fn line_of(pid: i32) -> Option<Vec<i32>> {
    let mut line = Vec::new();
    let mut at = pid;
    while at > 0 && !line.contains(&at) {
        line.push(at);
        at = stat(at)?.parent;
    }
    Some(line)
}

/// Returns the parent of a process, its parent and so on, as far as they can be told.
pub(super) fn ancestors(pid: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let mut at = pid;
    while let Some(stat) = stat(at).filter(|stat| stat.parent > 0 && !found.contains(&stat.parent)) {
        at = stat.parent;
        found.push(at);
    }
    found
}

/// Returns whether a process was started as a supervisor.
pub(super) fn is_supervisor(pid: i32) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split(|&byte| byte == 0).nth(1).is_some_and(|word| word == SUBCOMMAND.as_bytes())
}

/// A program's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProgramFile {
    path: PathBuf,
    file: (u64, u64),
}

impl ProgramFile {
    /// Looks up what a process runs.
    ///
    /// # Errors
    /// Where there is no such process, or it keeps that to itself.
    pub(super) fn of(pid: i32) -> io::Result<Self> {
        let link = format!("/proc/{pid}/exe");
        let (path, file) = (fs::read_link(&link)?, fs::metadata(&link)?);
        // A program that was replaced while it runs.
        let text = path.to_str().and_then(|path| path.strip_suffix(" (deleted)")).map(PathBuf::from);
        Ok(Self { path: text.unwrap_or(path), file: (file.dev(), file.ino()) })
    }

    /// Whether both are one program, or one has taken the other's place.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.file == other.file || self.path == other.path
    }
}

/// Returns how much memory a process takes, in bytes: what it shares counts by its share, or in whole where that is not told.
pub(super) fn memory_bytes(pid: i32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let share =
        rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    let resident = || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok())
    };
    share.or_else(resident).map_or(0, |kib: u64| kib.saturating_mul(1024))
}

/// Returns whether a process runs.
pub(super) fn runs(pid: i32) -> bool {
    stat(pid).is_some_and(Stat::is_running)
}

/// Returns whether a process runs, was started at a time since boot, in clock ticks, or later, and may be ended by this user.
pub(super) fn is_ours_since(pid: i32, started: u64) -> bool {
    let own = nix::unistd::geteuid();
    let is_ours = || fs::metadata(format!("/proc/{pid}")).is_ok_and(|of| own.is_root() || of.uid() == own.as_raw());
    stat(pid).is_some_and(|stat| stat.is_running() && stat.started >= started) && is_ours()
}

/// Returns the running processes of this user that were started with `variable` in their environment.
pub(super) fn marked(variable: &str) -> HashSet<i32> {
    // The owner of our own entry is another one, since we are not dumpable.
    let own = getuid().as_raw();
    all()
        .filter(|pid| fs::metadata(format!("/proc/{pid}")).is_ok_and(|process| process.uid() == own))
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|&byte| byte == 0).any(|entry| entry == variable.as_bytes())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_may_hold_anything() {
        let line = b"7 (a) S 1 (b)) R 5 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9 9";
        assert_eq!(parse_stat(7, line), Some(Stat { pid: 7, parent: 5, state: b'R', started: 4242 }));
        assert_eq!(parse_stat(7, b"7 (a"), None);
        assert_eq!(parse_stat(7, b"7 (a) R"), None);
    }

    #[test]
    fn this_process_is_alive_and_another_start_time_is_not() {
        let own = Identity::of(std::process::id().cast_signed()).expect("this process exists");
        assert!(own.is_alive());
        assert!(!Identity { started: own.started + 1, ..own.clone() }.is_alive());
        assert!(!Identity { boot_id: "another".into(), ..own.clone() }.is_alive());
        let line = line_of(own.pid).expect("its parents run, too");
        assert_eq!(line[0], own.pid);
        assert!(line.contains(&std::os::unix::process::parent_id().cast_signed()));
        assert_eq!(line_of(i32::MAX), None, "there is no such process");
        assert!(!is_supervisor(own.pid));
        let program = ProgramFile::of(own.pid).expect("this program has a file");
        assert!(program.is(&program) && !program.is(&ProgramFile { path: "/x".into(), file: (0, 0) }));
    }
}
