//! A place for runs, and what a test wants to know about them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use signalbox::agent::event::{Event, Final};
use signalbox::agent::exit::Exit;
use signalbox::agent::failure::{Failure, Unfinished};
use signalbox::agent::run::{Bounds, PROTOCOL_VERSION, RunSpec};
use signalbox::agent::supervisor::client::{Launcher, Run, RunNews};
use signalbox::agent::supervisor::mark;
use signalbox::config::Permission;
use signalbox_test_support::everyday::PATIENCE;
use signalbox_test_support::programs::{scripted_agent, signalbox};
use tempfile::TempDir;
use tokio::time::timeout;

/// No processes.
pub(crate) const NOBODY: [i32; 0] = [];

pub(crate) struct Scene {
    directory: TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn spec(&self, kind: &str, argv: &[&str], prompt: &str) -> RunSpec {
        let env = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("SCRIPTED_AGENT_LOG", self.path("log").display().to_string()),
            ("SCRIPTED_AGENT_SESSIONS", self.path("sessions").display().to_string()),
        ];
        fs::create_dir_all(self.path("sessions")).expect("a directory for sessions");
        RunSpec {
            version: PROTOCOL_VERSION,
            directory: self.path("runs/1-1"),
            argv: argv.iter().map(|&arg| arg.to_owned()).collect(),
            env: env.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<BTreeMap<_, _>>(),
            working_directory: self.path("work"),
            scratch: self.path("scratch"),
            home: None,
            answer_file: None,
            prompt: prompt.to_owned(),
            kind: kind.to_owned(),
            permission: Permission::Ask,
            grants: vec![],
            conversation: None,
            model: None,
            analysis: false,
            instead: None,
            keep_warm: None,
            bounds: Bounds {
                background: PATIENCE,
                idle: None,
                settle: PATIENCE,
                kill_grace: PATIENCE,
                approval: PATIENCE,
                max_output_bytes: 256 * 1024 * 1024,
            },
        }
    }

    /// A run whose whole output is its answer.
    pub(crate) fn text(&self, argv: &[&str], prompt: &str) -> RunSpec {
        self.spec("command", argv, prompt)
    }

    /// A run of a shell's script.
    pub(crate) fn shell(&self, script: &str) -> RunSpec {
        self.text(&["sh", "-c", script], "")
    }

    /// A run of the scripted agent, speaking like claude.
    pub(crate) fn claude(&self, prompt: &str) -> RunSpec {
        let agent = scripted_agent().display().to_string();
        self.spec("claude", &[&agent, "--input-format", "stream-json", "--session-id", "s-1"], prompt)
    }

    /// The prompts of all agents that ran here.
    pub(crate) fn prompts(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let entries = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
        entries.map(|entry| entry["prompt"].as_str().expect("a prompt").to_owned()).collect()
    }
}

impl Drop for Scene {
    /// Leaves no process behind, whatever a test did.
    fn drop(&mut self) {
        for run in fs::read_dir(self.path("runs")).into_iter().flatten().flatten() {
            for pid in living(&run.path()) {
                let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
            }
        }
    }
}

pub(crate) fn launcher() -> Launcher {
    Launcher::new(signalbox())
}

/// Follows a run to its end.
pub(crate) async fn end_of(run: &mut Run) -> (Vec<Event>, Exit) {
    let mut events = Vec::new();
    loop {
        match timeout(PATIENCE, run.next()).await.expect("the run ends in time") {
            Some(RunNews::Event(event)) => events.push(event),
            Some(RunNews::Exit(exit)) => return (events, exit),
            other => panic!("{other:?} after {events:?}"),
        }
    }
}

/// Runs to the end.
pub(crate) async fn play(spec: &RunSpec) -> (Vec<Event>, Exit) {
    let mut run = launcher().start(spec).await.expect("the run starts");
    let (events, exit) = end_of(&mut run).await;
    assert_eq!(living(&spec.directory), NOBODY, "no process of the run is left");
    (events, exit)
}

/// Waits for an event.
pub(crate) async fn until(run: &mut Run, wanted: impl Fn(&Event) -> bool) -> Event {
    loop {
        match timeout(PATIENCE, run.next()).await.expect("the event comes in time") {
            Some(RunNews::Event(event)) if wanted(&event) => return event,
            Some(RunNews::Event(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn said(text: &str) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Text { text: said } if said == text)
}

/// The final word, which is the last event and the only one of its kind.
pub(crate) fn final_word(events: &[Event]) -> &Final {
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Final(_))).count(), 1, "{events:?}");
    match events.last() {
        Some(Event::Final(word)) => word,
        other => panic!("{other:?}"),
    }
}

/// The supervisor's account of a run whose agent gave no final word.
pub(crate) fn unfinished(events: &[Event]) -> &Unfinished {
    match &final_word(events).outcome {
        Err(Failure::Seen(unfinished)) => unfinished,
        other => panic!("{other:?}"),
    }
}

/// Returns the processes that carry a run's mark.
pub(crate) fn living(run: &Path) -> Vec<i32> {
    let mark = mark(run);
    let pids = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|entry| entry == mark.as_bytes())
    })
    .collect()
}

/// Waits until a condition holds.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("in time: {what}"));
}
