//! Start and stop: signals, what the service manager is told, and the parts that run in between.

mod beat;
mod closed;
pub mod rehearsal;
pub mod room;
mod servants;
mod signals;

use sd_notify::NotifyState;

pub use beat::beat;
pub use closed::close;
pub use servants::{Panicked, Servants, caught};
pub use signals::{stop_on_signals, stop_on_terminate};

/// Tells the service manager that the program is ready.
pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// Tells the service manager that the program is about to stop.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Feeds the service manager's watchdog; call it only after real work was done.
pub fn still_alive() {
    notify(&[NotifyState::Watchdog]);
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager could not be told");
    }
}
