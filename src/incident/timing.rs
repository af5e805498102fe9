//! When a card may be changed again, and how long things count as the same.
//!
//! # Why two paces
//! Providers bound the edits of old messages (Discord refuses them after an hour and a number that it does not tell), and
//! nobody looks at a card of yesterday every five seconds.

use std::time::Duration;

use crate::clock::Timestamp;

/// Least time between two changes of a card in its first hour, its first showing included.
const YOUNG_EDIT_EVERY: Duration = Duration::from_secs(5);
/// Least time between two changes of an older card.
const OLD_EDIT_EVERY: Duration = Duration::from_secs(60);
/// Longest time until a card that could not be shown, or can be changed no more, gets a successor.
const CARD_AGAIN_WITHIN: Duration = Duration::from_secs(900);
/// How long a card is young.
const YOUTH: Duration = Duration::from_secs(3600);
/// A hook's incident and a post's are the same when they begin within this time of each other, and look alike.
pub const ADOPTION: Duration = Duration::from_secs(120);
/// An investigation waits so long for its incident's card to be shown, and then begins without.
pub const CARD_PATIENCE: Duration = Duration::from_secs(20);

/// Returns when a card that was first shown and last changed at these instants may be changed again.
#[must_use]
pub fn edit_due(shown_at: Timestamp, edited_at: Timestamp, now: Timestamp) -> Timestamp {
    let every = if now.since(shown_at) < YOUTH { YOUNG_EDIT_EVERY } else { OLD_EDIT_EVERY };
    edited_at.after(every)
}

/// Returns when a card that was written at an instant gets a successor, where it could not be shown or can be changed no
/// more: soon while its incident is young, and then in a series that doubles, so that a chat which refuses each card, or each
/// change, is not filled with them.
#[must_use]
pub fn successor_due(heard_at: Timestamp, shown_at: Timestamp) -> Timestamp {
    shown_at.after(shown_at.since(heard_at).clamp(YOUNG_EDIT_EVERY, CARD_AGAIN_WITHIN))
}

/// Whether an alert that fires reopens an incident that was resolved at an instant, or begins another.
#[must_use]
pub fn reopens(resolved_at: Timestamp, now: Timestamp, window: Duration) -> bool {
    now.since(resolved_at) <= window
}
