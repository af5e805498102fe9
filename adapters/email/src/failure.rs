//! What can go wrong, at which step of the dialogue, and what that says about the mail.
//!
//! The rule: 5xx is a refusal, everything else before the end of the mail was written surely came too early to be
//! accepted, and everything else after it is unknown.

use std::fmt;
use std::io;

use signalbox_adapter::{DeliverError, clean};

use crate::reply::Reply;

/// Longest words of a server that are passed on, in characters.
const MAX_WORDS_CHARS: usize = 500;

/// The steps of a dialogue, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Resolve,
    Connect,
    Greeting,
    Ehlo,
    StartTls,
    Tls,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    /// The mail and the dot that ends it are being written.
    Content,
    /// Both are written; the answer is awaited.
    Acceptance,
    Reset,
    Quit,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Ehlo => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Tls => "TLS",
            Self::Auth => "AUTH",
            Self::MailFrom => "MAIL FROM",
            Self::RcptTo => "RCPT TO",
            Self::Data => "DATA",
            Self::Content => "the mail",
            Self::Acceptance => "the end of the mail",
            Self::Reset => "RSET",
            Self::Quit => "QUIT",
        })
    }
}

/// What went wrong in a step.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server said no.
    No(Reply),
    /// The server said what no server says there.
    Nonsense(String),
    /// The connection ended.
    Closed,
    /// The connection broke.
    Broken(io::Error),
    /// It took too long.
    Late,
    /// It cannot be done with this server, now or later.
    Impossible(String),
    /// It cannot be done now.
    NotNow(String),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Broken(error),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::No(reply) => reply.to_string(),
            Self::Nonsense(what) => format!("the server does not speak SMTP: {what}"),
            Self::Closed => "the server closed the connection".to_owned(),
            Self::Broken(error) => error.to_string(),
            Self::Late => "no answer in time".to_owned(),
            Self::Impossible(why) | Self::NotNow(why) => why.clone(),
        };
        f.write_str(&words_of(&words))
    }
}

/// Makes one bounded line of what a server said.
pub(crate) fn words_of(text: &str) -> String {
    let line = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_WORDS_CHARS).collect()
}

/// A dialogue that ended before its end.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) stage: Stage,
    pub(crate) trouble: Trouble,
}

impl Failure {
    /// Tells whether the server is still there to be said goodbye to.
    pub(crate) fn is_answer(&self) -> bool {
        match self.trouble {
            Trouble::No(_) | Trouble::Impossible(_) => true,
            Trouble::Nonsense(_) | Trouble::Closed | Trouble::Broken(_) | Trouble::Late | Trouble::NotNow(_) => false,
        }
    }
}

impl From<Failure> for DeliverError {
    fn from(Failure { stage, trouble }: Failure) -> Self {
        let words = format!("{stage}: {trouble}");
        match trouble {
            Trouble::No(reply) if reply.is_for_ever() => Self::Refused(words),
            Trouble::No(_) => Self::Unreachable(words),
            Trouble::Impossible(_) => Self::Refused(words),
            Trouble::Nonsense(_) | Trouble::Closed | Trouble::Broken(_) | Trouble::Late | Trouble::NotNow(_) => {
                if stage == Stage::Acceptance { Self::Unknown(words) } else { Self::Unreachable(words) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(stage: Stage, trouble: Trouble) -> DeliverError {
        Failure { stage, trouble }.into()
    }

    #[test]
    fn only_a_lost_answer_to_the_end_of_the_mail_is_unknown() {
        let lost = || [Trouble::Closed, Trouble::Late, Trouble::Nonsense(String::new())];
        for trouble in lost() {
            assert!(matches!(error(Stage::Acceptance, trouble), DeliverError::Unknown(_)));
        }
        for trouble in lost() {
            assert!(matches!(error(Stage::Content, trouble), DeliverError::Unreachable(_)));
        }
    }

    #[test]
    fn words_of_a_server_are_one_bounded_line() {
        let words = Trouble::Nonsense(format!("a\r\n\u{1b}[31mb{}", "x".repeat(1_000))).to_string();
        assert!(words.starts_with("the server does not speak SMTP: a bx") && words.chars().count() == MAX_WORDS_CHARS);
    }
}
