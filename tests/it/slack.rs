//! Stories of people who talk to the program in Slack.

pub(crate) mod scene;
mod sessions;
