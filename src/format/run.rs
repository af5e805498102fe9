//! What is said of a run's end; it is stored with its task, as plain text that may hold `code` between backquotes.

use std::time::Duration;

use signalbox_adapter::one_line;

use super::span;
use super::trouble::{advice, killed};
use crate::agent::event::Compacted;
use crate::agent::exit::{Bound, Cause, Ended};
use crate::agent::failure::{Failure, Unfinished};
use crate::agent::supervisor::client::StartError;
use crate::agent::trouble::{AgentTrouble, Remedy, unknown_to_it};

/// Says why a run of this agent gave no answer: what to do about it where that is known, and the agent's own words below.
#[must_use]
pub fn failure(why: &Failure, remedy: &Remedy) -> String {
    let (words, said) = match why {
        Failure::Said(words) => (words, words.clone()),
        Failure::Seen(run) => (&run.words, unfinished(run)),
    };
    match (why.trouble(), why.signal()) {
        // All of its help is much too long.
        (Some(AgentTrouble::OldVersion), _) => {
            with_words(advice(&AgentTrouble::OldVersion, remedy, words), unknown_to_it(words))
        }
        (Some(trouble), _) => with_words(advice(&trouble, remedy, words), &said),
        (None, Some(signal)) => with_words(killed(&remedy.agent, signal), &said),
        (None, None) => said,
    }
}

/// Says how a run ended without its agent's final word.
#[must_use]
pub fn unfinished(run: &Unfinished) -> String {
    let said = match (&run.cause, &run.ended) {
        (
            Some(cause @ (Cause::Timeout { .. } | Cause::Cancelled | Cause::OutputLimit | Cause::SpoolFailed { .. })),
            _,
        ) => {
            return stopped(cause);
        }
        (Some(Cause::Settled) | None, Ended::NotFound { program }) => format!("The program {program} was not found."),
        (Some(Cause::Settled) | None, Ended::SpawnFailed { error }) => {
            format!("The agent could not be started: {error}.")
        }
        (Some(Cause::Settled) | None, Ended::Kept) => "The agent gave no final answer.".to_owned(),
        (Some(Cause::Settled) | None, Ended::Exited { code }) if run.owed => {
            format!("The agent ended without a final answer (truncated), with exit code {code}.")
        }
        (Some(Cause::Settled) | None, Ended::Signalled { signal }) if run.owed => {
            format!("The agent ended without a final answer (truncated), by signal {signal}.")
        }
        (Some(Cause::Settled) | None, Ended::Exited { code }) => format!("The agent failed with exit code {code}."),
        (Some(Cause::Settled) | None, Ended::Signalled { signal }) => format!("Signal {signal} ended the agent."),
    };
    with_words(said, &run.words)
}

/// Says that an agent has failed without a reason; `words` is what it had put out beside its answer, and may be empty.
#[must_use]
pub fn no_reason(words: &str) -> String {
    with_words("The agent failed and did not say why.".to_owned(), words)
}

/// Says why a run was stopped.
#[must_use]
pub fn stopped(cause: &Cause) -> String {
    match cause {
        Cause::Timeout { which: Bound::Background } => {
            "The agent was stopped: it ran for longer than timeouts.background allows.".to_owned()
        }
        Cause::Timeout { which: Bound::Idle } => {
            "The agent was stopped: it was silent for longer than timeouts.idle allows.".to_owned()
        }
        Cause::Cancelled => "The agent was stopped because the task was cancelled.".to_owned(),
        Cause::OutputLimit => "The agent was stopped: it wrote more than limits.max_output allows.".to_owned(),
        Cause::Settled => "The agent was stopped because it did not exit after its answer.".to_owned(),
        Cause::SpoolFailed { error } => {
            format!("The agent was stopped because the files of the run could not be written: {error}.")
        }
    }
}

/// Says that a run came to a bound on its time, how long that is and, below it, what the agent had put out at its end.
#[must_use]
pub fn late(which: Bound, within: Duration, words: &str) -> String {
    let within = span(within);
    let said = match which {
        Bound::Background => format!("The agent was stopped: no answer within {within} (`timeouts.background`)."),
        Bound::Idle => format!("The agent was stopped: silent for {within} (`timeouts.idle`)."),
    };
    with_words(said, words)
}

/// Adds to our own sentence, the first line, what was at work in the background and ended with the run.
#[must_use]
pub fn with_cut_off(said: String, tasks: &[String]) -> String {
    if tasks.is_empty() {
        return said;
    }
    let (ours, words) = said.split_once('\n').map_or((said.as_str(), None), |(ours, words)| (ours, Some(words)));
    let named: Vec<String> = tasks.iter().map(|task| one_line(&task.replace('`', "'"), 80)).collect();
    let ours = format!("{ours} Its work in the background ended with it: {}.", named.join("; "));
    match words {
        Some(words) => format!("{ours}\n{words}"),
        None => ours,
    }
}

/// Says that a conversation was put in short.
#[must_use]
pub fn compacted(how: &Compacted) -> String {
    match how.after {
        // What is counted before and after is not always the same.
        Some(after) if after < how.before => {
            format!("The conversation is shorter now: {after} tokens instead of {}.", how.before)
        }
        Some(_) => "The conversation is summed up now.".to_owned(),
        None => format!("The conversation is shorter now; it had {} tokens.", how.before),
    }
}

/// Puts an agent's last words below a sentence of ours.
fn with_words(said: String, words: &str) -> String {
    match words.trim() {
        "" => said,
        words => format!("{said}\n{words}"),
    }
}

/// Says that an agent is not installed, and how to install it.
#[must_use]
pub fn not_installed(agent: &str, how: &str) -> String {
    format!("{agent} is not installed: {how}.")
}

/// Says that an agent is not run, since the sandbox that it is to have is missing.
#[must_use]
pub fn no_sandbox(agent: &str) -> String {
    format!(
        "{agent} was not started: `agents.{agent}.sandbox` is \"bwrap\", and bubblewrap is not installed. Install it, such as \
         by `apt install bubblewrap`, and retry."
    )
}

/// Says that the configuration has lost a task's agent.
#[must_use]
pub fn not_configured(agent: &str) -> String {
    format!("The agent {agent} is no longer configured.")
}

/// Tells that a conversation is opened only after a while.
#[must_use]
pub fn rests(agent: &str, wait: Duration) -> String {
    format!("Waits {}: {agent} would lose this conversation if it were opened again in the same minute.", span(wait))
}

/// Says why a run was not started.
#[must_use]
pub fn not_started(error: &StartError) -> String {
    match error {
        StartError::Spawn(error) => format!("The supervisor of the run could not be started: {error}."),
        StartError::Frame(error) => format!("The run could not be handed to its supervisor ({error})."),
        StartError::Exists => "This run was started before and cannot be found again.".to_owned(),
        StartError::Refused(words) | StartError::NoRoom(words) => {
            format!("The supervisor of the run could not begin: {words}.")
        }
        StartError::Gone => "What was to start the run is gone, and the run has not begun: send it again.".to_owned(),
        StartError::Unknown(error) => format!("The supervisor of the run did not answer: {error}."),
    }
}

/// Writes an answer that was cut, and in which file of the state directory all of it stands.
#[must_use]
pub fn cut_answer(answer: &str, whole_bytes: u64, file: &str) -> String {
    format!(
        "{answer}\n\n(The answer is {whole_bytes} bytes long. Everything after the first {} bytes was cut; it is in the \
         file `{file}` of the state directory.)",
        answer.len()
    )
}

/// Writes an answer that the agent gave in another conversation than the one it was to go on with.
#[must_use]
pub fn in_a_new_conversation(answer: &str) -> String {
    format!("*The agent did not resume its conversation and answered in a new one.*\n\n{answer}")
}

/// Says that an agent has lost the conversation, below its own words about it.
#[must_use]
pub fn forgotten(words: Option<&str>) -> String {
    let hint = "The agent no longer knows this conversation. Retry starts a new one with the last prompt.";
    format!("{}\n{hint}", words.unwrap_or_default()).trim().to_owned()
}
