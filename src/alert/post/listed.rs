//! Lists of alerts as the templates of Alertmanager and Grafana write them: state, labels, annotations, links.
//!
//! Source: <https://github.com/prometheus/alertmanager/blob/main/template/default.tmpl>,
//! <https://github.com/grafana/alerting/tree/main/templates>, read 2026-11.

use std::collections::BTreeMap;

use super::super::draft::AlertDraft;
use super::super::payload::OwnGroup;
use super::super::{Alert, Firing, MAX_ALERTS, Payload, Source, alertmanager, bounds};
use super::page::{COLOR, marked_title};

/// What begins a line with an address, and whose line it is.
const LINKS: [(&str, Option<Source>); 4] = [
    ("Source: ", None),
    ("Silence: ", Some(Source::Grafana)),
    ("Dashboard: ", Some(Source::Grafana)),
    ("Panel: ", Some(Source::Grafana)),
];
/// Longest key of a group, in bytes; it is cut there.
const MAX_KEY_BYTES: usize = 200;

/// Which part of an alert the lines belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Between,
    Labels,
    Annotations,
}

/// An alert as it is read.
#[derive(Default)]
struct Item {
    status: Firing,
    value: Option<String>,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
    links: Vec<String>,
    /// Whether something came after the labels, so that all of them are there.
    is_whole: bool,
}

/// What is read of a list so far.
struct List {
    source: Source,
    status: Option<Firing>,
    part: Part,
    value: Option<String>,
    items: Vec<Item>,
}

/// Reads a list; none where there is none, or none of its alerts is whole.
pub(super) fn read(lines: &[&str]) -> Option<Payload> {
    let mut list =
        List { source: Source::Alertmanager, status: None, part: Part::Between, value: None, items: Vec::new() };
    lines.iter().for_each(|line| list.read(line));
    let List { source, mut items, .. } = list;
    // The last may be cut in the middle of its labels; with fewer of them it would be another alert. Of what is over no more
    // may be said.
    let is_cut = lines.last().is_some_and(|line| ["…", "..."].iter().any(|mark| line.trim_end().ends_with(mark)));
    let is_over = |item: &Item| item.status == Firing::Resolved && !item.labels.is_empty() && !is_cut;
    let is_alone = items.len() == 1;
    let is_believed = |last: &Item| last.is_whole || is_alone && is_over(last);
    items.pop_if(|last| !is_believed(last));
    if items.is_empty() {
        return None;
    }
    let title = marked_title(lines);
    let told = title.map_or(0, firing_told);
    let firing = items.iter().filter(|item| item.status == Firing::Firing).count();
    let status = if told > 0 || firing > 0 { Firing::Firing } else { Firing::Resolved };
    let left_out = u32::try_from(told.saturating_sub(firing)).unwrap_or(u32::MAX);
    let group = title.map(|title| group(title, &items));
    let alerts: Vec<Alert> = items.into_iter().take(MAX_ALERTS).map(|item| item.finish(source)).collect();
    Some(Payload { alerts, group, left_out, unread: 0, status: Some(status), misplaced: false })
}

impl List {
    fn read(&mut self, line: &str) {
        let bare = line.trim();
        match bare {
            "Alerts Firing:" => self.begin(Source::Alertmanager, Firing::Firing),
            "Alerts Resolved:" => self.begin(Source::Alertmanager, Firing::Resolved),
            "**Firing**" => self.begin(Source::Grafana, Firing::Firing),
            "**Resolved**" => self.begin(Source::Grafana, Firing::Resolved),
            _ if line.starts_with(COLOR) => self.part = Part::Between,
            _ => {
                if let Some(status) = self.status {
                    self.read_within(status, line, bare);
                }
            }
        }
    }

    fn begin(&mut self, source: Source, status: Firing) {
        (self.source, self.status, self.part) = (source, Some(status), Part::Between);
    }

    fn read_within(&mut self, status: Firing, line: &str, bare: &str) {
        if bare == "Labels:" {
            self.items.push(Item { status, value: self.value.take(), ..Item::default() });
            self.part = Part::Labels;
            return;
        }
        if let Some(value) = bare.strip_prefix("Value: ").filter(|_| self.source == Source::Grafana) {
            (self.value, self.part) = (Some(value.to_owned()), Part::Between);
            return;
        }
        let Some(item) = self.items.last_mut() else { return };
        if bare == "Annotations:" {
            (item.is_whole, self.part) = (true, Part::Annotations);
            return;
        }
        let link =
            LINKS.iter().find(|(start, only)| bare.starts_with(start) && only.is_none_or(|only| only == self.source));
        if let Some((start, _)) = link {
            item.links.extend(bare.strip_prefix(start).map(str::to_owned));
            (item.is_whole, self.part) = (true, Part::Between);
            return;
        }
        if self.source == Source::Grafana && bare.starts_with("Grafana v") {
            (item.is_whole, self.part) = (true, Part::Between);
            return;
        }
        let fields = match self.part {
            Part::Labels => &mut item.labels,
            Part::Annotations => &mut item.annotations,
            Part::Between => return,
        };
        match bare
            .strip_prefix("- ")
            .and_then(|pair| pair.split_once(" = ").or_else(|| Some((pair.strip_suffix(" =")?, ""))))
        {
            Some((name, value)) => fields.push((name.to_owned(), value.to_owned())),
            // A value of several lines.
            None if !bare.is_empty() => {
                if let Some((_, value)) = fields.last_mut() {
                    value.push('\n');
                    value.push_str(line);
                }
            }
            None => {}
        }
    }
}

impl Item {
    fn finish(self, source: Source) -> Alert {
        let mut draft = AlertDraft::of(source);
        for (name, value) in self.labels {
            draft.label(&name, Some(value));
        }
        self.links.into_iter().for_each(|link| draft.link(Some(link)));
        for (name, value) in self.annotations {
            draft.link(Some(value.clone()));
            draft.annotation(&name, Some(value));
        }
        draft.annotation("value", self.value);
        draft.title(alertmanager::title(&draft));
        draft.severity(["severity", "priority", "level", "urgency"].map(|name| draft.labelled(name)));
        draft.status(Some(self.status.as_str().to_owned()));
        draft.finish()
    }
}

/// Reads how many alerts fire from `[FIRING:2]` or `[FIRING:2, RESOLVED:1]`.
fn firing_told(title: &str) -> usize {
    let rest = title.split_once("FIRING:").map_or("", |(_, rest)| rest);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().unwrap_or(0)
}

/// Returns the sender's own group: the title's values before those that its alerts merely have in common.
fn group(title: &str, items: &[Item]) -> OwnGroup {
    let values = title.split_once(']').map_or(title, |(_, rest)| rest).trim();
    let values = if values.starts_with('(') { "" } else { values.split(" (").next().unwrap_or_default().trim() };
    let is_told = |value: &str| !value.is_empty() && format!(" {values} ").contains(&format!(" {value} "));
    let first = items.first().map(|item| item.labels.as_slice()).unwrap_or_default();
    let is_common = |pair: &&(String, String)| items.iter().all(|item| item.labels.contains(pair));
    let labels = first.iter().filter(is_common).filter(|(_, value)| is_told(value));
    let labels: BTreeMap<String, String> =
        labels.map(|(name, value)| (bounds::key(name), bounds::value(value))).collect();
    let key = format!("post {values}");
    OwnGroup { key: key[..key.floor_char_boundary(MAX_KEY_BYTES)].to_owned(), labels }
}
