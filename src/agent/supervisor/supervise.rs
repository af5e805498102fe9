//! The life of one run, from the agent's start to the end of its last process.
//!
//! One thread waits for signals, output, clients and the next bound on time, and never for any one of them alone.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use super::clients::Clients;
use super::input::Input;
use super::launch::{self, AgentProcess};
use super::news::News;
use super::process::Identity;
use super::signals::Signals;
use super::spool::{AGENT_FILE, STDERR_FILE, STDOUT_FILE, Spool};
use super::sweep;
use super::tag;
use super::tail::Tail;
use super::watch::{Due, Watch};
use super::wire::{self, Control, ExitLine};
use crate::agent::event::{Decision, Event};
use crate::agent::exit::{Cause, Ended, Exit};
use crate::agent::kinds;
use crate::agent::protocol::{Ending, Speak, Step};
use crate::agent::run::{PROTOCOL_VERSION, RunSpec};

/// One run.
pub(super) struct SupervisedRun<'a> {
    spec: RunSpec,
    signals: &'a Signals,
    spool: Spool,
    clients: Clients,
    speak: Box<dyn Speak>,
    answers_by_output: bool,
    watch: Watch,
    output: Output,
    agent: Option<Running>,
    ended: Option<Ended>,
    cause: Option<Cause>,
    /// Whether the agent's own final word is kept.
    final_kept: bool,
    /// Whether it is its word on what it was asked, and none on a cancel.
    final_seen: bool,
    asks_too_much: bool,
}

/// The agent's process.
struct Running {
    pid: i32,
    input: Input,
    reaped: bool,
}

/// What the agent writes.
struct Output {
    stdout: File,
    stderr: File,
    tail: Tail,
    /// Whether there is more to read than was read in the last turn.
    more: bool,
    bytes: u64,
}

impl Output {
    fn create(spool: &Spool) -> io::Result<Self> {
        let (stdout, stderr) = (spool.output(STDOUT_FILE)?, spool.output(STDERR_FILE)?);
        Ok(Self { stdout, stderr, tail: Tail::new(spool.reader(STDOUT_FILE)?), more: false, bytes: 0 })
    }

    fn stdout_bytes(&self) -> u64 {
        self.stdout.metadata().map_or(0, |metadata| metadata.len())
    }

    /// Looks at the sizes; returns whether they changed.
    fn measure(&mut self) -> bool {
        let bytes = self.stdout_bytes() + self.stderr.metadata().map_or(0, |metadata| metadata.len());
        std::mem::replace(&mut self.bytes, bytes) != bytes
    }
}

impl<'a> SupervisedRun<'a> {
    pub(super) fn new(spec: RunSpec, signals: &'a Signals, spool: Spool, clients: Clients) -> io::Result<Self> {
        let output = Output::create(&spool)?;
        let kind = kinds::named(&spec.kind)
            .ok_or_else(|| io::Error::other(format!("{}: no such kind of agent", spec.kind)))?;
        let (speak, answers_by_output) = (kind.speak(&spec), kind.answers_by_output());
        let watch = Watch::new(spec.bounds, Instant::now());
        let (agent, ended, cause) = (None, None, None);
        Ok(Self {
            spec,
            signals,
            spool,
            clients,
            speak,
            answers_by_output,
            watch,
            output,
            agent,
            ended,
            cause,
            final_kept: false,
            final_seen: false,
            asks_too_much: false,
        })
    }

    /// Runs the agent to its end and writes down how it ended.
    pub(super) fn supervise(mut self, unmask: impl Fn(bool)) {
        let since = Instant::now();
        let prompt = std::mem::take(&mut self.spec.prompt);
        self.start(&unmask, |speak| speak.open(&prompt));
        drop(prompt);
        let mut news = News::of(&self.spec.directory);
        while self.ended.is_none() {
            self.wait(&news);
            self.work(&mut news);
            self.start_instead(&unmask);
        }
        let survivors = self.sweep();
        self.finish(since, survivors);
    }

    /// Starts the agent, records it, and only then gives it the prompt.
    fn start(&mut self, unmask: &impl Fn(bool), open: impl FnOnce(&mut dyn Speak) -> Step) {
        let outputs = self.output.stdout.try_clone().and_then(|out| Ok((out, self.output.stderr.try_clone()?)));
        let (stdout, stderr) = match outputs {
            Ok(outputs) => outputs,
            Err(error) => return self.ended = Some(Ended::SpawnFailed { error: error.to_string() }),
        };
        unmask(true);
        let started = self
            .signals
            .unblocked(|| tag::with(tag::of(&self.spec.directory), || launch::start(&self.spec, stdout, stderr)));
        unmask(false);
        match started.unwrap_or_else(|error| Err(Ended::SpawnFailed { error: error.to_string() })) {
            Ok(AgentProcess { pid, input }) => {
                self.agent = Some(Running { pid, input: Input::new(input), reaped: false });
                if let Err(error) = Identity::of(pid).and_then(|id| self.spool.record(AGENT_FILE, id)) {
                    return self.spool_failed(&error);
                }
                let step = open(&mut *self.speak);
                self.take(step);
            }
            Err(ended) => self.ended = Some(ended),
        }
    }

    /// Starts the agent in its other way, where it has refused the first before it did anything.
    fn start_instead(&mut self, unmask: &impl Fn(bool)) {
        let left = matches!(self.ended, Some(Ended::Exited { .. })) && self.cause.is_none() && !self.final_kept;
        if !left || self.spec.instead.is_none() {
            return;
        }
        self.read(true);
        let (Some(argv), Some(step)) = (self.spec.instead.take(), self.speak.begin_instead()) else { return };
        self.sweep();
        (self.spec.argv, self.ended) = (argv, None);
        self.start(unmask, |_| step);
    }

    /// Waits until something happens or is due.
    fn wait(&self, news: &News) {
        let now = Instant::now();
        let due = self.watch.next().map(|(at, _)| at.saturating_duration_since(now));
        let limit = [due, news.longest_wait(), self.output.more.then_some(Duration::ZERO)].into_iter().flatten().min();
        let limit = limit.map_or(PollTimeout::NONE, rounded_up);
        let mut fds = vec![reads_of(self.signals.as_fd()), reads_of(self.clients.listener())];
        fds.extend(news.descriptor().map(reads_of));
        let input = self.agent.as_ref().and_then(|agent| agent.input.wanting());
        fds.extend(input.map(|pipe| PollFd::new(pipe, PollFlags::POLLOUT)));
        fds.extend(self.clients.sockets().map(|(socket, sends)| {
            PollFd::new(socket, if sends { PollFlags::POLLIN | PollFlags::POLLOUT } else { PollFlags::POLLIN })
        }));
        // An interrupted wait is only shorter.
        let _ = poll(&mut fds, limit);
    }

    /// Does all that there is to do.
    fn work(&mut self, news: &mut News) {
        if self.signals.drain() {
            self.cancel();
        }
        if let Some(agent) = &mut self.agent {
            let (pid, ended) = (agent.pid, &mut self.ended);
            sweep::reap(&mut |reaped, status| note_end(pid, reaped, status, ended));
            agent.reaped = self.ended.is_some();
            agent.input.write();
        }
        news.take();
        let grown = self.output.measure();
        news.looked(grown);
        self.read(false);
        if grown {
            self.watch.output(Instant::now());
        }
        if self.output.bytes > self.spec.bounds.max_output_bytes {
            self.end(Cause::OutputLimit);
        }
        for control in self.clients.serve(self.spool.events_bytes()) {
            match control {
                Control::Cancel { .. } => self.cancel(),
                Control::Answer { answer } if self.watch.is_open(&answer.id, answer.digest.as_ref()) => {
                    self.answer(&answer.id, answer.decision, &answer.words, false);
                }
                Control::Revoke { .. } => self.speak.revoke(),
                Control::Answer { .. } | Control::Hello { .. } => {}
            }
        }
        let now = Instant::now();
        self.watch.silence(self.speak.silence(), now);
        while let Some((_, due)) = self.watch.next().filter(|(at, _)| *at <= now && self.ended.is_none()) {
            self.due(due);
        }
        self.clients.send(self.spool.events_bytes());
    }

    fn due(&mut self, due: Due) {
        match due {
            Due::Timeout(which) => self.end(Cause::Timeout { which }),
            Due::Unanswered(id) => self.answer(&id, Decision::Deny, &[], true),
            Due::Answered => {
                let step = self.speak.conclude();
                self.take(step);
                self.watch.silence(self.speak.silence(), Instant::now());
            }
            Due::Settle => self.end(Cause::Settled),
            Due::Unheeded => self.end(Cause::Cancelled),
            Due::Kill => {
                self.sweep();
                let gone = Ended::Signalled { signal: Signal::SIGKILL as i32 };
                self.ended.get_or_insert(gone);
            }
        }
    }

    /// Reads what the agent wrote; `whole` reads to the end of the file.
    fn read(&mut self, whole: bool) {
        if self.answers_by_output {
            return;
        }
        loop {
            let mut steps = Vec::new();
            let more = self.output.tail.read(|line| steps.push(self.speak.line(line)));
            if whole && !matches!(more, Ok(true)) {
                self.output.tail.finish(|line| steps.push(self.speak.line(line)));
            }
            for step in steps {
                self.take(step);
            }
            self.output.more = matches!(more, Ok(true));
            if let Err(error) = more {
                return self.spool_failed(&error);
            }
            if !(whole && self.output.more) {
                return;
            }
        }
    }

    /// Answers an open request.
    fn answer(&mut self, id: &str, decision: Decision, words: &[String], timed_out: bool) {
        let step = self.speak.answer(id, decision, words);
        self.record(&Event::Answered { id: id.to_owned(), decision, timed_out });
        self.take(step);
    }

    fn take(&mut self, step: Step) {
        if step.goes_on {
            self.final_seen = false;
            self.watch.goes_on(Instant::now());
        }
        for event in step.events {
            match event.bounded() {
                event @ Event::Final(_) => {
                    self.close_requests();
                    // What an agent says of its being cancelled is no answer, and no failure of its own.
                    let on_cancel = self.cause == Some(Cause::Cancelled)
                        && matches!(&event, Event::Final(word) if word.outcome.is_err());
                    self.final_kept = self.record(&event);
                    self.final_seen = self.final_kept && !on_cancel;
                }
                Event::Asked { id, .. } if !self.watch.may_ask(Instant::now()) => {
                    let denied = self.speak.answer(&id, Decision::Deny, &[]);
                    self.asks_too_much();
                    self.take(denied);
                }
                Event::AsksTooMuch => self.asks_too_much(),
                event => {
                    self.record(&event);
                }
            }
        }
        if let Some(agent) = &mut self.agent
            && (step.close_input || !step.reply.is_empty())
        {
            agent.input.push(step.reply, step.close_input);
        }
        if self.final_kept && self.watch.is_asked() {
            self.end(Cause::Cancelled);
        }
    }

    /// Says that some of what the agent asks is denied without asking; once.
    fn asks_too_much(&mut self) {
        if !std::mem::replace(&mut self.asks_too_much, true) {
            self.record(&Event::AsksTooMuch);
        }
    }

    /// Answers what nobody can answer any more.
    fn close_requests(&mut self) {
        for id in self.watch.open_requests() {
            self.record(&Event::Answered { id, decision: Decision::Deny, timed_out: false });
        }
    }

    /// Writes an event down; returns whether it is kept.
    fn record(&mut self, event: &Event) -> bool {
        self.watch.event(event, Instant::now());
        if matches!(self.cause, Some(Cause::SpoolFailed { .. })) {
            return false;
        }
        match self.spool.append(event) {
            Ok(()) => true,
            Err(error) => {
                self.spool_failed(&error);
                false
            }
        }
    }

    /// Ends the run because its files cannot be written; no other cause stands against that.
    fn spool_failed(&mut self, error: &io::Error) {
        self.cause = None;
        self.end(Cause::SpoolFailed { error: error.to_string() });
    }

    /// Asks the agent to give up, in its own way where it has one and for the first time.
    fn cancel(&mut self) {
        let step = if self.cause.is_none() { self.speak.cancel() } else { Step::default() };
        if step.reply.is_empty() {
            return self.end(Cause::Cancelled);
        }
        self.cause = Some(Cause::Cancelled);
        self.watch.asked(Instant::now());
        self.take(step);
    }

    /// Asks the agent to end; the first cause stands.
    fn end(&mut self, cause: Cause) {
        if self.cause.is_none() {
            self.cause = Some(cause);
        }
        if self.watch.is_ending() {
            return;
        }
        self.watch.ending(Instant::now());
        if let Some(agent) = self.agent.as_ref().filter(|agent| !agent.reaped) {
            let group = Pid::from_raw(agent.pid);
            // A stopped process takes the signal when it goes on.
            let _ = killpg(group, Signal::SIGTERM).and_then(|()| killpg(group, Signal::SIGCONT));
        }
    }

    /// Ends what is left of the tree; returns how many processes could not be ended.
    fn sweep(&mut self) -> u32 {
        let Some(agent) = &mut self.agent else { return 0 };
        let (pid, ended) = (agent.pid, &mut self.ended);
        let survivors = sweep::end_children(self.signals, &mut |reaped, status| note_end(pid, reaped, status, ended));
        agent.reaped = true;
        survivors
    }

    fn finish(mut self, since: Instant, survivors: u32) {
        self.output.measure();
        self.read(true);
        let ended = self.ended.take().unwrap_or(Ended::SpawnFailed { error: "it was not started".into() });
        let stderr_tail = self.spool.stderr_tail();
        if !self.final_kept {
            let stdout_head =
                if self.answers_by_output { self.spool.stdout_head().unwrap_or_default() } else { Vec::new() };
            let ending = Ending {
                ended: &ended,
                cause: self.cause.as_ref(),
                stdout_head: &stdout_head,
                stdout_bytes: self.output.stdout_bytes(),
                stderr_tail: &stderr_tail,
            };
            let last = self.speak.end(&ending);
            self.close_requests();
            let own = self.answers_by_output && self.cause.is_none();
            let kept = self.record(&Event::Final(last).bounded());
            self.final_seen = kept && own && matches!(ended, Ended::Exited { .. });
        }
        let exit = Exit {
            version: PROTOCOL_VERSION,
            ended,
            cause: self.cause,
            final_seen: self.final_seen,
            stderr_tail,
            output_bytes: self.output.bytes,
            pid: self.agent.as_ref().map(|agent| agent.pid),
            duration_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
            survivors,
        };
        // Where even this cannot be written, the clients are told, and a later bot finds a dead supervisor.
        let _ = self.spool.write_exit(&exit);
        self.clients.finish(self.spool.events_bytes(), &wire::line(&ExitLine { exit }));
    }
}

/// Returns a time-out in whole milliseconds that is not shorter, so that what is due at its end is due.
fn rounded_up(limit: Duration) -> PollTimeout {
    let millis = limit.as_nanos().div_ceil(1_000_000);
    i32::try_from(millis).ok().and_then(|millis| PollTimeout::try_from(millis).ok()).unwrap_or(PollTimeout::MAX)
}

fn reads_of(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}

/// Notes how the agent ended, if it is the process that was reaped.
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
