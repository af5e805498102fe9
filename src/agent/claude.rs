//! Claude's stream-json, both ways.
//!
//! The prompt is one user line on standard input, which stays open for the answers to permission requests and is closed
//! at the first `result`: that line ends the turn. Its key order, further types and further fields are not relied on;
//! what is not understood is ignored, except a request, which is refused.

mod argv;
mod control;
mod describe;
mod policy;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use argv::{Ask, Conversation, argv, env_defaults, env_fixed};

use crate::agent::event::{Decision, Denial, Event, Final, MAX_TOOL_OUTPUT_BYTES, Usage};
use crate::agent::protocol::{self, Ending, Speak, Step};
use crate::agent::run::RunSpec;
use control::Request;
use policy::Policy;

/// What the program says, on either stream, of a session that it does not have.
const UNKNOWN_SESSION: &str = "No conversation found with session ID";

/// Most denials that a final word lists.
const MAX_DENIALS: usize = 200;

/// Longest one-line summary, in characters.
const MAX_SUMMARY_CHARS: usize = 200;

/// The protocol of [`crate::agent::run::Protocol::Claude`].
#[derive(Debug)]
pub struct Claude {
    policy: Policy,
    session: Option<String>,
    open: BTreeMap<String, Request>,
    /// What we have denied.
    denied: Vec<Denial>,
    done: bool,
}

impl Claude {
    /// Returns a conversation that has not begun.
    #[must_use]
    pub fn new(spec: &RunSpec) -> Self {
        Self { policy: Policy::new(spec), session: None, open: BTreeMap::new(), denied: Vec::new(), done: false }
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
        self.open.clear();
        let mut word = final_word(line);
        with_denials(&mut word.denials, &self.denied);
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
            Some("control_request") => self.control_request(&line),
            Some("control_cancel_request") => self.withdraw(&line),
            Some("result") => self.result(&line),
            _ => Step::default(),
        }
    }

    fn answer(&mut self, id: &str, decision: Decision) -> Step {
        self.decide(id, decision)
    }

    fn end(&mut self, ending: &Ending<'_>) -> Final {
        let unknown_session = ending.stderr_tail.contains(UNKNOWN_SESSION);
        Final { unknown_session, ..protocol::truncated(ending) }
    }
}

fn happened(events: impl IntoIterator<Item = Event>) -> Step {
    Step { events: events.into_iter().collect(), ..Step::default() }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

fn blocks(line: &Value) -> impl Iterator<Item = &Value> {
    line.pointer("/message/content").and_then(Value::as_array).into_iter().flatten()
}

fn retry(line: &Value) -> Event {
    let attempt = line.get("attempt").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let reason = text(line, "error").unwrap_or("no answer");
    let reason = match line.get("error_status").and_then(Value::as_u64) {
        Some(status) => format!("{reason} ({status})"),
        None => reason.to_owned(),
    };
    Event::Retrying { attempt, reason: protocol::one_line(&reason, MAX_SUMMARY_CHARS) }
}

/// Returns what one assistant line says; the words of a helper of the agent, and errors that `result` repeats, are not
/// the agent's words.
fn said(line: &Value) -> Vec<Event> {
    let own = text(line, "parent_tool_use_id").is_none() && text(line, "error").is_none();
    let words = |text: &str| (own && !text.trim().is_empty()).then(|| Event::Text { text: text.to_owned() });
    if let Some(whole) = line.pointer("/message/content").and_then(Value::as_str) {
        return words(whole).into_iter().collect();
    }
    blocks(line)
        .filter_map(|block| match text(block, "type")? {
            "text" => words(text(block, "text")?),
            "tool_use" => {
                let name = text(block, "name")?;
                let summary = describe::summary(block.get("input").unwrap_or(&Value::Null));
                Some(Event::ToolStarted { id: text(block, "id")?.to_owned(), name: name.to_owned(), summary })
            }
            _ => None,
        })
        .collect()
}

fn tool_result(block: &Value) -> Option<Event> {
    if text(block, "type")? != "tool_result" {
        return None;
    }
    let ok = block.get("is_error").and_then(Value::as_bool) != Some(true);
    let output = match block.get("content") {
        Some(Value::String(output)) => output.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|p| text(p, "text")).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    };
    let output = protocol::cut(&output, MAX_TOOL_OUTPUT_BYTES).to_owned();
    Some(Event::ToolFinished { id: text(block, "tool_use_id")?.to_owned(), ok, output })
}

fn final_word(line: &Value) -> Final {
    let subtype = text(line, "subtype").unwrap_or_default();
    let errors: Vec<&str> =
        line.get("errors").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    // `subtype` is "success" also for errors, so that `is_error` decides; an error's subtype is never a success.
    let failed = line.get("is_error").and_then(Value::as_bool) == Some(true) || subtype.starts_with("error");
    let result = text(line, "result").unwrap_or_default();
    let outcome = match (failed, errors.is_empty(), result.is_empty()) {
        (false, _, _) => Ok(result.to_owned()),
        (true, false, _) => Err(errors.join("\n")),
        (true, true, false) => Err(result.to_owned()),
        (true, true, true) => Err(subtype.to_owned()),
    };
    Final {
        outcome,
        whole_bytes: None,
        usage: usage(line),
        denials: denials(line),
        unknown_session: failed && errors.iter().any(|error| error.contains(UNKNOWN_SESSION)),
    }
}

/// Returns what the run used; tokens read from and written to the service's cache were read, too.
fn usage(line: &Value) -> Usage {
    let count = |key: &str| line.pointer("/usage").and_then(|usage| usage.get(key)).and_then(Value::as_u64);
    let input = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"].map(count);
    Usage {
        input_tokens: input[0].map(|_| input.into_iter().flatten().fold(0, u64::saturating_add)),
        output_tokens: count("output_tokens"),
        session_cost_usd: line.get("total_cost_usd").and_then(Value::as_f64),
    }
}

/// Adds what we have denied, where the agent's own list does not have it.
fn with_denials(listed: &mut Vec<Denial>, denied: &[Denial]) {
    let mut unmatched = listed.clone();
    for denial in denied {
        match unmatched.iter().position(|other| other == denial) {
            Some(at) => drop(unmatched.swap_remove(at)),
            None => listed.push(denial.clone()),
        }
    }
    listed.truncate(MAX_DENIALS);
}

fn denials(line: &Value) -> Vec<Denial> {
    let denied = line.get("permission_denials").and_then(Value::as_array);
    denied
        .into_iter()
        .flatten()
        .take(MAX_DENIALS)
        .filter_map(|denial| {
            let summary = describe::summary(denial.get("tool_input").unwrap_or(&Value::Null));
            Some(Denial { tool: text(denial, "tool_name")?.to_owned(), summary })
        })
        .collect()
}

#[cfg(test)]
mod tests;
