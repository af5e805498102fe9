//! signalbox.

pub mod agent;
pub mod clock;
pub mod store;
