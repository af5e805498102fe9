//! Stories of people who talk to the program in Slack.

mod answers;
mod commands;
pub(crate) mod scene;
mod sessions;
