//! `[delivery]`: how long a message is worth delivering.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::reader::Section;

const DAY: Duration = Duration::from_secs(24 * 3600);
const MAX_AGE_RANGE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(365 * 24 * 3600);

/// The outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliverySection {
    /// How long a delivery that the provider did not accept is tried again.
    pub max_age: Duration,
}

impl Default for DeliverySection {
    fn default() -> Self {
        Self { max_age: DAY }
    }
}

impl DeliverySection {
    pub(super) fn read(section: &mut Section) -> Self {
        Self { max_age: section.duration("max_age", Self::default().max_age, MAX_AGE_RANGE) }
    }
}
