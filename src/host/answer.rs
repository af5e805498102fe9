//! The answer in a few lines: the verdict with the numbers that carry it, then what a person does next with it.
//!
//! ```text
//! wish ─► verdict ─► at most MAX_LINES lines ─► "Reply `evidence` …"
//! ```

use super::elsewhere::Elsewhere;
use super::fact::Measure;
use super::judge::{Judgement, Suspicion};
use super::mount::NamedMount;
use super::observe::Observations;
use super::outcome;
use super::probe::Probe;
use super::question::{Area, Focus};
use super::root::Unreadable;
use super::said::Said;
use super::shown::{plural, quoted};
use super::users;
use super::wish::{EVIDENCE, Wanted};
use crate::agent::kinds::host::NOT_ANSWERABLE;

/// Most lines below the verdict, the one about the evidence not counted.
const MAX_LINES: usize = 4;
/// Most other findings told; there is room for a step beside them.
const MAX_ALSO: usize = 2;
/// Most next steps told; an analysis holds more.
const MAX_STEPS: usize = 2;
/// Most listening addresses told in one line.
const MAX_PORTS: usize = 8;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InBrief {
    /// The answer itself.
    pub(crate) verdict: Said,
    /// What is added, the most useful first, at most [`MAX_LINES`].
    pub(crate) lines: Vec<Said>,
    /// Whether it says that this machine cannot tell.
    pub(crate) is_beyond: bool,
}

impl InBrief {
    /// Answers a question from what was seen and judged.
    pub(crate) fn of(seen: &Observations, judgement: &Judgement, focus: &Focus, wish: Wanted, question: &str) -> Self {
        let told = match wish {
            Wanted::Users(area) => users::of(area, seen).map(|(verdict, lines)| (verdict, lines, false)),
            Wanted::Beyond => Some(match users::named_in(question, seen) {
                Some((verdict, lines)) => (verdict, lines, false),
                None => beyond(),
            }),
            Wanted::Slowness | Wanted::Trouble | Wanted::Evidence | Wanted::Unclear => None,
        };
        let (verdict, mut lines, is_beyond) = told.unwrap_or_else(|| {
            let (verdict, lines) = trouble(seen, judgement, focus, wish);
            (verdict, lines, false)
        });
        let place = seen.reading(Probe::Usage).and_then(|usage| usage.facts.first()?.subject.as_ref());
        let is_of_it = |mount: &&NamedMount| place.is_none_or(|place| place.key == mount.point);
        let mount = seen.mount.as_ref().filter(|_| !is_beyond).filter(is_of_it);
        if let Some(text) = mount.and_then(NamedMount::said) {
            lines.insert(0, Said::plain(text));
        }
        lines.truncate(MAX_LINES);
        Self { verdict, lines, is_beyond }
    }

    /// Writes it as Markdown; where other machines are meant, that they were not looked at comes first.
    pub(crate) fn to_markdown(&self, elsewhere: Option<&Elsewhere>) -> String {
        let mut text = match elsewhere {
            Some(elsewhere) => {
                let here = super::shown::code(&elsewhere.here);
                format!("**{}**\n\nOn {here}: {}.\n\n", elsewhere.said(), self.verdict.text)
            }
            None => format!("**{}.**\n\n", self.verdict.text),
        };
        for line in &self.lines {
            text.push_str(&format!("- {}\n", line.text));
        }
        if !self.is_beyond {
            let gap = if self.lines.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}Reply `{EVIDENCE}` for all that was measured."));
        }
        text.trim_end().to_owned()
    }
}

fn beyond() -> (Said, Vec<Said>, bool) {
    let lines = [
        "`host` looks at this machine only, at no deployment, other service or other machine",
        "Ask it what uses the disk or the memory here, or why this machine is slow",
        "For other questions use another agent: the command `agents` shows which are there and how to install one",
    ];
    (Said::plain(NOT_ANSWERABLE), lines.into_iter().map(Said::plain).collect(), true)
}

/// Says what is wrong, or that nothing is.
fn trouble(seen: &Observations, judgement: &Judgement, focus: &Focus, wish: Wanted) -> (Said, Vec<Said>) {
    let is_asked = |made: &&Suspicion| {
        let is_there = || seen.mount.as_ref().is_none_or(|mount| mount.may_be_of(made.first()));
        focus.includes(made.area()) && (made.area() != Area::Disk || is_there())
    };
    let (asked, besides): (Vec<&Suspicion>, Vec<&Suspicion>) = judgement.hypotheses.iter().partition(is_asked);
    let said = |made: &Suspicion, before: &str| {
        Said::by(format!("{before}{}: {}", made.area().label(), made.statement), made.first())
    };
    let mut lines = Vec::new();
    let verdict = match asked.split_first() {
        Some((headline, others)) => {
            let same = |made: &&&Suspicion| made.rule.id != headline.rule.id;
            lines.extend(others.iter().filter(same).take(MAX_ALSO).map(|made| said(made, "Also: ")));
            lines.extend(besides.first().map(|made| said(made, "Besides: ")));
            let steps = outcome::next_steps(judgement, focus);
            let room = MAX_LINES.saturating_sub(lines.len()).min(MAX_STEPS);
            lines.extend(
                steps.into_iter().take(room).map(|step| Said::plain(format!("Next: {}", step.trim_end_matches('.')))),
            );
            said(headline, "")
        }
        None => {
            let (verdict, more) = nothing(seen, judgement, focus, wish);
            lines.extend(more);
            lines.extend(besides.first().map(|made| said(made, "Besides: ")));
            verdict
        }
    };
    lines.extend(gaps(seen, focus));
    (verdict, lines)
}

/// Says that no rule was met, with the numbers; or that none could be judged.
fn nothing(seen: &Observations, judgement: &Judgement, focus: &Focus, wish: Wanted) -> (Said, Vec<Said>) {
    let (mut judged, mut unjudged) = (Vec::new(), Vec::new());
    for area in Area::ALL.into_iter().filter(|&area| focus.includes(area)) {
        if judgement.unmet.iter().any(|rule| rule.area == area) {
            judged.push(area);
        } else if *focus != Focus::Overview || area.is_of_every_machine() {
            unjudged.push(area.label());
        }
    }
    if judged.is_empty() {
        let text = format!("No verdict: {} cannot be judged from here", unjudged.join(", "));
        return (Said::plain(text), Vec::new());
    }
    let numbers: Vec<Said> = judged.iter().filter_map(|&area| number(area, seen)).collect();
    let found = match wish {
        Wanted::Slowness => "Nothing slows this machine now",
        Wanted::Users(_) | Wanted::Trouble | Wanted::Evidence | Wanted::Beyond | Wanted::Unclear => {
            "Nothing wrong found"
        }
    };
    let among = if gaps(seen, focus).is_empty() { "" } else { " in what could be measured" };
    let found = format!("{found}{among}");
    let labels = || format!("{found} ({})", judged.iter().map(|area| area.label()).collect::<Vec<_>>().join(", "));
    let text = match numbers.as_slice() {
        [] => labels(),
        some => format!("{found}: {}", some.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join(", ")),
    };
    let mut lines: Vec<Said> = judged.iter().filter_map(|&area| shown(area, focus, seen)).collect();
    // What was asked for by name is the answer itself, where no number is.
    if numbers.is_empty() && judged.len() == 1 && !lines.is_empty() {
        return (lines.remove(0), lines);
    }
    // Of the whole machine, what every machine may be without is not worth a line.
    if !unjudged.is_empty() && *focus != Focus::Overview {
        lines.push(Said::plain(format!("Not judged: {}", unjudged.join(", "))));
    }
    let shown_by = numbers.into_iter().flat_map(|said| said.shown_by).collect();
    (Said { text, shown_by }, lines)
}

/// Returns the number that tells most of an area.
pub(crate) fn number(area: Area, seen: &Observations) -> Option<Said> {
    let fact = |measure: Measure| {
        let reading = seen.reading(measure.traits().0)?;
        reading.facts.iter().find(|fact| fact.measure == measure)
    };
    let named = || seen.mount.as_ref()?.used(seen.reading(Probe::Disks)?);
    Some(match area {
        Area::Cpu => fact(Measure::CpuBusy).map(|fact| Said::by(format!("CPU {} busy", fact.shown()), fact))?,
        Area::Memory => {
            fact(Measure::MemoryAvailable).map(|fact| Said::by(format!("{} of memory free", fact.shown()), fact))?
        }
        Area::Disk => named().or_else(|| fact(Measure::DiskUsed)).map(|fact| {
            let of = fact.subject.as_ref().map_or("disk", |subject| subject.shown.as_str());
            Said::by(format!("disk {of} {} used", fact.shown()), fact)
        })?,
        Area::Services => fact(Measure::FailedUnits).map(|fact| {
            let text =
                if fact.value == 0.0 { "no failed service".into() } else { plural(fact.value, "failed service") };
            Said::by(text, fact)
        })?,
        Area::Limits | Area::Network | Area::Logs | Area::Web => return None,
    })
}

/// Tells what was asked about by name, where no number does: listening ports, logs, pages, descriptors.
fn shown(area: Area, focus: &Focus, seen: &Observations) -> Option<Said> {
    let probe = match area {
        Area::Network if *focus != Focus::Overview => {
            let reading = seen.reading(Probe::Ports)?;
            let mut addresses: Vec<&str> =
                reading.text.lines().skip(1).take_while(|line| line.contains(':') && !line.contains(' ')).collect();
            let more = addresses.len().saturating_sub(MAX_PORTS);
            addresses.truncate(MAX_PORTS);
            let listed: Vec<String> = addresses.into_iter().map(quoted).collect();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let text = if listed.is_empty() {
                "Nothing listens".into()
            } else {
                format!("Listening: {}{more}", listed.join(", "))
            };
            return Some(Said::plain(text));
        }
        Area::Logs => Probe::Logs,
        Area::Web => Probe::Web,
        Area::Limits if *focus != Focus::Overview => Probe::Limits,
        Area::Cpu | Area::Memory | Area::Disk | Area::Services | Area::Limits | Area::Network => return None,
    };
    let line = seen.reading(probe)?.text.lines().next()?.to_owned();
    Some(Said { text: quoted(&line), shown_by: vec![(probe, line)] })
}

/// Says what bears on the question and could not be looked at; a machine may well have no groups and no systemd.
fn gaps(seen: &Observations, focus: &Focus) -> Vec<Said> {
    let bears = |probe: Probe| {
        let is_named = matches!(probe, Probe::Logs | Probe::Web | Probe::Usage);
        is_named || probe.areas().iter().any(|&area| focus.includes(area))
    };
    let mut all = Vec::new();
    for look in seen.looks.iter().filter(|look| bears(look.probe)) {
        let is_void = look.probe.is_optional() && matches!(look.reading, Err(Unreadable::Absent(_)));
        if !is_void {
            let said = |why: String| {
                let text = format!("Could not look at {}: {}", look.probe.id(), quoted(&why));
                Said { text, shown_by: vec![(look.probe, why)] }
            };
            all.extend(look.gaps().into_iter().map(said));
        }
    }
    all
}
