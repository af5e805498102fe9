//! The suite's scenes: a listener listens while a story is told.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::watched::{Keys, Watched};
use super::{Stage, Standing};
use crate::{Listen, ListenContext, ListenError};

/// Longest wait for what must happen: much longer than it takes on any machine, however busy.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
/// Longest time in which a listener stops when it is told to, with nothing at hand: less than a poll is held open for, so that
/// one which waits for its end is found, and much longer than any good-bye takes.
pub(super) const STOP_WITHIN: Duration = Duration::from_secs(30);
/// How often a wait looks.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(5);

/// One thing that is tried.
pub(super) struct Scene {
    pub(super) stage: Arc<dyn Stage>,
    pub(super) inbox: Arc<Watched>,
}

/// What was wrong, in words.
pub(super) type Outcome<T = ()> = Result<T, String>;

impl Scene {
    pub(super) fn new(stage: &Arc<dyn Stage>, keys: &Keys) -> Self {
        Self { stage: Arc::clone(stage), inbox: Arc::new(Watched::new(Arc::clone(stage), Arc::clone(keys))) }
    }

    pub(super) fn context(&self) -> ListenContext {
        ListenContext::new(self.inbox.clone(), PathBuf::new(), CancellationToken::new())
    }

    /// Listens until a story is told; then the listener must stop.
    pub(super) async fn listening(&self, listener: &mut dyn Listen, story: impl Future<Output = Outcome>) -> Outcome {
        let cx = self.context();
        {
            let mut listening = pin!(self.listen(listener, &cx));
            let told = tokio::select! {
                biased;
                ended = &mut listening => Err(ended.expect_err("it is not told to stop")),
                told = story => told,
            };
            told?;
            cx.shutdown.cancel();
            timeout(STOP_WITHIN, listening)
                .await
                .map_err(|_| format!("it goes on {STOP_WITHIN:?} after it was told to stop"))?
        }
    }

    /// Listens again after each loss, as the core does; ends well only where it is told to stop.
    pub(super) async fn listen(&self, listener: &mut dyn Listen, cx: &ListenContext) -> Outcome {
        loop {
            match listener.listen(cx).await {
                Ok(()) if cx.shutdown.is_cancelled() => return Ok(()),
                Ok(()) => return Err("it stopped without being told to".to_owned()),
                Err(error) if cx.shutdown.is_cancelled() => return Err(format!("it ends with an error: {error}")),
                Err(error @ (ListenError::Lost(_) | ListenError::Contested(_))) => self.is_clean(&error)?,
                Err(error @ ListenError::Refused(_)) => return Err(format!("it gave up: {error}")),
            }
            sleep(LOOK_EVERY).await;
        }
    }

    fn is_clean(&self, error: &ListenError) -> Outcome {
        self.hides_secrets(&format!("{error} {error:?}"))
    }

    pub(super) fn hides_secrets(&self, shown: &str) -> Outcome {
        match self.stage.secrets().iter().find(|secret| shown.contains(*secret)) {
            Some(secret) => Err(format!("{secret:?} is shown: {shown}")),
            None => Ok(()),
        }
    }

    /// Waits until something holds.
    pub(super) async fn until(&self, what: &str, mut holds: impl FnMut() -> bool) -> Outcome {
        let started = Instant::now();
        loop {
            self.inbox.breach().map_or(Ok(()), Err)?;
            if holds() {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("waited {PATIENCE:?} in vain for {what}"));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until these are accepted, and no longer kept by the provider.
    pub(super) async fn until_taken(&self, texts: &[&str]) -> Outcome {
        for text in texts {
            self.until(&format!("{text:?} to be accepted"), || self.inbox.count(text) > 0).await?;
        }
        for text in texts {
            let what = format!("{text:?}, which was accepted, to be acknowledged");
            self.until(&what, || self.stage.standing(text) != Standing::Kept).await?;
            if self.stage.standing(text) == Standing::Returned {
                return Err(format!("{text:?} was accepted, and its sender was told that it was not"));
            }
        }
        Ok(())
    }
}
