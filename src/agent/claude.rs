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

use serde_json::{Value, json};

pub use argv::{Conversation, Invocation, argv, env_defaults, env_fixed};

use crate::agent::event::{Decision, Event, Final};
use crate::agent::protocol::{self, Ending, Speak, Step};
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
}

impl Claude {
    /// Returns a conversation that has not begun.
    #[must_use]
    pub fn new(spec: &RunSpec) -> Self {
        Self { requests: Requests::new(Policy::new(spec)), session: None, done: false }
    }

    fn session(&mut self, line: &Value) -> Step {
        let Some(id) = text(line, "session_id") else { return Step::default() };
        if self.session.as_deref() == Some(id) {
            return Step::default();
        }
        self.session = Some(id.to_owned());
        happened([Event::Session { id: id.to_owned(), model: text(line, "model").map(str::to_owned) }])
    }

    fn result(&mut self, line: &Value) -> Step {
        self.done = true;
        let mut word = final_word(line);
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
        let Ok(line) = serde_json::from_str::<Value>(&String::from_utf8_lossy(line)) else { return Step::default() };
        match text(&line, "type") {
            Some("system") => match text(&line, "subtype") {
                Some("init") => self.session(&line),
                Some("api_retry") => happened([retry(&line)]),
                _ => Step::default(),
            },
            Some("assistant") => happened(said(&line)),
            Some("user") => happened(blocks(&line).filter_map(tool_result)),
            Some("control_request") => self.requests.take(&line),
            Some("control_cancel_request") => self.requests.withdraw(&line),
            Some("result") => self.result(&line),
            _ => Step::default(),
        }
    }

    fn answer(&mut self, id: &str, decision: Decision) -> Step {
        self.requests.decide(id, decision)
    }

    fn end(&mut self, ending: &Ending<'_>) -> Final {
        let unknown_session = ending.stderr_tail.contains(UNKNOWN_SESSION);
        Final { unknown_session, ..protocol::truncated(ending) }
    }
}

#[cfg(test)]
mod tests;
