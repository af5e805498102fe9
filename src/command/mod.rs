//! Commands: what people type, as values, and everything that is said about how to type them.
//!
//! Each command's words stand in one file of [`words`], which has the table of them ([`COMMANDS`]). From it come parsing
//! ([`parse`]), usage lines, `/help` ([`help`]), completion ([`complete`]) and the menus of providers ([`menu`]).
//! All of it is pure: text in, value out; who may do it and whether the names exist is decided by the caller.
//!
//! ```text
//! text ──► parse ──► Parsed ──► (rights, store) ──► handler
//!                      └─ mention ──► resolve ──► agent, session or plain text
//! ```

mod argument;
mod canonical;
pub mod channel;
mod complete;
pub mod exchange;
mod fault;
#[cfg(test)]
mod gallery;
mod grammar;
mod guide;
pub mod help;
mod marked;
mod mention;
mod menu;
mod model;
mod name;
mod nearest;
mod parse;
mod parsed;
mod prompt;
#[cfg(test)]
mod properties;
mod schedule;
mod start;
mod value;
pub mod words;
mod yes_no;

pub use argument::{Argument, Flag, Kind, OptionList};
pub use complete::{Candidate, Named, Words, complete, lines};
pub use fault::{Misunderstood, OptionGuide, ParseFault};
pub use grammar::{Defined, Definition, Example, Form, Group, Need};
pub use marked::{code, marked};
pub use mention::{KnownNames, Resolved, resolve};
pub use menu::menu;
#[cfg(test)]
pub(crate) use model::MODELS;
pub use model::{ModelWords, agent_of};
pub use name::{NameFault, check_name, folded};
pub use nearest::nearest;
pub use parse::{maybe_slip, parse, without_address};
pub use parsed::{FreeText, Parsed};
pub use prompt::MAX_PROMPT_BYTES;
pub use schedule::{SCHEDULE_OPTIONS, ScheduleOptions, is_credential, named_schedule};
pub use start::{Mention, Start};
pub use value::Holds;
pub use words::*;
pub use yes_no::YesNo;
