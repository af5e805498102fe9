//! A text while it is being written: what comes in small pieces is told in larger ones, so that a long answer is neither
//! silence nor a flood.

use super::event::Event;

/// How much is gathered before it is told, in bytes: what a model writes in about a second.
const PIECE_BYTES: usize = 300;

/// The end of a text that was not told yet.
#[derive(Debug)]
pub struct WritingPieces {
    piece: String,
    begins: bool,
}

impl Default for WritingPieces {
    fn default() -> Self {
        Self { piece: String::new(), begins: true }
    }
}

impl WritingPieces {
    /// Begins another text, also where the one before broke off or has come whole.
    pub fn begin(&mut self) {
        *self = Self::default();
    }

    /// Adds what was written; returns what is to be told.
    pub fn push(&mut self, more: &str) -> Option<Event> {
        self.piece.push_str(more);
        if self.piece.len() < PIECE_BYTES {
            return None;
        }
        let begins = std::mem::take(&mut self.begins);
        Some(Event::Writing { more: std::mem::take(&mut self.piece), begins })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pieces_are_told_in_larger_ones_and_each_text_begins_anew() {
        let mut pieces = WritingPieces::default();
        let told: Vec<Event> = (0..100).filter_map(|n| pieces.push(&format!("word{n:03} "))).collect();
        assert!(matches!(&told[..], [Event::Writing { begins: true, .. }, Event::Writing { begins: false, .. }]));
        pieces.begin();
        let next = pieces.push(&"y".repeat(300));
        assert_eq!(next, Some(Event::Writing { more: "y".repeat(300), begins: true }));
    }
}
