//! The kinds of agents: one file and one line each.

mod acp;
mod claude;
mod claude_acp;
mod codex;
mod codex_acp;
mod command;
mod copilot;
mod gemini;
pub mod host;
mod opencode;
mod opensre;
mod qwen;

use std::sync::LazyLock;

use super::kind::AgentKind;
use crate::command::ModelWords;
use crate::config::{Agent, KindStatement};

/// Every kind, in the order in which an installed one becomes the default agent.
static KINDS: &[&dyn AgentKind] = &[
    &claude::ClaudeKind,
    &codex::CodexKind,
    &gemini::GEMINI,
    &opencode::OPENCODE,
    &opensre::OpenSreKind,
    &copilot::COPILOT,
    &qwen::QWEN,
    &claude_acp::CLAUDE_ACP,
    &codex_acp::CODEX_ACP,
    &acp::ACP,
    &command::CommandKind,
    &host::HostKind,
];

/// Finds a kind by its name.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn AgentKind> {
    KINDS.iter().copied().find(|kind| kind.statement().name == name)
}

/// Returns the kind of an agent.
#[must_use]
pub fn of(agent: &Agent) -> &'static dyn AgentKind {
    named(agent.kind.name).expect("the configuration takes only kinds of this table")
}

/// Returns what the kinds state of themselves, in the order in which an installed one becomes the default agent.
#[must_use]
pub fn statements() -> Vec<&'static KindStatement> {
    KINDS.iter().map(|kind| kind.statement()).collect()
}

/// Returns the words that name models, of all kinds.
#[must_use]
pub fn models() -> &'static [ModelWords<'static>] {
    static MODELS: LazyLock<Vec<ModelWords<'static>>> = LazyLock::new(|| {
        let words = |kind: &'static KindStatement| ModelWords {
            agent: kind.name,
            words: kind.models,
            prefixes: kind.model_prefixes,
        };
        statements().into_iter().map(words).collect()
    });
    &MODELS
}
