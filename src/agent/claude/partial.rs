//! An answer while it is being written: what comes in small pieces is told in larger ones, so that a long answer is neither
//! silence nor a flood.

use serde_json::Value;

use super::line::text;
use crate::agent::event::Event;

/// How much is gathered before it is told, in bytes: what a model writes in about a second.
const PIECE_BYTES: usize = 300;

/// What is being written.
#[derive(Debug, Default)]
pub(super) struct Writing {
    piece: String,
    /// Whether the next piece begins a message.
    begins: bool,
}

impl Writing {
    /// Takes a line of the raw stream; a helper's words are not the agent's.
    pub(super) fn take(&mut self, line: &Value) -> Option<Event> {
        if text(line, "parent_tool_use_id").is_some() {
            return None;
        }
        let event = line.get("event")?;
        match text(event, "type")? {
            // Also where a message broke off and is written once more.
            "message_start" => *self = Self { piece: String::new(), begins: true },
            "content_block_delta" => self.piece.push_str(text(event.get("delta")?, "text")?),
            _ => {}
        }
        if self.piece.len() < PIECE_BYTES {
            return None;
        }
        let begins = std::mem::take(&mut self.begins);
        Some(Event::Writing { more: std::mem::take(&mut self.piece), begins })
    }

    /// Notes that a whole block has come, with all that was told of it in pieces.
    pub(super) fn is_whole(&mut self) {
        *self = Self { piece: String::new(), begins: true };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn piece(text: &str, parent: Option<&str>) -> Value {
        let delta = json!({"type": "text_delta", "text": text});
        let event = json!({"type": "content_block_delta", "index": 0, "delta": delta});
        json!({"type": "stream_event", "event": event, "parent_tool_use_id": parent})
    }

    #[test]
    fn small_pieces_are_told_in_larger_ones_and_a_helpers_not_at_all() {
        let mut writing = Writing::default();
        writing.take(&json!({"event": {"type": "message_start"}}));
        let told: Vec<Event> = (0..100).filter_map(|n| writing.take(&piece(&format!("word{n:03} "), None))).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(matches!(&told[0], Event::Writing { more, begins: true } if more.starts_with("word000 word001")));
        assert!(matches!(&told[1], Event::Writing { begins: false, .. }));
        assert_eq!(writing.take(&piece(&"x".repeat(1000), Some("toolu_1"))), None);
        writing.is_whole();
        let next = writing.take(&piece(&"y".repeat(300), None));
        assert_eq!(next, Some(Event::Writing { more: "y".repeat(300), begins: true }));
    }

    #[test]
    fn what_broke_off_is_forgotten_and_thoughts_are_no_text() {
        let mut writing = Writing::default();
        writing.take(&piece("half", None));
        writing.take(&json!({"event": {"type": "message_start"}}));
        let thought = json!({"type": "thinking_delta", "thinking": "z".repeat(400)});
        assert_eq!(writing.take(&json!({"event": {"type": "content_block_delta", "delta": thought}})), None);
        let whole = writing.take(&piece(&"w".repeat(300), None));
        assert_eq!(whole, Some(Event::Writing { more: "w".repeat(300), begins: true }));
        for odd in [json!({}), json!({"event": 7}), json!({"event": {"type": "content_block_delta"}})] {
            assert_eq!(writing.take(&odd), None);
        }
    }
}
