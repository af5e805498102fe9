//! Stories of people who talk to the program in Discord.

mod cards;
mod changes;
mod commands;
mod context;
mod figures;
mod forums;
mod gaps;
mod incidents;
mod limits;
mod listening;
mod mentions;
mod proxies;
mod refusals;
pub(crate) mod scene;
mod schedules;
mod sessions;
mod storm;
mod talk;
mod threads;
