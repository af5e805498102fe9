//! What the shell completes: commands, agents, the names of sessions, and the numbers of schedules.

use crate::agent::catalogue::Catalogue;
use crate::agent::kinds;
use crate::app::App;
use crate::command::{Named, Words, complete};
use crate::store::{Store, Tx};
use crate::wiring::{self, console};

/// Sessions and schedules offered, each.
const MAX_NAMES: usize = 50;

/// Completes lines of the shell.
pub(super) struct Completer {
    store: Store,
    agents: Vec<String>,
    projects: Vec<String>,
    readers: Vec<String>,
}

impl Completer {
    pub(super) fn new(app: &App) -> Self {
        let catalogue = Catalogue::new(app.config.agents.clone(), app.variables.clone());
        Self {
            store: app.store.clone(),
            agents: catalogue.names().map(str::to_owned).collect(),
            projects: app.config.projects.keys().cloned().collect(),
            readers: wiring::readers(&app.config),
        }
    }
}

impl console::Complete for Completer {
    fn complete(&self, line: &str, cursor: usize) -> Vec<console::Completion> {
        // Who owns this machine looks after all of its schedules.
        let kept =
            |tx: &Tx<'_>| Ok((tx.sessions(Some(&wiring::console_chat()), MAX_NAMES)?, tx.schedules(None, MAX_NAMES)?));
        let (sessions, schedules) = self.store.read_blocking(kept).unwrap_or_default();
        let numbers: Vec<(String, &str)> =
            schedules.iter().map(|one| (one.id.to_string(), one.name.as_str())).collect();
        let schedules: Vec<Named<'_>> = numbers.iter().map(|(name, about)| Named { name, about }).collect();
        let sessions: Vec<Named<'_>> =
            sessions.iter().map(|session| Named { name: &session.name, about: "session" }).collect();
        let agents: Vec<&str> = self.agents.iter().map(String::as_str).collect();
        let readers: Vec<&str> = self.readers.iter().map(String::as_str).collect();
        let projects: Vec<&str> = self.projects.iter().map(String::as_str).collect();
        let words = Words {
            agents: &agents,
            models: kinds::models(),
            sessions: &sessions,
            schedules: &schedules,
            projects: &projects,
            readers: &readers,
            ..Words::default()
        };
        complete(line, cursor, &words)
            .into_iter()
            .map(|found| console::Completion {
                start: found.start,
                end: found.end,
                text: found.text,
                description: found.description,
            })
            .collect()
    }
}
