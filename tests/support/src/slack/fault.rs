//! What can go wrong: with one call, with a socket.

/// What happens to one call instead of what should.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The connection ends before anything is done.
    DropBefore,
    /// The call is done, and the connection ends before the answer.
    DropAfter,
    /// The call is done, and the answer ends in its middle.
    CutAnswer,
    /// Nothing is done until [`super::FakeSlack::release`].
    Hold,
    /// The server's own JSON says `internal_error`; the call may have been done.
    InternalError {
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
    /// Nothing is done; refused with this word.
    Refuse(&'static str),
    /// The call is done, and these fields of JSON stand in its answer instead of its own.
    With(&'static str),
    /// Nothing is done; a scope is missing.
    MissingScope(&'static str),
}

/// What happens to a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It ends without a word.
    Drop,
    /// It is closed with this code.
    Close(u16),
    /// Slack says that it will end it soon (`warning`), and ends it a while later (`refresh_requested`).
    Warn,
    /// Slack says that it ends it (`refresh_requested`), and does.
    Refresh,
    /// Socket Mode is switched off: all sockets end, and none can be opened.
    Disable,
    /// Nothing is said or heard on it any more.
    Freeze,
    /// The next envelope arrives as half a frame.
    HalfFrame,
    /// A frame comes that is no JSON.
    Nonsense,
    /// This comes as a frame.
    Frame(&'static str),
    /// The next envelope comes twice, the second time with another id.
    Twice,
    /// The next envelope is lost on its way, and nobody gives it again.
    Lose,
}

/// What happens to the next socket when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greeting {
    /// The upgrade is refused with 503.
    Unavailable,
    /// It ends as soon as it is open.
    HangUp,
    /// It never says hello, and hands nothing over.
    NoHello,
}
