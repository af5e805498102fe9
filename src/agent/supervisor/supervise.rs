//! The life of one run, from the agent's start to the end of its last process, or until its agent is kept for the next.
//!
//! One thread waits for signals, output, clients and the next bound on time, and never for any one of them alone.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use super::clients::Clients;
use super::held::HeldAgent;
use super::kept::NextRun;
use super::process::Identity;
use super::signals::{Signals, rounded_up};
use super::spool::{AGENT_FILE, Spool};
use super::watch::{Due, Watch};
use super::wire::{self, Control, ExitLine};
use crate::agent::event::{Decision, Event};
use crate::agent::exit::{Bound, Cause, Ended, Exit};
use crate::agent::protocol::{Ending, Speak, Step};
use crate::agent::run::{PROTOCOL_VERSION, RunSpec};

/// One run.
pub(super) struct SupervisedRun<'a> {
    spec: RunSpec,
    signals: &'a Signals,
    spool: Spool,
    clients: Clients,
    held: HeldAgent,
    watch: Watch,
    cause: Option<Cause>,
    /// Whether the agent's own final word is kept.
    final_kept: bool,
    /// Whether it is its word on what it was asked, and none on a cancel.
    final_seen: bool,
    asks_too_much: bool,
    /// Whether that is no error.
    has_answered: bool,
    /// What an agent that was kept is told; `None` where it is to be started.
    first: Option<Step>,
    /// Whether its agent is one that was kept, and has not said a word since.
    is_handed: bool,
    /// Whether its agent is kept for the next run, once that is decided.
    kept: Option<bool>,
}

impl<'a> SupervisedRun<'a> {
    pub(super) fn new(spec: RunSpec, signals: &'a Signals, spool: Spool, clients: Clients) -> io::Result<Self> {
        let held = HeldAgent::of(&spec)?;
        Ok(Self::with(spec, signals, spool, clients, held))
    }

    /// Takes a run that was handed to an agent which was kept.
    pub(super) fn next(next: NextRun, signals: &'a Signals) -> Self {
        let NextRun { spec, spool, clients, held, step } = next;
        Self { first: Some(step), is_handed: true, ..Self::with(spec, signals, spool, clients, held) }
    }

    fn with(spec: RunSpec, signals: &'a Signals, spool: Spool, clients: Clients, mut held: HeldAgent) -> Self {
        held.notes.asked_in(&spec);
        let watch = Watch::new(spec.bounds, Instant::now());
        Self {
            spec,
            signals,
            spool,
            clients,
            held,
            watch,
            cause: None,
            final_kept: false,
            final_seen: false,
            asks_too_much: false,
            has_answered: false,
            first: None,
            is_handed: false,
            kept: None,
        }
    }

    /// Runs the agent to its end, or until it is kept, and writes down how the run ended; returns a kept agent.
    pub(super) fn supervise(mut self, unmask: impl Fn(bool)) -> Option<HeldAgent> {
        let since = Instant::now();
        match self.first.take() {
            Some(step) => self.take(step),
            None => self.begin(&unmask),
        }
        loop {
            while self.held.ended.is_none() && self.kept != Some(true) {
                self.wait();
                self.work();
                self.start_instead(&unmask);
            }
            if !self.is_to_be_renewed() {
                break;
            }
            match self.held.renew(&self.spec, self.signals) {
                Ok(()) => self.begin(&unmask),
                Err(error) => self.held.ended = Some(Ended::SpawnFailed { error: error.to_string() }),
            }
            self.is_handed = false;
        }
        let survivors = if self.kept == Some(true) { 0 } else { self.held.sweep(self.signals) };
        self.finish(since, survivors)
    }

    /// Starts the agent with its prompt.
    fn begin(&mut self, unmask: &impl Fn(bool)) {
        let prompt = std::mem::take(&mut self.spec.prompt);
        self.start(unmask, |speak| speak.open(&prompt));
    }

    /// Starts the agent, records it, and only then tells it something.
    fn start(&mut self, unmask: &impl Fn(bool), open: impl FnOnce(&mut dyn Speak) -> Step) {
        self.held.start(&self.spec, self.signals, unmask);
        let Some(pid) = self.held.agent.as_ref().map(|agent| agent.pid) else { return };
        let recorded = Identity::of(pid).and_then(|id| {
            self.held.home.as_ref().map_or(Ok(()), |home| home.inhabited(id.clone(), &self.held.first))?;
            self.spool.record(AGENT_FILE, id)
        });
        if let Err(error) = recorded {
            return self.spool_failed(&error);
        }
        let step = open(&mut *self.held.speak);
        self.take(step);
    }

    /// Starts the agent in its other way, where it has refused the first before it did anything.
    fn start_instead(&mut self, unmask: &impl Fn(bool)) {
        let left = matches!(self.held.ended, Some(Ended::Exited { .. })) && self.cause.is_none() && !self.final_kept;
        if !left || self.spec.instead.is_none() {
            return;
        }
        self.read(true);
        let stderr_tail = self.held.output.stderr_tail();
        let begun = self.held.speak.begin_instead(&stderr_tail);
        let (Some(argv), Some(step)) = (self.spec.instead.take(), begun) else { return };
        self.held.sweep(self.signals);
        self.spec.argv = argv;
        (self.held.agent, self.held.ended) = (None, None);
        self.start(unmask, |_| step);
    }

    /// Whether an agent that was kept has ended without a word: then it is nothing but a late start.
    fn is_to_be_renewed(&mut self) -> bool {
        self.held.output.measure();
        let is_lost = self.is_handed && self.cause.is_none() && !self.final_kept && self.held.ended.is_some();
        is_lost && self.held.output.stdout_bytes() == 0
    }

    /// Decides once whether the agent is kept: where it has answered and still listens. One that has failed had better be started
    /// anew, since what it lacks, such as a log-in, may be there then; unless its protocol knows that it lacks nothing.
    fn decide(&mut self) {
        if !self.final_kept || self.kept.is_some() {
            return;
        }
        let (spec, held) = (&self.spec, &mut self.held);
        let is_sound = (self.has_answered || held.speak.is_usable()) && self.cause.is_none();
        let opened = spec.keep_warm.is_some() && is_sound && held.can_be_kept() && held.waits();
        if !opened {
            held.tell(Vec::new(), true);
        }
        self.kept = Some(opened);
    }

    /// Waits until something happens or is due.
    fn wait(&self) {
        let now = Instant::now();
        let due = self.watch.next().map(|(at, _)| at.saturating_duration_since(now));
        let more = self.held.output.more.then_some(Duration::ZERO);
        let limit = [due, self.held.news.longest_wait(), more].into_iter().flatten().min();
        let limit = limit.map_or(PollTimeout::NONE, rounded_up);
        let mut fds = vec![reads_of(self.signals.as_fd()), reads_of(self.clients.listener())];
        fds.extend(self.held.news.descriptor().map(reads_of));
        let input = self.held.agent.as_ref().and_then(|agent| agent.input.wanting());
        fds.extend(input.map(|pipe| PollFd::new(pipe, PollFlags::POLLOUT)));
        fds.extend(self.clients.sockets().map(|(socket, sends)| {
            PollFd::new(socket, if sends { PollFlags::POLLIN | PollFlags::POLLOUT } else { PollFlags::POLLIN })
        }));
        // An interrupted wait is only shorter.
        let _ = poll(&mut fds, limit);
    }

    /// Does all that there is to do.
    fn work(&mut self) {
        if self.signals.drain() {
            self.cancel();
        }
        self.held.reap();
        self.held.news.take();
        let grown = self.held.output.measure();
        self.held.news.looked(grown);
        self.read(false);
        if grown {
            self.watch.output(Instant::now());
        }
        if self.held.output.bytes > self.spec.bounds.max_output_bytes {
            self.end(Cause::OutputLimit);
        }
        for control in self.clients.serve(self.spool.events_bytes()) {
            match control {
                Control::Cancel { .. } => self.cancel(),
                Control::Answer { answer } if self.watch.is_open(&answer.id, answer.digest.as_ref()) => {
                    self.answer(&answer.id, answer.decision, &answer.words, false);
                }
                Control::Revoke { .. } => self.held.speak.revoke(),
                Control::Answer { .. } | Control::Hello { .. } => {}
            }
        }
        let now = Instant::now();
        self.watch.silence(self.held.speak.silence(), now);
        while let Some((_, due)) = self.watch.next().filter(|(at, _)| *at <= now && self.held.ended.is_none()) {
            self.due(due);
        }
        self.held.note_unasked(false);
        self.decide();
        self.clients.send(self.spool.events_bytes());
    }

    fn due(&mut self, due: Due) {
        match due {
            Due::Timeout(Bound::Idle) => self.tell_no_more(),
            Due::Timeout(which) => self.end(Cause::Timeout { which }),
            Due::Unanswered(id) => self.answer(&id, Decision::Deny, &[], true),
            Due::Answered => {
                let step = self.held.speak.conclude();
                self.take(step);
                self.watch.silence(self.held.speak.silence(), Instant::now());
            }
            Due::Settle => self.end(Cause::Settled),
            Due::Unheeded => self.end(Cause::Cancelled),
            Due::Kill => {
                self.held.sweep(self.signals);
                let gone = Ended::Signalled { signal: Signal::SIGKILL as i32 };
                self.held.ended.get_or_insert(gone);
            }
        }
    }

    /// Reads what the agent wrote; `whole` reads to the end of the file.
    fn read(&mut self, whole: bool) {
        let mut steps = Vec::new();
        let read = self.held.read(whole, |_, step| steps.push(step));
        for step in steps {
            self.take(step);
        }
        if let Err(error) = read {
            self.spool_failed(&error);
        }
    }

    /// Answers an open request.
    fn answer(&mut self, id: &str, decision: Decision, words: &[String], timed_out: bool) {
        let step = self.held.speak.answer(id, decision, words);
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
                    // What an agent says on being cancelled, it may have ended its turn in the ordinary way, is no answer,
                    // and no failure of its own.
                    self.has_answered = matches!(&event, Event::Final(word) if word.outcome.is_ok());
                    let on_cancel = self.cause == Some(Cause::Cancelled);
                    self.final_kept = self.record(&event);
                    self.final_seen = self.final_kept && !on_cancel;
                }
                Event::Asked { id, .. } if !self.watch.may_ask(Instant::now()) => {
                    let denied = self.held.speak.answer(&id, Decision::Deny, &[]);
                    self.asks_too_much();
                    self.take(denied);
                }
                Event::AsksTooMuch => self.asks_too_much(),
                event => {
                    self.record(&event);
                }
            }
        }
        self.held.tell(step.reply, step.close_input);
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
        let step = if self.cause.is_none() { self.held.speak.cancel() } else { Step::default() };
        if step.reply.is_empty() {
            return self.end(Cause::Cancelled);
        }
        self.cause = Some(Cause::Cancelled);
        self.watch.asked(Instant::now());
        self.take(step);
    }

    /// Ends a run that is silent; first its input, as a program that reads all of that before it says why it cannot work
    /// says so then.
    fn tell_no_more(&mut self) {
        let cause = Cause::Timeout { which: Bound::Idle };
        if self.held.agent.as_ref().is_none_or(|agent| !agent.input.is_free()) {
            return self.end(cause);
        }
        self.cause.get_or_insert(cause);
        self.watch.asked(Instant::now());
        self.held.tell(Vec::new(), true);
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
        self.held.ask_to_end();
    }

    fn finish(mut self, since: Instant, survivors: u32) -> Option<HeldAgent> {
        let is_kept = self.kept == Some(true);
        self.held.output.measure();
        if !is_kept {
            self.read(true);
        }
        let ended = match is_kept {
            true => Ended::Kept,
            false => self.held.ended.take().unwrap_or(Ended::SpawnFailed { error: "it was not started".into() }),
        };
        let stderr_tail = self.held.output.stderr_tail();
        let by_output = self.held.answers_by_output;
        // It goes before the end is told.
        let found = self.held.answer.take().map(|place| place.read());
        if !self.final_kept {
            let by_end = by_output || found.is_some();
            if let Some(found) = found {
                self.held.speak.file(found);
            }
            let stdout_head = if by_output { self.held.output.stdout_head() } else { Vec::new() };
            let ending = Ending {
                ended: &ended,
                cause: self.cause.as_ref(),
                stdout_head: &stdout_head,
                stdout_bytes: self.held.output.stdout_bytes(),
                stderr_tail: &stderr_tail,
            };
            let last = self.held.speak.end(&ending);
            self.close_requests();
            let own = by_end && self.cause.is_none();
            let kept = self.record(&Event::Final(last).bounded());
            self.final_seen = kept && own && matches!(ended, Ended::Exited { .. });
        }
        // Where that has no room, what is shown of the answer is there all the same.
        if self.held.home.is_some() {
            let _ = self.held.output.copy_into(&self.spool);
        }
        let exit = Exit {
            version: PROTOCOL_VERSION,
            ended,
            cause: self.cause,
            final_seen: self.final_seen,
            stderr_tail,
            output_bytes: self.held.output.bytes,
            pid: self.held.agent.as_ref().map(|agent| agent.pid),
            duration_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
            survivors,
            unknown_lines: self.held.speak.unknown(),
        };
        // Where even this cannot be written, the clients are told, and a later bot finds a dead supervisor.
        let _ = self.spool.write_exit(&exit);
        self.clients.finish(self.spool.events_bytes(), &wire::line(&ExitLine { exit }));
        is_kept.then_some(self.held)
    }
}

fn reads_of(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}
