//! `[store]`: what a commit survives, and how long history is kept.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::reader::Section;

const DEFAULT_RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);
const RETENTION_RANGE: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(36_500 * 24 * 3600);

/// What a committed row survives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// A cut of power: each commit is synced to the disk.
    #[default]
    Power,
    /// The death of the process; a cut of power may lose the last moments.
    Process,
}

impl Durability {
    pub(super) const WORDS: [(&str, Self); 2] = [("power", Self::Power), ("process", Self::Process)];
}

/// The store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSection {
    /// What a commit survives.
    pub durability: Durability,
    /// How long results and history are kept.
    pub retention: Duration,
}

impl Default for StoreSection {
    fn default() -> Self {
        Self { durability: Durability::default(), retention: DEFAULT_RETENTION }
    }
}

impl StoreSection {
    pub(super) fn read(section: &mut Section) -> Self {
        let default = Self::default();
        Self {
            durability: section.choice("durability", default.durability, &Durability::WORDS),
            retention: section.duration("retention", default.retention, RETENTION_RANGE),
        }
    }
}
