//! What an agent says in one turn: pieces as they come, blocks, and the answer, which is what comes after its last tool.

use crate::agent::event::{Event, MAX_ANSWER_BYTES};

/// How much is gathered before it is told, in bytes: what a model writes in about a second.
const PIECE_BYTES: usize = 300;

/// What was said in one turn.
#[derive(Debug, Default)]
pub(super) struct Saying {
    /// The block that is being written, and the message that it belongs to, where that is told.
    block: Text,
    message: Option<String>,
    /// What of it was not told yet, and whether something was.
    piece: String,
    is_begun: bool,
    /// The blocks since the last tool.
    answer: Text,
    /// The blocks before that tool, where there are none after it.
    before: Text,
}

/// A text that is kept up to its bound, and measured beyond it.
#[derive(Debug, Default, Clone)]
struct Text {
    kept: String,
    bytes: usize,
}

impl Text {
    fn push(&mut self, more: &str) {
        self.bytes += more.len();
        let room = MAX_ANSWER_BYTES.saturating_sub(self.kept.len());
        // Once something is left out, nothing follows it.
        if self.bytes - more.len() == self.kept.len() {
            self.kept.push_str(&more[..more.floor_char_boundary(room)]);
        }
    }

    fn add_block(&mut self, block: Self) {
        if block.kept.trim().is_empty() {
            return;
        }
        if self.bytes > 0 {
            self.push("\n\n");
        }
        self.push(&block.kept);
        self.bytes += block.bytes - block.kept.len();
    }
}

impl Saying {
    /// Takes a piece of a text.
    pub(super) fn take(&mut self, text: &str, message: Option<&str>) -> Vec<Event> {
        let mut events = Vec::new();
        let is_other = message.is_some() && self.message.is_some() && message != self.message.as_deref();
        if is_other {
            events.extend(self.end_block());
        }
        if let Some(message) = message {
            self.message = Some(message.to_owned());
        }
        self.block.push(text);
        self.piece.push_str(text);
        if self.piece.len() >= PIECE_BYTES {
            let begins = !std::mem::replace(&mut self.is_begun, true);
            events.push(Event::Writing { more: std::mem::take(&mut self.piece), begins });
        }
        events
    }

    /// Notes that the agent uses a tool: what comes after it is the answer, or commentary on the next one.
    pub(super) fn use_tool(&mut self) -> Option<Event> {
        let said = self.end_block();
        if self.answer.bytes > 0 {
            self.before = std::mem::take(&mut self.answer);
        }
        said
    }

    /// Ends the block that is being written.
    pub(super) fn end_block(&mut self) -> Option<Event> {
        let block = std::mem::take(&mut self.block);
        (self.message, self.piece, self.is_begun) = (None, String::new(), false);
        let text = block.kept.clone();
        self.answer.add_block(block);
        (!text.trim().is_empty()).then_some(Event::Text { text })
    }

    /// Returns the answer, and its whole size in bytes where it is cut.
    pub(super) fn answer(&mut self) -> (String, Option<u64>) {
        let answer =
            if self.answer.bytes > 0 { std::mem::take(&mut self.answer) } else { std::mem::take(&mut self.before) };
        let whole = (answer.bytes > answer.kept.len()).then_some(answer.bytes as u64);
        (answer.kept, whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(saying: &mut Saying, text: &str) {
        saying.take(text, None);
    }

    #[test]
    fn the_answer_is_what_comes_after_the_last_tool() {
        let mut saying = Saying::default();
        say(&mut saying, "I will ");
        say(&mut saying, "use a tool.");
        assert_eq!(saying.use_tool(), Some(Event::Text { text: "I will use a tool.".into() }));
        assert_eq!(saying.use_tool(), None);
        say(&mut saying, "Done.");
        saying.end_block();
        assert_eq!(saying.answer(), ("Done.".into(), None));
    }

    #[test]
    fn what_was_said_before_a_last_tool_is_the_answer_where_nothing_follows() {
        let mut saying = Saying::default();
        say(&mut saying, "All is well; I only tidy up.");
        saying.use_tool();
        saying.end_block();
        assert_eq!(saying.answer().0, "All is well; I only tidy up.");
    }

    #[test]
    fn messages_are_blocks_and_long_ones_are_told_in_pieces() {
        let mut saying = Saying::default();
        assert_eq!(saying.take("one", Some("m1")), []);
        assert_eq!(saying.take("two", Some("m2")), [Event::Text { text: "one".into() }]);
        let told = saying.take(&"x".repeat(PIECE_BYTES), Some("m2"));
        assert!(matches!(&told[..], [Event::Writing { more, begins: true }] if more.starts_with("twoxx")), "{told:?}");
        let told = saying.take(&"y".repeat(PIECE_BYTES), None);
        assert!(matches!(&told[..], [Event::Writing { begins: false, .. }]), "{told:?}");
        saying.end_block();
        let answer = saying.answer().0;
        assert!(answer.starts_with("one\n\ntwoxx") && answer.ends_with('y'), "{answer}");
    }

    #[test]
    fn an_answer_beyond_its_bound_is_cut_and_measured() {
        let mut saying = Saying::default();
        for _ in 0..3 {
            say(&mut saying, &"ä".repeat(MAX_ANSWER_BYTES / 4));
        }
        say(&mut saying, "end");
        saying.end_block();
        let (answer, whole) = saying.answer();
        assert!(answer.len() <= MAX_ANSWER_BYTES && !answer.ends_with("end"));
        assert_eq!(whole, Some(3 * (MAX_ANSWER_BYTES as u64 / 2) + 3));
    }
}
