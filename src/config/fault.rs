//! What is wrong with a configuration, said all at once.
//!
//! A fault names the key by its path (`limits.max_tasks`) and the environment variable where it came from there. It
//! never repeats a value or a line of the file: either may be a secret.

use std::fmt;
use std::path::PathBuf;

/// Most faults shown; the rest are counted.
pub const MAX_SHOWN_FAULTS: usize = 50;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file cannot be used at all.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Nobody reads this key.
    #[error("{path}: unknown key{}{}", nearest.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default(), origin(variable))]
    UnknownKey {
        /// Path of the key.
        path: String,
        /// The known key that is most like it.
        nearest: Option<String>,
        /// The environment variable that sets it.
        variable: Option<String>,
    },
    /// The value of a known key cannot be used.
    #[error("{path}: {why}{}", origin(variable))]
    Value {
        /// Path of the key.
        path: String,
        /// What is wrong with it, and what would be right.
        why: String,
        /// The environment variable that sets it.
        variable: Option<String>,
    },
    /// An environment variable has our prefix and names no key.
    #[error("{variable}: {why}")]
    Variable {
        /// The environment variable.
        variable: String,
        /// What is wrong with it.
        why: String,
    },
}

fn origin(variable: &Option<String>) -> String {
    variable.as_ref().map(|name| format!(" (set by {name})")).unwrap_or_default()
}

/// Every fault of a configuration; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the configuration has a fault:")?,
            count => write!(f, "the configuration has {count} faults:")?,
        }
        for fault in self.0.iter().take(MAX_SHOWN_FAULTS) {
            write!(f, "\n  {fault}")?;
        }
        match self.0.len().saturating_sub(MAX_SHOWN_FAULTS) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl std::error::Error for Faults {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_faults_are_counted_and_fifty_are_shown() {
        let fault = Fault::Variable { variable: "SIGNALBOX__".to_owned(), why: "names no key".to_owned() };
        let text = Faults(vec![fault; 1000]).to_string();
        assert!(text.starts_with("the configuration has 1000 faults:\n"), "{text}");
        assert_eq!(text.lines().count(), 1 + MAX_SHOWN_FAULTS + 1);
        assert!(text.ends_with("and 950 more"), "{text}");
    }
}
