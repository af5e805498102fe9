//! signalbox.

pub mod agent;
