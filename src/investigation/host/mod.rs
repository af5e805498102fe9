//! The built-in investigator: answers a question about this machine from the machine's own evidence.
//!
//! Run as an agent: the question comes on standard input, events go to standard output, one JSON value a line. It
//! probes, judges by a written rule table, and reports. It uses no network and no model, writes nothing, and claims
//! nothing that it did not measure.
//!
//! # Why every probe runs whatever the question
//! All of them together take little longer than the sampling window, and the cause of what is asked about may lie
//! elsewhere. The question decides what comes first.

mod judge;
mod machine;
mod observe;
mod probe;
mod question;
mod report;
mod root;
mod rules;
mod sample;
mod shown;
mod stat;

#[cfg(test)]
mod tests;

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use crate::agent::event::{Event, Final, Usage};

use machine::Machine;
use question::Focus;

/// Longest part of the question that is read, in bytes.
const MAX_QUESTION_BYTES: u64 = 1024 * 1024;

/// Answers the question on standard input with events on standard output; fails only when nobody reads them.
#[must_use]
pub fn main() -> ExitCode {
    let mut output = io::stdout().lock();
    let mut tell = |event: &Event| {
        serde_json::to_writer(&mut output, event)?;
        output.write_all(b"\n")?;
        output.flush()
    };
    match investigate(&question_on(io::stdin().lock()), &Machine::live(), &mut tell) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Reads the question; one that cannot be read asks for the overview.
fn question_on(input: impl io::Read) -> String {
    let mut bytes = Vec::new();
    let _ = input.take(MAX_QUESTION_BYTES).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn investigate(question: &str, machine: &Machine, tell: &mut dyn FnMut(&Event) -> io::Result<()>) -> io::Result<()> {
    let focus = Focus::of(question);
    let seen = observe::observe(machine, tell)?;
    let answer = report::report(&seen, &judge::judge(&seen, &focus), &focus);
    tell(&Event::Final(Final {
        outcome: Ok(answer),
        usage: Usage::default(),
        denials: Vec::new(),
        unknown_session: false,
    }))
}
