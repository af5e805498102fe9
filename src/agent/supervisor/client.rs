//! The bot's side of a run: starting it, finding it again, following it.
//!
//! A [`Run`] yields every event once, in order, from the socket while the supervisor lives and from the run's files when
//! it is gone, so that the caller sees no difference between a run that it started and one that it found.

mod follow;
mod keeper;
mod launcher;

pub use follow::{Attached, Run, RunNews, attach, exit_of};
pub use keeper::{KeptAgent, end_orphans};
pub use launcher::{Launcher, StartError, WaitingSupervisor};
