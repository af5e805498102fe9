//! signalbox.

pub mod access;
pub mod agent;
pub mod bus;
pub mod clock;
pub mod command;
pub mod config;
pub mod format;
pub mod observer;
pub mod outbox;
pub mod redact;
pub mod router;
pub mod session;
pub mod store;
pub mod tasks;
