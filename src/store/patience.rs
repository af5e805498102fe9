//! Patience: asking again while the store cannot be used, so that a full disk or a locked database loses nothing.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::error::StoreError;
use super::handle::Store;
use crate::clock::Backoff;

/// How long to wait until the store is asked again.
const AGAIN: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(5) };

impl Store {
    /// Does something with the store, and does it again after a wait as long as its trouble may pass by itself.
    ///
    /// `stop` ends the waiting, not the work.
    ///
    /// # Errors
    /// [`StoreError`]; one that may pass only when `stop` was cancelled meanwhile.
    pub async fn patiently<T, W>(&self, stop: &CancellationToken, mut work: impl FnMut() -> W) -> Result<T, StoreError>
    where
        W: Future<Output = Result<T, StoreError>>,
    {
        let (mut waiting, mut failures) = (None, 0);
        loop {
            let began = Instant::now();
            let outcome = work().await;
            match outcome {
                Err(error) if error.is_transient() => {
                    // Waiting first, so that a write of somebody else does not end the trouble between the two.
                    waiting.get_or_insert_with(|| self.health().waits());
                    self.health().try_failed(began, &error.to_string());
                    failures += 1;
                    tokio::select! {
                        () = stop.cancelled() => return Err(error),
                        () = tokio::time::sleep(AGAIN.wait(failures, self.clock().random())) => {}
                    }
                }
                Err(error) => return Err(error),
                Ok(done) => {
                    if let Some(waiting) = waiting {
                        waiting.is_over();
                    }
                    return Ok(done);
                }
            }
        }
    }
}
