//! Incidents on recorded machines, from `tests/fixtures/host/`, told and judged as they would be live.
//!
//! A recording is one text: each file begins with a line `-- both <path> --` (or `before`, `after`, for the two ends of
//! the sampling window). `@repeat <n> <line>` stands for many lines, `@<a>..<b>` in a path for many files. Other headings
//! are `question`, `space <mount point>`, `systemctl failed-units`, `systemctl restarts`, `journalctl`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::fetch::{Page, PageAnswer};
use super::machine::{Machine, Space, Units};
use super::program::Program;
use super::root::Root;
use super::*;
use crate::agent::kinds::host::AskedBy;
use crate::clock::Timestamp;

/// When the incidents happened; four days before the recorded certificate ends.
const NOW: Timestamp = Timestamp(1_797_500_000_000);

pub(super) struct Recording {
    before: TempDir,
    after: TempDir,
    parts: BTreeMap<String, String>,
    certificate: Option<Vec<u8>>,
}

impl Recording {
    pub(super) fn of(incident: &str) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/host").join(incident);
        let text = fs::read_to_string(directory.join("machine.txt")).unwrap();
        let [before, after] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let mut parts = BTreeMap::new();
        for (heading, body) in sections(&text) {
            let trees = match heading.split_once(' ') {
                Some(("both", path)) => vec![(&before, path)],
                Some(("before", path)) => vec![(&before, path)],
                Some(("after", path)) => vec![(&after, path)],
                Some(_) | None => Vec::new(),
            };
            if trees.is_empty() {
                parts.insert(heading.clone(), body.clone());
            }
            for (tree, path) in trees {
                write(tree.path(), path, &body);
            }
            if let Some(path) = heading.strip_prefix("both ") {
                write(after.path(), path, &body);
            }
        }
        Self { before, after, parts, certificate: fs::read(directory.join("certificate.der")).ok() }
    }

    pub(super) fn machine(&self) -> Machine {
        let part = |name: &str| self.parts.get(name).cloned().unwrap_or_default();
        let (failed, restarts, journal) =
            (part("systemctl failed-units"), part("systemctl restarts"), part("journalctl"));
        let space =
            self.parts.get("space /").map_or("42949672960 30064771072 27917287424 2621440 2401002", |text| text);
        let numbers: Vec<u64> = space.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let &[total_bytes, free_bytes, available_bytes, inodes, free_inodes] = numbers.as_slice() else {
            panic!("five numbers: {numbers:?}")
        };
        let certificate = self.certificate.clone();
        Machine {
            root: Root::at(self.before.path()),
            later: Root::at(self.after.path()),
            wait: Box::new(|| Duration::from_millis(500)),
            units: Units { ticks_per_second: 100, page_bytes: 4096 },
            own_pid: None,
            space: Box::new(move |_| Ok(Space { total_bytes, free_bytes, available_bytes, inodes, free_inodes })),
            ask: Box::new(move |program| {
                Ok(match program {
                    Program::FailedUnits => failed.clone(),
                    Program::Restarts => restarts.clone(),
                    Program::Journal => journal.clone(),
                })
            }),
            fetch: Box::new(move |_| PageAnswer {
                page: Ok(Page { status: 200, body: Vec::new() }),
                took: Duration::from_millis(40),
                certificate: certificate.clone(),
                refused: None,
            }),
            now: Box::new(|| NOW),
        }
    }

    fn investigate(&self) -> (Report, Vec<Event>) {
        self.asked_by(AskedBy::Person)
    }

    fn asked_by(&self, asked_by: AskedBy) -> (Report, Vec<Event>) {
        let scope = Scope { asked_by, ..Scope::default() };
        let assignment = Assignment { question: self.parts["question"].clone(), scope, ..Assignment::default() };
        let mut events = Vec::new();
        let report = investigate(&assignment, &self.machine(), &mut |event| {
            events.push(event.clone());
            Ok(())
        });
        (report.unwrap(), events)
    }
}

fn sections(text: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --")) {
            sections.push((heading.to_owned(), String::new()));
            continue;
        }
        let (times, line) = match line.strip_prefix("@repeat ").and_then(|rest| rest.split_once(' ')) {
            Some((times, line)) => (times.parse().unwrap(), line),
            None => (1, line),
        };
        let (_, body) = sections.last_mut().expect("a heading comes first");
        body.extend(std::iter::repeat_n(format!("{line}\n"), times));
    }
    sections
}

fn write(tree: &Path, path: &str, text: &str) {
    for path in many(path) {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Expands `@<a>..<b>` in a path.
fn many(path: &str) -> Vec<PathBuf> {
    match path.split_once('@').and_then(|(front, range)| Some((front, range.split_once("..")?))) {
        Some((front, (first, end))) => {
            let range = first.parse::<u32>().unwrap()..end.parse().unwrap();
            range.map(|number| PathBuf::from(format!("{front}{number}"))).collect()
        }
        None => vec![PathBuf::from(path)],
    }
}

/// Tells an incident: the rules in order of likelihood, what to do, and the answer.
fn story(incident: &str) -> String {
    let (report, events) = Recording::of(incident).investigate();
    check(&report, &events);
    let Some(Event::Final(Final { outcome: Ok(answer), .. })) = events.last() else { panic!("no answer: {events:?}") };
    let ranked: Vec<String> =
        report.hypotheses.iter().map(|made| format!("{:.2} {} {:?}", made.score, made.rule, made.evidence)).collect();
    let cause = report.root_cause.map_or("none".into(), |made| made.rule);
    format!("root cause: {cause}; judged: {}\n{}\n\n{answer}", report.judged, ranked.join("\n"))
}

/// Holds what is true of every report: evidence is there, and its quotes stand in the output of its tool call.
fn check(report: &Report, events: &[Event]) {
    let mut outputs = BTreeMap::new();
    for event in events {
        if let Event::ToolFinished { id, output, .. } = event {
            assert_eq!(outputs.insert(id.as_str(), output.as_str()), None, "{id} ran once");
        }
    }
    let known: BTreeMap<&str, &Exhibit> = report.evidence.iter().map(|one| (one.id.as_str(), one)).collect();
    assert_eq!(known.len(), report.evidence.len(), "ids are unique");
    for id in report.hypotheses.iter().flat_map(|made| &made.evidence) {
        assert!(known.contains_key(id.as_str()), "{id}");
    }
    for one in &report.evidence {
        if let Sighting::Value { quote, .. } = &one.seen {
            assert!(outputs[one.probe.as_str()].lines().any(|line| line == quote), "{one:?}");
        }
    }
    let back: Report = serde_json::from_str(&serde_json::to_string(report).unwrap()).unwrap();
    assert_eq!((back.root_cause, back.hypotheses), (report.root_cause.clone(), report.hypotheses.clone()));
    assert_eq!(back.evidence.len(), report.evidence.len());
}

macro_rules! incidents {
    ($($test:ident: $incident:literal, $cause:expr;)*) => {$(
        #[test]
        fn $test() {
            let story = story($incident);
            let cause: Option<&str> = $cause;
            assert!(story.starts_with(&format!("root cause: {};", cause.unwrap_or("none"))), "{story}");
            insta::assert_snapshot!($incident, story);
        }
    )*};
}

incidents! {
    an_idle_machine_has_no_cause: "idle", None;
    a_process_that_burns_a_core_is_the_cause: "cpu-hog", Some("busy-process");
    a_process_that_grows_until_others_are_killed_is_the_cause: "leak-oom", Some("growing-process");
    a_log_that_fills_the_disk_is_the_cause: "full-disk", Some("growing-directory");
    a_directory_of_many_small_files_is_the_cause: "inodes", Some("crowded-directory");
    a_process_that_closes_no_files_is_the_cause: "fd-leak", Some("descriptors-used");
    a_service_that_crashes_again_and_again_is_the_cause: "crash-loop", Some("crash-loop");
    a_certificate_that_is_about_to_end_is_the_cause: "certificate", Some("certificate-ends");
}

#[test]
fn an_alert_does_not_make_us_fetch_what_it_names() {
    let recording = Recording::of("certificate");
    let (report, _) = recording.asked_by(AskedBy::Alert);
    assert_eq!(report.root_cause, None);
    let refused = report.evidence.iter().any(|one| {
        one.probe == "web" && matches!(&one.seen, Sighting::Nothing { reason } if reason.contains("agents.host.urls"))
    });
    assert!(refused, "{:?}", report.evidence);
}

#[test]
fn a_certificate_that_has_ended_is_said_to_have_ended() {
    let recording = Recording::of("certificate");
    let much_later = NOW.after(Duration::from_secs(10 * 24 * 60 * 60));
    let machine = Machine { now: Box::new(move || much_later), ..recording.machine() };
    let assignment = Assignment { question: recording.parts["question"].clone(), ..Assignment::default() };
    let report = investigate(&assignment, &machine, &mut |_| Ok(())).unwrap();
    let cause = report.root_cause.unwrap();
    assert_eq!(cause.statement, "the certificate of `https://shop.example.test/` ended 6.0 days ago");
}

#[test]
fn costly_probes_run_only_when_they_are_called_for() {
    let ran = |incident| -> Vec<String> {
        let (_, events) = Recording::of(incident).investigate();
        let id = |event: &Event| match event {
            Event::ToolFinished { id, .. } => Some(id.clone()),
            _ => None,
        };
        events.iter().filter_map(id).skip(10).collect()
    };
    assert_eq!(ran("cpu-hog"), Vec::<String>::new());
    assert_eq!(ran("full-disk"), ["growth"]);
    assert_eq!(ran("fd-leak"), ["descriptors"]);
    assert_eq!(ran("crash-loop"), ["restarts", "journal"]);
    assert_eq!(ran("certificate"), ["web"]);
}
