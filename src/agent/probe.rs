//! What a closer look at the agents' programs has found: version, way of being spoken with, log-in, models.
//!
//! A look runs the program, so that it takes a second or more: what was found is kept for as long as the program's file is the
//! same, and is looked at again in the background once it is old. What real runs have shown is kept beside it. A prompt never
//! comes by here.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::closer::{Closer, Version};
use super::event::{Event, Final};
use super::login::{Login, LoginSign};
use super::names::{MAX_MODELS, is_plain};
use super::trouble::AgentTrouble;
use super::{inquiry, kinds};
use crate::config::{Agent, Origin};

/// How old a look may be before it is done again in the background: somebody may have logged in or out.
const FRESH: Duration = Duration::from_secs(600);
/// Programs that are looked at at the same time.
const AT_ONCE: usize = 4;

/// The looks at all agents, and what their runs have shown.
#[derive(Debug)]
pub struct Probes {
    known: Arc<Mutex<Known>>,
    told: watch::Sender<()>,
    room: Arc<Semaphore>,
    under_way: Mutex<JoinSet<()>>,
}

impl Default for Probes {
    fn default() -> Self {
        Self {
            known: Arc::default(),
            told: watch::Sender::new(()),
            room: Arc::new(Semaphore::new(AT_ONCE)),
            under_way: Mutex::default(),
        }
    }
}

/// All that is known.
#[derive(Debug, Default)]
struct Known {
    looks: BTreeMap<String, Kept>,
    lessons: BTreeMap<String, Lesson>,
    open: BTreeSet<String>,
}

/// A look that was done.
#[derive(Debug)]
struct Kept {
    of: Stamp,
    at: Instant,
    found: Closer,
}

/// What the runs of an agent have shown.
#[derive(Debug, Default)]
struct Lesson {
    model: Option<String>,
    models: Vec<String>,
    login: Option<(bool, Instant)>,
}

/// By what it is seen that a program is another one: packages may give every file the same time, but not the same place on
/// the disk and the same time of its last change there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Stamp {
    path: PathBuf,
    place: (u64, u64),
    size_bytes: u64,
    times: (i64, i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Self {
        let Ok(file) = path.metadata() else { return Self { path: path.to_owned(), ..Self::default() } };
        Self {
            path: path.to_owned(),
            place: (file.dev(), file.ino()),
            size_bytes: file.len(),
            times: (file.mtime(), file.ctime(), file.ctime_nsec()),
        }
    }
}

/// A look that is under way; where it comes to nothing, another may begin.
struct Open {
    known: Arc<Mutex<Known>>,
    told: watch::Sender<()>,
    name: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        held(&self.known).open.remove(&self.name);
        self.told.send_replace(());
    }
}

/// What is kept stays good where somebody has panicked over it.
fn held<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Probes {
    /// Begins to look at an agent that is installed, unless that is known or under way.
    pub(super) fn begin(&self, name: &str, agent: &Agent, program: &Path, variables: &BTreeMap<String, String>) {
        if agent.kind.origin == Origin::BuiltIn {
            return;
        }
        let stamp = Stamp::of(program);
        {
            let mut known = held(&self.known);
            let is_fresh = |kept: &Kept| kept.of == stamp && kept.at.elapsed() < FRESH;
            if known.looks.get(name).is_some_and(is_fresh) || !known.open.insert(name.to_owned()) {
                return;
            }
        }
        let open = Open { known: Arc::clone(&self.known), told: self.told.clone(), name: name.to_owned() };
        let (agent, program) = (agent.clone(), program.to_owned());
        let (variables, room) = (variables.clone(), Arc::clone(&self.room));
        let mut under_way = held(&self.under_way);
        while under_way.try_join_next().is_some() {}
        under_way.spawn(async move {
            let Ok(_room) = room.acquire_owned().await else { return };
            let found = inquiry::look_into(&agent, &program, &variables).await;
            let kept = Kept { of: stamp, at: Instant::now(), found };
            held(&open.known).looks.insert(open.name.clone(), kept);
        });
    }

    /// Waits until something is known of each of these programs, but not for longer than `patience`.
    pub(super) async fn settle(&self, programs: &[(String, PathBuf)], patience: Duration) {
        let mut told = self.told.subscribe();
        let is_settled = || {
            let known = held(&self.known);
            programs.iter().all(|(name, path)| {
                let is_of = |kept: &Kept| kept.of == Stamp::of(path);
                !known.open.contains(name) || known.looks.get(name).is_some_and(is_of)
            })
        };
        let settling = async { while !is_settled() && told.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(patience, settling).await;
    }

    /// Returns what is known of an agent that is installed.
    pub(super) fn of(&self, name: &str, agent: &Agent, program: &Path) -> Closer {
        let known = held(&self.known);
        let look = known.looks.get(name).filter(|kept| kept.of == Stamp::of(program));
        let unasked = || Closer { version: Version::Unasked, ..Closer::default() };
        let mut closer = match look {
            _ if agent.kind.origin == Origin::BuiltIn => Closer { version: Version::BuiltIn, ..Closer::default() },
            Some(kept) => kept.found.clone(),
            None => Closer { mode: kinds::of(agent).only_mode(), ..unasked() },
        };
        let Some(lesson) = known.lessons.get(name) else { return closer };
        closer.model.clone_from(&lesson.model);
        if !lesson.models.is_empty() {
            closer.models.clone_from(&lesson.models);
        }
        let asked_since = |at: Instant| look.is_some_and(|kept| kept.at > at) && closer.login.is_by_itself();
        match lesson.login {
            Some((_, at)) if asked_since(at) => {}
            Some((true, _)) => closer.login = Login::In(LoginSign::LastRun),
            Some((false, _)) => closer.login = Login::Out(LoginSign::LastRun),
            None => {}
        }
        closer
    }

    /// Learns from something that happened in a run of an agent.
    pub fn note(&self, name: &str, event: &Event) {
        match event {
            Event::Session { model: Some(model), .. } if is_plain(model) => {
                held(&self.known).lessons.entry(name.to_owned()).or_default().model = Some(model.clone());
            }
            Event::Offers { models } if !models.is_empty() => {
                let models = models.iter().filter(|model| is_plain(model)).take(MAX_MODELS).cloned().collect();
                held(&self.known).lessons.entry(name.to_owned()).or_default().models = models;
            }
            _ => {}
        }
    }

    /// Learns from the end of a run whether somebody is logged in.
    pub fn note_end(&self, name: &str, word: Option<&Final>) {
        let is_in = match word.map(|word| &word.outcome) {
            Some(Ok(answer)) if !answer.trim().is_empty() => true,
            Some(Err(why)) if why.trouble() == Some(AgentTrouble::LoggedOut) => false,
            Some(Ok(_) | Err(_)) | None => return,
        };
        held(&self.known).lessons.entry(name.to_owned()).or_default().login = Some((is_in, Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Agents;

    /// A program that counts how often it is run.
    struct Counted {
        folder: tempfile::TempDir,
        agent: Agent,
        probes: Probes,
    }

    impl Counted {
        fn new(does: &str) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let mut agent = Agents::of(&kinds::statements()).by_name["gemini"].clone();
            agent.command = vec![folder.path().join("gemini").to_string_lossy().into_owned()];
            let it = Self { folder, agent, probes: Probes::default() };
            it.install(does);
            it
        }

        fn program(&self) -> PathBuf {
            self.folder.path().join("gemini")
        }

        /// Puts another file in its place, as an update does, by a process of its own: a file that is open for writing here
        /// is so, too, in whatever another test starts just then, and cannot be run.
        fn install(&self, does: &str) {
            let (new, runs) = (self.folder.path().join("new"), self.folder.path().join("runs"));
            let script = format!("#!/bin/sh\necho >> {}\n{does}\n", runs.display());
            let mut install = std::process::Command::new("sh");
            install.args(["-c", r#"printf %s "$1" > "$2" && chmod 755 "$2" && mv "$2" "$3""#, "install", &script]);
            let status = install.args([&new, &self.program()]).status().expect("it runs");
            assert!(status.success(), "it is in its place");
        }

        async fn look(&self) -> Closer {
            let (variables, program) = (std::env::vars().collect(), self.program());
            self.probes.begin("gemini", &self.agent, &program, &variables);
            self.probes.settle(&[("gemini".to_owned(), program.clone())], Duration::from_secs(20)).await;
            self.probes.of("gemini", &self.agent, &program)
        }

        fn runs(&self) -> usize {
            std::fs::read_to_string(self.folder.path().join("runs")).map_or(0, |runs| runs.lines().count())
        }
    }

    #[tokio::test]
    async fn a_program_is_asked_once_and_again_where_it_is_another() {
        let it = Counted::new("echo 0.61.0");
        assert_eq!(it.look().await.version, Version::Reported("0.61.0".into()));
        assert_eq!((it.look().await.version, it.runs()), (Version::Reported("0.61.0".into()), 1));
        it.install("echo 0.62.0");
        assert_eq!((it.look().await.version, it.runs()), (Version::Reported("0.62.0".into()), 2));
    }

    #[tokio::test]
    async fn who_has_no_patience_is_told_that_it_is_being_asked() {
        let it = Counted::new("exec sleep 60");
        it.probes.begin("gemini", &it.agent, &it.program(), &std::env::vars().collect());
        it.probes.settle(&[("gemini".to_owned(), it.program())], Duration::ZERO).await;
        assert_eq!(it.probes.of("gemini", &it.agent, &it.program()).version, Version::Unasked);
    }

    #[tokio::test]
    async fn what_a_run_has_shown_counts_until_the_program_itself_says_otherwise() {
        let it = Counted::new("echo 0.61.0");
        it.probes.note("gemini", &Event::Session { id: "1".into(), model: Some("gemini-3-pro".into()) });
        it.probes.note("gemini", &Event::Offers { models: vec!["gemini-3-pro".into(), "a b".into(), "flash".into()] });
        it.probes.note_end("gemini", Some(&Final::new(Err("no key (status 401)".into()))));
        let seen = it.look().await;
        assert_eq!(seen.login, Login::Out(LoginSign::LastRun));
        assert_eq!(
            (seen.model.as_deref(), seen.models),
            (Some("gemini-3-pro"), vec!["gemini-3-pro".into(), "flash".into()])
        );
        it.probes.note_end("gemini", Some(&Final::new(Ok("done".into()))));
        it.probes.note_end("gemini", Some(&Final::new(Err("it broke".into()))));
        assert_eq!(
            it.look().await.login,
            Login::In(LoginSign::LastRun),
            "a failure of another kind says nothing of it"
        );
    }
}
