//! What an agent may do without asking a person.

use serde::{Deserialize, Serialize};

/// What an agent may do without asking a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Asks for everything that is not harmless.
    #[default]
    Ask,
    /// Reads, and is denied all else.
    Read,
    /// Reads and edits files in its directory; asks for the rest.
    Edit,
    /// Everything, without asking.
    All,
}
