//! The adapter in front of a Discord that refuses what the real one refuses.

mod attachments;
mod compliance;
mod connections;
mod delivering;
mod gaps;
mod interactions;
mod listening;
mod posts;
mod scene;
