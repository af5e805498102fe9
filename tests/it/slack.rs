//! Stories of people who talk to the program in Slack.

mod answers;
mod cards;
mod commands;
mod incidents;
mod listening;
pub(crate) mod scene;
mod schedules;
mod sessions;
