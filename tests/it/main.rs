//! Stories of the whole program.

mod approvals;
mod bad_input;
mod cli;
mod crashes;
mod cron;
mod discord;
mod exit_codes;
mod given_up;
mod hooks;
mod host;
mod http;
mod integrations;
mod investigations;
mod phone;
mod refusals;
mod restarts;
mod servants;
mod service;
mod sessions;
mod slack;
mod storage;
mod supervisor;
mod terminal;
mod triage;
mod trouble;
mod voice;
