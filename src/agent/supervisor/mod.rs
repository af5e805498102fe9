//! The small process under which one run of an agent lives.
//!
//! The bot has it forked from `signalbox supervise`, which it starts once (`zygote`), hands it a
//! [`crate::agent::run::RunSpec`] and may then die: the supervisor has a session of its own, keeps the run's bounds, and
//! writes what happens to the run's directory.
//! Bots connect to it through a socket in that directory ([`client`]) and miss nothing, however late.
//!
//! An agent that listens on after its final word can be kept: its run ends, and the same supervisor takes the next run of the
//! conversation (`home`). What it says by itself in between is written down until a bot has passed it on (`unasked`).
//!
//! # Why
//! One thread, no runtime, and shared memory for all that is the same: hundreds run at once, and each should cost about as
//! much as an idle shell.

mod answer;
mod begin;
mod caller;
pub mod client;
mod clients;
pub mod frame;
mod held;
mod home;
mod input;
mod kept;
mod launch;
mod leftovers;
mod news;
mod output;
mod process;
mod signals;
mod socket;
mod spool;
mod supervise;
mod sweep;
mod tag;
mod tail;
mod unasked;
mod watch;
pub mod wire;
mod zygote;

use std::fs::File;
use std::io::{self, Write as _};
use std::process::ExitCode;

use nix::sys::prctl::set_child_subreaper;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, setsid};
use serde::Serialize;

pub use home::{HOMES, KEPT_FILE, KeptRecord};
pub use leftovers::{end_by_force, end_leftovers};
pub use process::{Identity, SUBCOMMAND, boot_id};
pub use spool::{AGENT_FILE, EVENTS_FILE, EXIT_FILE, MARK, Record, STDERR_FILE, STDOUT_FILE, SUPERVISOR_FILE, mark};
pub use unasked::{MAX_UNASKED_AN_HOUR, UNASKED, UnaskedNote};

use crate::agent::run::RunSpec;
use begin::begin;
use clients::Clients;
use frame::{Forked, Ready};
use signals::Signals;
use spool::Spool;
use supervise::SupervisedRun;

/// Forks supervisors for a bot, and supervises one run in each; call it before anything else is started in the process.
#[must_use]
pub fn main() -> ExitCode {
    match zygote::fork_supervisors() {
        Ok(Some(())) => supervise_one(),
        Ok(None) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Supervises the run that the bot hands over.
fn supervise_one() -> ExitCode {
    if !tell(&Forked { pid: std::process::id().cast_signed() }) {
        // The bot has given it up.
        return ExitCode::SUCCESS;
    }
    match prepare() {
        Ok(Some((spec, signals))) => match begin(&spec, &spec.directory) {
            Ok((spool, clients)) => supervise(spec, &signals, spool, clients),
            Err(error) => {
                let exists = error.kind() == io::ErrorKind::AlreadyExists;
                tell(&if exists { Ready::Exists } else { Ready::failed(&error) });
                ExitCode::FAILURE
            }
        },
        Ok(None) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&Ready::Failed { error: error.to_string(), no_room: false });
            ExitCode::FAILURE
        }
    }
}

/// Gets a session of its own and waits for the run; `None` where the bot does not want it any more.
fn prepare() -> Result<Option<(RunSpec, Signals)>, frame::FrameError> {
    let signals = Signals::take()?;
    // Fails only for the leader of a group, which a copy is not.
    let _ = setsid();
    set_child_subreaper(true).map_err(io::Error::from)?;
    Ok(frame::read(&mut io::stdin().lock())?.map(|spec| (spec, signals)))
}

fn supervise(spec: RunSpec, signals: &Signals, spool: Spool, clients: Clients) -> ExitCode {
    // The agent works with the user's mask, not with that of our own files.
    let users = umask(Mode::from_bits_truncate(0o077));
    let unmask = |agents: bool| {
        umask(if agents { users } else { Mode::from_bits_truncate(0o077) });
    };
    let directory = spec.directory.clone();
    match SupervisedRun::new(spec, signals, spool, clients) {
        Ok(mut run) => {
            tell(&Ready::Started);
            detach();
            while let Some(next) = run.supervise(unmask).and_then(|held| kept::next(held, signals)) {
                run = SupervisedRun::next(next, signals);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            // Nothing was started, so that nothing is to be found there.
            let _ = std::fs::remove_dir_all(&directory);
            tell(&Ready::failed(&error));
            ExitCode::FAILURE
        }
    }
}

/// Tells the bot; returns whether it can hear.
fn tell(what: &impl Serialize) -> bool {
    let mut out = io::stdout().lock();
    out.write_all(&wire::line(what)).and_then(|()| out.flush()).is_ok()
}

/// Lets go of what the bot has talked over.
fn detach() {
    let Ok(null) = File::options().read(true).write(true).open("/dev/null") else { return };
    let _ = dup2_stdin(&null).and_then(|()| dup2_stdout(&null)).and_then(|()| dup2_stderr(&null));
}
