//! The seam between a supervisor and the many ways in which agents talk.
//!
//! A protocol is pure: it gets the agent's output line by line and the answers of people, and returns events and bytes
//! for the agent's standard input. It reads no clock and does no input or output; the supervisor does.

use crate::agent::event::{Decision, Event, Final};
use crate::agent::exit::{Cause, Ended};
use crate::agent::failure::{Failure, Unfinished};

/// What a protocol wants done after a line or an answer.
#[derive(Debug, Default, PartialEq)]
pub struct Step {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Bytes for the agent's standard input.
    pub reply: Vec<u8>,
    /// Whether the agent's standard input is closed after the reply.
    pub close_input: bool,
}

/// What is known when no process of a run is left.
#[derive(Debug)]
pub struct Ending<'a> {
    /// What became of the agent's process.
    pub ended: &'a Ended,
    /// Why the supervisor ended the run.
    pub cause: Option<&'a Cause>,
    /// The first [`MAX_ANSWER_BYTES`](crate::agent::event::MAX_ANSWER_BYTES) of standard output.
    pub stdout_head: &'a [u8],
    /// Size of the whole standard output, in bytes.
    pub stdout_bytes: u64,
    /// The end of standard error.
    pub stderr_tail: &'a str,
}

/// One way of talking with an agent; every call continues the same conversation.
pub trait Speak {
    /// Returns what the agent is told first.
    fn open(&mut self, prompt: &str) -> Step;

    /// Takes one line of standard output, without its line break; anything may be in it.
    fn line(&mut self, line: &[u8]) -> Step;

    /// Answers a permission request; an id that is not open is ignored.
    fn answer(&mut self, id: &str, decision: Decision) -> Step;

    /// Returns the final word of a run in which no [`Event::Final`] was seen.
    fn end(&mut self, ending: &Ending<'_>) -> Final;
}

/// Returns a final word that is an error, in the agent's own words.
#[must_use]
pub fn failure(error: impl Into<String>) -> Final {
    Final::new(Err(Failure::Said(error.into())))
}

/// Returns the final word of a run whose agent owed one and gave none.
#[must_use]
pub fn truncated(ending: &Ending<'_>) -> Final {
    ended_by_us(ending).unwrap_or_else(|| unfinished(ending, true, ending.stderr_tail))
}

/// Returns the final word of a run that the supervisor ended or that never started.
#[must_use]
pub fn ended_by_us(ending: &Ending<'_>) -> Option<Final> {
    let never_started = matches!(ending.ended, Ended::NotFound { .. } | Ended::SpawnFailed { .. });
    let by_us = match ending.cause {
        // Its own word stands.
        Some(Cause::Settled) | None => never_started,
        Some(Cause::Timeout { .. } | Cause::Cancelled | Cause::OutputLimit | Cause::SpoolFailed { .. }) => true,
    };
    by_us.then(|| unfinished(ending, true, ""))
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
