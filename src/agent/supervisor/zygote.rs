//! The process that supervisors are forked from.
//!
//! A supervisor's own start would cost more than all that it does for a short run: the program is large, and each process
//! that is started from its file finds its addresses anew and keeps them in memory of its own. So the bot starts one that
//! has done this and does nothing else, and each supervisor is a copy of it that shares what it does not change.
//!
//! Its standard input is a socket over which the bot hands it one end of a pair for each supervisor that it wants; the
//! other end is the bot's, and stands for that supervisor's standard input and output. It ends when the bot is gone; what
//! it has forked goes on.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd, RawFd};

use fork::Fork;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, close, dup2_stdin, dup2_stdout, setsid};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::caller;
use super::signals::Signals;
use crate::lifecycle;

/// What the bot has said.
enum Wish {
    /// A supervisor, which is to talk over this.
    Supervisor(OwnedFd),
    /// Nothing so far.
    Nothing,
    /// It is gone.
    Over,
}

/// Forks a supervisor whenever the bot wants one. Returns in each of them, whose standard input and output are then what the
/// bot talks over; `None` in the first process, when the bot is gone.
///
/// # Errors
/// Where it cannot wait for the bot.
pub(super) fn fork_supervisors() -> io::Result<Option<()>> {
    close_lent();
    // The first has but one thread at any time, so that its copies are as whole as itself.
    let signals = Signals::take()?;
    // Fails only for the leader of a group, which then has a session or terminal of its own already.
    let _ = setsid();
    lifecycle::close();
    // Looked up now: who has started this is not who starts its copies.
    caller::trusted();
    loop {
        let stdin = io::stdin();
        let mut fds = [PollFd::new(signals.as_fd(), PollFlags::POLLIN), PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        // An interrupted wait is only shorter.
        let _ = poll(&mut fds, PollTimeout::NONE);
        if signals.drain() {
            return Ok(None);
        }
        reap();
        match hear()? {
            Wish::Over => return Ok(None),
            Wish::Nothing => {}
            // One that cannot be forked now lets go of its end, which the bot hears.
            Wish::Supervisor(end) => {
                if let Ok(Fork::Child) = fork::fork() {
                    dup2_stdin(&end)?;
                    dup2_stdout(&end)?;
                    return Ok(Some(()));
                }
            }
        }
    }
}

/// Closes what this process was started with besides its three descriptors: whoever has started the bot may have lent it more, a
/// lock, a pipe or a socket, and agents and those who outlive the bot must not have that.
fn close_lent() {
    let all = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let lent: Vec<RawFd> = all.filter_map(|fd| fd.file_name().to_str()?.parse().ok()).filter(|fd| *fd > 2).collect();
    for fd in lent {
        // That of the list itself is closed already.
        let _ = close(fd);
    }
}

fn hear() -> io::Result<Wish> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let received = match recvmsg(io::stdin().as_fd(), &mut [IoSliceMut::new(&mut byte)], &mut beside, flags) {
        Ok(received) => received,
        Err(Errno::AGAIN | Errno::INTR) => return Ok(Wish::Nothing),
        Err(error) => return Err(error.into()),
    };
    if received.bytes == 0 {
        return Ok(Wish::Over);
    }
    let mut ends = beside.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut ends) => ends.next(),
        _ => None,
    });
    Ok(ends.next().map_or(Wish::Nothing, Wish::Supervisor))
}

/// Takes note of supervisors that have ended.
fn reap() {
    while let Ok(status) = waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            break;
        }
    }
}
