//! Signals that stop the program. They are heard by a servant that works until all else has ended, so that a second one
//! can still cut a slow end short.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use super::servants::Servants;

/// Exit code of a process that was told to stop twice.
const EXIT_ABORTED: i32 = 130;

/// The servant's name.
const NAME: &str = "signals";

/// Tells that signals cannot be heard any more.
#[derive(Debug, thiserror::Error)]
#[error("no signals can be heard any more")]
struct Deaf;

/// Stops the servants at SIGTERM or SIGINT; a second signal ends the process at once.
///
/// # Errors
/// When the handlers cannot be set.
pub fn stop_on_signals(servants: &Servants) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = servants.stop_token().clone();
    servants.start_last(NAME, |over| async move {
        let mut is_told = false;
        loop {
            tokio::select! {
                () = over.cancelled() => return Ok::<_, Deaf>(()),
                heard = terminate.recv() => heard.ok_or(Deaf)?,
                heard = interrupt.recv() => heard.ok_or(Deaf)?,
            }
            if is_told {
                std::process::exit(EXIT_ABORTED);
            }
            is_told = true;
            tracing::info!("stopping; agents go on under their supervisors");
            stop.cancel();
        }
    });
    Ok(())
}

/// Stops the servants at SIGTERM or SIGHUP and ignores SIGINT: a line editor reads Ctrl-C itself.
///
/// # Errors
/// When the handlers cannot be set.
pub fn stop_on_terminate(servants: &Servants) -> io::Result<()> {
    let (mut terminate, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = servants.stop_token().clone();
    servants.start_last(NAME, |over| async move {
        loop {
            tokio::select! {
                () = over.cancelled() => return Ok::<_, Deaf>(()),
                heard = terminate.recv() => heard.ok_or(Deaf)?,
                heard = hang_up.recv() => heard.ok_or(Deaf)?,
                heard = interrupt.recv() => {
                    heard.ok_or(Deaf)?;
                    continue;
                }
            }
            stop.cancel();
        }
    });
    Ok(())
}
