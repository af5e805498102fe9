//! Agents: programs that answer a prompt.
//!
//! Each run lives under a small process of its own, the [`supervisor`], which speaks the agent's [`protocol`], keeps the
//! run's bounds, writes its events and its [`exit`] to the run's directory, and outlives the bot.

pub mod acp;
pub mod catalogue;
pub mod checkout;
pub mod claude;
pub mod closer;
pub mod codex;
pub mod defaults;
mod describe;
pub mod digest;
pub mod environment;
pub mod event;
pub mod exit;
pub mod failure;
pub mod grant;
pub mod inquiry;
mod inside;
pub mod kind;
pub mod kinds;
pub mod login;
pub mod names;
pub mod native;
pub mod opensre;
pub mod pieces;
mod policy;
pub mod probe;
pub mod program;
pub mod progress;
pub mod protocol;
mod remnants;
pub mod resume;
pub mod run;
mod runners;
pub mod sandbox;
pub mod supervisor;
pub mod text;
pub mod trouble;
pub mod unasked;
pub mod words;
