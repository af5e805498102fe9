//! What an agent says by itself, between two prompts: that something in the background has ended, or that it was woken.

use serde::{Deserialize, Serialize};
use signalbox_adapter::one_line;

use super::event::Denial;
use super::names::plain;

/// Longest text that is told of one turn, in bytes.
pub const MAX_UNASKED_BYTES: usize = 64 * 1024;
/// Most that is told of what was not permitted in it.
const MAX_UNASKED_DENIALS: usize = 8;
/// Longest account of one such thing, in characters.
const MAX_DENIED_CHARS: usize = 160;

/// What an agent has said unasked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unasked {
    /// Its words; empty where it has only asked for something.
    pub text: String,
    /// What it was not permitted, since nobody could be asked.
    #[serde(default)]
    pub denials: Vec<Denial>,
}

impl Unasked {
    /// Adds a text.
    pub fn say(&mut self, more: &str) {
        if more.trim().is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.write(more);
    }

    /// Adds a piece of a text as it comes.
    pub fn write(&mut self, piece: &str) {
        let room = MAX_UNASKED_BYTES.saturating_sub(self.text.len());
        self.text.push_str(&piece[..piece.floor_char_boundary(room)]);
    }

    /// Notes that something was not permitted.
    pub fn deny(&mut self, denial: Denial) {
        if self.denials.len() < MAX_UNASKED_DENIALS && !self.denials.contains(&denial) {
            self.denials.push(denial);
        }
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.denials.is_empty()
    }

    /// Takes what there is to tell.
    #[must_use]
    pub fn take(&mut self) -> Option<Self> {
        Some(std::mem::take(self)).filter(|unasked| !unasked.is_empty())
    }

    /// Keeps it within its bounds, whoever has written it.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.text.truncate(self.text.floor_char_boundary(MAX_UNASKED_BYTES));
        self.denials.truncate(MAX_UNASKED_DENIALS);
        for denial in &mut self.denials {
            denial.tool = plain(&denial.tool);
            denial.summary = one_line(&denial.summary, MAX_DENIED_CHARS);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_unasked_is_bounded() {
        let mut unasked = Unasked::default();
        unasked.say(" ");
        assert_eq!(unasked.take(), None);
        unasked.say("one");
        unasked.say("two");
        assert_eq!(unasked.text, "one\n\ntwo");
        unasked.say(&"ä".repeat(MAX_UNASKED_BYTES));
        for number in 0..100 {
            unasked.deny(Denial { tool: "Bash".into(), summary: format!("touch {number}") });
        }
        let taken = unasked.take().expect("something");
        assert!(taken.text.len() <= MAX_UNASKED_BYTES && taken.denials.len() == MAX_UNASKED_DENIALS);
        let forged = Unasked {
            text: "x".repeat(9 * MAX_UNASKED_BYTES),
            denials: vec![Denial { tool: "a\nb".into(), summary: "c\nd".into() }; 99],
        };
        let bounded = forged.bounded();
        assert_eq!((bounded.text.len(), bounded.denials.len()), (MAX_UNASKED_BYTES, MAX_UNASKED_DENIALS));
        assert!(!bounded.denials[0].tool.contains('\n') && !bounded.denials[0].summary.contains('\n'));
    }
}
