//! The configuration: one file, the environment over it, read and checked as a whole before anything starts.
//!
//! Every key has a default, so no file at all is fine. Faults are told all at once, each with the path of its key, and
//! unknown keys with the nearest known one. `config/signalbox.example.toml` shows every key; a test loads it.
//!
//! ```text
//! --config | $SIGNALBOX_CONFIG | ~/.config/signalbox/signalbox.toml ──► tree ──► sections ──► Config
//!                       SIGNALBOX__SECTION__KEY in the environment ──────┤           └──► Faults, warnings
//!               under both: ~/.config/signalbox/integrations.json ───────┘
//! ```

mod adapters;
mod agent_env;
mod agents;
mod allow;
mod cron;
mod delivery;
mod env;
mod fault;
mod follow;
mod hook_fields;
mod hooks;
mod http;
pub mod integrations;
mod keys;
mod kind;
mod limits;
mod load;
mod missing;
mod naming;
mod observer;
mod permission;
mod planned;
mod progress;
mod projects;
mod reach;
mod reader;
mod redact;
mod render;
mod sandbox;
mod secret_file;
mod show;
mod silencing;
mod source;
mod statements;
mod store;
mod timeouts;
mod tree;
mod triage;
mod whole;

#[cfg(all(test, feature = "telegram", feature = "email"))]
mod tests;

pub use adapters::Adapters;
pub use agent_env::holds_own_secret;
pub use agents::{Agent, Agents, HostProbes, Idle, Unheld};
pub use allow::{Allow, Allowed, MAX_ID_BYTES, Role};
pub use cron::{CronSection, TERMINAL};
pub use delivery::DeliverySection;
pub use fault::{Fault, Faults, MAX_SHOWN_FAULTS};
pub use follow::{Follow, FollowSection};
pub use hook_fields::HookFields;
pub use hooks::{
    DEFAULT_HOOK_MAX_AGE, Hook, HookSource, MAX_HOOK_ID_CHARS, MAX_HOOK_SECRET_BYTES, MIN_HOOK_SECRET_BYTES,
};
pub use http::Http;
pub use kind::{KindStatement, Origin};
pub use limits::Limits;
pub use load::{Loaded, load};
pub use missing::missing;
pub use naming::NamingLine;
pub use observer::{ObserverSection, Recovery};
pub use permission::Permission;
pub use progress::ProgressSection;
pub use projects::{MAX_NAME_CHARS, Project, Projects};
pub use reach::Unreached;
pub use redact::{MIN_LITERAL_BYTES, MIN_PREFIX_BYTES, Redact};
pub use render::Render;
pub use sandbox::Sandbox;
pub use show::{MASK, show};
pub use silencing::{Silencing, SilencingLogin};
pub use source::{MAX_FILE_BYTES, Sources, directory, read_secret};
pub use statements::{ProviderStatement, Statements};
pub use store::{Durability, StoreSection};
pub use timeouts::Timeouts;
pub use triage::{AlertChannel, Triage};
pub use whole::Config;
