//! What bots and supervisors say to each other over a run's socket, one JSON value a line.
//!
//! Both sides begin with a hello. The bot's names how many events it has seen; the supervisor then sends the further
//! ones as they are in the `events` file, and at last an [`ExitLine`]. Messages that one side does not know are ignored.

use serde::{Deserialize, Serialize};

use crate::agent::digest::Digest;
use crate::agent::event::Decision;
use crate::agent::exit::Exit;

/// Name of the socket in a run's directory.
pub const SOCKET: &str = "sock";

/// Longest line that a supervisor takes from a client, in bytes.
pub const MAX_CONTROL_BYTES: usize = 64 * 1024;

/// The supervisor's first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Version of the protocol it speaks.
    pub version: u32,
    /// Its process id.
    pub pid: u32,
}

/// What a client says, first of all [`Control::Hello`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Control {
    /// Asks for events.
    Hello {
        /// Version of the protocol the client speaks.
        version: u32,
        /// How many events it has seen.
        from: u64,
    },
    /// Ends the run.
    Cancel {
        /// Nothing more is said.
        cancel: Empty,
    },
    /// Answers a permission request.
    Answer {
        /// The answer.
        answer: Answer,
    },
    /// Takes back all that was allowed for the session.
    Revoke {
        /// Nothing more is said.
        revoke: Empty,
    },
}

impl Control {
    /// Returns the request to end the run.
    #[must_use]
    pub fn cancel() -> Self {
        Self::Cancel { cancel: Empty {} }
    }

    /// Returns the request to forget what was allowed for the session.
    #[must_use]
    pub fn revoke() -> Self {
        Self::Revoke { revoke: Empty {} }
    }

    /// Returns an answer to a permission request.
    #[must_use]
    pub fn answer(id: impl Into<String>, decision: Decision, digest: Option<Digest>, words: Vec<String>) -> Self {
        Self::Answer { answer: Answer { id: id.into(), decision, digest, words } }
    }
}

/// An object without fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {}

/// An answer to a permission request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The request's id.
    pub id: String,
    /// The answer.
    pub decision: Decision,
    /// What was shown to who answered: the answer is for a request with this digest and no other. Bots of protocol
    /// version 1 give none, and answer whatever is open under the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// What the person said: one text for each question, or what is to be changed about a plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
}

/// The supervisor's last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitLine {
    /// How the run ended.
    pub exit: Exit,
}

/// How an [`ExitLine`] begins; no event begins so.
pub const EXIT_PREFIX: &[u8] = b"{\"exit\":";

/// Returns a message as one line.
#[must_use]
pub fn line(message: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(message).expect("messages have only string keys");
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_released_words_of_the_protocol_stay() {
        assert_eq!(line(&Control::cancel()), b"{\"cancel\":{}}\n");
        assert_eq!(line(&Control::revoke()), b"{\"revoke\":{}}\n");
        assert_eq!(
            line(&Control::answer("7", Decision::AllowForSession, None, Vec::new())),
            b"{\"answer\":{\"id\":\"7\",\"decision\":\"allow_for_session\"}}\n"
        );
        assert_eq!(line(&Control::Hello { version: 1, from: 3 }), b"{\"version\":1,\"from\":3}\n");
        let digest = Digest::stored("ab12".into());
        assert_eq!(
            line(&Control::answer("7", Decision::Deny, Some(digest), Vec::new())),
            b"{\"answer\":{\"id\":\"7\",\"decision\":\"deny\",\"digest\":\"ab12\"}}\n"
        );
        assert_eq!(
            line(&Control::answer("7", Decision::Allow, None, vec!["staging".into()])),
            b"{\"answer\":{\"id\":\"7\",\"decision\":\"allow\",\"words\":[\"staging\"]}}\n"
        );
        let unknown = serde_json::from_str::<Control>(r#"{"dance":{}}"#);
        assert!(unknown.is_err());
    }
}
