//! Incidents: groups of alerts from first firing to resolution, as values and pure rules.
//!
//! ```text
//! payload ─► group of each alert ─► standing of its incident ─► what its card shows, and when it is next changed
//!            (group)                (state, sighting)           (severity, timing)
//! ```
//! No clock, no rows: [`crate::store`] keeps what is decided here, [`crate::triage`] acts on it by itself.

mod batch;
mod group;
mod policy;
mod severity;
mod sighting;
mod state;
mod timing;

#[cfg(test)]
mod tests;

pub use batch::{AlertOrigin, Batch};
pub use group::{AlertGroup, agree, kin, means};
pub use policy::TriagePolicy;
pub use severity::{of_rank, rank};
pub use sighting::{Freshness, KnownFiring, begins_too_late, ends_too_late, sight};
pub use state::{IncidentEvent, IncidentState, Refused, moved};
pub use timing::{ADOPTION, CARD_PATIENCE, edit_due, reopens, successor_due};
