//! The answer: the conclusion first, then what it rests on, what was looked at, and what was not.

use std::fmt::Write as _;

use super::judge::{Judgement, Suspicion};
use super::observe::Observations;
use super::outcome;
use super::probe::Probe;
use super::question::{Area, Focus};
use super::root::Unreadable;
use super::rules::Rule;
use super::sample::{Process, Window};
use super::shown::{bytes, code, percent, quoted};

/// Most hypotheses told; the rest is counted.
const MAX_FINDINGS: usize = 12;
/// Most processes shown in a table; the evidence holds more.
const MAX_SHOWN: usize = 5;
/// What no probe reads, told in every answer.
const NEVER_LOOKED_AT: &str = "logs that are not named, anything before this moment (except where a line says so), network traffic and \
     remote file systems, processes that the system hides from this user, other machines, and what inside a process or directory causes what is found";

/// Writes the answer as Markdown.
pub(crate) fn report(seen: &Observations, judgement: &Judgement, focus: &Focus) -> String {
    let mut text = String::new();
    conclusion(&mut text, judgement, focus, seen);
    evidence(&mut text, seen, focus);
    if let Some(window) = &seen.window {
        if focus.includes(Area::Cpu) {
            table(&mut text, "Processes by CPU", window, window.by_cpu().take(MAX_SHOWN).collect());
        }
        if focus.includes(Area::Memory) {
            table(&mut text, "Processes by memory", window, window.by_memory().into_iter().take(MAX_SHOWN).collect());
        }
    }
    if let (Focus::On(areas), Some(ports)) = (focus, seen.reading(Probe::Ports))
        && areas.contains(&Area::Network)
    {
        let _ = writeln!(text, "```\n{}\n```\n", ports.text);
    }
    scope(&mut text, seen);
    text
}

fn conclusion(text: &mut String, judgement: &Judgement, focus: &Focus, seen: &Observations) {
    let made = &judgement.hypotheses;
    let (first, elsewhere): (Vec<&Suspicion>, Vec<&Suspicion>) =
        made.iter().take(MAX_FINDINGS).partition(|made| focus.includes(made.area()));
    match first.split_first() {
        Some((headline, others)) => {
            let fact = headline.first();
            let (probe, _, _) = fact.measure.traits();
            let (rule, score) = (&headline.rule.id, headline.score);
            let _ = writeln!(text, "**{}: {}**\n", headline.area().label(), headline.statement);
            let _ = writeln!(
                text,
                "Rests on `{}`: {} (rule `{rule}`, score {score:.2}).\n",
                probe.id(),
                quoted(&fact.quote)
            );
            list(text, "Also found", others);
            text.push_str("What to do next:\n\n");
            for step in outcome::next_steps(judgement, focus) {
                let _ = writeln!(text, "- {step}");
            }
            text.push('\n');
        }
        None => nothing(text, judgement, focus, seen),
    }
    list(text, "Elsewhere", &elsewhere);
    if made.len() > MAX_FINDINGS {
        let _ = writeln!(text, "{} lesser findings are left out.\n", made.len() - MAX_FINDINGS);
    }
}

/// Says that no rule was met in any area the question is about, and in which areas none could be.
fn nothing(text: &mut String, judgement: &Judgement, focus: &Focus, seen: &Observations) {
    let (mut judged, mut unjudged) = (Vec::new(), Vec::new());
    for area in Area::ALL.into_iter().filter(|&area| focus.includes(area)) {
        if judgement.unmet.iter().any(|rule| rule.area == area) {
            judged.push(area.label());
        } else if *focus != Focus::Overview || area.is_of_every_machine() {
            unjudged.push(area.label());
        }
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
    let asked = |rule: &&&Rule| focus.includes(rule.area);
    let looked_for: Vec<&str> = judgement.unmet.iter().filter(asked).map(|rule| rule.looks_for.as_str()).collect();
    let share = percent(outcome::judged(judgement, focus) * 100.0);
    let _ =
        writeln!(text, "Looked for, and not met ({share} of the rules could be judged): {}.\n", looked_for.join("; "));
}

/// Tells whether evidence is missing that bears on the question; a machine may well have no groups and no systemd.
fn is_partial(focus: &Focus, seen: &Observations) -> bool {
    seen.looks.iter().any(|look| {
        let is_missing = match &look.reading {
            Ok(reading) => !reading.gaps.is_empty(),
            Err(Unreadable::Absent(_)) => !look.probe.is_optional(),
            Err(Unreadable::Refused { .. } | Unreadable::Malformed(_)) => true,
        };
        is_missing && look.probe.areas().iter().any(|&area| focus.includes(area))
    })
}

fn list(text: &mut String, title: &str, made: &[&Suspicion]) {
    if made.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}:\n");
    for made in made {
        let (probe, _, _) = made.first().measure.traits();
        let _ = writeln!(text, "- {}: {} (`{}`)", made.area().label(), made.statement, probe.id());
    }
    text.push('\n');
}

fn evidence(text: &mut String, seen: &Observations, focus: &Focus) {
    let mut rows: Vec<(Probe, &str)> =
        seen.looks.iter().filter_map(|look| Some((look.probe, look.reading.as_ref().ok()?.short.as_str()))).collect();
    if rows.is_empty() {
        return;
    }
    rows.sort_by_key(|(probe, _)| !probe.areas().iter().any(|&area| focus.includes(area)));
    text.push_str("| Evidence | Measured |\n|---|---|\n");
    for (probe, line) in rows {
        let _ = writeln!(text, "| {} | {} |", probe.id(), quoted(line));
    }
    text.push('\n');
}

fn table(text: &mut String, title: &str, window: &Window, processes: Vec<&Process>) {
    if processes.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}, over {:.2} s:\n", window.length.as_secs_f64());
    text.push_str("| Pid | Name | CPU, of one core | Resident memory | Threads |\n|---:|---|---:|---:|---:|\n");
    for Process { pid, name, cpu_percent, resident_bytes, threads, .. } in processes {
        let (name, cpu, resident) = (code(name), percent(*cpu_percent), bytes(*resident_bytes));
        let _ = writeln!(text, "| {pid} | {name} | {cpu} | {resident} | {threads} |");
    }
    text.push('\n');
}

fn scope(text: &mut String, seen: &Observations) {
    let read: Vec<&str> = seen.looks.iter().filter(|look| look.reading.is_ok()).map(|look| look.probe.id()).collect();
    let _ = writeln!(text, "Looked at: {}.\n", if read.is_empty() { "nothing".into() } else { read.join(", ") });
    let gaps: Vec<(Probe, String)> =
        seen.looks.iter().flat_map(|look| look.gaps().into_iter().map(|why| (look.probe, why))).collect();
    if !gaps.is_empty() {
        text.push_str("Not possible:\n\n");
        for (probe, why) in gaps {
            let _ = writeln!(text, "- {}: {}", probe.id(), quoted(&why));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "Not looked at: {NEVER_LOOKED_AT}.");
}
