//! Claude's stream-json, both ways.
//!
//! The prompt is one user line on standard input, which stays open for the answers to permission requests and is closed
//! at the first `result`: that line ends the turn. Its key order, further types and further fields are not relied on;
//! what is not understood is ignored, except a request, which is refused.

mod argv;
mod control;
mod describe;
mod line;
mod policy;
mod question;

use serde_json::{Value, json};

pub use argv::{Conversation, Invocation, argv, env_defaults, env_fixed};

use crate::agent::event::{Decision, Event, Final, MAX_ANSWER_BYTES};
use crate::agent::protocol::{self, Ending, PlainWords, Speak, Step};
use crate::agent::run::RunSpec;
use control::Requests;
use line::{UNKNOWN_SESSION, blocks, final_word, happened, retry, said, text, tool_result, with_denials};
use policy::Policy;

/// A conversation with it.
#[derive(Debug)]
pub struct Claude {
    requests: Requests,
    session: Option<String>,
    done: bool,
    /// What it said last, and in which message.
    said: Option<(String, String)>,
    plain: PlainWords,
}

impl Claude {
    /// Returns a conversation that has not begun.
    #[must_use]
    pub fn new(spec: &RunSpec) -> Self {
        Self {
            requests: Requests::new(Policy::new(spec)),
            session: None,
            done: false,
            said: None,
            plain: PlainWords::default(),
        }
    }

    fn session(&mut self, line: &Value) -> Step {
        let Some(id) = text(line, "session_id") else { return Step::default() };
        if self.session.as_deref() == Some(id) {
            return Step::default();
        }
        self.session = Some(id.to_owned());
        happened([Event::Session { id: id.to_owned(), model: text(line, "model").map(str::to_owned) }])
    }

    /// Takes what it says. Several releases leave the answer out of their final line, where it was said before.
    fn assistant(&mut self, line: &Value) -> Step {
        let events = said(line);
        let id = line.pointer("/message/id").and_then(Value::as_str).unwrap_or_default();
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

    fn result(&mut self, line: &Value) -> Step {
        self.done = true;
        let mut word = final_word(line);
        if let (Ok(answer), Some((_, said))) = (&mut word.outcome, self.said.take())
            && answer.trim().is_empty()
        {
            *answer = said;
        }
        with_denials(&mut word.denials, self.requests.close());
        Step { events: vec![Event::Final(word)], close_input: true, ..Step::default() }
    }
}

impl Speak for Claude {
    fn open(&mut self, prompt: &str) -> Step {
        let message = json!({
            "type": "user",
            "message": {"role": "user", "content": prompt},
            "parent_tool_use_id": null,
            "session_id": "",
        });
        Step { reply: control::line(&message), ..Step::default() }
    }

    fn line(&mut self, line: &[u8]) -> Step {
        if self.done {
            return Step::default();
        }
        let Some(line) = crate::json::parse::<Value>(line).filter(Value::is_object) else {
            self.plain.take(line);
            return Step::default();
        };
        match text(&line, "type") {
            Some("system") => match text(&line, "subtype") {
                Some("init") => self.session(&line),
                Some("api_retry") => happened([retry(&line)]),
                _ => Step::default(),
            },
            Some("assistant") => self.assistant(&line),
            Some("user") => happened(blocks(&line).filter_map(tool_result)),
            Some("control_request") => self.requests.take(&line),
            Some("control_cancel_request") => self.requests.withdraw(&line),
            Some("result") => self.result(&line),
            _ => Step::default(),
        }
    }

    fn answer(&mut self, id: &str, decision: Decision, words: &[String]) -> Step {
        self.requests.decide(id, decision, words)
    }

    fn end(&mut self, ending: &Ending<'_>) -> Final {
        let unknown_session = ending.stderr_tail.contains(UNKNOWN_SESSION);
        Final { unknown_session, ..protocol::truncated(ending, &self.plain) }
    }
}

#[cfg(test)]
mod tests;
