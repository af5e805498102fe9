//! `[smtp]`: what the adapter has to be told, stated once.

use std::time::Duration;

use signalbox_adapter::one_line;
use signalbox_adapter::settings::{Kind, Section, Setting, Setup, Values, Wrong};

use crate::address::{bare_address, is_for_few_servers, mailbox};
use crate::settings::{DEFAULT_TIMEOUT, Security};

/// The provider's name, as addresses have it.
pub const PROVIDER: &str = "email";

/// Longest time one mail may take.
const MAX_TIMEOUT: Duration = Duration::from_secs(600);
/// Longest address that is shown, in characters.
const MAX_SHOWN_CHARS: usize = 80;
/// Most recipients of a notice.
const MAX_RECIPIENTS: usize = 50;

/// The section of the configuration.
pub static SECTION: Section = Section {
    name: "smtp",
    about: "The mail server that notices of finished investigations go out by. Check it with \
            `signalbox integrations verify smtp`, which tells the step that fails.",
    needs: "host",
    access: None,
    setup: Setup { title: "Mail, for notices of finished investigations", how: "", again: "" },
    settings: &[
        Setting::new("host", Kind::Text, "without it nothing is mailed")
            .example("mail.example.org")
            .asked("Name of the mail server (empty for none)"),
        Setting::new(
            "security",
            Kind::Choice(Security::WORDS),
            "required, never skipped; \"tls\": from the first byte; \"none\": clear text, without a password unless the \
             server is this machine",
        )
        .asked("Security: starttls, tls or none [starttls]"),
        Setting::new("port", Kind::Port, "0: 587 for \"starttls\", 465 for \"tls\", 25 for \"none\"")
            .asked("Port [the usual one]"),
        Setting::new("username", Kind::Text, "").example("bot").asked("User name (empty for none)"),
        Setting::new("password", Kind::Password, "").example("...").asked_with("username", "Password (not shown)"),
        Setting::new("from", Kind::Text, "who writes, as in \"signalbox <bot@example.org>\"; needed with host")
            .asked("Who writes, as in signalbox <bot@example.org>"),
        Setting::new("to", Kind::List, "who is told, each with a mail of their own: [\"ops@example.org\"]")
            .asked("Who is told of finished investigations, with commas"),
        Setting::new("reply_to", Kind::Text, "where answers go, if not to from").example("ops@example.org"),
        Setting::new("ca_file", Kind::Path, "certificates that are trusted besides the system's")
            .example("/etc/ssl/own-ca.pem"),
        Setting::new("helo", Kind::Text, "what this machine calls itself; by itself its name with a domain, else its address")
            .example("bot.example.org"),
        Setting::new(
            "timeout",
            Kind::Duration { default: DEFAULT_TIMEOUT, range: Duration::from_secs(1)..=MAX_TIMEOUT },
            "longest time one mail may take",
        ),
    ],
    check,
};

fn check(values: &Values) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let to = values.list("to");
    if to.len() > MAX_RECIPIENTS {
        wrong.push(Wrong::new("to", format!("names more than {MAX_RECIPIENTS} recipients")));
    } else {
        let is_wrong = |to: &&String| to.contains('/') || bare_address(to).is_err();
        wrong.extend(to.iter().find(is_wrong).map(|to| {
            let to = one_line(to, MAX_SHOWN_CHARS);
            Wrong::new("to", format!("must be mail addresses, as in [\"ops@example.org\"]; {to:?} is none"))
        }));
        for to in to.iter().filter(|to| is_for_few_servers(to)) {
            let to = one_line(to, MAX_SHOWN_CHARS);
            let what = format!(
                "{to} can be reached only through a server that offers SMTPUTF8; `integrations verify smtp` tells"
            );
            wrong.push(Wrong::perhaps("to", what));
        }
    }
    let is_no_host = |host: &str| {
        host.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '@')) || !host.contains(char::is_alphanumeric)
    };
    if values.text("host").is_some_and(is_no_host) {
        wrong.push(Wrong::new("host", "must be the name of a mail server, as in \"mail.example.org\", without a port"));
    }
    if values.text("helo").is_some_and(|helo| helo.contains(char::is_whitespace)) {
        wrong.push(Wrong::new("helo", "must be a host name, as in \"bot.example.org\""));
    }
    if values.text("host").is_some() && values.text("from").is_none() {
        wrong.push(Wrong::new("from", "must say who writes, as in \"signalbox <bot@example.org>\""));
    }
    for key in ["from", "reply_to"] {
        if values.text(key).is_some_and(|address| mailbox(address).is_err()) {
            wrong.push(Wrong::new(key, "must be a mail address, as in \"signalbox <bot@example.org>\""));
        }
    }
    wrong
}
