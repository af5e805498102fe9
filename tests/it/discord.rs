//! Stories of people who talk to the program in Discord.

mod gaps;
pub(crate) mod scene;
mod sessions;
mod threads;
