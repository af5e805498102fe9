//! The seam between a supervisor and the many ways in which agents talk.
//!
//! A protocol is pure: it gets the agent's output line by line and the answers of people, and returns events and bytes
//! for the agent's standard input. It reads no clock and does no input or output; the supervisor does.

use std::collections::VecDeque;

use crate::agent::event::{Decision, Event, Final, MAX_ANSWER_BYTES};
use crate::agent::exit::{Cause, Ended};
use crate::agent::failure::{Failure, Unfinished};
use crate::agent::run::RunSpec;
use crate::agent::unasked::Unasked;

/// What a protocol wants done after a line or an answer.
#[derive(Debug, Default, PartialEq)]
pub struct Step {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Bytes for the agent's standard input.
    pub reply: Vec<u8>,
    /// Whether the agent's standard input is closed after the reply.
    pub close_input: bool,
    /// Whether the agent goes on after its final word: another one follows, which says all.
    pub goes_on: bool,
}

/// What an agent's silence means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pause {
    /// It may be stuck.
    #[default]
    Stuck,
    /// It waits for its own work in the background, which may be silent for as long as the run may last.
    Waiting,
    /// It has answered, and owes a word on work that is done: it is waited for like any other word of its own, and where
    /// it does not come the answer stands.
    Owing,
    /// It has opened a conversation, and has told what was said in it before.
    Recalling,
    /// It has answered, and only perhaps has more to say: then it has not.
    Done,
}

/// What is known when no process of a run is left.
#[derive(Debug)]
pub struct Ending<'a> {
    /// What became of the agent's process.
    pub ended: &'a Ended,
    /// Why the supervisor ended the run.
    pub cause: Option<&'a Cause>,
    /// The first [`MAX_ANSWER_BYTES`] of standard output.
    pub stdout_head: &'a [u8],
    /// Size of the whole standard output, in bytes.
    pub stdout_bytes: u64,
    /// The end of standard error.
    pub stderr_tail: &'a str,
}

/// What was found where an agent was to write its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AnswerFile {
    /// There is no file.
    #[default]
    Missing,
    /// All of the file.
    Read(Vec<u8>),
    /// It has more than [`MAX_ANSWER_FILE_BYTES`].
    TooLong,
    /// It is no plain file, or cannot be read.
    Unreadable,
}

/// Longest answer file that is read, in bytes: the longest answer with each of its characters escaped.
pub const MAX_ANSWER_FILE_BYTES: u64 = 8 * MAX_ANSWER_BYTES as u64;

/// One way of talking with an agent; every call continues the same conversation.
pub trait Speak {
    /// Returns what the agent is told first.
    fn open(&mut self, prompt: &str) -> Step;

    /// Takes one line of standard output, without its line break; anything may be in it.
    fn line(&mut self, line: &[u8]) -> Step;

    /// Answers a permission request or a question, with a person's words where there are such: one text for each question, or
    /// what is to be changed about a plan. An id that is not open is ignored.
    fn answer(&mut self, id: &str, decision: Decision, words: &[String]) -> Step;

    /// Tells what it means where the agent now says nothing.
    fn silence(&self) -> Pause {
        Pause::Stuck
    }

    /// Takes the agent's silence after its answer for the end of the conversation; only where that is what it means.
    fn conclude(&mut self) -> Step {
        Step::default()
    }

    /// Whether it can be asked again though its last word is an error: one of the service that it asks, not of its own.
    fn is_usable(&self) -> bool {
        false
    }

    /// Returns what an agent that is kept has said by itself, outside of what it was asked, once that is a whole. `is_quiet` is
    /// whether it has been silent for a while, for those that do not tell where it ends.
    fn unasked(&mut self, _is_quiet: bool) -> Option<Unasked> {
        None
    }

    /// Whether an agent that is kept is in the middle of something by itself.
    fn is_at_work(&self) -> bool {
        false
    }

    /// Forgets all that was allowed for the session.
    fn revoke(&mut self) {}

    /// Asks the agent in its own way to give up what it is at, so that it still tells what it has used and its conversation
    /// stays whole; without a reply it has no such way, and is ended by signals at once. The final word that comes of it is an
    /// error.
    fn cancel(&mut self) -> Step {
        Step::default()
    }

    /// Goes over to the agent's other way ([`Startup::instead`]) where the one that was started has been refused before it
    /// did anything; returns what the agent is told first there, and `None` where that is not so. `stderr_tail` is the end of
    /// what it has said of that.
    ///
    /// [`Startup::instead`]: crate::agent::kind::Startup::instead
    fn begin_instead(&mut self, _stderr_tail: &str) -> Option<Step> {
        None
    }

    /// Puts the prompt of a next run to an agent that was kept after its final word ([`RunSpec::keep_warm`]): a protocol that
    /// lets it be kept leaves its input open then. What was allowed for the session is what that run's specification says.
    /// Where it is at something by itself, the prompt may wait for the end of that. `None` where it cannot be asked, as it is in
    /// another conversation; another must be started.
    fn again(&mut self, _spec: &RunSpec) -> Option<Step> {
        None
    }

    /// Returns how many of its messages had an unknown shape, were ignored or refused for that, since it was last asked.
    fn unknown(&mut self) -> u64 {
        0
    }

    /// Takes what stands in the file that the agent was to write its answer to, before [`Speak::end`]; only where there is
    /// such a file.
    fn file(&mut self, _found: AnswerFile) {}

    /// Returns the final word of a run in which no [`Event::Final`] was seen.
    fn end(&mut self, ending: &Ending<'_>) -> Final;
}

/// Returns a final word that is an error, in the agent's own words.
#[must_use]
pub fn failure(error: impl Into<String>) -> Final {
    Final::new(Err(Failure::Said(error.into())))
}

/// Most lines that are kept of what an agent says in plain words.
const MAX_PLAIN_LINES: usize = 20;
/// Most bytes of one such line.
const MAX_PLAIN_LINE_BYTES: usize = 512;

/// The last lines of an agent's output that were not what its protocol asks for, and a count of its messages that were not
/// understood. A program that cannot start its work, or wants a log-in, says so in plain words.
#[derive(Debug, Default)]
pub struct PlainWords {
    lines: VecDeque<String>,
    unknown: u64,
}

impl PlainWords {
    /// Keeps a line.
    pub fn take(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        // What looks like JSON is for programs.
        if text.starts_with('{') {
            self.note_unknown();
        }
        if text.is_empty() || text.starts_with('{') {
            return;
        }
        if self.lines.len() == MAX_PLAIN_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(cut(text, MAX_PLAIN_LINE_BYTES).to_owned());
    }

    /// Counts a message that was not understood.
    pub fn note_unknown(&mut self) {
        self.unknown = self.unknown.saturating_add(1);
    }

    /// Returns how many were counted, and begins anew.
    pub fn unknown(&mut self) -> u64 {
        std::mem::take(&mut self.unknown)
    }

    /// Returns them, and the end of standard error behind them.
    #[must_use]
    pub fn with(&self, stderr_tail: &str) -> String {
        let lines = self.lines.iter().map(String::as_str).chain([stderr_tail.trim()]).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Returns the final word of a run whose agent owed one and gave none; `plain` is what it said in plain words.
#[must_use]
pub fn truncated(ending: &Ending<'_>, plain: &PlainWords) -> Final {
    let words = plain.with(ending.stderr_tail);
    ended_by_us(ending, &words).unwrap_or_else(|| unfinished(ending, true, &words))
}

/// Returns the final word of a run that the supervisor ended or that never started; `words` is what the agent had put out
/// at its end.
#[must_use]
pub fn ended_by_us(ending: &Ending<'_>, words: &str) -> Option<Final> {
    let never_started = matches!(ending.ended, Ended::NotFound { .. } | Ended::SpawnFailed { .. });
    let by_us = match ending.cause {
        // Its own word stands.
        Some(Cause::Settled) | None => never_started,
        Some(Cause::Timeout { .. } | Cause::Cancelled | Cause::OutputLimit | Cause::SpoolFailed { .. }) => true,
    };
    by_us.then(|| unfinished(ending, true, words))
}

/// Returns the final word of a run that ended without its agent's, with what the agent had put out at its end.
#[must_use]
pub fn unfinished(ending: &Ending<'_>, owed: bool, words: &str) -> Final {
    Final::new(Err(Failure::Seen(Unfinished {
        ended: ending.ended.clone(),
        cause: ending.cause.cloned(),
        owed,
        words: words.trim().to_owned(),
    })))
}

/// Cuts a text to at most `max` bytes at a character boundary.
#[must_use]
pub fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_breaks_a_character() {
        assert_eq!(cut("aä", 2), "a");
        assert_eq!(cut("aä", 3), "aä");
    }
}
