//! What Discord said and could not be read: counted, and the newest of it kept for whoever looks into it.
//!
//! It stands in the notes of the listener, not in the log, since it may quote a message.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use signalbox_adapter::{AcceptError, Inbox};

/// Name of the note.
const NOTE: &str = "unread";

/// Pieces that are kept, the newest.
const MAX_KEPT: usize = 10;

/// Longest text of a piece that is kept, in bytes.
pub(crate) const MAX_TEXT_BYTES: usize = 2000;

/// What could not be read so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unread {
    /// How much it was, over all lives of the program.
    count: u64,
    /// The newest of it, the newest last.
    newest: VecDeque<Piece>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    /// The name of the event, or what else it is.
    pub(crate) what: String,
    /// The number of the event in its session; of something without one, the number of the last event before it.
    pub(crate) seq: u64,
    /// How it begins; at most [`MAX_TEXT_BYTES`] are kept.
    pub(crate) text: String,
}

impl Unread {
    /// Returns what earlier lives could not read.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub(crate) async fn noted(inbox: &dyn Inbox) -> Result<Self, AcceptError> {
        let noted = inbox.noted(NOTE).await?;
        Ok(noted.and_then(|words| serde_json::from_str(&words).ok()).unwrap_or_default())
    }

    /// Counts and keeps something; `false` for what was kept before, as a session that goes on brings it again.
    ///
    /// # Errors
    /// [`AcceptError`]: it is not kept.
    pub(crate) async fn keep(&mut self, inbox: &dyn Inbox, mut piece: Piece) -> Result<bool, AcceptError> {
        piece.text.truncate(piece.text.floor_char_boundary(MAX_TEXT_BYTES));
        if self.newest.contains(&piece) {
            return Ok(false);
        }
        self.count += 1;
        tracing::warn!(
            event.name = piece.what,
            event.seq = piece.seq,
            unread.count = self.count,
            "what cannot be understood is kept in the notes and passed over"
        );
        self.newest.push_back(piece);
        let more = self.newest.len().saturating_sub(MAX_KEPT);
        self.newest.drain(..more);
        inbox.note(NOTE, &serde_json::to_string(self).expect("it is JSON")).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::testing::RecordingInbox;

    use super::*;

    #[tokio::test]
    async fn the_newest_is_kept_within_bounds_and_a_copy_counts_once() {
        let (mut unread, inbox) = (Unread::default(), RecordingInbox::default());
        let piece = |seq| Piece { what: "MESSAGE_CREATE".to_owned(), seq, text: "é".repeat(MAX_TEXT_BYTES) };
        for seq in (0..15).chain([14]) {
            unread.keep(&inbox, piece(seq)).await.expect("kept");
        }
        assert_eq!((unread.count, unread.newest.len()), (15, MAX_KEPT));
        assert_eq!(unread.newest.front().map(|piece| (piece.seq, piece.text.len())), Some((5, MAX_TEXT_BYTES)));
    }
}
