//! Stories of people who talk to the program in Slack.

mod commands;
pub(crate) mod scene;
mod sessions;
