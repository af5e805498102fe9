//! The charts of a digest: incidents by severity and tasks, over the parts of its window.

use std::time::Duration;

use signalbox_adapter::{Block, Chart, ChartKind, Plot, PlotSeries, Tone};

use super::incident::word;
use super::span;
use crate::alert::Severity;
use crate::plan::Zone;
use crate::store::{Bars, DigestWindow};

/// Fewest tasks of which a chart says more than their number.
const FEWEST_RUNS: usize = 10;

/// Draws what happened within a window, where there is something to draw.
pub(super) fn charts(bars: &Bars, window: DigestWindow, zone: Zone) -> impl Iterator<Item = Block> {
    let incidents = bars.incidents.iter().map(|(severity, counts)| series(word(*severity), tone(*severity), counts));
    let runs = [
        ("went well", Tone::Over, &bars.went_well),
        ("failed", Tone::Critical, &bars.failed),
        ("stopped", Tone::Quiet, &bars.stopped),
    ];
    let all: usize = runs.iter().map(|(_, _, counts)| counts.iter().sum::<usize>()).sum();
    let runs = runs.into_iter().filter(|(_, _, counts)| all >= FEWEST_RUNS && counts.iter().sum::<usize>() > 0);
    let runs = runs.map(|(name, tone, counts)| series(name, tone, counts)).collect();
    let drawn = [("Incidents", incidents.collect()), ("Tasks", runs)];
    let labels = labels(bars, window, zone);
    let each = bars.each;
    drawn.into_iter().filter_map(move |(what, series)| chart(what, series, labels.clone(), each)).map(Block::Chart)
}

fn chart(what: &str, series: Vec<PlotSeries>, labels: Vec<String>, each: Duration) -> Option<Chart> {
    let title = format!("{what} per {}", span(each));
    Chart::of(Plot { title, kind: ChartKind::Bar, labels, series, said: String::new() })
}

fn series(name: &str, tone: Tone, counts: &[usize]) -> PlotSeries {
    let value = |count: &usize| f64::from(u32::try_from(*count).unwrap_or(u32::MAX));
    PlotSeries { name: name.to_owned(), tone, values: counts.iter().map(value).collect() }
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Critical,
        Severity::Error => Tone::Error,
        Severity::Warning => Tone::Warning,
        Severity::Info => Tone::Info,
        Severity::Unknown => Tone::Unknown,
    }
}

/// When each part begins.
fn labels(bars: &Bars, window: DigestWindow, zone: Zone) -> Vec<String> {
    let within = window.to.since(window.from);
    let begins = |part: usize| window.from.after(bars.each * u32::try_from(part).unwrap_or(u32::MAX));
    (0..bars.went_well.len()).map(|part| zone.shows_short(begins(part), within)).collect()
}
