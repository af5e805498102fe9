//! The variables of an agent: those that are set for it and those that are passed on.
//!
//! # Why
//! An agent runs what a stranger's text may have told it to. It never gets the tokens with which signalbox itself
//! speaks to providers, also not by a slip in the configuration.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::env::PREFIX;
use super::planned::SECRET_VARIABLES;
use super::reader::Section;
use super::statements::Statements;

/// Tells whether a variable of this name may hold one of our own secrets, and so never reaches an agent. What adapters
/// state besides is refused when the configuration is read.
#[must_use]
pub fn holds_own_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET_VARIABLES.contains(&name.as_str()) || name.starts_with(PREFIX)
}

/// Reads `env`.
pub(super) fn read_set(section: &mut Section, statements: &Statements) -> BTreeMap<String, SecretString> {
    section.section("env", |section| {
        let set = section.every_text();
        for (name, value) in &set {
            if let Err(why) = check(name, statements) {
                section.fault(name, why);
            }
            if value.contains('\0') {
                section.fault(name, "must not contain NUL characters");
            }
        }
        set.into_iter().map(|(name, value)| (name, value.into())).collect()
    })
}

/// Reads `pass_env`.
pub(super) fn read_passed(section: &mut Section, statements: &Statements) -> Vec<String> {
    let names = section.texts("pass_env").unwrap_or_default();
    for name in &names {
        if let Err(why) = check(name, statements) {
            section.fault("pass_env", format!("{name:?} {why}"));
        }
    }
    names
}

fn check(name: &str, statements: &Statements) -> Result<(), &'static str> {
    let spelt = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if name.is_empty() || !spelt || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("is no name of a variable");
    }
    if holds_own_secret(name) || statements.holds_secret(name) {
        return Err("holds a secret of signalbox and never reaches an agent");
    }
    if name == "TMPDIR" {
        return Err("is set by signalbox for each session");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_secrets_are_known_by_name_whatever_the_case() {
        for name in ["TELEGRAM_BOT_TOKEN", "telegram_bot_token", "SMTP_PASSWORD", "SIGNALBOX__TELEGRAM__TOKEN"] {
            assert!(holds_own_secret(name), "{name}");
        }
        for name in ["ANTHROPIC_API_KEY", "HOME", "SIGNALBOX_STATE_DIR"] {
            assert!(!holds_own_secret(name), "{name}");
        }
    }
}
