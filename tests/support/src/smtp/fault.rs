//! What can go wrong, and when.

/// When something goes wrong: as the server is about to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A new connection.
    Greeting,
    /// EHLO.
    Ehlo,
    /// STARTTLS.
    StartTls,
    /// The handshake of TLS, before its first byte is sent.
    Handshake,
    /// AUTH, or what follows a challenge.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The mail, when its first line is there.
    Content,
    /// The end of the mail, which has been kept.
    End,
    /// QUIT.
    Quit,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed.
    Drop,
    /// This is said instead, with CR LF; what was asked for is not done.
    Say(String),
    /// This is said too, in the same breath.
    Add(String),
    /// Nothing is said until the test lets it.
    Hold,
    /// A line without end.
    Endless,
    /// One octet after the other, and never the last.
    Drip,
}

impl Fault {
    /// Says this instead.
    pub fn say(reply: &str) -> Self {
        Self::Say(reply.to_owned())
    }
}
