//! signalbox.

pub mod access;
pub mod agent;
pub mod app;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod format;
pub mod investigation;
pub mod lifecycle;
pub mod observer;
pub mod outbox;
pub mod redact;
pub mod router;
pub mod session;
pub mod store;
pub mod tasks;
pub mod wake;
pub mod wiring;
