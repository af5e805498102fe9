//! A chat's command, typed as a subcommand: what only looks is done, all else is told how it is written, and so is what other
//! programs call their self-check.

use std::ffi::OsString;

use clap::Parser as _;
use clap::error::ErrorKind;

use super::{Cli, EXIT_REFUSED};
use crate::agent::words::quoted;
use crate::command::{Need, Parsed, parse};
use crate::format::terminal;

/// What other programs call a check of themselves.
const CHECKS: [&str; 6] = ["doctor", "check", "selfcheck", "self-check", "diagnose", "verify"];
/// Options of this program that have a value, which may stand before the subcommand.
const OPTIONS: [&str; 2] = ["--config", "--state-dir"];

impl Cli {
    /// Reads the command line, the program's name first; ends the process where it asks for help, or is not understood.
    #[must_use]
    pub fn read(arguments: impl Iterator<Item = OsString>) -> Self {
        let arguments: Vec<OsString> = arguments.collect();
        let fault = match Self::try_parse_from(&arguments) {
            Ok(cli) => return cli,
            Err(fault) if fault.kind() == ErrorKind::InvalidSubcommand => fault,
            Err(fault) => fault.exit(),
        };
        let (options, words) = split(&arguments);
        let Some(line) = words.and_then(|words| line(&words)) else { fault.exit() };
        match line {
            Line::Look(line) => {
                let shell = ["shell", "-c", &line].map(OsString::from);
                Self::try_parse_from(options.iter().cloned().chain(shell)).unwrap_or_else(|_| fault.exit())
            }
            Line::Other(line) => refuse(&terminal::command_of_chats(&quoted(&line))),
            Line::Check => refuse(terminal::checks()),
        }
    }
}

fn refuse(why: &str) -> ! {
    eprintln!("signalbox: {why}");
    std::process::exit(i32::from(EXIT_REFUSED))
}

/// What a chat would make of the words.
enum Line {
    /// A command that only looks.
    Look(String),
    /// Another one.
    Other(String),
    /// A self-check.
    Check,
}

fn line(words: &[&str]) -> Option<Line> {
    if words.first().is_some_and(|word| CHECKS.contains(&word.to_lowercase().as_str())) {
        return Some(Line::Check);
    }
    let line = format!("/{}", words.join(" "));
    match parse(&line, None) {
        Ok(parsed @ Parsed::Command(_)) if parsed.need().is_none_or(|need| need == Need::Viewer) => {
            Some(Line::Look(line))
        }
        Ok(Parsed::Command(_)) => Some(Line::Other(line)),
        Ok(Parsed::FreeText(_) | Parsed::Nothing) | Err(_) => None,
    }
}

/// Parts the program's name with the options before the subcommand from the words after them; no words where one is no text.
fn split(arguments: &[OsString]) -> (Vec<OsString>, Option<Vec<&str>>) {
    let mut at = 1;
    while let Some(option) = arguments.get(at).and_then(|word| word.to_str()).filter(|word| word.starts_with("--")) {
        at += if OPTIONS.contains(&option) { 2 } else { 1 };
    }
    let at = at.min(arguments.len());
    let words = arguments[at..].iter().map(|word| word.to_str()).collect();
    (arguments[..at].to_vec(), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_chats_are_known_behind_our_own_options() {
        let arguments: Vec<OsString> =
            ["signalbox", "--state-dir", "/s", "--config=/c", "agents"].map(OsString::from).into();
        let (options, words) = split(&arguments);
        assert_eq!(options.len(), 4);
        assert!(matches!(line(&words.expect("text")), Some(Line::Look(line)) if line == "/agents"));
        assert!(matches!(line(&["session", "fix", "it"]), Some(Line::Other(line)) if line == "/session fix it"));
        assert!(matches!(line(&["Doctor"]), Some(Line::Check)));
        assert!(line(&["cron", "lst"]).is_none() && line(&["deploy"]).is_none());
    }
}
