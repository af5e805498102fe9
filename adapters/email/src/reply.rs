//! What a server says: a code and texts.

use std::fmt;

use lettre::transport::smtp::response::{Category, Code, Detail, Response, Severity};

/// A whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// From 200 to 599.
    pub(crate) code: u16,
    /// The texts behind the code.
    pub(crate) lines: Vec<String>,
}

impl Reply {
    /// Tells whether what was asked for is done.
    pub(crate) fn is_done(&self) -> bool {
        self.code / 100 == 2
    }

    /// Tells whether asking again would be refused again.
    pub(crate) fn is_for_ever(&self) -> bool {
        self.code / 100 == 5
    }

    /// Returns the reply as lettre reads extensions and challenges.
    pub(crate) fn to_lettre(&self) -> Response {
        let severity = if self.code == 334 { Severity::PositiveIntermediate } else { Severity::PositiveCompletion };
        let (category, detail) = if self.code == 334 {
            (Category::Unspecified3, Detail::Four)
        } else {
            (Category::MailSystem, Detail::Zero)
        };
        Response::new(Code::new(severity, category, detail), self.lines.clone())
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.lines.join(" "))
    }
}
