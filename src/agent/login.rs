//! Whether somebody is logged in to an agent, as far as that is seen without asking its service.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Whether somebody is logged in to an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Login {
    /// Nothing tells.
    #[default]
    Unknown,
    /// Somebody is.
    In(LoginSign),
    /// Nobody is.
    Out(LoginSign),
    /// It is configured in a way that needs none.
    NotNeeded,
}

/// What tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginSign {
    /// The program says so.
    Itself,
    /// How its last run went.
    LastRun,
    /// A file in which a log-in lies, as it is written after the home directory.
    File(&'static str),
    /// A variable with a key, which it is given.
    Variable(&'static str),
}

impl Login {
    /// Whether the program has told it.
    #[must_use]
    pub fn is_by_itself(&self) -> bool {
        matches!(self, Self::In(LoginSign::Itself) | Self::Out(LoginSign::Itself) | Self::NotNeeded)
    }
}

/// Where the log-in of a kind of agents lies.
#[derive(Debug, Clone, Copy, Default)]
pub struct Credentials {
    /// Variables that hold a key.
    pub variables: &'static [&'static str],
    /// A variable that names its own home, and what that is below the user's.
    pub home: Option<(&'static str, &'static str)>,
    /// Files below its own home.
    pub files: &'static [&'static str],
}

impl Credentials {
    /// Looks for a log-in in the environment of an agent. Where nothing is found, nothing is known: keys may lie in a keyring.
    #[must_use]
    pub fn look(&self, environment: &BTreeMap<String, String>) -> Login {
        let has = |name: &&&str| environment.get(**name).is_some_and(|value| !value.trim().is_empty());
        if let Some(name) = self.variables.iter().find(has) {
            return Login::In(LoginSign::Variable(name));
        }
        let home =
            self.home.and_then(|(variable, below)| match environment.get(variable).filter(|home| !home.is_empty()) {
                Some(home) => Some(PathBuf::from(home)),
                None => Some(PathBuf::from(environment.get("HOME")?).join(below)),
            });
        let is_there = |file: &&&str| {
            let found = home.as_ref().and_then(|home| home.join(file).metadata().ok());
            found.is_some_and(|found| found.is_file() && found.len() > 2)
        };
        self.files.iter().find(is_there).map_or(Login::Unknown, |file| Login::In(LoginSign::File(file)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_or_a_file_tells_of_a_log_in_and_their_absence_of_nothing() {
        let home = tempfile::tempdir().expect("a folder");
        let of = Credentials { variables: &["X_KEY"], home: Some(("X_HOME", ".x")), files: &["auth.json"] };
        let with = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            of.look(&pairs.chain([("HOME".to_owned(), home.path().to_string_lossy().into_owned())]).collect())
        };
        assert_eq!(with(&[("X_KEY", " ")]), Login::Unknown);
        assert_eq!(with(&[("X_KEY", "k")]), Login::In(LoginSign::Variable("X_KEY")));
        std::fs::create_dir(home.path().join(".x")).expect("a folder");
        std::fs::write(home.path().join(".x/auth.json"), "{}").expect("a file");
        assert_eq!(with(&[]), Login::Unknown, "there is nothing in it");
        std::fs::write(home.path().join(".x/auth.json"), r#"{"token":1}"#).expect("a file");
        assert_eq!(with(&[]), Login::In(LoginSign::File("auth.json")));
        assert_eq!(with(&[("X_HOME", "/nonexistent")]), Login::Unknown);
    }
}
