//! The answer: the conclusion first, then what it rests on, what was looked at, and what was not.

use std::fmt::Write as _;

use super::judge::Finding;
use super::observe::Observations;
use super::probe::Probe;
use super::question::{Area, Focus};
use super::root::Unreadable;
use super::rules;
use super::sample::{Process, Window};
use super::shown::{bytes, code, percent, quoted};

/// Most findings told; the rest is counted.
const MAX_FINDINGS: usize = 12;
/// Most processes shown in a table; the evidence holds more.
const MAX_SHOWN: usize = 5;
/// What no probe reads, told in every answer.
const NEVER_LOOKED_AT: &str = "logs, anything before this moment (except where a line says so), network traffic and \
     remote file systems, processes that the system hides from this user, other machines, and what inside a process or directory causes what is found";

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
    if let (Focus::On(areas), Ok(ports)) = (focus, &seen.ports)
        && areas.contains(&Area::Network)
    {
        let _ = writeln!(text, "```\n{}\n```\n", ports.evidence());
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
            let _ = writeln!(text, "Rests on `{}`: {}.\n", headline.probe.id(), quoted(&headline.quote));
            list(text, "Also found", others);
        }
        None => nothing(text, focus, seen),
    }
    list(text, "Elsewhere", &elsewhere);
    if findings.len() > MAX_FINDINGS {
        let _ = writeln!(text, "{} lesser findings are left out.\n", findings.len() - MAX_FINDINGS);
    }
}

/// Says that no rule was met in any area the question is about, and in which areas none could be.
fn nothing(text: &mut String, focus: &Focus, seen: &Observations) {
    let lines = seen.lines();
    let (mut judged, mut unjudged, mut checked) = (Vec::new(), Vec::new(), Vec::new());
    for area in Area::ALL.into_iter().filter(|&area| focus.includes(area)) {
        let read = lines.iter().filter(|(_, line)| line.is_ok());
        let rules: Vec<String> = read.filter_map(|(probe, _)| rules::in_words(*probe, area)).collect();
        if rules.is_empty() {
            unjudged.push(area.label())
        } else {
            judged.push(area.label())
        }
        checked.extend(rules);
    }
    if judged.is_empty() {
        let about = unjudged.join(", ");
        let _ = writeln!(text, "**No conclusion ({about}): nothing that was measured is judged by a rule.**\n");
        return;
    }
    let among = if is_partial(focus, seen) { " in what could be measured" } else { "" };
    let _ = writeln!(text, "**Nothing wrong found{among} ({}).**\n", judged.join(", "));
    if !unjudged.is_empty() {
        let _ = writeln!(text, "No conclusion: {}.\n", unjudged.join(", "));
    }
    let _ = writeln!(text, "Looked for, and not met: {}.\n", checked.join("; "));
}

/// Tells whether evidence is missing that bears on the question; a machine may well have no groups and no systemd.
fn is_partial(focus: &Focus, seen: &Observations) -> bool {
    let optional = |probe, why: &Unreadable| {
        matches!(probe, Probe::Cgroup | Probe::Services) && matches!(why, Unreadable::Absent(_))
    };
    let unread =
        seen.lines().into_iter().filter(|(probe, line)| line.as_ref().is_err_and(|why| !optional(*probe, why)));
    let mut missing = unread.map(|(probe, _)| probe).chain(seen.gaps().into_iter().map(|(probe, _)| probe));
    missing.any(|probe| probe.areas().iter().any(|&area| focus.includes(area)))
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
        let _ = writeln!(text, "| {} | {} |", probe.id(), quoted(&line));
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
    let unread = lines.into_iter().filter_map(|(probe, line)| Some((probe, line.err()?.to_string())));
    let impossible: Vec<(Probe, String)> = unread.chain(seen.gaps()).collect();
    if !impossible.is_empty() {
        text.push_str("Not possible:\n\n");
        for (probe, why) in impossible {
            let _ = writeln!(text, "- {}: {}", probe.id(), quoted(&why));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "Not looked at: {NEVER_LOOKED_AT}.");
}
