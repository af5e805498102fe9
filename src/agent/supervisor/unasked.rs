//! What a kept agent says by itself, written down until the bot has passed it on: `<state>/unasked/<run>.<number>.json`.
//!
//! The run is the one for which the agent was started, so that no two notes ever have one name; each names the last run of its
//! agent, whose chat is told. The notes outlive the agent and its supervisor; the bot removes each once it is passed on.

use std::collections::VecDeque;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::spool::write_record;
use crate::agent::run::{PROTOCOL_VERSION, RunSpec};
use crate::agent::unasked::Unasked;
use crate::wake;

/// Name of the directory of all notes, in the state directory.
pub const UNASKED: &str = "unasked";
/// Most that one agent may say by itself within an hour; with the last of them it is ended.
pub const MAX_UNASKED_AN_HOUR: usize = 12;
const HOUR: Duration = Duration::from_secs(3600);

/// One thing that an agent has said by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnaskedNote {
    /// Version of the protocol of the supervisor that wrote it.
    pub version: u32,
    /// The last run of the agent, `<task>-<attempt>`.
    pub run: String,
    /// What it has said.
    pub said: Unasked,
    /// Whether it says too much, and is ended.
    pub is_last: bool,
}

/// Where the notes of one agent go.
#[derive(Debug)]
pub(super) struct UnaskedNotes {
    state: PathBuf,
    first: String,
    run: String,
    number: u64,
    /// When the last were written.
    written: VecDeque<Instant>,
    /// What there was no room for yet.
    waiting: VecDeque<UnaskedNote>,
    is_over: bool,
}

impl UnaskedNotes {
    /// Makes ready for what the agent of a run may say.
    pub(super) fn of(spec: &RunSpec) -> Self {
        let state = spec.directory.parent().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        Self {
            state,
            first: name(spec),
            run: name(spec),
            number: 0,
            written: VecDeque::new(),
            waiting: VecDeque::new(),
            is_over: false,
        }
    }

    /// UnaskedNotes which run its agent was asked in last.
    pub(super) fn asked_in(&mut self, spec: &RunSpec) {
        self.run = name(spec);
    }

    /// Whether the agent has said too much by itself.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Writes down what the agent has said.
    pub(super) fn take(&mut self, said: Unasked, now: Instant) {
        if self.is_over {
            return;
        }
        self.written.retain(|at| now.saturating_duration_since(*at) < HOUR);
        self.written.push_back(now);
        self.is_over = self.written.len() >= MAX_UNASKED_AN_HOUR;
        let run = self.run.clone();
        self.waiting.push_back(UnaskedNote { version: PROTOCOL_VERSION, run, said, is_last: self.is_over });
        self.write();
    }

    /// Writes down what there was no room for before, and wakes the bot.
    pub(super) fn write(&mut self) {
        let mut is_any = false;
        while let Some(note) = self.waiting.front() {
            if self.write_one(note).is_err() {
                break;
            }
            self.number += 1;
            self.waiting.pop_front();
            is_any = true;
        }
        if is_any {
            wake::tap(&self.state);
        }
    }

    fn write_one(&self, note: &UnaskedNote) -> io::Result<()> {
        let directory = self.state.join(UNASKED);
        DirBuilder::new().mode(0o700).recursive(true).create(&directory)?;
        let name = format!("{}.{}.json", self.first, self.number);
        // A draft for which there was no room is in the way of the next.
        let _ = std::fs::remove_file(directory.join(format!("{name}.new")));
        write_record(&directory, &name, note)
    }
}

/// Names a run, `<task>-<attempt>`.
fn name(spec: &RunSpec) -> String {
    spec.directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Permission;

    fn said(text: &str) -> Unasked {
        Unasked { text: text.into(), denials: Vec::new() }
    }

    fn written(state: &Path) -> Vec<UnaskedNote> {
        let mut all: Vec<_> =
            std::fs::read_dir(state.join(UNASKED)).expect("notes").flatten().map(|it| it.path()).collect();
        all.sort_by_key(|path| path.to_string_lossy().rsplit('.').nth(1).and_then(|number| number.parse::<u64>().ok()));
        all.iter().map(|path| serde_json::from_slice(&std::fs::read(path).expect("a note")).expect("JSON")).collect()
    }

    #[test]
    fn an_agent_says_so_much_by_itself_within_an_hour_and_no_more() {
        let state = tempfile::tempdir().expect("a directory");
        let spec = |run: &str| RunSpec {
            directory: state.path().join("runs").join(run),
            ..RunSpec::sample("claude", Permission::Ask)
        };
        let (mut notes, now) = (UnaskedNotes::of(&spec("5pj46898-1")), Instant::now());
        notes.take(said("first"), now);
        notes.asked_in(&spec("6pj46898-1"));
        for number in 0..30 {
            notes.take(said(&number.to_string()), now);
        }
        let all = written(state.path());
        assert_eq!(
            (all.len(), all[0].run.as_str(), all[1].run.as_str()),
            (MAX_UNASKED_AN_HOUR, "5pj46898-1", "6pj46898-1")
        );
        let last: Vec<bool> = all.iter().map(|note| note.is_last).collect();
        assert!(last[MAX_UNASKED_AN_HOUR - 1] && !last[..MAX_UNASKED_AN_HOUR - 1].contains(&true) && notes.is_over());
        let mut slow = UnaskedNotes::of(&spec("7pj46898-1"));
        for hours in 0..30 {
            slow.take(said("x"), now + HOUR * hours);
        }
        assert!(!slow.is_over());
    }

    #[test]
    fn what_there_is_no_room_for_is_written_down_later() {
        let state = tempfile::tempdir().expect("a directory");
        let spec =
            RunSpec { directory: state.path().join("runs/5pj46898-1"), ..RunSpec::sample("claude", Permission::Ask) };
        std::fs::write(state.path().join(UNASKED), "in the way").expect("written");
        let mut notes = UnaskedNotes::of(&spec);
        notes.take(said("first"), Instant::now());
        std::fs::remove_file(state.path().join(UNASKED)).expect("removed");
        notes.write();
        assert_eq!(written(state.path()).len(), 1);
    }
}
