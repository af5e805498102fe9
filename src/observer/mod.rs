//! The background observer: starts what admission has let in, follows each run, and writes down how it ended.
//!
//! One tokio task per running agent; the agent itself lives under its supervisor and does not notice when this program
//! stops. [`Observer::recover`] finds every run again after a restart; nothing is ever run twice by itself.
//!
//! ```text
//! Order::Start ─► prepare (spec) ─► supervisor ─► events ─► progress, questions
//!                                        └──────► exit ──► verdict ─► one step: task, session, result, who is next
//! ```

mod again;
mod attempts;
pub mod board;
mod brief;
mod conclusion;
mod deadline;
mod follow;
mod give_up;
pub mod housekeeping;
mod investigation;
pub mod keep;
pub mod live;
mod named;
mod orders;
mod prepare;
mod questions;
mod recover;
mod rest;
mod seen;
mod state;
mod trees;
mod unasked;
mod verdict;
mod watch;

pub use follow::Follower;
pub use prepare::files_of;
pub use state::Observer;
