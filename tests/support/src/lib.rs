//! What the tests of every crate share.
//!
//! | module | stands for |
//! |---|---|
//! | [`telegram`] | the Bot API, as strict as the real one, and the people who use it |
//! | [`discord`] | Discord's gateway and REST API, as strict as the real ones, and the people who use it |
//! | [`slack`] | Slack's Socket Mode and Web API, as strict as the real ones, and the people who use it |
//! | [`alertmanager`] | an Alertmanager's silences, as strict as the real ones |
//! | [`smtp`] | a mail server that refuses what a strict one refuses |
//! | [`socks`] | a SOCKS proxy that leads to this machine only |
//! | [`tunnel`] | an HTTP proxy that leads to this machine only |
//! | [`agent`] | an agent that does what its prompt says |
//! | [`codex`] | codex, in both of its ways, which does what its prompt says |
//! | [`opensre`] | opensre, in both of its ways, which does what its alert says |
//! | [`acp_agent`] | another one, which speaks the Agent Client Protocol |
//! | [`everyday`] | a house for a story of the whole program: its files, its processes, what they say |
//! | [`terminal`] | a terminal with a person at it |
//!
//! [`programs`] finds our own program and the scripted agent.
//!
//! It is a dev-dependency only. It uses nothing else of ours: the program is known by its file, a provider by its wire.

pub mod acp_agent;
pub mod agent;
pub mod alertmanager;
pub mod codex;
pub mod discord;
pub mod everyday;
pub mod opensre;
mod parameters;
pub mod programs;
mod recorded;
pub mod slack;
pub mod smtp;
pub mod socks;
mod stage;
pub mod telegram;
pub mod terminal;
pub mod tunnel;
mod wire;
