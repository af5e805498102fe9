//! What each command does: one file or folder a command.
//!
//! A [`Handler`] is the parsed command itself. It names what it needs looked at outside of the transaction; then it gets a
//! [`Turn`](crate::turn::Turn), which is the message's own transaction, decides, writes rows and answers. What is said stands
//! in [`mod@crate::format`].

mod agents;
mod approvals;
mod background;
mod cron;
pub mod edit;
pub mod forwards;
mod help;
mod id;
mod incidents;
pub mod investigate;
pub mod pairing;
mod project;
pub mod session;
mod start;
mod status;
mod stop;
pub mod tasks;
mod why;

use crate::command::{Command, Parsed};
use crate::turn::Handler;

/// Finds what serves a message; `None` where nothing was said.
#[must_use]
pub fn handler(parsed: &Parsed) -> Option<&dyn Handler> {
    Some(match parsed {
        Parsed::Nothing => return None,
        Parsed::FreeText(text) => text,
        Parsed::Command(command) => match command {
            Command::Session(command) => command,
            Command::Investigate(command) => command,
            Command::Background(command) => command,
            Command::Incidents(command) => command,
            Command::Incident(command) => command,
            Command::Cron(command) => command,
            Command::Project(command) => command,
            Command::Stop(command) => command,
            Command::Status(command) => command,
            Command::Agents(command) => command,
            Command::Id(command) => command,
            Command::Why(command) => command,
            Command::Help(command) => command,
            Command::Start(command) => command,
            Command::Approve(command) => command,
            Command::Deny(command) => command,
            Command::Allow(command) => command,
            Command::Answer(command) => command,
            Command::Retry(command) => command,
            Command::Discard(command) => command,
            Command::Cancel(command) => command,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parse;
    use crate::turn::Look;

    #[test]
    fn a_message_names_what_it_needs_looked_at() {
        let reach = |address: &str| Look::Reach(vec![address.parse().expect("an address")]);
        for (line, looks) in [
            ("fix the flaky test", vec![Look::Presence]),
            ("/session fix the flaky test", vec![Look::Presence]),
            ("/session list", vec![]),
            ("/session show docs", vec![Look::Kept, Look::Checkout(Some("docs".into()))]),
            ("/session end docs", vec![Look::Checkout(Some("docs".into()))]),
            ("/session end", vec![Look::Checkout(None)]),
            ("/session retry docs", vec![]),
            ("/investigate", vec![Look::Presence, Look::Attached]),
            ("/investigate high-cpu", vec![Look::Presence, Look::Attached]),
            ("/background notify set chat,slack:C0123", vec![reach("slack:C0123")]),
            ("/background notify list", vec![]),
            ("/incident investigate 7", vec![Look::Presence]),
            ("/incident ack 7", vec![]),
            ("/agents", vec![Look::Versions, Look::Kept]),
            ("/cancel 42", vec![]),
        ] {
            let parsed = parse(line, None).expect(line);
            assert_eq!(handler(&parsed).expect(line).looks(), looks, "{line}");
        }
        assert!(handler(&Parsed::Nothing).is_none());
    }
}
