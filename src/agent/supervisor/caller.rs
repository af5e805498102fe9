//! Who is at the other end of a run's socket.
//!
//! Agents are processes of the same user as the bot, so that the socket's mode keeps none of them out. A process of a run,
//! of this or of another one, is turned away, and so is one that is gone and has handed its end to somebody. Answers are
//! taken from this program only.
//!
//! # Limits
//! One user's processes can be kept apart only by a sandbox. What gets past this is seen by the bot, which knows what it
//! has answered.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials, sockopt::PeerPidfd};

use super::process::{self, ProgramFile};

/// The process at the other end.
#[derive(Debug)]
pub(super) struct Caller {
    pid: i32,
    /// Tells that it is still the process that has connected; kernels before 6.5 have none.
    handle: Option<OwnedFd>,
}

impl Caller {
    /// Looks at who has connected; `None` where it is gone already.
    pub(super) fn of(stream: &UnixStream) -> Option<Self> {
        let pid = getsockopt(stream, PeerCredentials).ok()?.pid();
        let caller = Self { pid, handle: getsockopt(stream, PeerPidfd).ok() };
        (pid > 0 && !caller.is_gone()).then_some(caller)
    }

    fn is_gone(&self) -> bool {
        match &self.handle {
            // It can be read as soon as the process has ended.
            Some(handle) => {
                let mut ended = [PollFd::new(handle.as_fd(), PollFlags::POLLIN)];
                poll(&mut ended, PollTimeout::ZERO).map_or(true, |ended| ended > 0)
            }
            None => process::line_of(self.pid).is_none(),
        }
    }

    /// Whether it is a process of a run: a supervisor's, unless we run below that ourselves.
    pub(super) fn is_of_a_run(&self) -> bool {
        let own = std::process::id().cast_signed();
        let (Some(line), Some(ours)) = (process::line_of(self.pid), process::line_of(own)) else { return true };
        let is_of_a_run = line.iter().any(|&pid| pid == own || (!ours.contains(&pid) && process::is_supervisor(pid)));
        // What was read is of this process only where it has not ended meanwhile.
        is_of_a_run || self.is_gone()
    }

    /// Whether it runs one of these programs. Which one cannot be told where neither we nor it may be looked into, as with
    /// a bot that is not root: an ordinary program may.
    pub(super) fn runs(&self, programs: &[ProgramFile]) -> bool {
        let is_one = match ProgramFile::of(self.pid) {
            Ok(program) => programs.iter().any(|known| known.is(&program)),
            Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
        };
        is_one && !self.is_gone()
    }
}

/// Returns the programs that may say something for a person: this one, and the one that has started us.
pub(super) fn trusted() -> &'static [ProgramFile] {
    static TRUSTED: OnceLock<Vec<ProgramFile>> = OnceLock::new();
    TRUSTED.get_or_init(|| {
        // Looked up once: a supervisor outlives who has started it.
        let started_by = std::os::unix::process::parent_id().cast_signed();
        let both = [std::process::id().cast_signed(), started_by];
        both.into_iter().filter_map(|pid| ProgramFile::of(pid).ok()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_runs_is_known_by_its_program_and_is_of_no_run() {
        let (ours, _theirs) = UnixStream::pair().expect("a pair");
        let caller = Caller::of(&ours).expect("this process is at the other end");
        let own = ProgramFile::of(caller.pid).expect("this program has a file");
        assert!(caller.runs(&[own]) && !caller.runs(&[]));
        assert!(caller.is_of_a_run(), "it is this very process, as a run's own would be");
    }
}
