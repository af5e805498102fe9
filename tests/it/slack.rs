//! Stories of people who talk to the program in Slack.

mod answers;
mod asking;
mod cards;
mod commands;
mod gaps;
mod home;
mod incidents;
mod listening;
mod proxies;
mod refusals;
pub(crate) mod scene;
mod schedules;
mod sessions;
mod setup;
mod stuck;
mod talk;
mod triage;
