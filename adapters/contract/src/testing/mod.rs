//! The compliance suite: what every adapter has to keep, as checks that its tests call. Feature `testing`.
//!
//! [`check_render`] feeds a corpus of nasty documents through a `Render`, [`check_deliver`] sends a sample through a
//! `Deliver`, [`check_threads`] tries what it states of threads, [`check_listen`] puts a `Listen` on a [`Stage`] and lets things go wrong. A check returns the first
//! [`Breach`] it finds. A [`RecordingInbox`] stands for the core in an adapter's further tests.
//!
//! # For a new adapter
//! 1. In its `Cargo.toml`: `signalbox-adapter = { workspace = true, features = ["testing"] }` as a dev-dependency.
//! 2. A fake of the provider that keeps updates until they are acknowledged, in `tests/support`, on a port of 127.0.0.1.
//! 3. `tests/it/compliance.rs`: a [`Stage`] in front of that fake. `say` lets a person write, `standing` looks up whether
//!    the fake still keeps the update, `give_again` sends it once more where the provider does so (a provider that answers
//!    the next poll with it needs nothing here), `disturb` arms one fault after the other: refused and cut connections,
//!    half an answer, an HTML page, a rate limit. `secrets` names the token, so that each error above is searched for it.
//! 4. One test for each half:
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use signalbox_adapter::testing::{Stage, check_listen};
//! # async fn what_is_said_arrives(stage: Arc<dyn Stage>) {
//! assert_eq!(check_listen(stage).await, Ok(()));
//! # }
//! ```
//!
//! `adapters/telegram/tests/it/compliance.rs` is a stage with a provider, `adapters/console/tests/compliance.rs` one
//! without: nobody keeps a line that was read, so its sender must be told when it was not taken.

mod corpus;
mod deliver;
mod inbox;
mod listen;
mod render;
mod scene;
mod stage;
mod threads;
mod watched;

pub use deliver::{MARK, check_deliver};
pub use inbox::RecordingInbox;
pub use listen::check_listen;
pub use render::check_render;
pub use stage::{Stage, Standing};
pub use threads::check_threads;

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
