//! The small process under which a run of an agent lives, one run at a time.
//!
//! The bot starts it as `signalbox supervise`, hands it a [`crate::agent::run::RunSpec`] over standard input and may then
//! die: the supervisor has a session of its own, keeps the run's bounds, and writes what happens to the run's directory.
//! Bots connect to it through a socket in that directory ([`client`]) and miss nothing, however late.
//!
//! An agent that listens on after its final word can be kept: its run ends, and the same supervisor takes the next run of the
//! conversation (`home`).
//!
//! When all processes of a run are gone and its end is written down, the supervisor waits for another run of the bot that
//! has started it, for a while, and ends with that bot.
//!
//! # Why
//! One thread, no runtime: hundreds run at once, and each should cost about as much as an idle shell. Starting the process
//! costs several times what a short run asks of it.

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
mod spare;
mod spool;
mod supervise;
mod sweep;
mod tag;
mod tail;
mod watch;
pub mod wire;

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use nix::sys::prctl::set_child_subreaper;
use nix::sys::stat::{Mode, umask};
use nix::unistd::setsid;

pub use home::{HOMES, KEPT_FILE, KeptRecord};
pub use leftovers::{end_by_force, end_leftovers};
pub use process::{Identity, SUBCOMMAND, boot_id};
pub use spool::{AGENT_FILE, EVENTS_FILE, EXIT_FILE, MARK, Record, STDERR_FILE, STDOUT_FILE, SUPERVISOR_FILE, mark};

use crate::agent::run::RunSpec;
use begin::begin;
use clients::Clients;
use frame::Ready;
use signals::Signals;
use spool::Spool;
use supervise::{Remains, SupervisedRun};

/// Exit code where the run's directory exists: another supervisor was first.
pub const EXISTS_EXIT_CODE: u8 = 3;

/// Supervises runs, one after the other; call it before anything else is started in the process.
#[must_use]
pub fn main() -> ExitCode {
    match prepare() {
        Ok((mut bot, signals)) => serve(&mut bot, &signals),
        Err(error) => {
            tell(&Ready::Failed { error: error.to_string(), no_room: false });
            ExitCode::FAILURE
        }
    }
}

/// Leaves the bot's session; returns what the bot says.
fn prepare() -> io::Result<(File, Signals)> {
    let signals = Signals::take()?;
    // Fails only for the leader of a group, which then has a session or terminal of its own already.
    let _ = setsid();
    set_child_subreaper(true)?;
    crate::lifecycle::close();
    // Without a buffer: what follows a frame stays where it can be waited for.
    Ok((io::stdin().as_fd().try_clone_to_owned()?.into(), signals))
}

/// Waits for a run and supervises it, until there is none to wait for.
fn serve(bot: &mut File, signals: &Signals) -> ExitCode {
    for _ in 0..spare::MAX_RUNS {
        let spec = match spare::next_run(bot, signals) {
            Ok(Some(spec)) => spec,
            // The bot is gone, or does not want it any more.
            Ok(None) => break,
            Err(error) => {
                tell(&Ready::Failed { error: error.to_string(), no_room: false });
                return ExitCode::FAILURE;
            }
        };
        match begin(&spec, &spec.directory) {
            Ok((spool, clients)) => match supervise(spec, signals, spool, clients) {
                After::Another => {}
                After::End(code) => return code,
            },
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                tell(&Ready::Exists);
                return ExitCode::from(EXISTS_EXIT_CODE);
            }
            Err(error) => {
                tell(&Ready::failed(&error));
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// What the supervisor does after a run.
enum After {
    /// It may take another.
    Another,
    /// It ends.
    End(ExitCode),
}

fn supervise(spec: RunSpec, signals: &Signals, spool: Spool, clients: Clients) -> After {
    // The agent works with the user's mask, not with that of our own files.
    let users = umask(Mode::from_bits_truncate(0o077));
    let unmask = |agents: bool| {
        umask(if agents { users } else { Mode::from_bits_truncate(0o077) });
    };
    let directory = spec.directory.clone();
    let after = match SupervisedRun::new(spec, signals, spool, clients) {
        Ok(mut run) => {
            tell(&Ready::Started);
            loop {
                match run.supervise(unmask) {
                    Remains::Agent(held) => match kept::next(*held, signals) {
                        Some(next) => run = SupervisedRun::next(next, signals),
                        None => break After::End(ExitCode::SUCCESS),
                    },
                    Remains::Room => break After::Another,
                    Remains::Nothing => break After::End(ExitCode::SUCCESS),
                }
            }
        }
        Err(error) => {
            // Nothing was started, so that nothing is to be found there.
            let _ = std::fs::remove_dir_all(&directory);
            tell(&Ready::failed(&error));
            After::End(ExitCode::FAILURE)
        }
    };
    umask(users);
    after
}

/// Answers the bot; one that died is not told.
fn tell(ready: &Ready) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(&wire::line(ready)).and_then(|()| out.flush());
}
