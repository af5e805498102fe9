//! An answer that is made anew at most once a second, by one asker at a time, however many ask.

use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// How long an answer is good.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// How long whoever asks waits for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Tells that no answer came in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("asking the store took longer than {} s", ANSWER_WITHIN.as_secs())]
pub(super) struct TooSlow;

/// An answer, and how it is made anew.
pub(super) struct Fresh<T> {
    // Held while an answer is made, so that those who ask meanwhile get the same one; each waits for it, too, no longer
    // than it would for an answer of its own.
    state: Mutex<State<T>>,
}

struct State<T> {
    last: Option<(Instant, T)>,
    /// What nobody waits for any longer; it is not begun again before it has ended, lest such work heaps up.
    late: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { last: None, late: None }) }
    }
}

impl<T: Clone> Fresh<T> {
    /// Returns the last answer while it is good, else the one that `make` gives.
    ///
    /// # Errors
    /// [`TooSlow`] when it does not come in time.
    pub(super) async fn get<F>(&self, make: impl FnOnce() -> F) -> Result<T, TooSlow>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let answer = async {
            let mut state = self.state.lock().await;
            if let Some((at, answer)) = &state.last
                && at.elapsed() < GOOD_FOR
            {
                return answer.clone();
            }
            // An answer that was late says how things were.
            if let Some(late) = &mut state.late {
                late.as_mut().await;
                state.late = None;
            }
            // Kept where it is while it is awaited: whoever asks may go away at any point.
            let answer = state.late.insert(Box::pin(make())).as_mut().await;
            *state = State { last: Some((Instant::now(), answer.clone())), late: None };
            answer
        };
        tokio::time::timeout(ANSWER_WITHIN, answer).await.map_err(|_| TooSlow)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn many_who_ask_at_once_get_one_answer() {
        let (fresh, made, gate) = (Fresh::default(), Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let ask = || {
            let (made, gate) = (Arc::clone(&made), Arc::clone(&gate));
            fresh.get(|| async move {
                drop(gate.acquire().await);
                made.fetch_add(1, Ordering::SeqCst) + 1
            })
        };
        let opened = async { gate.add_permits(1) };
        let (first, second, third, ()) = tokio::join!(ask(), ask(), ask(), opened);
        assert_eq!([first, second, third], [Ok(1), Ok(1), Ok(1)]);
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn an_answer_grows_old() {
        let fresh = Fresh::default();
        assert_eq!(fresh.get(|| async { 1 }).await, Ok(1));
        assert_eq!(fresh.get(|| async { 2 }).await, Ok(1));
        fresh.state.lock().await.last.as_mut().expect("an answer").0 -= GOOD_FOR;
        assert_eq!(fresh.get(|| async { 3 }).await, Ok(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_is_waited_for_once_and_then_not_used() {
        let (fresh, begun, gate) = (Fresh::default(), Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let ask = || {
            let (begun, gate) = (Arc::clone(&begun), Arc::clone(&gate));
            fresh.get(|| async move {
                let number = begun.fetch_add(1, Ordering::SeqCst) + 1;
                drop(gate.acquire().await);
                number
            })
        };
        for _ in 0..3 {
            assert_eq!(ask().await, Err(TooSlow));
        }
        assert_eq!(begun.load(Ordering::SeqCst), 1, "no second one is begun beside it");
        gate.add_permits(1);
        assert_eq!(ask().await, Ok(2));
    }
}
