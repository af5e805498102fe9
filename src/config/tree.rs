//! The configuration as it was written: the file's values, with the environment's laid over them.
//!
//! A value of the environment stays text until somebody reads the key, because only the reader knows whether the key
//! is a string (then the text is the value) or not (then the text is TOML).

use std::collections::BTreeMap;

/// A table of keys.
pub(super) type Branch = BTreeMap<String, Node>;

/// What a key holds.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// A table.
    Table(Branch),
    /// A value of the file, never a table.
    Value(toml::Value),
    /// A text of the environment.
    Text {
        /// The text.
        text: String,
        /// The variable that holds it.
        variable: String,
    },
}

impl Node {
    /// Returns the environment variable that sets this node, if one does.
    pub(super) fn variable(&self) -> Option<&str> {
        match self {
            Self::Text { variable, .. } => Some(variable),
            Self::Table(_) | Self::Value(_) => None,
        }
    }
}

impl From<toml::Value> for Node {
    fn from(value: toml::Value) -> Self {
        match value {
            toml::Value::Table(table) => Self::Table(branch(table)),
            other => Self::Value(other),
        }
    }
}

/// Turns a TOML table into a branch.
pub(super) fn branch(table: toml::Table) -> Branch {
    table.into_iter().map(|(key, value)| (key, value.into())).collect()
}
