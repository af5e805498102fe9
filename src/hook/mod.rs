//! Hooks as values and pure rules: what proves who sends, what tells a delivery from its copy, what an alert of it comes to.
//!
//! ```text
//! head ─► check_head ─► body ─► check_body ─► alert::read_sent ─► graded ─► Batch
//!                                   └► deliveries: keys by which a copy is known
//! ```
//! No clock, no network, no rows: [`crate::http`] receives, [`crate::store`] remembers deliveries.

mod delivery;
mod grade;
mod sample;
mod secret;
mod verify;

use std::collections::BTreeMap;

use crate::alert::Source;
use crate::config::{Hook, HookSource};

pub use delivery::{deliveries, is_too_old};
pub use grade::graded;
pub use sample::{SampleCall, SampleStage, sample};
pub use secret::{new_secret, vendor_makes_secret};
pub use verify::{BASIC_USER, SECRET_HEADER, Unproven, check_body, check_head, sign, usual_header};

/// Headers of a request by their names in lower case; of one that came twice, the first.
pub type Headers = BTreeMap<String, String>;

/// Returns whose payloads a hook's are.
#[must_use]
pub fn source(hook: &Hook) -> Source {
    match hook.source {
        HookSource::Alertmanager => Source::Alertmanager,
        HookSource::Grafana => Source::Grafana,
        HookSource::PagerDuty => Source::PagerDuty,
        HookSource::Datadog => Source::Datadog,
        HookSource::Sentry => Source::Sentry,
        HookSource::GitHub => Source::GitHub,
        HookSource::UptimeKuma => Source::UptimeKuma,
        HookSource::Healthchecks => Source::Healthchecks,
        HookSource::Generic => Source::Generic,
    }
}
