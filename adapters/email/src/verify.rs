//! Walks all steps of a mail but the mail itself, and tells how each went, in the server's words.

use std::fmt;

use crate::address::{mailbox, needs_utf8, on_wire};
use crate::failure::{Failure, Stage};
use crate::session::{Call, NOT_ASCII, Session};
use crate::settings::Settings;

/// How a walk through the steps went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The steps that were taken, in order; after one that failed only those follow that do not need it.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was tried, such as `connect` or `RCPT TO ops@example.org`.
    pub name: String,
    /// What the server said, or what went wrong.
    pub outcome: Result<String, String>,
}

impl Report {
    /// Tells whether every step went well.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.outcome.is_ok())
    }

    fn push(&mut self, name: impl Into<String>, outcome: Result<String, String>) {
        self.steps.push(Step { name: name.into(), outcome });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Step { name, outcome }) in self.steps.iter().enumerate() {
            let (verdict, words) = match outcome {
                Ok(words) => ("ok", words),
                Err(words) => ("failed", words),
            };
            let end = if at > 0 { "\n" } else { "" };
            let colon = if words.is_empty() { "" } else { ": " };
            write!(f, "{end}{verdict:6} {name}{colon}{words}")?;
        }
        Ok(())
    }
}

/// Connects, protects, logs in and names sender and recipients, without sending a mail.
pub async fn verify(settings: &Settings, recipients: &[String]) -> Report {
    let mut report = Report { steps: Vec::new() };
    if let Err(error) = settings.check() {
        report.push("settings", Err(error.to_string()));
        return report;
    }
    let mut call = Call::begin(settings);
    let outcome = walk(settings, recipients, &mut call, &mut report).await;
    flush(&mut call, &mut report);
    if let Err(failure) = outcome {
        report.push(failure.stage.to_string(), Err(failure.trouble.to_string()));
    }
    report
}

async fn walk(settings: &Settings, recipients: &[String], call: &mut Call, report: &mut Report) -> Result<(), Failure> {
    let from = settings.sender().expect("the settings are checked").email;
    let from = on_wire(&from).unwrap_or(from);
    let mut session = Session::open(settings, call).await?;
    let addresses = || recipients.iter().map(|text| mailbox(text).and_then(|mailbox| on_wire(&mailbox.email)));
    // Named to a server that does not take them, they would fail all the others with them.
    let takes_utf8 = session.takes_utf8();
    let least_ascii = addresses().flatten().find(|address| needs_utf8(address) && takes_utf8);
    call.step(Stage::MailFrom, session.mail_from(&from, least_ascii.as_ref().unwrap_or(&from), b"")).await?;
    flush(call, report);
    for (text, address) in recipients.iter().zip(addresses()) {
        let address = match address {
            Ok(address) => address,
            Err(error) => {
                report.push(format!("{} {text:?}", Stage::RcptTo), Err(error.to_string()));
                continue;
            }
        };
        if needs_utf8(&address) && !takes_utf8 {
            report.push(format!("{} {address}", Stage::RcptTo), Err(NOT_ASCII.to_owned()));
            continue;
        }
        let outcome = call.step(Stage::RcptTo, session.rcpt_to(&address)).await;
        let words = call.passed.pop().map(|(_, words)| words).unwrap_or_default();
        let is_over = outcome.as_ref().is_err_and(|failure| !failure.is_answer());
        let outcome = outcome.map(|()| words).map_err(|failure| failure.trouble.to_string());
        report.push(format!("{} {address}", Stage::RcptTo), outcome);
        if is_over {
            return Ok(());
        }
    }
    call.step(Stage::Reset, session.reset()).await?;
    call.step(Stage::Quit, session.quit()).await
}

/// Moves what went well into the report.
fn flush(call: &mut Call, report: &mut Report) {
    for (stage, words) in call.passed.drain(..) {
        report.push(stage.to_string(), Ok(words));
    }
}
