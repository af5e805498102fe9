//! What was made to try whether something works: alerts of `signalbox hooks test`. Their incidents are handled like any other,
//! and left out of digests and of what is measured.

use std::time::Duration;

use signalbox_adapter::ChatAddress;

use super::error::StoreError;
use super::tx::Tx;
use crate::alert::Alert;
use crate::incident::{AlertOrigin, Batch};

/// Holds of incidents that are told in digests and measured: of all but those that nothing but a try has made.
pub(super) const REAL: &str = "NOT (is_try AND alerts <= 1)";
/// How long an alert of a try is known as one; it comes within seconds.
const KNOWN_FOR: Duration = Duration::from_secs(3600);

fn key(identity: &str) -> String {
    format!("try:{identity}")
}

impl Tx<'_> {
    /// Notes that an alert which a hook is about to be told of is only a try.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn expect_try(&self, target: &ChatAddress, origin: &AlertOrigin, alert: &Alert) -> Result<(), StoreError> {
        self.put(&key(&origin.identity(target, alert)), "1", Some(self.now().after(KNOWN_FOR)))
    }

    /// Whether an alert is only a try.
    pub(super) fn is_try(&self, batch: &Batch, alert: &Alert) -> Result<bool, StoreError> {
        Ok(self.fact(&key(&batch.origin.identity(&batch.target, alert)))?.is_some())
    }
}
