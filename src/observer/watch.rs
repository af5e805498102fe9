//! One run, from its start (or from where it was found again) to the step that writes down its end.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::attempts;
use super::conclusion::{Conclusion, EndedRun, conclude};
use super::deadline::Deadline;
use super::investigation::{self, Briefing, Settled};
use super::keep::{Launched, not_started};
use super::prepare::{self, Prepared};
use super::recover::Recovered;
use super::seen::{MAX_SESSION_IDS, SeenOfRun};
use super::state::{Observer, Stored, Word};
use crate::agent::event::Event;
use crate::agent::exit::{Ended, Exit};
use crate::agent::names::is_plain;
use crate::agent::supervisor::client::{Run, RunNews, StartError};
use crate::config::Recovery;
use crate::format;
use crate::lifecycle::rehearsal;
use crate::rca::{Rca, Recorder, Stats};
use crate::store::{Asking, Completion, Session, Status, StoreError, Task, Tx};
use crate::turn::report;

/// Output up to which a run's files are removed at its end, in bytes; of a longer one the answer was cut, and they stay.
const KEEP_ABOVE_BYTES: u64 = 1 << 20;

/// How a watch begins.
pub(super) enum Begin {
    /// Start the run.
    Fresh,
    /// Find it again after a restart of this program.
    Again,
}

/// Follows a task through its run, and through the next where its answer has to be asked for once more.
#[tracing::instrument(name = "task", skip_all, fields(task.id = %task.id, task.agent = task.agent, chat.id = %task.address.chat))]
pub(super) async fn watch(observer: &Arc<Observer>, task: Task, how: Begin, mut controls: mpsc::Receiver<Word>) {
    let mut next = Some((task, how));
    while let Some((task, how)) = next {
        next = watch_run(observer, task, how, &mut controls).await.map(|task| (task, Begin::Fresh));
    }
}

async fn watch_run(
    observer: &Arc<Observer>,
    task: Task,
    how: Begin,
    controls: &mut mpsc::Receiver<Word>,
) -> Option<Task> {
    let (session, briefing) = match observer.briefing_of(&task).await {
        Ok(read) => read,
        Err(error) if is_left(&error) => return None,
        Err(error) => {
            tracing::error!(%error, task.id = %task.id, "could not read what a run needs; its task is ended");
            observer.give_up(&task.id).await;
            return None;
        }
    };
    let recorder = match &briefing.investigation {
        Some(investigation) => Some(observer.recorder_of(&task, investigation).await),
        None => None,
    };
    let mut seen = SeenOfRun { recorder, ..SeenOfRun::default() };
    let begun = match how {
        Begin::Fresh => observer.start(&task, session.as_ref(), &briefing, &mut seen, controls).await,
        Begin::Again => match observer.find(&task).await {
            Recovered::Run(run) => Started::Run(run),
            Recovered::NeverStarted => observer.start(&task, session.as_ref(), &briefing, &mut seen, controls).await,
            Recovered::Dead => Started::Dead,
            Recovered::Stopping => Started::Stopping,
        },
    };
    let mut run = match begun {
        Started::Run(run) => run,
        Started::Failed(completion) => {
            observer.finish(task, *completion, AgentSession::Kept, None).await;
            return None;
        }
        Started::Dead => {
            observer.interrupt(task, &briefing).await;
            return None;
        }
        Started::Stopping => return None,
    };
    let mut is_up_to_date = run.is_up_to_date();
    let mut deadline = Deadline::of(&observer.bus.router().context().config.timeouts, tokio::time::Instant::now());
    if task.cancel_at.is_some() {
        deadline.cancelled(tokio::time::Instant::now());
    }
    let mut forced = None;
    loop {
        // Each branch may be dropped: an event is read whole or not at all.
        let news = tokio::select! {
            () = observer.stop.cancelled() => return None,
            news = run.next() => news,
            () = tokio::time::sleep_until(deadline.at()), if forced.is_none() => {
                let is_mute = tokio::select! {
                    () = observer.stop.cancelled() => return None,
                    is_mute = observer.is_mute(&task, run.seen()) => is_mute,
                };
                if is_mute {
                    tracing::error!(task.id = %task.id, "a run's supervisor does not answer and its time is over; it is ended");
                    observer.end_by_force(&task).await;
                    forced = Some(deadline.cause());
                }
                deadline.again(tokio::time::Instant::now());
                continue;
            }
            Some(word) = controls.recv() => {
                if matches!(word, Word::Cancel) {
                    deadline.cancelled(tokio::time::Instant::now());
                }
                if let Some(control) = word.to_run(task.attempt)
                    && let Err(error) = run.control(&control).await
                {
                    tracing::warn!(%error, task.id = %task.id, "could not reach a run's supervisor");
                }
                continue;
            }
            () = until(seen.unstored.as_ref().map(|(_, at)| *at)) => {
                observer.store_session_id(&task, seen.unstored.take()).await;
                continue;
            }
        };
        match news {
            Some(RunNews::Event(event)) => {
                rehearsal::at("run");
                observer.board.take(&task.id, &event, Instant::now());
                observer.take(&task, run.seen(), event, &mut seen).await;
                if !is_up_to_date && run.is_up_to_date() {
                    is_up_to_date = true;
                    observer.pass_answers_on(&seen.questions).await;
                }
            }
            Some(RunNews::Exit(exit)) => return observer.conclude(task, exit, seen, briefing).await,
            // What its agent has said last, or what it was ended for, says how it ended.
            Some(RunNews::Lost) | None if forced.is_some() || seen.last_word.is_some() => {
                observer.end_by_force(&task).await;
                let exit = observer.end_without_word(&task, forced, seen.last_word.is_some());
                return observer.conclude(task, exit, seen, briefing).await;
            }
            Some(RunNews::Lost) | None => {
                observer.store_session_id(&task, seen.unstored.take()).await;
                observer.interrupt(task, &briefing).await;
                return None;
            }
        }
    }
}

/// Waits until an instant; for ever where there is none.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// Tells that a task's end cannot be stored.
#[derive(Debug, thiserror::Error)]
#[error("the end of a task cannot be stored")]
struct EndLost;

/// What is to be noted of the agent's own session with the end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AgentSession {
    /// Nothing.
    Kept,
    /// Its id, which is not stored yet.
    Told(String),
    /// The agent does not know it any more.
    Forgotten,
}

/// What came of starting a run.
enum Started {
    Run(Box<Run>),
    Failed(Box<Completion>),
    Dead,
    /// This program stops before it could be started.
    Stopping,
}

impl Observer {
    /// Reads a task's session, and what it investigates: without the session a resumed conversation would silently begin
    /// afresh.
    async fn briefing_of(&self, task: &Task) -> Result<(Option<Session>, Briefing), StoreError> {
        let goes_by_words = self.bus.router().context().agents.goes_by_words(&task.agent);
        let read = || {
            let task = task.clone();
            self.bus.store().read(move |tx| {
                let session = task.session.map(|id| tx.session(id)).transpose()?.flatten();
                let investigation = tx.investigation(&task.id)?;
                let of_session = session.as_ref().filter(|session| session.investigation && investigation.is_none());
                let earlier = of_session.map(|session| tx.investigation_of_session(session.id)).transpose()?.flatten();
                let has_strangers = task.fire.is_some() && investigation.is_none();
                let of_words = task.session.filter(|_| goes_by_words);
                let measured = of_words.map(|id| tx.evidence_of_session(id)).transpose()?.flatten();
                let measured = measured.map(|(at, all)| format::rca::measured(at, tx.now(), &all)).unwrap_or_default();
                Ok((session, Briefing { investigation, earlier, has_strangers, measured }))
            })
        };
        self.bus.store().patiently(&self.stop, read).await
    }

    async fn start(
        &self,
        task: &Task,
        session: Option<&Session>,
        briefing: &Briefing,
        seen: &mut SeenOfRun,
        controls: &mut mpsc::Receiver<Word>,
    ) -> Started {
        if let Err(completion) = self.make_room(session).await {
            return Started::Failed(completion);
        }
        let Prepared { spec, asked_session } = match self.prepare(task, session, briefing) {
            Ok(prepared) => prepared,
            Err(completion) => return Started::Failed(completion),
        };
        seen.asked_session = session.and_then(|session| session.agent_session.as_ref()).and(asked_session);
        let error = match self.launch(task, &spec, controls).await {
            Launched::Run(run) => return Started::Run(run),
            Launched::Failed(error) => error,
            Launched::Cancelled => return Started::Failed(Box::new(Completion::without_answer(Status::Aborted, None))),
            Launched::Stopping => return Started::Stopping,
        };
        if !matches!(error, StartError::Exists | StartError::Unknown(_)) {
            return Started::Failed(Box::new(not_started(&error)));
        }
        // A supervisor that an earlier life of this program has started is found, never doubled.
        match self.find(task).await {
            Recovered::Run(run) => Started::Run(run),
            Recovered::Dead => Started::Dead,
            Recovered::NeverStarted => Started::Failed(Box::new(not_started(&error))),
            Recovered::Stopping => Started::Stopping,
        }
    }

    /// Stores the session id that an agent has told, where that has not been done.
    async fn store_session_id(&self, task: &Task, unstored: Option<(String, Instant)>) {
        let Some((id, _)) = unstored else { return };
        let task = task.clone();
        self.store("session-id", move |tx| {
            // What a power cut takes is read again from the run's own files.
            tx.rides_along();
            note_session(tx, &task, &id)
        })
        .await;
    }

    /// Takes an event of a run in, the `number`-th, from 1.
    async fn take(&self, task: &Task, number: u64, event: Event, seen: &mut SeenOfRun) {
        if let Some(recorder) = &mut seen.recorder {
            recorder.take(&event);
        }
        self.bus.router().context().agents.probes().note(&task.agent, &event);
        // A supervisor of an earlier version keeps no such bounds.
        match event.bounded() {
            // A supervisor of an earlier version gives on what is no id.
            Event::Session { id, .. } if !is_plain(&id) => {}
            Event::Session { id, .. } => {
                seen.other_session = seen.asked_session.as_ref().is_some_and(|asked| *asked != id);
                if !seen.is_new_session(&id) {
                    return;
                }
                if seen.session_ids == MAX_SESSION_IDS {
                    tracing::warn!(task.id = %task.id, "an agent's session id changes all the time; this one is kept");
                }
            }
            Event::ToolStarted { .. } => seen.tools += 1,
            Event::Asked { id, tool, detail, digest, grant, wants } => {
                let (of, attempt, event) = (task.id.clone(), task.attempt, number);
                let asking = Asking { task: of, attempt, event, request: id, tool, detail, digest, grant, wants };
                self.ask(task, asking, &mut seen.questions).await;
            }
            Event::Answered { id, decision, timed_out } => {
                self.close_question(task, &id, decision, timed_out, &mut seen.questions).await;
            }
            Event::Text { text } => seen.say(&text),
            Event::Writing { more, begins } => seen.write(&more, begins),
            Event::ToolFinished { .. } | Event::Background { .. } | Event::Offers { .. } => {}
            Event::AsksTooMuch => self.tell_of_too_much(task).await,
            Event::Retrying { attempt, reason } => {
                tracing::info!(task.id = %task.id, attempt, reason, "an agent waits for its model service");
            }
            Event::Final(word) => seen.last_word = Some(word),
        }
    }

    /// Writes down how a run ended; returns the task where its answer is asked for once more.
    async fn conclude(&self, task: Task, exit: Exit, mut seen: SeenOfRun, briefing: Briefing) -> Option<Task> {
        if exit.survivors > 0 {
            tracing::error!(task.id = %task.id, survivors = exit.survivors, "processes of a run could not be ended");
        }
        if exit.unknown_lines > 0 {
            tracing::info!(task.id = %task.id, lines = exit.unknown_lines, "an agent said what is not understood here; all else it said counts");
        }
        let context = Arc::clone(self.bus.router().context());
        let (directories, output_bytes) = (self.run_directories(&task), exit.output_bytes);
        let is_kept = exit.ended == Ended::Kept;
        let unstored = seen.unstored.take();
        let naming = self.naming(&task, briefing.investigation.is_none());
        let agent = prepare::help(&context.agents, &task.agent, seen.last_word.as_ref()).await;
        let ended = EndedRun {
            naming,
            seen,
            exit,
            in_session: task.session.is_some() && task.fire.is_none() && briefing.investigation.is_none(),
            investigation: briefing.investigation,
            resumable: context.agents.resumes(&task.agent),
            tells_stages: context.agents.tells_stages(&task.agent),
            agent,
            run: task.run_name(),
        };
        let redactor = Arc::clone(&self.redactor);
        let (own, now) = (self.run_directory(&task), self.bus.store().clock().now());
        let concluded = tokio::task::spawn_blocking(move || {
            // Where it cannot be counted, this is no reason to give it up.
            if attempts::is_one_too_many(&own, now).is_ok_and(|is_one| is_one) {
                tracing::error!(
                    run = ended.run,
                    "what a run came to has ended this program each time; its task is ended"
                );
                return Conclusion::internal_error();
            }
            rehearsal::at("conclude");
            conclude(&ended, &context.config.timeouts, &redactor)
        });
        let Conclusion { completion, outcome, forgotten } = concluded.await.unwrap_or_else(|error| {
            tracing::error!(%error, task.id = %task.id, "reading what a run came to panicked");
            Conclusion::internal_error()
        });
        let conversation = match (forgotten, &outcome, unstored) {
            (true, _, _) => AgentSession::Forgotten,
            // The next run goes on with it.
            (false, Some(Settled::Again(_)), unstored) => {
                self.store_session_id(&task, unstored).await;
                AgentSession::Kept
            }
            (false, Some(Settled::Done(..)) | None, Some((id, _))) => AgentSession::Told(id),
            (false, Some(Settled::Done(..)) | None, None) => AgentSession::Kept,
        };
        // The run's files are all that is known of its end until the end is written down.
        let written = match outcome {
            Some(Settled::Again(again)) => match self.ask_again(&task, again).await {
                // Its files are still needed: what its tools have put out is looked up at the end.
                Ok(next) => return Some(next),
                // It was cancelled meanwhile.
                Err(Some(aborted)) => self.finish(task, aborted, conversation, None).await,
                Err(None) => false,
            },
            Some(Settled::Done(analysis, stats)) => {
                self.finish(task, completion, conversation, Some((*analysis, stats))).await
            }
            None => self.finish(task, completion, conversation, None).await,
        };
        if is_kept {
            self.trim_soon();
        }
        if written && output_bytes <= KEEP_ABOVE_BYTES {
            let emptied = tokio::task::spawn_blocking(move || directories.iter().try_for_each(|it| empty(it))).await;
            match emptied {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "could not remove a finished run's files"),
                Err(error) => tracing::error!(%error, "removing a finished run's files panicked"),
            }
        }
        None
    }

    /// Ends a task that was lost: what is left of its tree, then `interrupted`, and a question to its chat.
    async fn interrupt(&self, task: Task, briefing: &Briefing) {
        self.end_by_force(&task).await;
        let mut completion = Completion::without_answer(Status::Interrupted, None);
        // It may have been answered already, and only the form of the answer asked for again.
        let settled = briefing.investigation.as_ref().map(|investigation| {
            investigation::settle(investigation, &mut completion, &Recorder::default(), false, &self.redactor)
        });
        let analysis = match settled {
            Some(Settled::Done(analysis, stats)) => Some((*analysis, stats)),
            Some(Settled::Again(_)) | None => None,
        };
        self.finish(task, completion, AgentSession::Kept, analysis).await;
    }

    /// Writes a task's end down in one step: task, session, result, and who is next. An end that cannot be stored becomes
    /// `error:internal`.
    ///
    /// Returns whether it is written: a program that stops, or has lost the role, leaves that to the next one.
    pub(super) async fn finish(
        &self,
        task: Task,
        completion: Completion,
        conversation: AgentSession,
        analysis: Option<(Option<Rca>, Stats)>,
    ) -> bool {
        let mut stored = self.write_end(task.clone(), completion, conversation, analysis).await;
        if stored == Stored::Never {
            let bare = Completion::without_answer(Status::ErrorInternal, Some(format::task::our_fault().into()));
            stored = self.write_end(task, bare, AgentSession::Kept, None).await;
        }
        if stored == Stored::Never {
            self.servants.fail("observer", &EndLost);
        }
        stored == Stored::Yes
    }

    async fn write_end(
        &self,
        task: Task,
        completion: Completion,
        conversation: AgentSession,
        analysis: Option<(Option<Rca>, Stats)>,
    ) -> Stored {
        let bus = Arc::clone(&self.bus);
        let retry = bus.router().context().config.observer.recovery == Recovery::Retry;
        let completion = match conversation {
            AgentSession::Forgotten => with_forgotten(completion),
            AgentSession::Kept | AgentSession::Told(_) => completion,
        };
        // From here on its status message is the step's.
        self.board.remove(&task.id);
        self.store("end", move |tx| {
            match (&conversation, task.session) {
                (AgentSession::Forgotten, Some(session)) => tx.set_agent_session(session, None)?,
                (AgentSession::Told(id), _) => note_session(tx, &task, id)?,
                (AgentSession::Forgotten, None) | (AgentSession::Kept, _) => {}
            }
            let Some(ended) = tx.finish(&task, &completion)? else { return Ok(()) };
            if let Some((rca, stats)) = &analysis {
                tx.set_analysis(&ended.id, rca.as_ref(), stats)?;
            }
            let context = bus.router().context();
            if ended.status == Status::Interrupted && retry && tx.resume_interrupted(&ended)? {
                return report::close(tx, context, &ended, &tx.name_of(&ended)?);
            }
            report::end(tx, context, &ended)
        })
        .await
    }

    /// Stores a step, with patience while the store cannot be used: what happened must not be lost. `what` names it in the
    /// log.
    pub(super) async fn store<F>(&self, what: &str, step: F) -> Stored
    where
        F: FnMut(&crate::store::Tx<'_>) -> Result<(), StoreError> + Send + Clone + 'static,
    {
        match self.bus.store().patiently(&self.stop, || self.bus.write(step.clone())).await {
            Ok(()) => Stored::Yes,
            Err(error) if is_left(&error) => Stored::Left,
            Err(error) => {
                tracing::error!(%error, what, "could not store");
                Stored::Never
            }
        }
    }
}

/// Notes the session id that a task's agent has told; read again after a restart, it may be known already.
fn note_session(tx: &Tx<'_>, task: &Task, id: &str) -> Result<(), StoreError> {
    let Some(session) = task.session else { return Ok(()) };
    if tx.session(session)?.and_then(|session| session.agent_session).as_deref() == Some(id) {
        return Ok(());
    }
    tx.note(&task.id, "session", id)?;
    tx.set_agent_session(session, Some(id))
}

/// Whether what failed is done by the next life of this program: this one stops, or has lost its role or the store.
fn is_left(error: &StoreError) -> bool {
    error.is_transient() || error.is_fatal()
}

/// Removes a finished run's files, where there are any, and keeps its directory for a while ([`super::housekeeping`]): a supervisor that an
/// earlier life of this program has started may come late, and must find that the run has been.
fn empty(directory: &Path) -> std::io::Result<()> {
    if !directory.try_exists()? {
        return Ok(());
    }
    for entry in std::fs::read_dir(directory)? {
        std::fs::remove_file(entry?.path())?;
    }
    Ok(())
}

fn with_forgotten(completion: Completion) -> Completion {
    Completion { error: Some(format::run::forgotten(completion.error.as_deref())), ..completion }
}
