//! Servants: the parts of a process that run until it stops. Each is started here under its name, and watched.
//!
//! A servant that ends before the program is to stop, fails or panics would leave a hole that nobody sees: messages that
//! nobody sends, runs that nobody follows. So the first of these stops the whole orderly, and [`Servants::have_failed`] makes
//! the exit code a failure, at which the service manager starts the program again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::rehearsal;

/// A servant's name in the log.
type Name = Cow<'static, str>;

/// Everything that runs in a process; a cheap handle.
#[derive(Debug, Clone)]
pub struct Servants {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    tracker: TaskTracker,
    stop: CancellationToken,
    /// Those who work until all others have ended, and the token that tells them.
    last: TaskTracker,
    over: CancellationToken,
    failed: AtomicBool,
    count: AtomicU64,
    at_work: Mutex<BTreeMap<u64, Name>>,
}

impl Servants {
    /// Makes a process without any; `stop` is cancelled when it is to stop, or when one of them fails.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self {
            inner: Arc::new(Inner {
                tracker: TaskTracker::new(),
                stop,
                last: TaskTracker::new(),
                over: CancellationToken::new(),
                failed: AtomicBool::default(),
                count: AtomicU64::default(),
                at_work: Mutex::default(),
            }),
        }
    }

    /// Returns the token that is cancelled when the process is to stop.
    #[must_use]
    pub fn stop_token(&self) -> &CancellationToken {
        &self.inner.stop
    }

    /// Starts a servant, which is to work until the token that it gets is cancelled.
    pub fn start<W, E>(&self, name: impl Into<Name>, work: impl FnOnce(CancellationToken) -> W)
    where
        W: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        self.start_on(&self.inner.tracker, &self.inner.stop, name.into(), work);
    }

    /// Starts a servant that is needed while the others stop: the token that it gets is cancelled by [`Self::end`].
    pub fn start_last<W, E>(&self, name: impl Into<Name>, work: impl FnOnce(CancellationToken) -> W)
    where
        W: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        self.start_on(&self.inner.last, &self.inner.over, name.into(), work);
    }

    fn start_on<W, E>(
        &self,
        tracker: &TaskTracker,
        until: &CancellationToken,
        name: Name,
        work: impl FnOnce(CancellationToken) -> W,
    ) where
        W: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let (servants, until) = (self.clone(), until.clone());
        let work = work(until.clone());
        let number = self.inner.count.fetch_add(1, Ordering::Relaxed);
        self.at_work().insert(number, name.clone());
        tracker.spawn(async move {
            let work = async { work.await.map_err(|error| format!("{error:#}")) };
            match caught(rehearsal::of(&name, work)).await {
                Ok(Ok(())) if until.is_cancelled() => {}
                Ok(Ok(())) => servants.fail(&name, &"it ended though the program goes on"),
                Ok(Err(error)) => servants.fail(&name, &error),
                Err(why) => servants.fail(&name, &why),
            }
            servants.at_work().remove(&number);
        });
    }

    /// Does a piece of work that ends by itself and must not be cut off when whoever asks for it goes away.
    ///
    /// Its panic is a servant's; the answer is `None` then.
    pub fn errand<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<Option<T>> {
        let servants = self.clone();
        self.inner.tracker.spawn(async move { caught(work).await.inspect_err(|why| servants.fail(name, why)).ok() })
    }

    /// Notes that a part has failed, and stops the whole.
    pub fn fail(&self, name: &str, why: &dyn Display) {
        tracing::error!(servant = name, %why, "a part has failed; the program stops");
        self.inner.failed.store(true, Ordering::SeqCst);
        self.inner.stop.cancel();
    }

    /// Whether a part has failed.
    #[must_use]
    pub fn have_failed(&self) -> bool {
        self.inner.failed.load(Ordering::SeqCst)
    }

    /// Tells all to stop but those who are needed to the last, and waits until they have finished what is at hand, but no
    /// longer than `within`.
    pub async fn stop(&self, within: Duration) {
        self.inner.stop.cancel();
        self.inner.tracker.close();
        if tokio::time::timeout(within, self.inner.tracker.wait()).await.is_err() {
            let late: Vec<Name> = self.at_work().values().cloned().collect();
            tracing::warn!(late = late.join(", "), "some parts did not finish in time and are cut off");
        }
    }

    /// Ends those who were started with [`Self::start_last`], and waits for them, but no longer than `within`.
    pub async fn end(&self, within: Duration) {
        self.inner.over.cancel();
        self.inner.last.close();
        if tokio::time::timeout(within, self.inner.last.wait()).await.is_err() {
            tracing::warn!("the last parts did not finish in time and are cut off");
        }
    }

    fn at_work(&self) -> MutexGuard<'_, BTreeMap<u64, Name>> {
        self.inner.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells that a piece of work panicked; why stands on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it panicked")]
pub struct Panicked;

/// Does a piece of work whose panic is its own: whoever does it decides what becomes of it.
///
/// # Errors
/// [`Panicked`].
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| Panicked)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    fn servants() -> (Servants, CancellationToken) {
        let stop = CancellationToken::new();
        (Servants::new(stop.clone()), stop)
    }

    #[tokio::test]
    async fn a_servant_that_ends_when_asked_to_is_no_failure() {
        let (servants, _) = servants();
        servants.start("one", |stop| async move {
            stop.cancelled().await;
            Ok::<_, Infallible>(())
        });
        servants.stop(LONG).await;
        assert!(!servants.have_failed());
    }

    #[tokio::test]
    async fn an_early_end_an_error_and_a_panic_each_stop_the_whole() {
        type Work = fn() -> Result<(), &'static str>;
        let ends: [Work; 3] = [|| Ok(()), || Err("the disk is gone"), || panic!("a servant panics")];
        for end in ends {
            let (servants, stop) = servants();
            servants.start("bad", move |_| async move { end() });
            servants.start("good", |stop| async move {
                stop.cancelled().await;
                Ok::<_, Infallible>(())
            });
            stop.cancelled().await;
            servants.stop(LONG).await;
            assert!(servants.have_failed());
            assert!(servants.at_work().is_empty());
        }
    }

    #[tokio::test]
    async fn one_that_is_needed_to_the_last_ends_after_all_others_and_is_watched_like_them() {
        let (servants, stop) = servants();
        let (at, heard) = tokio::sync::oneshot::channel();
        servants.start_last("signals", |over| async move {
            over.cancelled().await;
            at.send(()).ok();
            Ok::<_, Infallible>(())
        });
        servants.stop(LONG).await;
        assert_eq!(servants.at_work().values().collect::<Vec<_>>(), ["signals"], "it is not waited for yet");
        servants.end(LONG).await;
        heard.await.expect("it was told");
        assert!(servants.at_work().is_empty() && !servants.have_failed() && stop.is_cancelled());
        let (servants, stop) = self::servants();
        servants.start_last("signals", |_| async { panic!("nobody hears signals any more") as Result<(), Infallible> });
        stop.cancelled().await;
        servants.end(LONG).await;
        assert!(servants.have_failed());
    }

    #[tokio::test]
    async fn an_errand_may_end_and_must_not_panic() {
        let (servants, _) = servants();
        assert_eq!(servants.errand("sum", async { 1 + 1 }).await.expect("it is not cut off"), Some(2));
        assert!(!servants.have_failed());
        let none = servants.errand::<()>("sum", async { panic!("an errand panics") }).await.expect("it is not cut off");
        assert!(none.is_none() && servants.have_failed());
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_does_not_stop_is_not_waited_for_for_ever() {
        let (servants, _) = servants();
        servants.start("deaf", |_| std::future::pending::<Result<(), Infallible>>());
        servants.stop(LONG).await;
        assert_eq!(servants.at_work().values().collect::<Vec<_>>(), ["deaf"]);
    }
}
