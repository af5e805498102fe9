//! Composition: makes every part and starts it; the wiring of a process is read here.
//!
//! A process either holds the core role ([`App::start_core`]: it routes, observes and delivers) or attaches: it writes inbox rows
//! for the holder and prints its own window's outbox rows.

mod core;
mod deliveries;
mod http;
mod outbox;
mod process;

pub use deliveries::Deliveries;
pub use process::App;
