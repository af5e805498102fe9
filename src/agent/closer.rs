//! What is known of one agent's program after a closer look at it.

use super::login::Login;

/// What is known of one agent's program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closer {
    /// Its version.
    pub version: Version,
    /// In which way it is spoken with; empty where there is but one.
    pub mode: &'static str,
    /// Whether somebody is logged in to it.
    pub login: Login,
    /// The models that it has told, in its order.
    pub models: Vec<String>,
    /// The model that has answered last.
    pub model: Option<String>,
}

/// What is known of an agent's version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Version {
    /// Part of this program.
    BuiltIn,
    /// What it says itself.
    Reported(String),
    /// Installed, and does not say.
    Silent,
    /// Installed, and is being asked for it.
    Unasked,
    /// Installed, and does not start; holds why, in one line.
    Broken(String),
    /// Not installed.
    #[default]
    Missing,
}

impl Version {
    /// Returns its number alone, out of what a program says around it; all it says where there is none.
    #[must_use]
    pub fn short(&self) -> Option<&str> {
        let Self::Reported(said) = self else { return None };
        let number = |word: &&str| {
            let digits = word.strip_prefix('v').unwrap_or(word);
            digits.starts_with(|c: char| c.is_ascii_digit()) && digits.contains('.')
        };
        let found = said.split_whitespace().find(number).map(|word| word.trim_end_matches(['.', ',', ')']));
        Some(found.unwrap_or(said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_version_is_found_in_what_is_said_around_it() {
        for (said, short) in [
            ("2.1.332 (Claude Code)", "2.1.332"),
            ("codex-cli 0.171.0", "0.171.0"),
            ("GitHub Copilot CLI 1.0.102.", "1.0.102"),
            ("v1.2.3", "v1.2.3"),
            ("nightly", "nightly"),
        ] {
            assert_eq!(Version::Reported(said.into()).short(), Some(short));
        }
        assert_eq!(Version::Silent.short(), None);
    }
}
