//! Agents: programs that answer a prompt.

pub mod event;
pub mod run;
