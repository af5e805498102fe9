//! The agent itself, with all of it that may go on from one run to the next.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use super::answer::AnswerPlace;
use super::home::AgentHome;
use super::input::Input;
use super::launch::{self, AgentProcess};
use super::news::News;
use super::output::Output;
use super::signals::Signals;
use super::unasked::UnaskedNotes;
use super::{sweep, tag};
use crate::agent::exit::Ended;
use crate::agent::kinds;
use crate::agent::protocol::{Speak, Step};
use crate::agent::run::RunSpec;

/// Longest that an agent which is let go may take to leave by itself once its input is closed.
const LEAVE: Duration = Duration::from_secs(2);

/// An agent.
pub(super) struct HeldAgent {
    /// What it was started with, without the prompt.
    start: RunSpec,
    /// The directory of the run for which it was started first: its processes carry that mark.
    pub(super) first: PathBuf,
    pub(super) speak: Box<dyn Speak>,
    pub(super) answers_by_output: bool,
    pub(super) output: Output,
    pub(super) news: News,
    pub(super) agent: Option<Running>,
    pub(super) ended: Option<Ended>,
    /// Where it writes its answer, where it does. Goes with it.
    pub(super) answer: Option<AnswerPlace>,
    /// Where what it says by itself goes.
    pub(super) notes: UnaskedNotes,
    /// Where it lives, where it may be kept. Goes last.
    pub(super) home: Option<AgentHome>,
}

/// The agent's process.
pub(super) struct Running {
    pub(super) pid: i32,
    pub(super) input: Input,
    pub(super) reaped: bool,
}

impl HeldAgent {
    /// Makes ready for the agent of a run, which is not started yet.
    pub(super) fn of(spec: &RunSpec) -> io::Result<Self> {
        let (speak, answers_by_output) = speaking(spec)?;
        let home = AgentHome::of(spec);
        let directory = home.as_ref().map_or(spec.directory.as_path(), AgentHome::directory);
        Ok(Self {
            start: started(spec),
            first: spec.directory.clone(),
            speak,
            answers_by_output,
            output: Output::create(directory)?,
            news: News::of(directory),
            agent: None,
            ended: None,
            answer: AnswerPlace::of(spec)?,
            notes: UnaskedNotes::of(spec),
            home,
        })
    }

    /// Starts the agent, or another one where the one before has ended.
    pub(super) fn start(&mut self, spec: &RunSpec, signals: &Signals, unmask: impl Fn(bool)) {
        let (stdout, stderr) = match self.output.for_agent() {
            Ok(outputs) => outputs,
            Err(error) => return self.ended = Some(Ended::SpawnFailed { error: error.to_string() }),
        };
        unmask(true);
        let start = || launch::start(spec, &self.first, stdout, stderr);
        let started = signals.unblocked(|| tag::with(tag::of(&self.first), start));
        unmask(false);
        match started.unwrap_or_else(|error| Err(Ended::SpawnFailed { error: error.to_string() })) {
            Ok(AgentProcess { pid, input }) => {
                self.agent = Some(Running { pid, input: Input::new(input), reaped: false });
            }
            Err(ended) => self.ended = Some(ended),
        }
    }

    /// Makes ready to start another one for a run that was handed to this one, which has ended.
    pub(super) fn renew(&mut self, spec: &RunSpec, signals: &Signals) -> io::Result<()> {
        self.sweep(signals);
        (self.speak, self.answers_by_output) = speaking(spec)?;
        self.start = started(spec);
        self.output.begin_again();
        (self.agent, self.ended) = (None, None);
        Ok(())
    }

    /// Whether the agent was started as this run's would be, but for its prompt.
    pub(super) fn fits(&self, spec: &RunSpec) -> bool {
        let Some(conversation) = spec.conversation.as_deref() else { return false };
        let (ours, theirs) = (&self.start, spec);
        // The words that name the conversation differ: it was begun then, and is gone on with now.
        let argv = |of: &RunSpec| -> Vec<String> {
            of.argv.iter().filter(|word| !word.contains(conversation)).cloned().collect()
        };
        let same = |of: &RunSpec| {
            (of.version, of.kind.clone(), of.permission, of.model.clone(), of.analysis, of.keep_warm.is_some())
        };
        let places = |of: &RunSpec| (of.working_directory.clone(), of.scratch.clone());
        same(ours) == same(theirs)
            && places(ours) == places(theirs)
            && ours.env == theirs.env
            && argv(ours) == argv(theirs)
    }

    /// Returns how long a run may last.
    pub(super) fn longest_run(&self) -> Duration {
        self.start.bounds.background
    }

    /// Returns how long it is kept.
    pub(super) fn wait(&self) -> Duration {
        self.start.keep_warm.unwrap_or_default()
    }

    /// Whether it can be kept now.
    pub(super) fn can_be_kept(&self) -> bool {
        let is_free = self.agent.as_ref().is_some_and(|agent| !agent.reaped && agent.input.is_free());
        is_free && self.ended.is_none() && self.home.is_some() && !self.output.is_full()
    }

    /// Whether it has written more since its last run began than a run may.
    pub(super) fn floods(&self) -> bool {
        self.output.bytes > self.start.bounds.max_output_bytes
    }

    /// Takes note of children that ended.
    pub(super) fn reap(&mut self) {
        if let Some(agent) = &mut self.agent {
            let (pid, ended) = (agent.pid, &mut self.ended);
            sweep::reap(&mut |reaped, status| note_end(pid, reaped, status, ended));
            agent.reaped = self.ended.is_some();
            agent.input.write();
        }
    }

    /// Reads what the agent wrote; `whole` reads to the end of the file.
    pub(super) fn read(&mut self, whole: bool, mut take: impl FnMut(&mut Self, Step)) -> io::Result<()> {
        if self.answers_by_output {
            return Ok(());
        }
        loop {
            let (mut steps, speak) = (Vec::new(), &mut self.speak);
            let more = self.output.lines(whole, |line| steps.push(speak.line(line)));
            for step in steps {
                take(self, step);
            }
            if !(more? && whole) {
                return Ok(());
            }
        }
    }

    /// Writes down what the agent has said by itself; `is_quiet` is whether it has been silent for a while. Returns whether it
    /// has said something.
    pub(super) fn note_unasked(&mut self, is_quiet: bool) -> bool {
        // Of one that is not kept nobody expects anything more.
        let said = self.home.as_ref().and_then(|_| self.speak.unasked(is_quiet));
        match said {
            Some(said) => {
                self.notes.take(said, Instant::now());
                true
            }
            None => false,
        }
    }

    /// Says that the agent waits for a next run, from now on; returns whether it could.
    pub(super) fn waits(&mut self) -> bool {
        let (pid, wait) = (self.agent.as_ref().map(|agent| agent.pid), self.wait());
        match (pid, &mut self.home) {
            (Some(pid), Some(home)) => home.open(&self.start, pid, wait).is_ok(),
            _ => false,
        }
    }

    /// Tells the agent something.
    pub(super) fn tell(&mut self, reply: Vec<u8>, close: bool) {
        if let Some(agent) = &mut self.agent
            && (close || !reply.is_empty())
        {
            agent.input.push(reply, close);
        }
    }

    /// Asks the agent's processes to end.
    pub(super) fn ask_to_end(&self) {
        if let Some(agent) = self.agent.as_ref().filter(|agent| !agent.reaped) {
            let group = Pid::from_raw(agent.pid);
            // A stopped process takes the signal when it goes on.
            let _ = killpg(group, Signal::SIGTERM).and_then(|()| killpg(group, Signal::SIGCONT));
        }
    }

    /// Ends what is left of the tree; returns how many processes could not be ended.
    pub(super) fn sweep(&mut self, signals: &Signals) -> u32 {
        let Some(agent) = &mut self.agent else { return 0 };
        let (pid, ended) = (agent.pid, &mut self.ended);
        let survivors = sweep::end_children(signals, &mut |reaped, status| note_end(pid, reaped, status, ended));
        agent.reaped = true;
        survivors
    }

    /// Lets a kept agent go: it may leave by itself, is asked, and is ended at last with all that it has started.
    pub(super) fn let_go(mut self, signals: &Signals) {
        if let Some(home) = &self.home {
            home.shut();
        }
        self.tell(Vec::new(), true);
        self.await_end(signals, self.start.bounds.settle.min(LEAVE));
        if self.ended.is_none() {
            self.ask_to_end();
            self.await_end(signals, self.start.bounds.kill_grace);
        }
        self.sweep(signals);
        // It may have said something to the last.
        let _ = self.read(true, |_, _| {});
        self.note_unasked(true);
        self.notes.write();
    }

    fn await_end(&mut self, signals: &Signals, limit: Duration) {
        let since = Instant::now();
        self.reap();
        while self.ended.is_none()
            && let Some(left) = limit.checked_sub(since.elapsed()).filter(|left| !left.is_zero())
        {
            signals.wait(left);
            self.reap();
        }
    }
}

fn speaking(spec: &RunSpec) -> io::Result<(Box<dyn Speak>, bool)> {
    let kind =
        kinds::named(&spec.kind).ok_or_else(|| io::Error::other(format!("{}: no such kind of agent", spec.kind)))?;
    Ok((kind.speak(spec), kind.answers_by_output()))
}

fn started(spec: &RunSpec) -> RunSpec {
    RunSpec { prompt: String::new(), grants: Vec::new(), ..spec.clone() }
}

/// UnaskedNotes how the agent ended, if it is the process that was reaped.
fn note_end(agent: i32, reaped: i32, status: WaitStatus, ended: &mut Option<Ended>) {
    if reaped != agent {
        return;
    }
    *ended = match status {
        WaitStatus::Exited(_, code) => Some(Ended::Exited { code }),
        WaitStatus::Signaled(_, signal, _) => Some(Ended::Signalled { signal: signal as i32 }),
        _ => return,
    };
}
