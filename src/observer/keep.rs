//! Agents that are kept between the prompts of their sessions: who gets the next prompt, and who goes.
//!
//! What is kept is looked up where the supervisors have written it down, so that a restart of this program forgets nobody.
//! Each goes by itself when its time is over; this keeps their number and memory within bounds, the coldest going first, and
//! passes on what they say by themselves.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Observer;
use super::housekeeping::scratch_of;
use super::investigation::Briefing;
use super::rest::Rested;
use super::state::Word;
use super::unasked;
use crate::agent::kinds;
use crate::agent::run::RunSpec;
use crate::agent::supervisor::client::{KeptAgent, Run, StartError, end_orphans};
use crate::bus::Bus;
use crate::config::{Agent, Limits};
use crate::format;
use crate::store::{Completion, SessionId, Status, StoreError, Task};

/// How often is looked after them.
const EVERY: Duration = Duration::from_secs(10);

impl Observer {
    /// Returns how long the agent of a run is kept: one that answers in a session of people.
    pub(super) fn keep_warm(&self, agent: &Agent, task: &Task, briefing: &Briefing) -> Option<Duration> {
        let is_talk = task.session.is_some() && task.fire.is_none() && briefing.investigation.is_none();
        let can_be_kept = kinds::of(agent).can_be_kept() && !agent.has_placeholders();
        let is_wanted = agent.keep_warm > Duration::ZERO && self.bus.router().context().config.limits.max_warm > 0;
        (is_talk && can_be_kept && is_wanted).then_some(agent.keep_warm)
    }

    /// Starts a run, by the agent that its session has kept or by a new one. A disk without room for the run's files is waited
    /// for, as it is where the database finds none.
    pub(super) async fn launch(&self, task: &Task, spec: &RunSpec, controls: &mut mpsc::Receiver<Word>) -> Launched {
        let hand_over = || async {
            match self.hand_over(spec).await {
                Some(Err(StartError::NoRoom(_))) => Err(StoreError::DiskFull),
                taken => Ok(taken),
            }
        };
        match self.bus.store().patiently(&self.stop, hand_over).await {
            Ok(Some(taken)) => return Launched::of(taken),
            Ok(None) => {}
            Err(_) => return Launched::Stopping,
        }
        match self.rest(task, spec, controls).await {
            Rested::Ready => {}
            Rested::Cancelled => return Launched::Cancelled,
            Rested::Stopping => return Launched::Stopping,
        }
        let launch = || async {
            match self.launcher.start(spec).await {
                Err(StartError::NoRoom(_)) => Err(StoreError::DiskFull),
                launched => Ok(launched),
            }
        };
        self.bus.store().patiently(&self.stop, launch).await.map_or(Launched::Stopping, Launched::of)
    }

    /// Gives a run to the agent that its session has kept; `None` where there is none that can take it.
    async fn hand_over(&self, spec: &RunSpec) -> Option<Result<Run, StartError>> {
        let (state, scratch) = (self.bus.store().directory().to_owned(), spec.scratch.clone());
        let found = blocking(move || {
            // One whose supervisor was killed may still be at work in the same conversation.
            clear(&state);
            KeptAgent::of(&state, &scratch)
        });
        for kept in found.await.unwrap_or_default() {
            if spec.keep_warm.is_none() {
                kept.end().await;
                continue;
            }
            match kept.hand_over(spec).await {
                Err(StartError::Gone) => tracing::debug!("a kept agent could not have the next run"),
                taken => return Some(taken),
            }
        }
        None
    }

    /// Looks soon whether too many are kept.
    pub(super) fn trim_soon(&self) {
        let bus = Arc::clone(&self.bus);
        self.servants.errand("keeper", async move { look(&bus).await });
    }
}

/// What came of starting a run.
pub(super) enum Launched {
    Run(Box<Run>),
    Failed(StartError),
    /// It was cancelled before it could be started.
    Cancelled,
    /// This program stops before it could be started.
    Stopping,
}

impl Launched {
    fn of(started: Result<Run, StartError>) -> Self {
        started.map_or_else(Self::Failed, |run| Self::Run(Box::new(run)))
    }
}

/// Returns how a task ends whose run could not be started.
pub(super) fn not_started(error: &StartError) -> Completion {
    Completion::unstarted(Status::ErrorInternal, format::run::not_started(error))
}

/// Ends the agent that a session has kept, where it has one.
pub(super) async fn cool(state: &Path, session: SessionId) {
    for kept in kept_of(state, &scratch_of(&session.to_string(), state)).await {
        kept.end().await;
    }
}

async fn kept_of(state: &Path, scratch: &Path) -> Vec<KeptAgent> {
    let (state, scratch) = (state.to_owned(), scratch.to_owned());
    blocking(move || KeptAgent::of(&state, &scratch)).await.unwrap_or_default()
}

/// Looks after kept agents until `stop`.
///
/// # Errors
/// Those of the store that do not pass; what else fails is done by the next look.
pub async fn keep(bus: Arc<Bus>, stop: CancellationToken) -> Result<(), StoreError> {
    let mut looked: Option<Instant> = None;
    loop {
        match unasked::pass_on(&bus, &stop).await {
            Err(error) if !stop.is_cancelled() => return Err(error),
            Ok(()) | Err(_) => {}
        }
        if looked.is_none_or(|at| at.elapsed() >= EVERY) {
            look(&bus).await;
            looked = Some(Instant::now());
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            // One of them has said something by itself.
            () = bus.unasked.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Ends what belongs to nobody, and those that are too many.
async fn look(bus: &Bus) {
    let (state, limits) = (bus.store().directory().to_owned(), bus.router().context().config.limits.clone());
    let surplus = blocking(move || {
        clear(&state);
        surplus(&state, &limits)
    });
    for kept in surplus.await.unwrap_or_default() {
        kept.end().await;
    }
}

/// Ends what is left of agents whose supervisors are dead.
fn clear(state: &Path) {
    if let Err(error) = end_orphans(state) {
        tracing::error!(%error, "could not end all that is left of a kept agent");
    }
}

fn surplus(state: &Path, limits: &Limits) -> Vec<KeptAgent> {
    let all = KeptAgent::all(state);
    let memory: Vec<u64> = all.iter().map(KeptAgent::memory_bytes).collect();
    all.into_iter().take(too_many(&memory, limits)).collect()
}

/// Returns how many of the coldest are to go; `memory` is what each takes, the coldest first, in bytes.
fn too_many(memory: &[u64], limits: &Limits) -> usize {
    let most = usize::try_from(limits.max_warm).unwrap_or(usize::MAX);
    let fits = |left: &[u64]| left.len() <= most && left.iter().sum::<u64>() <= limits.max_warm_memory_bytes;
    (0..memory.len()).find(|&gone| fits(&memory[gone..])).unwrap_or(memory.len())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.inspect_err(|error| tracing::error!(%error, "a look at kept agents panicked")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coldest_go_until_number_and_memory_are_within_bounds() {
        let limits = Limits { max_warm: 3, max_warm_memory_bytes: 100, ..Limits::default() };
        assert_eq!(too_many(&[], &limits), 0);
        assert_eq!(too_many(&[30, 30, 40], &limits), 0);
        assert_eq!(too_many(&[1, 1, 1, 1], &limits), 1);
        assert_eq!(too_many(&[10, 60, 50], &limits), 2);
        assert_eq!(too_many(&[10, 101], &limits), 2);
    }
}
