//! Stories of the whole program.

mod approvals;
mod bad_input;
mod cli;
mod crashes;
#[path = "../support/src/everyday.rs"]
mod everyday;
mod exit_codes;
mod host;
mod http;
mod integrations;
mod investigations;
mod phone;
mod refusals;
mod restarts;
#[path = "../support/src/terminal.rs"]
mod screen;
mod sessions;
#[allow(dead_code, reason = "the mail adapter's own tests use the rest of the server")]
#[path = "../support/src/smtp/mod.rs"]
mod smtp;
mod storage;
mod supervisor;
#[path = "../support/src/telegram/mod.rs"]
mod telegram;
mod terminal;
