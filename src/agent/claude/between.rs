//! A process that is kept from one run to the next: what it says in between, and what of an earlier run comes late.
//!
//! A turn of its own, such as one that tells how late work in the background has ended, is kept and told before the next
//! answer. A late line of an earlier turn is never the answer to the next prompt: a turn begins with its own `init`, and a
//! result has a number that no other has.

use serde_json::Value;

use super::line::{final_word, said, text};
use crate::agent::event::Event;
use crate::agent::protocol::cut;

/// Most that is kept of what nobody has asked for, in bytes.
const MAX_TOLD_BYTES: usize = 64 * 1024;

/// What it has said since its last run.
#[derive(Debug, Default)]
pub(super) struct Between {
    in_turn: bool,
    said: Option<String>,
    told: String,
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
                let answer = final_word(line).outcome.ok().filter(|answer| !answer.trim().is_empty());
                if let Some(told) = answer.or(self.said.take()) {
                    self.tell(&told);
                }
            }
            _ => {}
        }
    }

    fn tell(&mut self, more: &str) {
        if !self.told.is_empty() {
            self.told.push_str("\n\n");
        }
        let room = MAX_TOLD_BYTES.saturating_sub(self.told.len());
        self.told.push_str(cut(more, room));
    }

    /// Whether it is in the middle of a turn of its own.
    pub(super) fn is_busy(&self) -> bool {
        self.in_turn
    }

    /// Returns what it has told unasked.
    pub(super) fn told(&mut self) -> Option<String> {
        Some(std::mem::take(&mut self.told)).filter(|told| !told.trim().is_empty())
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
