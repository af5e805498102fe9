//! Stories of the whole program.

mod approvals;
mod bad_input;
mod cli;
mod crashes;
#[path = "support/everyday.rs"]
mod everyday;
mod exit_codes;
mod host;
mod http;
mod integrations;
mod phone;
mod refusals;
mod restarts;
#[path = "support/terminal.rs"]
mod screen;
mod sessions;
mod storage;
mod supervisor;
#[path = "support/telegram/mod.rs"]
mod telegram;
mod terminal;
