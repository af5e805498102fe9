//! What can go wrong with one call.

/// What happens to one call instead of what should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends before anything is done.
    DropBefore,
    /// The call is done, and the connection ends before the answer.
    DropAfter,
    /// The call is done, and the answer ends in its middle.
    CutAnswer,
    /// Nothing is done until [`super::FakeTelegram::release`].
    Hold,
    /// The server's own JSON says 502; the call may have been done.
    ServerError {
        /// Whether it was.
        done: bool,
    },
    /// An HTML page with status 502 from something in between; the call may have been done.
    Html {
        /// Whether it was.
        done: bool,
    },
    /// Nothing is done; 429.
    TooMany {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// Nothing is done; refused with these words.
    Refuse {
        /// Error code.
        code: u16,
        /// Description.
        description: &'static str,
    },
}
