//! Start and stop: signals, what the service manager is told, and the parts that run in between.

pub mod rehearsal;
mod servants;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub use servants::{Panicked, Servants, caught};

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

/// Cancels `stop` at SIGTERM or SIGINT; a second signal ends the process at once.
///
/// # Errors
/// When the handlers cannot be set.
pub fn stop_on_signals(stop: &CancellationToken) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = stop.clone();
    // Nobody waits for this one: it lives as long as the process.
    tokio::runtime::Handle::current().spawn(async move {
        for first in [true, false] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if first {
                tracing::info!("stopping; agents go on under their supervisors");
                stop.cancel();
            } else {
                std::process::exit(EXIT_ABORTED);
            }
        }
    });
    Ok(())
}

/// Cancels `stop` at SIGTERM and ignores SIGINT: a line editor reads Ctrl-C itself.
///
/// # Errors
/// When the handlers cannot be set.
pub fn stop_on_terminate(stop: &CancellationToken) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = stop.clone();
    tokio::runtime::Handle::current().spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = hang_up.recv() => break,
                _ = interrupt.recv() => {}
            }
        }
        stop.cancel();
    });
    Ok(())
}

/// Exit code of a process that was told to stop twice.
const EXIT_ABORTED: i32 = 130;
