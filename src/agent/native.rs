//! Agents of our own, which print [`Event`]s, one JSON value a line.
//!
//! The prompt goes to standard input, which is then closed. Lines that are no event are ignored; the first
//! [`Event::Final`] is the result.

use crate::agent::event::{Decision, Event, Final};
use crate::agent::names::is_plain;
use crate::agent::protocol::{self, Ending, PlainWords, Speak, Step};

/// How such an agent is spoken with.
#[derive(Debug, Default)]
pub struct Native {
    done: bool,
    plain: PlainWords,
}

impl Speak for Native {
    fn open(&mut self, prompt: &str) -> Step {
        Step { reply: prompt.as_bytes().to_vec(), close_input: true, ..Step::default() }
    }

    fn line(&mut self, line: &[u8]) -> Step {
        if self.done {
            return Step::default();
        }
        let Some(event) = crate::json::parse(line) else {
            // An event of a later version is a whole message all the same.
            self.plain.take(line);
            return Step::default();
        };
        let event = match event {
            // Nothing could be answered: its standard input is closed.
            Event::Asked { .. } | Event::Answered { .. } => return Step::default(),
            Event::Session { id, .. } if !is_plain(&id) => return Step::default(),
            Event::Final(final_word) => {
                self.done = true;
                Event::Final(final_word)
            }
            event @ (Event::Session { .. }
            | Event::Text { .. }
            | Event::Writing { .. }
            | Event::Background { .. }
            | Event::Offers { .. }
            | Event::AsksTooMuch
            | Event::ToolStarted { .. }
            | Event::ToolFinished { .. }
            | Event::Retrying { .. }) => event,
        };
        Step { events: vec![event], ..Step::default() }
    }

    fn answer(&mut self, _id: &str, _decision: Decision, _words: &[String]) -> Step {
        Step::default()
    }

    fn unknown(&mut self) -> u64 {
        self.plain.unknown()
    }

    fn end(&mut self, ending: &Ending<'_>) -> Final {
        protocol::truncated(ending, &self.plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::exit::Ended;
    use crate::agent::failure::{Failure, Unfinished};

    #[test]
    fn events_pass_and_garbage_does_not() {
        let mut native = Native::default();
        let text = Event::Text { text: "hello".into() };
        let line = serde_json::to_vec(&text).unwrap();
        assert_eq!(native.line(&line).events, [text]);
        for garbage in [&b"{"[..], b"", b"null", b"\xff\xff", br#"{"type":"new kind"}"#, b"[1]"] {
            assert_eq!(native.line(garbage), Step::default());
        }
    }

    #[test]
    fn the_first_final_event_is_the_last_event() {
        let mut native = Native::default();
        let line = serde_json::to_vec(&Event::Final(protocol::failure("x"))).unwrap();
        assert_eq!(native.line(&line).events.len(), 1);
        assert_eq!(native.line(&line), Step::default());
    }

    #[test]
    fn a_missing_final_event_is_an_error() {
        let ended = Ended::Exited { code: 0 };
        let ending =
            Ending { ended: &ended, cause: None, stdout_head: b"", stdout_bytes: 0, stderr_tail: "it broke\n" };
        let words = "it broke".to_owned();
        let unfinished = Unfinished { ended: ended.clone(), cause: None, owed: true, words };
        assert_eq!(Native::default().end(&ending).outcome, Err(Failure::Seen(unfinished)));
    }
}
