//! Stories of the whole program.

mod approvals;
#[path = "support/everyday.rs"]
mod everyday;
mod refusals;
mod sessions;
mod supervisor;
