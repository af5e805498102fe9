//! Claude's stream-json, both ways.
//!
//! The prompt is one user line on standard input, which stays open for the answers to permission requests and is closed
//! with the last `result`. A `result` ends the turn only where nothing is at work in the background: else the answer follows, in
//! a `result` for each task that ends. A process that is kept also takes turns of its own between two prompts: each is told by
//! itself, and a prompt that comes meanwhile waits for its end. Its key order, further types and further fields are not relied on; what is not
//! understood is ignored, except a request, which is refused.

mod answer;
mod argv;
mod background;
mod between;
mod control;
mod line;
mod partial;
mod question;
mod tally;

use serde_json::{Value, json};

pub use argv::{Conversation, Invocation, argv, env_defaults};

use crate::agent::event::{Compacted, Decision, Event, Final, MAX_ANSWER_BYTES};
use crate::agent::exit::Ended;
use crate::agent::failure::Failure;
use crate::agent::names::is_plain;
use crate::agent::policy::Policy;
use crate::agent::protocol::{self, Ending, Pause, PlainWords, Speak, Step};
use crate::agent::run::RunSpec;
use crate::agent::unasked::Unasked;
use answer::{ResultKind, Results};
use background::Background;
use between::{Between, Earlier, number_of};
use control::Requests;
use line::{
    UNKNOWN_SESSION, blocks, compacted, happened, is_passing, local_output, retry, said, text, tool_result,
    with_denials,
};
use partial::Writing;
use tally::TokenTally;

/// A conversation with it.
#[derive(Debug)]
pub struct Claude {
    requests: Requests,
    session: Option<String>,
    /// Whether the prompt is a command of the program itself, which asks no model.
    is_local: bool,
    done: bool,
    /// Whether it works on an answer just now.
    in_turn: bool,
    /// Whether all there is to say may have been said.
    is_answered: bool,
    /// Whether its last result was not understood.
    is_unclear: bool,
    /// Whether it has said that it works on another answer next.
    is_queued: bool,
    answer: Results,
    background: Background,
    writing: Writing,
    /// What it said last, and in which message.
    said: Option<(String, String)>,
    /// What a command of the program itself has put out, and done.
    local: Option<String>,
    compacted: Option<Compacted>,
    plain: PlainWords,
    /// Whether its process may be kept for a next run.
    keeps: bool,
    is_cancelled: bool,
    /// Whether its last error is the service's, and not its own.
    is_usable: bool,
    between: Between,
    /// The prompt, where it waits for the end of a turn of its own.
    waiting: Option<String>,
    /// Whether there is another way to start it, and the prompt for that.
    has_other_way: bool,
    prompt: Option<String>,
    tally: TokenTally,
    /// The runs before this one, where its process was kept.
    earlier: Option<Earlier>,
    last_result: Option<u64>,
}

impl Claude {
    /// Returns a conversation that has not begun.
    #[must_use]
    pub fn new(spec: &RunSpec) -> Self {
        Self {
            requests: Requests::new(Policy::new(spec)),
            session: None,
            is_local: spec.prompt.trim_start().starts_with('/'),
            done: false,
            in_turn: false,
            is_answered: false,
            is_unclear: false,
            is_queued: false,
            answer: Results::default(),
            background: Background::default(),
            writing: Writing::default(),
            said: None,
            local: None,
            compacted: None,
            plain: PlainWords::default(),
            keeps: spec.keep_warm.is_some(),
            is_cancelled: false,
            is_usable: false,
            between: Between::default(),
            waiting: None,
            has_other_way: spec.instead.is_some(),
            prompt: None,
            tally: TokenTally::default(),
            earlier: None,
            last_result: None,
        }
    }

    fn session(&mut self, line: &Value) -> Step {
        // An id that is none, such as `--x`, would be an option of the next run.
        let Some(id) = text(line, "session_id").filter(|id| is_plain(id)) else { return Step::default() };
        if self.session.as_deref() == Some(id) {
            return Step::default();
        }
        self.session = Some(id.to_owned());
        happened([Event::Session { id: id.to_owned(), model: text(line, "model").map(str::to_owned) }])
    }

    fn system(&mut self, line: &Value) -> Step {
        match text(line, "subtype") {
            Some("init") => {
                self.begin_turn();
                self.session(line)
            }
            Some("api_retry") => happened([retry(line)]),
            Some("permission_denied") => {
                self.requests.refused(text(line, "tool_use_id"));
                Step::default()
            }
            Some("compact_boundary") => {
                self.compacted = compacted(line);
                Step::default()
            }
            _ => {
                let was_open = self.background.is_open();
                let step = happened(self.background.take(line, self.in_turn || !self.answer.is_given()));
                // It may have been ended without a word on it.
                self.is_answered |= was_open && !self.background.is_open() && self.answer.is_given() && !self.in_turn;
                step
            }
        }
    }

    fn begin_turn(&mut self) {
        (self.in_turn, self.is_answered, self.is_unclear, self.is_queued) = (true, false, false, false);
    }

    /// Takes what it has said for its answer, where all that came after it was not understood.
    fn settle_unclear(&mut self) {
        if let Some((_, said)) = self.said.take_if(|_| self.is_unclear) {
            self.answer.take_said(said);
        }
    }

    /// Takes what it says. Several releases leave the answer out of their final line, where it was said before.
    fn assistant(&mut self, line: &Value) -> Step {
        let events = said(line);
        let id = line.pointer("/message/id").and_then(Value::as_str).unwrap_or_default();
        if text(line, "parent_tool_use_id").is_none() {
            self.begin_turn();
            self.writing.is_whole();
        }
        for event in &events {
            let Event::Text { text } = event else { continue };
            match &mut self.said {
                Some((message, said)) if !id.is_empty() && message == id => {
                    if said.len() + text.len() <= MAX_ANSWER_BYTES {
                        said.push_str("\n\n");
                        said.push_str(text);
                    }
                }
                said => *said = Some((id.to_owned(), text.clone())),
            }
        }
        happened(events)
    }

    fn user(&mut self, line: &Value) -> Step {
        if let Some(output) = local_output(line) {
            self.local = Some(output);
        }
        let denied = |id: &str| self.requests.is_denied(id);
        happened(blocks(line).filter_map(tool_result).map(|result| match result {
            // What we say ourselves proves nothing.
            Event::ToolFinished { id, .. } if denied(&id) => {
                Event::ToolFinished { id, ok: false, output: String::new() }
            }
            other => other,
        }))
    }

    fn result(&mut self, line: &Value) -> Step {
        self.in_turn = false;
        self.is_usable = is_passing(line);
        self.last_result = number_of(line).max(self.last_result);
        let kind = self.answer.kind_of(line, self.is_local);
        if self.is_cancelled && kind == ResultKind::Answers {
            self.answer.take(line, None);
            return self.finish();
        }
        if kind == ResultKind::Unclear {
            self.answer.charge(line);
            (self.is_answered, self.is_unclear) = (true, true);
            return Step::default();
        }
        if kind != ResultKind::Answers {
            self.answer.charge(line);
            let said = self.said.take().map(|(_, said)| said);
            if kind == ResultKind::Before && self.keeps {
                self.between.tell(line, said);
            }
            self.is_answered = kind == ResultKind::Hollow;
            return Step::default();
        }
        self.is_unclear = false;
        // What follows the prompt's own answer tells of work, also where it does not say so.
        if self.answer.is_given() || line.get("origin").is_some_and(|origin| !origin.is_null()) {
            self.background.told(line.get("queued_turn_count").and_then(Value::as_u64));
        }
        let local = self.local.take().filter(|_| self.compacted.is_none());
        let said = self.said.take().map(|(_, said)| said).filter(|_| self.compacted.is_none() || !self.is_local);
        self.answer.take(line, said.or(local));
        if self.background.is_open() {
            return Step::default();
        }
        self.is_queued = line.get("queued_turn_count").and_then(Value::as_u64).is_some_and(|count| count > 0);
        self.is_answered = self.background.is_untold() || self.is_queued;
        if self.is_answered { Step::default() } else { self.finish() }
    }

    /// Tells whether a line goes on where all seemed to be said: the answer to work that took longer than was waited for.
    fn goes_on(&self, line: &Value) -> bool {
        match text(line, "type") {
            Some("system") => text(line, "subtype") == Some("init"),
            Some("assistant") => text(line, "parent_tool_use_id").is_none(),
            Some("result") => text(line, "result").is_some_and(|more| !self.answer.ends_with(more)),
            _ => false,
        }
    }

    /// Returns the final word of all results; an error that says nothing is told in the plain words that came beside it.
    fn word(&self, stderr_tail: &str) -> Final {
        let word = Final { compacted: self.compacted, ..self.answer.word() };
        match word.outcome {
            Err(Failure::Said(words)) if words.trim().is_empty() => {
                Final { outcome: Err(self.plain.with(stderr_tail).into()), ..word }
            }
            outcome => Final { outcome, ..word },
        }
    }

    /// Takes a line between two runs.
    fn aside(&mut self, line: &Value) -> Step {
        if text(line, "type") == Some("control_request") {
            let (step, denied) = self.requests.take_unasked(line);
            denied.into_iter().for_each(|denial| self.between.deny(denial));
            return step;
        }
        self.background.take(line, false);
        self.last_result = number_of(line).max(self.last_result);
        self.between.take(line);
        Step::default()
    }

    /// Takes a line of a turn of its own for whose end the prompt waits.
    fn before(&mut self, line: &Value) -> Step {
        self.last_result = number_of(line).max(self.last_result);
        self.between.take(line);
        let step = match text(line, "type") {
            Some("system") => happened(self.background.take(line, true)),
            Some("assistant") => happened(said(line)),
            Some("user") => self.user(line),
            Some("control_request") => self.requests.take(line),
            Some("control_cancel_request") => self.requests.withdraw(line),
            _ => Step::default(),
        };
        if self.between.is_busy() {
            return step;
        }
        self.answer.charge(line);
        let prompt = self.waiting.take().unwrap_or_default();
        if self.is_cancelled {
            self.answer.take(&json!({"subtype": "error_during_execution", "is_error": true}), None);
            return self.finish();
        }
        self.background = self.background.carried();
        if let Some(earlier) = &mut self.earlier {
            earlier.last_result = self.last_result;
        }
        self.open(&prompt)
    }

    fn finish(&mut self) -> Step {
        self.settle_unclear();
        self.done = true;
        let mut word = self.word("");
        with_denials(&mut word.denials, self.requests.close());
        let close_input = !self.keeps || self.is_cancelled;
        Step { events: vec![Event::Final(word)], close_input, ..Step::default() }
    }
}

impl Speak for Claude {
    fn open(&mut self, prompt: &str) -> Step {
        if self.has_other_way {
            self.prompt = Some(prompt.to_owned());
        }
        let message = json!({
            "type": "user",
            "message": {"role": "user", "content": prompt},
            "parent_tool_use_id": null,
            "session_id": "",
        });
        Step { reply: control::line(&message), ..Step::default() }
    }

    fn line(&mut self, line: &[u8]) -> Step {
        let Some(line) = crate::json::parse::<Value>(line).filter(Value::is_object) else {
            self.plain.take(line);
            return Step::default();
        };
        // It has understood how it was started.
        self.prompt = None;
        if self.waiting.is_some() {
            return self.before(&line);
        }
        if self.done && self.keeps {
            return self.aside(&line);
        }
        let goes_on = self.done && self.goes_on(&line);
        if self.done && !goes_on {
            return Step::default();
        }
        self.done = false;
        if self.earlier.as_mut().is_some_and(|earlier| earlier.has(&line)) {
            return Step::default();
        }
        self.tally.take(&line);
        let step = match text(&line, "type") {
            Some("system") => self.system(&line),
            Some("assistant") => self.assistant(&line),
            Some("stream_event") => happened(self.writing.take(&line)),
            Some("user") => self.user(&line),
            Some("control_request") => {
                if line.pointer("/request/subtype").and_then(Value::as_str) != Some("can_use_tool") {
                    self.plain.note_unknown();
                }
                self.requests.take(&line)
            }
            Some("control_cancel_request") => self.requests.withdraw(&line),
            Some("result") => self.result(&line),
            Some("control_response" | "command_lifecycle" | "keep_alive") => Step::default(),
            _ => {
                self.plain.note_unknown();
                Step::default()
            }
        };
        Step { goes_on, ..step }
    }

    fn answer(&mut self, id: &str, decision: Decision, words: &[String]) -> Step {
        self.requests.decide(id, decision, words)
    }

    fn silence(&self) -> Pause {
        if self.done || self.in_turn {
            Pause::Stuck
        } else if self.answer.is_given() && self.background.is_open() {
            Pause::Waiting
        } else if self.answer.is_given() && (self.background.is_owed() || self.is_queued) {
            Pause::Owing
        } else if self.is_answered {
            Pause::Done
        } else {
            Pause::Stuck
        }
    }

    fn conclude(&mut self) -> Step {
        if matches!(self.silence(), Pause::Done | Pause::Owing) { self.finish() } else { Step::default() }
    }

    fn revoke(&mut self) {
        self.requests.revoke();
    }

    fn cancel(&mut self) -> Step {
        if self.done {
            return Step::default();
        }
        self.is_cancelled = true;
        control::interrupt()
    }

    fn begin_instead(&mut self, stderr_tail: &str) -> Option<Step> {
        if !stderr_tail.contains("json-schema") {
            return None;
        }
        let prompt = self.prompt.take()?;
        self.has_other_way = false;
        Some(self.open(&prompt))
    }

    fn is_usable(&self) -> bool {
        self.done && self.is_usable
    }

    fn unasked(&mut self, _is_quiet: bool) -> Option<Unasked> {
        self.between.unasked()
    }

    fn is_at_work(&self) -> bool {
        self.between.is_busy() || self.background.is_open()
    }

    fn again(&mut self, spec: &RunSpec) -> Option<Step> {
        let is_free = self.done && !self.is_cancelled;
        let conversation = self.session.take_if(|id| spec.conversation.as_ref() == Some(&*id) && is_free)?;
        let last_result = self.last_result;
        let earlier = Earlier { conversation, last_result, has_begun: false };
        let (background, between) = (self.background.carried(), std::mem::take(&mut self.between));
        *self = Self { earlier: Some(earlier), last_result, background, between, ..Self::new(spec) };
        if self.between.is_busy() {
            self.waiting = Some(spec.prompt.clone());
            return Some(Step::default());
        }
        Some(self.open(&spec.prompt))
    }

    fn unknown(&mut self) -> u64 {
        self.plain.unknown()
    }

    fn end(&mut self, ending: &Ending<'_>) -> Final {
        self.settle_unclear();
        let cut_off = self.background.unfinished();
        self.answer.add(self.tally.usage());
        let left_by_itself = ending.cause.is_none() && matches!(ending.ended, Ended::Exited { .. });
        // What it has said since its last answer stands in no answer.
        let is_whole = self.answer.is_given() && self.said.is_none() && cut_off.is_empty();
        let word = if left_by_itself && is_whole {
            self.word(ending.stderr_tail)
        } else {
            let unknown_session = ending.stderr_tail.contains(UNKNOWN_SESSION);
            let why = protocol::truncated(ending, &self.plain).outcome;
            Final { unknown_session, cut_off, ..self.answer.beside(why) }
        };
        let mut denials = word.denials;
        with_denials(&mut denials, self.requests.close());
        Final { denials, ..word }
    }
}

#[cfg(test)]
mod tests;
