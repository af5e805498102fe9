//! The compliance suite: what every adapter has to keep, as checks that its tests call. Feature `testing`.
//!
//! [`check_render`] feeds a corpus of nasty documents through a `Render`, [`check_deliver`] sends a sample through a
//! `Deliver`, and a [`RecordingInbox`] stands for the core while a `Listen` is tested. A check returns the first
//! [`Breach`] it finds.

mod corpus;
mod deliver;
mod inbox;
mod render;

pub use deliver::{REPEAT_MARK, check_deliver};
pub use inbox::RecordingInbox;
pub use render::check_render;

/// A rule of the contract that an adapter does not keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("checking {case}: {what}")]
pub struct Breach {
    /// What was tried.
    pub case: String,
    /// What was wrong.
    pub what: String,
}

impl Breach {
    fn new(case: impl Into<String>, what: impl Into<String>) -> Self {
        Self { case: case.into(), what: what.into() }
    }
}

#[cfg(test)]
mod tests;
