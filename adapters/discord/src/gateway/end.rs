//! Why a connection ended, and whether its session can go on.

use signalbox_adapter::ListenError;

/// How reading ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// We were told to stop.
    Stopped,
    /// The connection is gone; the session goes on.
    Lost(String),
    /// The session is over; a new one is needed.
    SessionOver(String),
    /// Discord does not let this bot read what messages say.
    NoContent,
    /// Discord will not have us.
    Refused(String),
}

/// Says where to switch the intent on, and what is missing without it.
pub(crate) const NO_CONTENT: &str = "Discord does not show this bot what messages say: in the developer portal, on the page Bot of the application, switch \
     the Message Content Intent on and start again. Until then commands, mentions, direct messages and buttons work; plain \
     text in channels and alerts posted by other bots are not seen";

impl End {
    /// Understands the code with which the server closed a connection.
    /// Source: <https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>, read
    /// 2026-11.
    pub(crate) fn closed(code: u16, reason: &str, content: bool) -> Self {
        let said = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        let why = format!("the gateway closed the connection ({code}{said})");
        match code {
            4004 => Self::Refused(
                "Discord does not know this token; the developer portal gives a new one on the page Bot".to_owned(),
            ),
            4014 if content => Self::NoContent,
            4011 => Self::Refused(format!(
                "{why}: Discord wants a bot of so many servers on several connections, which this version does not make; use \
                 a bot of your own in fewer servers"
            )),
            4012 => {
                Self::Refused(format!("{why}: Discord no longer speaks with this version; install a newer version"))
            }
            4010 | 4013 | 4014 => Self::Refused(format!(
                "{why}: this version asks for what Discord does not give; install a newer version, and if that does not help, \
                 report it"
            )),
            4007 | 4009 => Self::SessionOver(why),
            _ => Self::Lost(why),
        }
    }

    /// Returns what the core is told; `None` where we stopped.
    pub(crate) fn as_error(&self) -> Option<ListenError> {
        match self {
            Self::Stopped => None,
            Self::Lost(why) | Self::SessionOver(why) => Some(ListenError::Lost(why.clone())),
            Self::NoContent => Some(ListenError::Lost(NO_CONTENT.to_owned())),
            Self::Refused(why) => Some(ListenError::Refused(why.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_code_says_what_to_do() {
        for code in [1000, 1001, 1006, 4000, 4003, 4008] {
            assert!(matches!(End::closed(code, "", true), End::Lost(_)), "{code}");
        }
        for code in [4007, 4009] {
            assert!(matches!(End::closed(code, "", true), End::SessionOver(_)), "{code}");
        }
        for code in [4004, 4010, 4012, 4013] {
            assert!(matches!(End::closed(code, "", true), End::Refused(_)), "{code}");
        }
        assert_eq!(End::closed(4014, "", true), End::NoContent);
        assert!(matches!(End::closed(4014, "", false), End::Refused(_)));
    }
}
