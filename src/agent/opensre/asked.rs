//! `opensre --json ask -`: one question, and one line of JSON that answers it.

use serde_json::Value;

use crate::agent::event::{Denial, Event, Final};
use crate::agent::names::is_plain;
use crate::agent::protocol::{self, Ending, PlainWords, Step};
use crate::agent::words::fill;

/// How an analysis is asked for, and in which form.
const PROMPT: &str = include_str!("../../../config/prompts/agent.md");
const SCHEMA: &str = include_str!("../../../config/rca.schema.json");

/// What it says where it does not know the conversation that is to go on.
const UNKNOWN: [&str; 3] = ["was not found", "could not be loaded", "is invalid"];

/// Returns what it is asked.
pub(super) fn question(prompt: &str, analysis: bool) -> String {
    match analysis {
        true => fill(PROMPT, &[("question", prompt), ("alert", ""), ("schema", SCHEMA.trim_end())]),
        false => prompt.to_owned(),
    }
}

/// A question under way.
#[derive(Debug, Default)]
pub(super) struct OneQuestion {
    resumes: bool,
    /// What it has said on standard error before it was asked.
    before: String,
    done: bool,
    plain: PlainWords,
}

impl OneQuestion {
    pub(super) fn new(resumes: bool, before: &str) -> Self {
        Self { resumes, before: before.to_owned(), ..Self::default() }
    }

    pub(super) fn line(&mut self, line: &[u8]) -> Step {
        if self.done {
            return Step::default();
        }
        let object = crate::json::parse::<Value>(line).unwrap_or_default();
        let Some(status) = object.get("status").and_then(Value::as_str) else {
            self.plain.take(line);
            return Step::default();
        };
        self.done = true;
        let id = text(&object, "session_id").filter(|id| is_plain(id));
        let session = id.map(|id| Event::Session { id: id.to_owned(), model: None });
        let events = session.into_iter().chain([Event::Final(self.word(status, &object))]).collect();
        Step { events, ..Step::default() }
    }

    fn word(&self, status: &str, object: &Value) -> Final {
        let response = text(object, "response").unwrap_or_default();
        let denied = object.get("denied_tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let denial = |tool: &Value| Some(Denial { tool: tool.as_str()?.to_owned(), summary: String::new() });
        let denials = denied.iter().filter_map(denial).collect();
        match status {
            "success" | "needs_input" | "approval_denied" => Final { denials, ..Final::new(Ok(response.to_owned())) },
            _ => {
                let error = object.get("error").unwrap_or(&Value::Null);
                let message = text(error, "message").unwrap_or(response);
                let unknown_session = self.resumes && UNKNOWN.iter().any(|sign| message.contains(sign));
                let words = [message, text(error, "suggestion").unwrap_or_default()];
                let words = words.map(str::trim).join("\n");
                Final { denials, unknown_session, ..protocol::failure(words.trim()) }
            }
        }
    }

    pub(super) fn end(&mut self, ending: &Ending<'_>) -> Final {
        let said = ending.stderr_tail.strip_prefix(self.before.as_str()).unwrap_or(ending.stderr_tail);
        let said = super::found::words(said);
        protocol::truncated(&Ending { stderr_tail: &said, ..*ending }, &self.plain)
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}
