//! The answer of one run, out of its `result` lines: that of the prompt, and one for each task in the background that ended
//! later.

use std::collections::BTreeSet;

use serde_json::Value;

use super::line::{MAX_DENIALS, denials, final_word, text};
use crate::agent::event::{Denial, Final, MAX_ANSWER_BYTES, Usage};
use crate::agent::failure::Failure;

/// What the results have said so far.
#[derive(Debug, Default)]
pub(super) struct Results {
    text: String,
    whole_bytes: usize,
    /// The last one's error, where it was none.
    error: Option<Failure>,
    is_given: bool,
    unknown_session: bool,
    usage: Usage,
    denials: Vec<Denial>,
    denied_calls: BTreeSet<String>,
}

/// What a result line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultKind {
    /// What the prompt has come to, or a task in the background after that.
    Answers,
    /// The end of work of an earlier process, told before the prompt's own answer.
    Before,
    /// Nothing at all, where no turn was made of the prompt: the answer may follow.
    Hollow,
    /// Not understood: the answer may follow, or was said before.
    Unclear,
}

impl Results {
    /// Tells what a result is; `is_local` is whether the prompt is a command of the program itself, which makes no turn.
    pub(super) fn kind_of(&self, line: &Value, is_local: bool) -> ResultKind {
        let is_of_task = line.get("origin").is_some_and(|origin| !origin.is_null());
        let is_text = line.get("result").is_none_or(|result| result.is_string() || result.is_null());
        if !is_text && final_word(line).outcome.is_ok() && (self.is_given || !is_of_task) {
            return ResultKind::Unclear;
        }
        if self.is_given {
            return ResultKind::Answers;
        }
        let is_empty = text(line, "result").is_none_or(|result| result.trim().is_empty());
        let made_no_turn = line.get("num_turns").and_then(Value::as_u64) == Some(0);
        let failed = final_word(line).outcome.is_err();
        match (is_of_task, is_empty && made_no_turn && !failed && !is_local) {
            (true, _) => ResultKind::Before,
            (false, true) => ResultKind::Hollow,
            (false, false) => ResultKind::Answers,
        }
    }

    /// Whether the prompt has got its answer.
    pub(super) fn is_given(&self) -> bool {
        self.is_given
    }

    /// Whether what was said last is just this.
    pub(super) fn ends_with(&self, said: &str) -> bool {
        self.text.ends_with(said)
    }

    /// Adds what a result has used.
    pub(super) fn charge(&mut self, line: &Value) {
        self.add(final_word(line).usage);
    }

    /// Adds what was used.
    pub(super) fn add(&mut self, used: Usage) {
        let add = |sum: &mut Option<u64>, more: Option<u64>| {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or(0).saturating_add(more));
            }
        };
        add(&mut self.usage.input_tokens, used.input_tokens);
        add(&mut self.usage.output_tokens, used.output_tokens);
        self.usage.session_cost_usd = used.session_cost_usd.or(self.usage.session_cost_usd);
    }

    /// Takes what was said where no result that is understood has followed.
    pub(super) fn take_said(&mut self, said: String) {
        self.is_given = true;
        self.say(said);
    }

    /// Adds a result; `said` is what was said last, and is taken where the result itself is empty.
    pub(super) fn take(&mut self, line: &Value, said: Option<String>) {
        self.charge(line);
        self.is_given = true;
        let word = final_word(line);
        self.unknown_session |= word.unknown_session;
        for (denial, call) in denials(line) {
            // Later results may list the earlier ones' again.
            let is_new = call.is_none_or(|call| self.denied_calls.insert(call));
            if is_new && self.denials.len() < MAX_DENIALS {
                self.denials.push(denial);
            }
        }
        match word.outcome {
            Ok(answer) => {
                self.error = None;
                self.say(Some(answer).filter(|answer| !answer.trim().is_empty()).or(said).unwrap_or_default());
            }
            Err(error) => self.error = Some(error),
        }
    }

    fn say(&mut self, more: String) {
        if more.trim().is_empty() {
            return;
        }
        let gap = if self.text.is_empty() { "" } else { "\n\n" };
        self.whole_bytes += gap.len() + more.len();
        // Beyond its bound it is cut anyway.
        if self.text.is_empty() {
            self.text = more;
        } else if self.text.len() < MAX_ANSWER_BYTES {
            self.text.push_str(gap);
            self.text.push_str(&more);
        }
    }

    /// Returns the final word of them all.
    pub(super) fn word(&self) -> Final {
        let whole_bytes = (self.whole_bytes > self.text.len()).then_some(self.whole_bytes as u64);
        let outcome = self.error.clone().map_or_else(|| Ok(self.text.clone()), Err);
        Final { whole_bytes, unknown_session: self.unknown_session, ..self.beside(outcome) }
    }

    /// Returns a final word with what was used and denied.
    pub(super) fn beside(&self, outcome: Result<String, Failure>) -> Final {
        Final { usage: self.usage, denials: self.denials.clone(), ..Final::new(outcome) }
    }
}
