//! The answer: the conclusion first, then what it rests on, what was looked at, and what was not.

use std::fmt::Write as _;

use super::judge::Finding;
use super::observe::Observations;
use super::probe::Probe;
use super::question::{Area, Focus};
use super::root::Unreadable;
use super::rules;
use super::sample::{Process, Window};
use super::shown::{bytes, code, percent};

/// Most findings told; the rest is counted.
const MAX_FINDINGS: usize = 12;
/// Most processes shown in a table; the evidence holds more.
const MAX_SHOWN: usize = 5;
/// What no probe reads, told in every answer.
const NEVER_LOOKED_AT: &str = "logs, anything before this moment (except where a line says so), network traffic and \
     remote file systems, other machines, and what inside a process or directory causes what is found";

/// Writes the answer as Markdown.
pub(crate) fn report(seen: &Observations, findings: &[Finding], focus: &Focus) -> String {
    let mut text = String::new();
    conclusion(&mut text, findings, focus, seen);
    evidence(&mut text, seen, focus);
    if let Ok(window) = &seen.processes {
        if focus.includes(Area::Cpu) {
            table(&mut text, "Processes by CPU", window, window.by_cpu().take(MAX_SHOWN).collect());
        }
        if focus.includes(Area::Memory) {
            table(&mut text, "Processes by memory", window, window.by_memory().into_iter().take(MAX_SHOWN).collect());
        }
    }
    scope(&mut text, seen);
    text
}

fn conclusion(text: &mut String, findings: &[Finding], focus: &Focus, seen: &Observations) {
    let (first, elsewhere): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().take(MAX_FINDINGS).partition(|finding| focus.includes(finding.area));
    match first.split_first() {
        Some((headline, others)) => {
            let _ = writeln!(text, "**{}: {}**\n", headline.area.label(), headline.conclusion);
            let _ = writeln!(text, "Rests on `{}`: {}.\n", headline.probe.id(), code(&headline.quote));
            list(text, "Also found", others);
        }
        None => nothing(text, focus, seen),
    }
    list(text, "Elsewhere", &elsewhere);
    if findings.len() > MAX_FINDINGS {
        let _ = writeln!(text, "{} lesser findings are left out.\n", findings.len() - MAX_FINDINGS);
    }
}

fn nothing(text: &mut String, focus: &Focus, seen: &Observations) {
    let about = match focus {
        Focus::Overview => String::new(),
        Focus::On(areas) => {
            format!(" ({})", areas.iter().map(|area| area.label()).collect::<Vec<_>>().join(", "))
        }
    };
    let checked: Vec<String> = seen
        .lines()
        .into_iter()
        .filter(|(probe, line)| line.is_ok() && probe.areas().iter().any(|&area| focus.includes(area)))
        .filter_map(|(probe, _)| rules::in_words(probe))
        .collect();
    if checked.is_empty() {
        let _ = writeln!(text, "**No conclusion{about}: nothing that bears on the question could be judged.**\n");
    } else {
        let _ = writeln!(text, "**Nothing wrong found{about}.**\n\nLooked for, and not met: {}.\n", checked.join("; "));
    }
}

fn list(text: &mut String, title: &str, findings: &[&Finding]) {
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}:\n");
    for finding in findings {
        let _ = writeln!(text, "- {}: {} (`{}`)", finding.area.label(), finding.conclusion, finding.probe.id());
    }
    text.push('\n');
}

fn evidence(text: &mut String, seen: &Observations, focus: &Focus) {
    let mut rows: Vec<(Probe, String)> =
        seen.lines().into_iter().filter_map(|(probe, line)| Some((probe, line.ok()?))).collect();
    if rows.is_empty() {
        return;
    }
    rows.sort_by_key(|(probe, _)| !probe.areas().iter().any(|&area| focus.includes(area)));
    text.push_str("| Evidence | Measured |\n|---|---|\n");
    for (probe, line) in rows {
        let _ = writeln!(text, "| {} | {} |", probe.id(), code(&line));
    }
    text.push('\n');
}

fn table(text: &mut String, title: &str, window: &Window, processes: Vec<&Process>) {
    if processes.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}, over {:.2} s:\n", window.length.as_secs_f64());
    text.push_str("| Pid | Name | CPU, of one core | Resident memory | Threads |\n|---:|---|---:|---:|---:|\n");
    for Process { pid, name, cpu_percent, resident_bytes, threads } in processes {
        let (name, cpu, resident) = (code(name), percent(*cpu_percent), bytes(*resident_bytes));
        let _ = writeln!(text, "| {pid} | {name} | {cpu} | {resident} | {threads} |");
    }
    text.push('\n');
}

fn scope(text: &mut String, seen: &Observations) {
    let lines = seen.lines();
    let read: Vec<&str> = lines.iter().filter(|(_, line)| line.is_ok()).map(|(probe, _)| probe.id()).collect();
    let _ = writeln!(text, "Looked at: {}.\n", if read.is_empty() { "nothing".into() } else { read.join(", ") });
    let impossible: Vec<(Probe, &Unreadable)> =
        lines.into_iter().filter_map(|(probe, line)| Some((probe, line.err()?))).collect();
    if !impossible.is_empty() {
        text.push_str("Not possible:\n\n");
        for (probe, why) in impossible {
            let _ = writeln!(text, "- {}: {}", probe.id(), code(&why.to_string()));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "Not looked at: {NEVER_LOOKED_AT}.");
}
