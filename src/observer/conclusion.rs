//! What a run came to: how its task ends and, of an investigation, what was found.
//!
//! Pure, and slow where the answer is long: to be called where blocking is fine.

use super::investigation::{self, Settled};
use super::named::Naming;
use super::seen::SeenOfRun;
use super::verdict::{self, RunEnd};
use crate::agent::exit::Exit;
use crate::agent::trouble::Remedy;
use crate::config::Timeouts;
use crate::format;
use crate::redact::Redactor;
use crate::store::{Completion, Investigation, Status};

/// A run that has ended.
pub(super) struct EndedRun {
    pub(super) seen: SeenOfRun,
    pub(super) exit: Exit,
    pub(super) investigation: Option<Investigation>,
    pub(super) in_session: bool,
    /// Whether its agent can be asked once more in the same conversation.
    pub(super) resumable: bool,
    /// Whether what its agent has written on its way is no part of an answer.
    pub(super) tells_stages: bool,
    pub(super) agent: AgentHelp,
    /// Names the directory of its files.
    pub(super) run: String,
    /// What of the files that its agent names goes with its answer; `None` where the agent is known no more.
    pub(super) naming: Option<Naming>,
}

/// What helps with an agent that did not answer.
pub(super) struct AgentHelp {
    pub(super) how_to_install: String,
    pub(super) remedy: Remedy,
}

/// What it came to.
pub(super) struct Conclusion {
    pub(super) completion: Completion,
    /// Of an investigation.
    pub(super) outcome: Option<Settled>,
    /// Whether the agent does not know its conversation any more.
    pub(super) forgotten: bool,
}

impl Conclusion {
    /// Where it could not be told what a run came to.
    pub(super) fn internal_error() -> Self {
        let error = format::task::our_fault().to_owned();
        let completion = Completion::without_answer(Status::ErrorInternal, Some(error));
        Self { completion, outcome: None, forgotten: false }
    }
}

pub(super) fn conclude(ended: &EndedRun, timeouts: &Timeouts, redactor: &Redactor) -> Conclusion {
    let EndedRun { seen, exit, investigation, .. } = ended;
    let said = if ended.tells_stages { String::new() } else { seen.told() };
    let mut completion = verdict::judge(&RunEnd {
        last_word: seen.last_word.as_ref(),
        exit,
        tools: seen.tools,
        said: &said,
        in_session: ended.in_session,
        how_to_install: &ended.agent.how_to_install,
        remedy: &ended.agent.remedy,
        run: &ended.run,
        timeouts,
        redactor,
    });
    // Of several runs the task began with the first.
    if investigation.as_ref().is_some_and(|investigation| investigation.repairs > 0) {
        completion.ran = None;
    }
    if seen.other_session
        && let Some(answer) = completion.result.take()
    {
        completion.result = Some(format::run::in_a_new_conversation(&answer));
    }
    let settled = investigation.as_ref().zip(seen.recorder.as_ref());
    let outcome = settled.map(|(investigation, recorder)| {
        investigation::settle(investigation, &mut completion, recorder, ended.resumable, redactor)
    });
    if let Some(naming) = ended.naming.as_ref().filter(|_| !matches!(outcome, Some(Settled::Again(_)))) {
        let told = seen.last_word.as_ref().map(|word| word.files.as_slice()).unwrap_or_default();
        naming.take(&mut completion, told, redactor);
    }
    let forgotten = seen.last_word.as_ref().is_some_and(|word| word.unknown_session);
    Conclusion { completion, outcome, forgotten }
}
