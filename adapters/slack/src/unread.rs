//! What Slack said and could not be read: counted, and the newest of it kept for whoever looks into it.
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
const MAX_TEXT_BYTES: usize = 2000;

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
struct Piece {
    /// What it is.
    what: String,
    /// How it begins; at most [`MAX_TEXT_BYTES`] are kept.
    text: String,
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

    /// Counts and keeps something; `false` for what was kept before, as Slack hands it over again.
    ///
    /// # Errors
    /// [`AcceptError`]: it is not kept.
    pub(crate) async fn keep(&mut self, inbox: &dyn Inbox, what: &str, text: &str) -> Result<bool, AcceptError> {
        let text = text[..text.floor_char_boundary(MAX_TEXT_BYTES)].to_owned();
        let piece = Piece { what: what.to_owned(), text };
        if self.newest.contains(&piece) {
            return Ok(false);
        }
        self.count += 1;
        tracing::warn!(
            what,
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
        for number in (0..15).chain([14]) {
            let text = format!("{number}{}", "é".repeat(MAX_TEXT_BYTES));
            unread.keep(&inbox, "an event", &text).await.expect("kept");
        }
        assert_eq!((unread.count, unread.newest.len()), (15, MAX_KEPT));
        assert!(unread.newest.iter().all(|piece| piece.text.len() <= MAX_TEXT_BYTES));
    }
}
