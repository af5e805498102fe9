//! Stories of people who talk to the program in Discord.

pub(crate) mod scene;
mod sessions;
mod threads;
