//! The kinds of agents: one file and one line each.

mod claude;
mod command;
pub mod host;

use super::kind::AgentKind;
use crate::command::ModelWords;
use crate::config::Agent;

/// Every kind, in the order in which an installed one becomes the default agent.
static KINDS: [&dyn AgentKind; 3] = [&claude::Claude, &command::Command, &host::Host];

/// Finds a kind by its name.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn AgentKind> {
    KINDS.into_iter().find(|kind| kind.name() == name)
}

/// Returns the kind of an agent.
#[must_use]
pub fn of(agent: &Agent) -> &'static dyn AgentKind {
    named(agent.kind.name()).expect("the configuration takes only kinds of this table")
}

/// Returns the words that name models, of all kinds.
#[must_use]
pub fn models() -> Vec<ModelWords<'static>> {
    KINDS.into_iter().filter_map(AgentKind::models).collect()
}

/// Names the kinds, in the order in which an installed one becomes the default agent.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.into_iter().map(AgentKind::name)
}
