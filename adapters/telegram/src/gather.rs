//! Which messages are one: the pictures of an album, and a long paste that the sender's app cut into pieces.
//!
//! Both are told by what the messages say about themselves and by Telegram's own clock, so that the same updates, fetched
//! again after a crash, make the same message again under the same key: that of the first.

use std::time::Duration;

use signalbox_adapter::{ChatId, UserId};

use crate::body::{MAX_TEXT_UTF16, utf16_len};
use crate::translate::Said;

/// How long another part is waited for.
pub(crate) const QUIET: Duration = Duration::from_millis(1500);

/// Shortest message that may be a piece of a longer one, in UTF-16 code units. Apps cut at the last good place before
/// 4,096.
const PIECE_UTF16: usize = 4000;

/// Most seconds between two pieces by Telegram's clock, which has no fractions: [`QUIET`] rounded up.
const PIECE_SECONDS: i64 = 2;

/// Who says something where: only within this is order kept.
pub(crate) type Line = (ChatId, UserId);

impl Said {
    /// Returns who says it where.
    pub(crate) fn line(&self) -> Line {
        (self.incoming.address.chat.clone(), self.incoming.sender.id.clone())
    }

    /// Tells whether another part may follow.
    pub(crate) fn is_open(&self) -> bool {
        self.album.is_some() || self.is_piece()
    }

    fn is_piece(&self) -> bool {
        self.album.is_none() && !self.carries && utf16_len(&self.text) >= PIECE_UTF16
    }

    /// Tells whether this is the part that follows `before`.
    pub(crate) fn continues(&self, before: &Self) -> bool {
        if self.line() != before.line() || self.incoming.address != before.incoming.address {
            return false;
        }
        if before.album.is_some() || self.album.is_some() {
            return before.album == self.album;
        }
        let soon = (0..=PIECE_SECONDS).contains(&(self.sent - before.sent));
        before.is_piece() && !self.carries && soon
    }

    /// Makes one message of the parts of one; the first gives it its key and place.
    pub(crate) fn join(parts: &[&Self]) -> Option<Self> {
        let (first, rest) = parts.split_first()?;
        let mut whole = (*first).clone();
        let mut last = *first;
        for part in rest {
            // A piece of exactly the full length was cut where it ended; others lost white space at the cut.
            let seam = if last.album.is_none() && utf16_len(&last.text) == MAX_TEXT_UTF16 { "" } else { "\n" };
            for (whole, part) in [(&mut whole.text, &part.text), (&mut whole.written, &part.written)] {
                if !whole.is_empty() && !part.is_empty() {
                    whole.push_str(seam);
                }
                whole.push_str(part);
            }
            // All parts of an album may answer the same.
            for file in &part.files {
                if !whole.files.contains(file) {
                    whole.files.push(file.clone());
                }
            }
            for quoted in &part.incoming.quoted {
                if !whole.incoming.quoted.contains(quoted) {
                    whole.incoming.quoted.push(quoted.clone());
                }
            }
            whole.incoming.not_taken.extend(part.incoming.not_taken.iter().cloned());
            whole.carries |= part.carries;
            whole.incoming.addressed |= part.incoming.addressed;
            whole.incoming.reply_to = whole.incoming.reply_to.or_else(|| part.incoming.reply_to.clone());
            last = part;
        }
        Some(whole.worded())
    }
}
