//! One alert seen again: whether that is news.
//!
//! A problem's firings are told apart by when each began. What is known of a fingerprint only ever moves forward, to a
//! later firing or from firing to resolved, so that copies, repeats and answers out of order change nothing.

use crate::alert::Firing;
use crate::clock::Timestamp;

/// What is known of a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFiring {
    /// Whether it fires.
    pub status: Firing,
    /// When the firing began that is known last.
    pub starts_at: Timestamp,
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

/// Tells what a sighting is, from what is known of its fingerprint.
///
/// A source that does not say when a firing began speaks of the one that runs, or else of one that begins now.
#[must_use]
pub fn sight(known: Option<KnownFiring>, status: Firing, starts_at: Option<Timestamp>, now: Timestamp) -> Freshness {
    let starts_at = match (starts_at, known) {
        (Some(at), _) => at,
        (None, Some(KnownFiring { status: Firing::Firing, starts_at })) => starts_at,
        (None, Some(KnownFiring { status: Firing::Resolved, starts_at })) if status == Firing::Resolved => starts_at,
        (None, Some(KnownFiring { status: Firing::Resolved, starts_at })) => Timestamp(now.0.max(starts_at.0 + 1)),
        (None, None) => now,
    };
    let Some(known) = known else { return Freshness::News(KnownFiring { status, starts_at }) };
    match (starts_at.cmp(&known.starts_at), known.status, status) {
        (std::cmp::Ordering::Less, _, _) | (std::cmp::Ordering::Equal, Firing::Resolved, Firing::Firing) => {
            Freshness::Stale
        }
        (std::cmp::Ordering::Greater, _, _) => Freshness::News(KnownFiring { status, starts_at }),
        (std::cmp::Ordering::Equal, Firing::Firing, Firing::Resolved) => {
            Freshness::Ended(KnownFiring { status, starts_at })
        }
        (std::cmp::Ordering::Equal, Firing::Firing, Firing::Firing)
        | (std::cmp::Ordering::Equal, Firing::Resolved, Firing::Resolved) => Freshness::Again,
    }
}
