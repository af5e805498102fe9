//! What the probes ask: the kernel's files, the clock of a sampling window, file systems, and the service manager.
//!
//! A test stands in for each of them: two recorded trees for the two ends of the window, and closures for the rest.

use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::statvfs::statvfs;
use nix::unistd::{SysconfVar, sysconf};
use reqwest::Url;

use crate::clock::{Clock as _, SystemClock, Timestamp};

use super::fetch::{self, PageAnswer};
use super::program::{self, Program};
use super::root::{Root, Unreadable};

/// How long processes are watched on a live machine.
pub(crate) const SAMPLING_WINDOW: Duration = Duration::from_millis(500);
/// Clock ticks a second where the system does not say; `USER_HZ` of nearly every Linux.
const USUAL_TICKS_PER_SECOND: u64 = 100;
/// Bytes a memory page where the system does not say.
const USUAL_PAGE_BYTES: u64 = 4096;

/// Units in which the kernel counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Units {
    /// Clock ticks a second in `/proc/stat` and `/proc/<pid>/stat`.
    pub(crate) ticks_per_second: u64,
    /// Size of a memory page, in bytes.
    pub(crate) page_bytes: u64,
}

impl Units {
    fn live() -> Self {
        let ask = |name| sysconf(name).ok().flatten().and_then(|value| u64::try_from(value).ok()).filter(|&n| n > 0);
        Self {
            ticks_per_second: ask(SysconfVar::CLK_TCK).unwrap_or(USUAL_TICKS_PER_SECOND),
            page_bytes: ask(SysconfVar::PAGE_SIZE).unwrap_or(USUAL_PAGE_BYTES),
        }
    }
}

/// Room of one file system, as `statvfs` tells it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Space {
    /// Size, in bytes.
    pub(crate) total_bytes: u64,
    /// Free, in bytes, also what is reserved for root.
    pub(crate) free_bytes: u64,
    /// Free for everybody, in bytes.
    pub(crate) available_bytes: u64,
    /// Inodes; 0 where the file system does not count them.
    pub(crate) inodes: u64,
    /// Free inodes.
    pub(crate) free_inodes: u64,
}

/// Asks for the room of the file system at a path.
pub(crate) type AskSpace = Box<dyn Fn(&Path) -> Result<Space, String>>;
/// Asks a program of the machine.
pub(crate) type AskProgram = Box<dyn Fn(Program) -> Result<String, Unreadable>>;

/// The machine under investigation.
pub(crate) struct Machine {
    /// The kernel's files.
    pub(crate) root: Root,
    /// The kernel's files at the end of the sampling window; the same on a live machine.
    pub(crate) later: Root,
    /// Waits for the sampling window and returns how long it really was.
    pub(crate) wait: Box<dyn Fn() -> Duration>,
    /// Units in which the kernel counts.
    pub(crate) units: Units,
    /// The investigator's own process, which is left out of the sample.
    pub(crate) own_pid: Option<u32>,
    /// Asks for the room of a file system.
    pub(crate) space: AskSpace,
    /// Asks a program.
    pub(crate) ask: AskProgram,
    /// Fetches a page.
    pub(crate) fetch: Box<dyn Fn(&Url) -> PageAnswer>,
    /// Tells the time.
    pub(crate) now: Box<dyn Fn() -> Timestamp>,
}

impl Machine {
    /// Makes the machine this runs on.
    pub(crate) fn live() -> Self {
        Self {
            root: Root::live(),
            later: Root::live(),
            wait: Box::new(|| {
                let start = Instant::now();
                std::thread::sleep(SAMPLING_WINDOW);
                start.elapsed()
            }),
            units: Units::live(),
            own_pid: Some(std::process::id()),
            space: Box::new(live_space),
            ask: Box::new(program::ask),
            fetch: Box::new(fetch::fetch),
            now: Box::new(|| SystemClock.now()),
        }
    }
}

fn live_space(path: &Path) -> Result<Space, String> {
    let answer = statvfs(path).map_err(|errno| errno.desc().to_lowercase())?;
    let block_bytes = answer.fragment_size();
    Ok(Space {
        total_bytes: answer.blocks().saturating_mul(block_bytes),
        free_bytes: answer.blocks_free().saturating_mul(block_bytes),
        available_bytes: answer.blocks_available().saturating_mul(block_bytes),
        inodes: answer.files(),
        free_inodes: answer.files_free(),
    })
}
