//! What is said of a schedule's texts that cannot be kept, and of files without any schedule.

use std::fmt;

/// Why a text of a schedule is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unkept {
    /// A parameter is too long.
    Long {
        /// Its name.
        name: String,
        /// How long it is, in bytes.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// What an option says looks like a credential; holds the option.
    Credential(String),
}

impl fmt::Display for Unkept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long { name, bytes, most } => {
                write!(f, "--param {name} has {bytes} bytes, and the most it may have is {most}")
            }
            Self::Credential(option) => write!(
                f,
                "{option} looks like a credential, and it is kept in the open and shown. \
                 `signalbox integrations set` keeps credentials"
            ),
        }
    }
}

/// Said after an import of a file that holds no schedule.
pub const NOTHING_IN_IT: &str = "There is no schedule in it, so nothing was taken.";
