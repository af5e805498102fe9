//! The desk at which long messages are laid out: one thread, one message after the other.
//!
//! # Why
//! The C library keeps what a thread has freed for the next work of that thread. At threads of a pool, each of which takes
//! a message now and then, every one of them would come to hold what the heaviest message takes, about 60 MB.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, oneshot};

/// A piece of work that is done at the desk.
type Work = Box<dyn FnOnce() + Send>;

/// One thread, started when it is first needed; it ends with this.
#[derive(Debug)]
pub(super) struct Desk {
    one_at_a_time: Arc<Semaphore>,
    thread: Mutex<Option<SyncSender<Work>>>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { one_at_a_time: Arc::new(Semaphore::new(1)), thread: Mutex::default() }
    }
}

impl Desk {
    /// Does a piece of work, which may block; `None` where it panicked or could not be done.
    pub(super) async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let permit = Arc::clone(&self.one_at_a_time).acquire_owned().await.ok()?;
        let (done, told) = oneshot::channel();
        let whole = move || {
            let outcome = catch_unwind(AssertUnwindSafe(work)).ok();
            // Also when nobody waits for it any more, the next has to wait for its end.
            drop(permit);
            done.send(outcome).ok();
        };
        self.hand_over(Box::new(whole))?;
        told.await.ok().flatten()
    }

    fn hand_over(&self, work: Work) -> Option<()> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            *thread = start().inspect_err(|error| tracing::error!(%error, "could not start a thread")).ok();
        }
        // There is room: whoever has the permit is the only one who sends.
        thread.as_ref()?.try_send(work).ok()
    }
}

fn start() -> std::io::Result<SyncSender<Work>> {
    let (sender, waiting) = sync_channel::<Work>(1);
    std::thread::Builder::new().name("layout".to_owned()).spawn(move || waiting.into_iter().for_each(|work| work()))?;
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_work_is_done_at_one_thread_also_after_a_panic() {
        let desk = Desk::default();
        let name = || std::thread::current().id();
        let first = desk.work(name).await.expect("it is done");
        assert_eq!(desk.work(|| panic!("as a test")).await.map(|(): ()| ()), None);
        assert_eq!(desk.work(name).await, Some(first));
    }
}
