//! One alert seen again: whether that is news.
//!
//! A problem's firings are told apart by when each began. What is known of a fingerprint only ever moves forward, to a
//! later firing or from firing to resolved, so that copies, repeats and answers out of order change nothing.

use std::time::Duration;

use crate::alert::Firing;
use crate::clock::Timestamp;

/// How far a sender's clock may be ahead of ours. A time beyond that would outlast every real one that comes after it.
const MAX_AHEAD: Duration = Duration::from_secs(300);

/// How far two clocks may be apart that both follow the right time.
const CLOCKS_APART: Duration = Duration::from_secs(60);

/// What is known of a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFiring {
    /// Whether it fires.
    pub status: Firing,
    /// When the firing began that is known last.
    pub starts_at: Timestamp,
    /// Whether a person has said since that it is over.
    pub put_away: bool,
    /// When it was over, where it is and its source has told that.
    pub ended_at: Option<Timestamp>,
}

impl KnownFiring {
    /// What has just been heard of, and nobody has put away.
    #[must_use]
    pub fn heard(status: Firing, starts_at: Timestamp) -> Self {
        Self { status, starts_at, put_away: false, ended_at: None }
    }
}

/// What a sighting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// A firing that nobody knew of; also one that was over before it was heard of.
    News(KnownFiring),
    /// The end of the firing that is known.
    Ended(KnownFiring),
    /// The same once more.
    Again,
    /// Older than what is known.
    Stale,
}

/// Whether what is over was over before the firing began that is known: its end comes late, as from a sender that tries again
/// for hours. Clocks may be a little apart.
#[must_use]
pub fn ends_too_late(known: Option<KnownFiring>, ended_at: Option<Timestamp>) -> bool {
    known.zip(ended_at).is_some_and(|(known, ended_at)| ended_at.after(CLOCKS_APART) < known.starts_at)
}

/// Whether what fires began before the time at which it is known to be over: it comes late, and ended with what is known. Both
/// times are by the clock of the source.
#[must_use]
pub fn begins_too_late(known: Option<KnownFiring>, status: Firing, starts_at: Option<Timestamp>) -> bool {
    let over = known.filter(|known| known.status == Firing::Resolved && status == Firing::Firing);
    over.and_then(|known| known.ended_at).zip(starts_at).is_some_and(|(ended_at, starts_at)| starts_at < ended_at)
}

/// Tells what a sighting is, from what is known of its fingerprint.
///
/// A source that does not say when a firing began, or names a time to come, speaks of the one that runs, or else of one that
/// begins now. What a person has put away runs no more.
#[must_use]
pub fn sight(known: Option<KnownFiring>, status: Firing, starts_at: Option<Timestamp>, now: Timestamp) -> Freshness {
    let told = starts_at.filter(|at| *at <= now.after(MAX_AHEAD));
    let starts_at = match (told, known) {
        (Some(at), _) => at,
        (None, None) => now,
        (None, Some(known)) => match (known.status, status) {
            (Firing::Firing, Firing::Firing) if !known.put_away => known.starts_at,
            (_, Firing::Resolved) => known.starts_at,
            (_, Firing::Firing) => Timestamp(now.0.max(known.starts_at.0 + 1)),
        },
    };
    let heard = KnownFiring::heard(status, starts_at);
    let Some(known) = known else { return Freshness::News(heard) };
    match (starts_at.cmp(&known.starts_at), known.status, status) {
        (std::cmp::Ordering::Less, _, _) | (std::cmp::Ordering::Equal, Firing::Resolved, Firing::Firing) => {
            Freshness::Stale
        }
        (std::cmp::Ordering::Greater, _, _) => Freshness::News(heard),
        (std::cmp::Ordering::Equal, Firing::Firing, Firing::Resolved) => Freshness::Ended(heard),
        (std::cmp::Ordering::Equal, Firing::Firing, Firing::Firing)
        | (std::cmp::Ordering::Equal, Firing::Resolved, Firing::Resolved) => Freshness::Again,
    }
}
