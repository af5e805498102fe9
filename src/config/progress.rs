//! `[progress]`: when a chat is shown that something runs.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::reader::Section;

/// Zero posts every status message at once; a day as good as none.
const RANGE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(24 * 3600);

/// When a chat is shown that something runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressSection {
    /// How long a run lasts until its status message is posted, so that a quick answer comes alone.
    pub after: Duration,
}

impl Default for ProgressSection {
    fn default() -> Self {
        Self { after: Duration::from_millis(700) }
    }
}

impl ProgressSection {
    pub(super) fn read(section: &mut Section) -> Self {
        Self { after: section.duration("after", Self::default().after, RANGE) }
    }
}
