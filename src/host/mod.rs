//! The built-in investigator: answers a question about this machine from the machine's own evidence.
//!
//! Run as an agent: the question comes on standard input, events go to standard output, one JSON value a line. It
//! probes, judges by a written rule table, and reports. It uses no network and no model, writes nothing, and claims
//! nothing that it did not measure.
//!
//! ```text
//! question ─► focus, wish ─► probes ─► facts ─► rule table ─► hypotheses ─► answer, Report
//! ```
//!
//! # Why the quick probes run whatever the question
//! All of them together take little longer than the sampling window, and the cause of what is asked about may lie
//! elsewhere. The question decides which costly ones run, and what comes first.

mod analysis;
mod answer;
mod assignment;
mod budget;
mod certificate;
mod elsewhere;
mod fact;
mod fetch;
mod judge;
mod machine;
mod mount;
mod observe;
mod outcome;
mod probe;
mod program;
mod question;
mod report;
mod root;
mod rules;
mod said;
mod sample;
mod shown;
mod stat;
mod statement;
mod targets;
mod users;
mod wish;

#[cfg(test)]
mod gallery;
#[cfg(test)]
mod incidents;
#[cfg(test)]
mod tests;

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use crate::agent::event::{Event, Final};
use crate::agent::kinds::host::Scope;

pub use assignment::Assignment;
pub use fact::{Measure, Unit};
pub use fetch::trusting_this_machine;
pub use outcome::{Exhibit, Hypothesis, ROOT_CAUSE_SCORE, Report, Sighting};
pub use question::Area;

use answer::InBrief;
use elsewhere::Elsewhere;
use machine::Machine;
use observe::EventSink;
use question::Focus;
use wish::Wanted;

/// Longest part of the question that is read, in bytes.
const MAX_QUESTION_BYTES: u64 = 1024 * 1024;

/// Answers the question on standard input, whose first line says what may be looked at, with events on standard output; fails
/// only when nobody reads them.
#[must_use]
pub fn main() -> ExitCode {
    let mut output = io::stdout().lock();
    let mut tell = |event: &Event| {
        serde_json::to_writer(&mut output, event)?;
        output.write_all(b"\n")?;
        output.flush()
    };
    let input = question_on(io::stdin().lock());
    // Without a scope that is understood nothing is looked at by name: an alert with empty lists.
    let (scope, question) = input.split_once('\n').unwrap_or(("", &input));
    let assignment = Assignment::read(question, Scope::of_line(scope));
    let evidence =
        wish::evidence_asked_for(&assignment).map(|measured| tell(&Event::Final(Final::new(Ok(measured.to_owned())))));
    if let Some(told) = evidence {
        return if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    match investigate(&assignment, &Machine::live(), &mut tell) {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Reads the question; one that cannot be read asks for the overview.
fn question_on(input: impl io::Read) -> String {
    let mut bytes = Vec::new();
    let _ = input.take(MAX_QUESTION_BYTES).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn investigate(assignment: &Assignment, machine: &Machine, tell: EventSink<'_>) -> io::Result<Report> {
    let focus = match Focus::of(&assignment.question) {
        Focus::Overview => Focus::of(&assignment.earlier),
        on @ Focus::On(_) => on,
    };
    let wish = Wanted::of(assignment, &focus);
    let seen = observe::observe(assignment, &focus, wish, machine, tell)?;
    let judgement = judge::judge(&seen, &focus);
    let outcome = outcome::report(&seen, &judgement, &focus);
    let answer = InBrief::of(&seen, &judgement, &focus, wish, &assignment.question);
    let elsewhere = Elsewhere::of(&assignment.whole(), machine);
    let report = report::report(&seen, &judgement, &focus);
    let text = if assignment.scope.analysis {
        serde_json::to_string_pretty(&analysis::analysis(&outcome, &focus, wish, &answer, elsewhere.as_ref()))?
    } else if wish == Wanted::Evidence {
        let report = format!("**Measured just now.**\n\n{report}");
        elsewhere.map_or_else(|| report.clone(), |elsewhere| format!("**{}**\n\n{report}", elsewhere.said()))
    } else {
        answer.to_markdown(elsewhere.as_ref())
    };
    let evidence = Some(report).filter(|_| !answer.is_beyond);
    tell(&Event::Final(Final { evidence, ..Final::new(Ok(text)) }))?;
    Ok(outcome)
}
