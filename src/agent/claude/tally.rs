//! What was used since the last result, out of what each message says of itself: all that is known where the process dies
//! before its result.

use std::collections::BTreeMap;

use serde_json::Value;

use super::line::{text, usage};
use crate::agent::event::Usage;

/// Most messages that are counted; further ones are not.
const MAX_MESSAGES: usize = 4096;

/// The messages since the last result.
#[derive(Debug, Default)]
pub(super) struct TokenTally {
    /// Tokens read and written, by message; what is said of one message again is never added.
    messages: BTreeMap<String, (u64, u64)>,
    /// The message that is being written.
    open: Option<String>,
}

impl TokenTally {
    /// Takes a line.
    pub(super) fn take(&mut self, line: &Value) {
        match text(line, "type") {
            Some("assistant") => self.count(line.get("message")),
            Some("stream_event") if text(line, "parent_tool_use_id").is_none() => self.stream(line.get("event")),
            Some("result") => *self = Self::default(),
            _ => {}
        }
    }

    fn stream(&mut self, event: Option<&Value>) {
        let Some(event) = event else { return };
        match text(event, "type") {
            Some("message_start") => {
                let message = event.get("message");
                self.open = message.and_then(|message| text(message, "id")).map(str::to_owned);
                self.count(message);
            }
            Some("message_delta") => {
                if let Some(id) = self.open.clone() {
                    self.add(id, event);
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, message: Option<&Value>) {
        if let Some((id, message)) = message.and_then(|message| Some((text(message, "id")?.to_owned(), message))) {
            self.add(id, message);
        }
    }

    fn add(&mut self, id: String, counted: &Value) {
        if self.messages.len() == MAX_MESSAGES && !self.messages.contains_key(&id) {
            return;
        }
        let used = usage(counted);
        let known = self.messages.entry(id).or_default();
        known.0 = known.0.max(used.input_tokens.unwrap_or(0));
        known.1 = known.1.max(used.output_tokens.unwrap_or(0));
    }

    /// Returns what they have used; nothing where there are none.
    pub(super) fn usage(&self) -> Usage {
        let sum = |of: fn(&(u64, u64)) -> u64| {
            self.messages.values().map(of).reduce(u64::saturating_add).filter(|sum| *sum > 0)
        };
        Usage { input_tokens: sum(|it| it.0), output_tokens: sum(|it| it.1), session_cost_usd: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_message_counts_once_and_a_result_begins_anew() {
        let mut tally = TokenTally::default();
        let said = |id: &str, read: u64, written: u64| json!({"type": "assistant", "message": {"id": id, "usage": {"input_tokens": read, "cache_read_input_tokens": 5, "output_tokens": written}}});
        assert_eq!(tally.usage(), Usage::default());
        tally.take(&said("a", 10, 1));
        tally.take(&said("a", 10, 1));
        tally.take(&said("b", 20, 1));
        let start =
            json!({"type": "message_start", "message": {"id": "c", "usage": {"input_tokens": 1, "output_tokens": 1}}});
        tally.take(&json!({"type": "stream_event", "event": start}));
        let delta = json!({"type": "message_delta", "usage": {"output_tokens": 40}});
        tally.take(&json!({"type": "stream_event", "event": delta, "parent_tool_use_id": "helper"}));
        assert_eq!((tally.usage().input_tokens, tally.usage().output_tokens), (Some(41), Some(3)));
        tally.take(&json!({"type": "stream_event", "event": delta}));
        assert_eq!((tally.usage().input_tokens, tally.usage().output_tokens), (Some(41), Some(42)));
        tally.take(&json!({"type": "result"}));
        assert_eq!(tally.usage(), Usage::default());
    }
}
