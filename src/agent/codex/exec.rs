//! `codex exec --json`: one prompt, lines of events, and nothing that can be answered.

use serde_json::Value;

use super::ground::text;
use super::{item, words};
use crate::agent::event::{Decision, Event, Final, Usage};
use crate::agent::names::is_plain;
use crate::agent::protocol::{self, Ending, PlainWords, Speak, Step};
use crate::agent::trouble::is_unknown_session;

/// One run.
#[derive(Debug, Default)]
pub(super) struct Exec {
    /// Whether it goes on with a conversation: what it counts then is that of all its runs.
    resumes: bool,
    done: bool,
    answer: String,
    error: Option<String>,
    plain: PlainWords,
}

impl Exec {
    pub(super) fn new(resumes: bool) -> Self {
        Self { resumes, ..Self::default() }
    }

    fn usage(&self, line: &Value) -> Usage {
        let count = |key: &str| line.get("usage")?.get(key)?.as_u64().filter(|_| !self.resumes);
        Usage { input_tokens: count("input_tokens"), output_tokens: count("output_tokens"), session_cost_usd: None }
    }

    fn finish(&mut self, word: Final) -> Step {
        self.done = true;
        happened(Some(Event::Final(word)))
    }
}

impl Speak for Exec {
    fn open(&mut self, prompt: &str) -> Step {
        Step { reply: prompt.as_bytes().to_vec(), close_input: true, ..Step::default() }
    }

    fn line(&mut self, line: &[u8]) -> Step {
        if self.done {
            return Step::default();
        }
        let Some(line) = crate::json::parse::<Value>(line).filter(Value::is_object) else {
            self.plain.take(line);
            return Step::default();
        };
        let item = line.get("item").unwrap_or(&Value::Null);
        match text(&line, "type") {
            Some("thread.started") => {
                let id = text(&line, "thread_id").filter(|id| is_plain(id));
                happened(id.map(|id| Event::Session { id: id.to_owned(), model: None }))
            }
            Some("item.started") => happened(item::started(item)),
            Some("item.completed") if text(item, "type") == Some("agent_message") => {
                let said = text(item, "text").filter(|said| !said.trim().is_empty());
                if let Some(said) = said {
                    said.clone_into(&mut self.answer);
                }
                happened(said.map(|said| Event::Text { text: said.to_owned() }))
            }
            Some("item.completed") => happened(item::finished(item)),
            Some("error") => {
                let message = words::error(&line);
                if words::is_retry(&message) {
                    return happened(Some(words::retry(&message, None)));
                }
                self.error = Some(message);
                Step::default()
            }
            Some("turn.completed") => {
                let answer = std::mem::take(&mut self.answer);
                let word = Final { usage: self.usage(&line), ..Final::new(Ok(answer)) };
                self.finish(word)
            }
            Some("turn.failed") => {
                let told = line.get("error").map(words::error).filter(|words| !words.is_empty());
                let words = told.or_else(|| self.error.take()).unwrap_or_else(|| "turn.failed".to_owned());
                self.finish(Final { unknown_session: is_unknown_session(&words), ..protocol::failure(words) })
            }
            Some("turn.started" | "item.updated") => Step::default(),
            _ => {
                self.plain.note_unknown();
                Step::default()
            }
        }
    }

    fn answer(&mut self, _id: &str, _decision: Decision, _words: &[String]) -> Step {
        Step::default()
    }

    fn unknown(&mut self) -> u64 {
        self.plain.unknown()
    }

    fn end(&mut self, ending: &Ending<'_>) -> Final {
        last_words(ending, &self.plain, self.error.take())
    }
}

/// Returns the final word of a run that ended without one; `error` is the last error that the program has told of.
pub(super) fn last_words(ending: &Ending<'_>, plain: &PlainWords, error: Option<String>) -> Final {
    let said = words::stderr(ending.stderr_tail);
    let said = [error.unwrap_or_default(), said].into_iter().filter(|words| !words.is_empty());
    let said = said.collect::<Vec<_>>().join("\n");
    let unknown_session = is_unknown_session(&said);
    let ending = Ending { stderr_tail: &said, ..*ending };
    Final { unknown_session, ..protocol::truncated(&ending, plain) }
}

fn happened(event: Option<Event>) -> Step {
    Step { events: event.into_iter().collect(), ..Step::default() }
}
