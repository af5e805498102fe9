//! A process that is kept from one run to the next: what it says in between, and what of an earlier run comes late.
//!
//! A turn of its own, such as one that tells how late work in the background has ended, is told by itself when it is over. A
//! late line of an earlier turn is never the answer to the next prompt: a turn begins with its own `init`, and a result has a
//! number that no other has.

use serde_json::Value;

use super::line::{final_word, said, text};
use crate::agent::event::{Denial, Event};
use crate::agent::failure::Failure;
use crate::agent::unasked::Unasked;

/// What it says outside of what it was asked.
#[derive(Debug, Default)]
pub(super) struct Between {
    in_turn: bool,
    said: Option<String>,
    told: Unasked,
}

impl Between {
    /// Takes a line.
    pub(super) fn take(&mut self, line: &Value) {
        match text(line, "type") {
            Some("system") if text(line, "subtype") == Some("init") => (self.in_turn, self.said) = (true, None),
            Some("assistant") if self.in_turn => {
                let mut words = said(line).into_iter().filter_map(|event| match event {
                    Event::Text { text } => Some(text),
                    _ => None,
                });
                self.said = words.next_back().or(self.said.take());
            }
            // Without a beginning it is an earlier turn's.
            Some("result") if self.in_turn => {
                self.in_turn = false;
                let said = self.said.take();
                self.tell(line, said);
            }
            _ => {}
        }
    }

    /// Takes the result of a turn of its own; `said` is what it said last in it, and is taken where the result itself is empty.
    pub(super) fn tell(&mut self, result: &Value, said: Option<String>) {
        let (Ok(words) | Err(Failure::Said(words))) = final_word(result).outcome else { return };
        self.told.say(Some(words).filter(|words| !words.trim().is_empty()).or(said).unwrap_or_default().as_str());
    }

    /// Notes that something was not permitted to it.
    pub(super) fn deny(&mut self, denial: Denial) {
        self.told.deny(denial);
    }

    /// Whether it is in the middle of a turn of its own.
    pub(super) fn is_busy(&self) -> bool {
        self.in_turn
    }

    /// Returns what it has told in turns of its own that are over.
    pub(super) fn unasked(&mut self) -> Option<Unasked> {
        if self.in_turn { None } else { self.told.take() }
    }
}

/// What is known of the runs before this one.
#[derive(Debug)]
pub(super) struct Earlier {
    pub(super) conversation: String,
    /// Number of the last result.
    pub(super) last_result: Option<u64>,
    /// Whether the turn of this run has begun.
    pub(super) has_begun: bool,
}

impl Earlier {
    /// Whether a line is an earlier run's that comes late, or of another conversation.
    pub(super) fn has(&mut self, line: &Value) -> bool {
        match text(line, "type") {
            Some("system") if text(line, "subtype") == Some("init") => {
                self.has_begun = true;
                false
            }
            Some("assistant" | "user" | "stream_event") => !self.has_begun,
            Some("result") => {
                let is_known =
                    number_of(line).is_some_and(|number| self.last_result.is_some_and(|last| number <= last));
                let is_other = text(line, "session_id").is_some_and(|id| id != self.conversation);
                !self.has_begun || is_known || is_other
            }
            _ => false,
        }
    }
}

/// Returns the number of a result, counted by the process.
pub(super) fn number_of(line: &Value) -> Option<u64> {
    line.get("result_index").and_then(Value::as_u64)
}
