//! What can go wrong: with one call, with a connection to the gateway.

/// Whom a limit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The bot, on one route.
    User,
    /// The bot, everywhere.
    Global,
    /// All who call the same thing; what it refuses counts for nobody.
    Shared,
}

impl Scope {
    /// Returns its name in the header.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Global => "global",
            Self::Shared => "shared",
        }
    }
}

/// What happens to one call instead of what should.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The connection ends before anything is done.
    DropBefore,
    /// The call is done, and the connection ends before the answer.
    DropAfter,
    /// The call is done, and the answer ends in its middle.
    CutAnswer,
    /// Nothing is done until [`super::FakeDiscord::release`].
    Hold,
    /// The server's own JSON says 500; the call may have been done.
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
        retry_after: f64,
        /// Whom it is about.
        scope: Scope,
    },
    /// Nothing is done; 429 for what was written there lately: slow mode (20016), or the channel's own limit (20028).
    Slow {
        /// Error code.
        code: u64,
        /// Seconds to wait.
        retry_after: f64,
    },
    /// Nothing is done; the form is refused (50035), with this tree of errors.
    Form(serde_json::Value),
    /// Nothing is done; refused with these words.
    Refuse {
        /// Status.
        status: u16,
        /// Error code.
        code: u64,
        /// Message.
        message: &'static str,
    },
}

/// What happens to a connection to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It is closed with this code; 4007 and 4009 end the session too.
    Close(u16),
    /// It ends without a word.
    Reset,
    /// Discord asks to connect again (op 7).
    Reconnect,
    /// Discord says that the session cannot go on (op 9).
    Invalid {
        /// Whether it may later.
        resumable: bool,
    },
    /// Nothing is said on it any more, heartbeats are not acknowledged.
    Mute,
    /// The next event arrives as half a frame.
    HalfFrame,
    /// Heartbeats are not acknowledged any more, while events go on.
    Deaf,
    /// A number of an event is left out; nothing was said under it.
    Gap,
    /// An event comes that says what no message can.
    Nonsense,
}

/// What happens to the next connection when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greeting {
    /// The upgrade is refused with 503.
    Unavailable,
    /// It is closed with this code as soon as the bot says who it is.
    CloseWith(u16),
    /// It ends as soon as the bot says who it is.
    HangUp,
    /// What the bot says is not answered but for its heartbeats, until [`super::FakeDiscord::release`]; then a session begins
    /// or goes on.
    Slow,
}
