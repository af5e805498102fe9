//! Plans: when a schedule fires, as values and pure rules.
//!
//! ```text
//! "0 9 * * 1-5" ─► Cron ─┐
//!                         ├─► Plan ─► next fires (UTC) ─► which of those that are due are run, which are missed
//! "Asia/Kolkata" ─► Zone ─┘                               (missed)
//! ```
//! No clock, no rows: [`crate::store`] keeps schedules and the claims of their fires.
//!
//! # Why a rule of our own beside the `croner` crate
//! Where the clocks change, croner takes lists and ranges of hours for an interval, and so loses a fire on one day of the
//! year and repeats one on another; a day that a zone left out ends its search. See [`Plan`] for what holds here.

mod cron;
mod field;
mod kind;
mod missed;
mod next;
mod zone;

#[cfg(test)]
mod tests;

pub use cron::{Cron, CronFault};
pub use field::{Field, FieldFault};
pub use kind::DigestKind;
pub use missed::{CatchUp, DueFires, ON_TIME, due};
pub use next::Plan;
pub use zone::{Zone, ZoneFault};
