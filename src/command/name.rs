//! Names of sessions that a person may choose.
//!
//! A name is typed after `@` on a phone, so it is short and means nothing else there: no agent, no model, no subcommand.
//! Whether it is free in its chat is the caller's to know.

use super::model::{ModelWords, agent_of};
use super::words::definition;

/// Fewest and most characters of a name.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=32;
/// Tells why a name cannot be a session's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Too few or too many characters.
    #[error("a session's name has 2 to 32 characters")]
    Length,
    /// A character that a name cannot have.
    #[error("a session's name has only letters, digits and `-`")]
    Character,
    /// A dash at either end, which could be taken for an option or for punctuation.
    #[error("a session's name begins and ends with a letter or digit")]
    Dash,
    /// Digits alone, as tasks are called.
    #[error("a session's name has at least one letter")]
    Digits,
    /// An agent is called so.
    #[error("an agent has this name")]
    Agent,
    /// A model is called so.
    #[error("a model of {0} has this name")]
    Model(String),
    /// `/session` has such a subcommand.
    #[error("`/session` has a subcommand of this name")]
    Subcommand,
}

/// Checks a name that a person chose.
///
/// # Errors
/// Tells what is wrong with it.
pub fn check_name(name: &str, agents: &[&str], models: &[ModelWords<'_>]) -> Result<(), NameFault> {
    if !NAME_CHARS.contains(&name.chars().take(NAME_CHARS.end() + 1).count()) {
        return Err(NameFault::Length);
    }
    if !name.chars().all(|c| c.is_alphanumeric() || c == '-') {
        return Err(NameFault::Character);
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err(NameFault::Dash);
    }
    if !name.chars().any(char::is_alphabetic) {
        return Err(NameFault::Digits);
    }
    if agents.iter().any(|agent| folded(agent) == folded(name)) {
        return Err(NameFault::Agent);
    }
    if let Some(agent) = agent_of(models, name) {
        return Err(NameFault::Model(agent.to_owned()));
    }
    let subcommands = definition("session").into_iter().flat_map(|session| session.subcommands());
    if subcommands.into_iter().any(|word| word == folded(name)) {
        return Err(NameFault::Subcommand);
    }
    Ok(())
}

/// Returns what two spellings of one name have in common: compare names, and keep them unique, by this.
#[must_use]
pub fn folded(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::MODELS;

    const AGENTS: [&str; 6] = ["claude", "codex", "gemini", "opencode", "opensre", "host"];

    #[test]
    fn names_that_a_person_may_choose() {
        for name in ["ab", "docs", "Fix-2", "größe", "2nd", "a-b-c", "listing", &"x".repeat(32)] {
            assert_eq!(check_name(name, &AGENTS, MODELS), Ok(()), "{name}");
        }
        for (name, fault) in [
            ("", NameFault::Length),
            ("a", NameFault::Length),
            (&"x".repeat(33), NameFault::Length),
            (&"x".repeat(1 << 20), NameFault::Length),
            ("a b", NameFault::Character),
            ("a_b", NameFault::Character),
            ("a/b", NameFault::Character),
            ("a\u{0}b", NameFault::Character),
            ("-ab", NameFault::Dash),
            ("--", NameFault::Dash),
            ("ab-", NameFault::Dash),
            ("42", NameFault::Digits),
            ("4-2", NameFault::Digits),
            ("Claude", NameFault::Agent),
            ("HOST", NameFault::Agent),
            ("opus", NameFault::Model("claude".into())),
            ("claude-x", NameFault::Model("claude".into())),
            ("list", NameFault::Subcommand),
            ("Rename", NameFault::Subcommand),
        ] {
            assert_eq!(check_name(name, &AGENTS, MODELS), Err(fault), "{name}");
        }
    }
}
