//! Work that the system may never answer, such as reading from a server that is gone, given up after a while.

use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Does the work in a thread of its own; `None` when it takes longer, and then the thread is left behind.
///
/// # Panics
/// When the work does.
pub(crate) fn within<T: Send + 'static>(budget: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, waiting) = mpsc::channel();
    let worker = thread::spawn(move || {
        let _ = done.send(work());
    });
    match waiting.recv_timeout(budget) {
        Ok(outcome) => Some(outcome),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => match worker.join() {
            Ok(()) => None,
            Err(panic) => resume_unwind(panic),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_answer_is_given_up() {
        let (_open, never) = mpsc::channel::<()>();
        assert_eq!(within(Duration::from_millis(10), move || never.recv().is_ok()), None);
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
    }

    #[test]
    #[should_panic(expected = "a probe panics")]
    fn work_that_panics_is_not_taken_for_late() {
        within::<()>(Duration::from_secs(60), || panic!("a probe panics"));
    }
}
