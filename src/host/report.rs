//! All that was measured: the findings with their rules, each probe's line, the processes, and what was not looked at.
//!
//! For a person who asks for the evidence; the answer itself is in [`super::answer`].

use std::fmt::Write as _;

use super::judge::Judgement;
use super::observe::Observations;
use super::outcome;
use super::probe::Probe;
use super::question::Focus;
use super::sample::Process;
use super::shown::{percent, quoted};

/// Most findings told; the rest is counted.
const MAX_FINDINGS: usize = 12;
/// Most processes told in each order; the tool call's output holds more.
const MAX_SHOWN: usize = 5;
/// What no probe reads, told in every report.
const NEVER_LOOKED_AT: &str = "logs that are not named, anything before this moment (except where a line says so), network traffic and \
     remote file systems, processes that the system hides from this user, other machines, and what inside a process or directory causes what is found";

/// Writes the report as Markdown; when it was measured is for who shows it.
pub(crate) fn report(seen: &Observations, judgement: &Judgement, focus: &Focus) -> String {
    let mut text = String::new();
    findings(&mut text, judgement, focus);
    let read = |probe: Probe| Some(seen.reading(probe)?.short.as_str());
    let lines =
        seen.looks.iter().filter_map(|look| Some(format!("{}: {}", look.probe.id(), quoted(read(look.probe)?))));
    list(&mut text, "By probe", lines);
    if let Some(window) = &seen.window {
        let told = |process: &Process| quoted(&process.line());
        list(&mut text, "Processes by CPU", window.by_cpu().take(MAX_SHOWN).map(told));
        list(&mut text, "Processes by memory", window.by_memory().into_iter().take(MAX_SHOWN).map(told));
    }
    let gaps = seen.looks.iter().flat_map(|look| look.gaps().into_iter().map(|why| (look.probe, why)));
    list(&mut text, "Not possible", gaps.map(|(probe, why)| format!("{}: {}", probe.id(), quoted(&why))));
    let _ = write!(text, "Not looked at: {NEVER_LOOKED_AT}.");
    text
}

fn findings(text: &mut String, judgement: &Judgement, focus: &Focus) {
    let made = &judgement.hypotheses;
    let told = made.iter().take(MAX_FINDINGS).map(|made| {
        let (label, statement, rule, score) = (made.area().label(), &made.statement, &made.rule.id, made.score);
        format!("{label}: {statement} (rule `{rule}`, score {score:.2})")
    });
    list(text, "Found", told);
    if made.len() > MAX_FINDINGS {
        let _ = writeln!(text, "{} lesser findings are left out.\n", made.len() - MAX_FINDINGS);
    }
    let judged = percent(outcome::judged(judgement, focus) * 100.0);
    let _ = writeln!(text, "{} rules were not met; {judged} of the rules could be judged.\n", judgement.unmet.len());
}

fn list(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}:\n");
    for line in lines {
        let _ = writeln!(text, "- {line}");
    }
    text.push('\n');
}
