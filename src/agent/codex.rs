//! codex: its app server, and `codex exec` where a version refuses that.
//!
//! The app server is a program that is asked and asks, JSON-RPC by the line; what it would ask its user comes to us. `exec`
//! takes one prompt, asks nothing, and is held by its sandbox alone.

mod asked;
mod exec;
mod ground;
mod harmless;
mod inquiry;
mod item;
mod powers;
mod server;
mod shell;
mod words;

pub use inquiry::inquiry;
pub use powers::{exec_argv, server_argv};

use crate::agent::event::{Decision, Final};
use crate::agent::protocol::{Ending, Speak, Step};
use crate::agent::run::RunSpec;
use crate::agent::unasked::Unasked;
use exec::Exec;
use ground::Settings;
use server::Server;

/// A conversation with it.
#[derive(Debug)]
pub struct Codex {
    way: Way,
    prompt: String,
    resumes: bool,
}

#[derive(Debug)]
enum Way {
    Server(Box<Server>),
    Exec(Exec),
}

impl Codex {
    /// Returns a conversation that has not begun.
    #[must_use]
    pub fn new(spec: &RunSpec) -> Self {
        let settings = Settings::of(spec);
        let resumes = settings.conversation.is_some();
        Self { way: Way::Server(Box::new(Server::new(settings))), prompt: String::new(), resumes }
    }

    fn speak(&mut self) -> &mut dyn Speak {
        match &mut self.way {
            Way::Server(server) => server.as_mut(),
            Way::Exec(exec) => exec,
        }
    }
}

impl Speak for Codex {
    fn open(&mut self, prompt: &str) -> Step {
        prompt.clone_into(&mut self.prompt);
        self.speak().open(prompt)
    }

    fn line(&mut self, line: &[u8]) -> Step {
        let step = self.speak().line(line);
        if let Way::Server(server) = &self.way
            && server.is_understood()
        {
            // It is needed no more.
            self.prompt = String::new();
        }
        step
    }

    fn answer(&mut self, id: &str, decision: Decision, words: &[String]) -> Step {
        self.speak().answer(id, decision, words)
    }

    fn revoke(&mut self) {
        self.speak().revoke();
    }

    fn cancel(&mut self) -> Step {
        self.speak().cancel()
    }

    fn unasked(&mut self, is_quiet: bool) -> Option<Unasked> {
        self.speak().unasked(is_quiet)
    }

    fn is_at_work(&self) -> bool {
        matches!(&self.way, Way::Server(server) if server.is_at_work())
    }

    fn again(&mut self, spec: &RunSpec) -> Option<Step> {
        self.speak().again(spec)
    }

    fn begin_instead(&mut self, _stderr_tail: &str) -> Option<Step> {
        let Way::Server(server) = &self.way else { return None };
        if server.is_understood() {
            return None;
        }
        self.way = Way::Exec(Exec::new(self.resumes));
        let prompt = std::mem::take(&mut self.prompt);
        Some(self.speak().open(&prompt))
    }

    fn unknown(&mut self) -> u64 {
        self.speak().unknown()
    }

    fn end(&mut self, ending: &Ending<'_>) -> Final {
        self.speak().end(ending)
    }
}

#[cfg(test)]
mod tests;
