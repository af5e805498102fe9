//! An agent between two runs: it waits for the next, for as long as it is kept.
//!
//! Its run has ended, with its files and its clients. A bot that wants it to go on hands it a run over the socket of its
//! [home](super::home); from when that run's directory exists, the run is this supervisor's like any other. What cannot be
//! done by this agent is refused once it is gone, so that never two of one conversation are at work.
//!
//! What the agent says by itself meanwhile is [written down](super::unasked) for the bot, and keeps it for longer; one that
//! does so again and again is ended.

use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::begin::begin;
use super::caller::{self, Caller};
use super::clients::Clients;
use super::frame::{self, KeptOrder, Ready};
use super::held::HeldAgent;
use super::process::Identity;
use super::signals::{Signals, rounded_up};
use super::spool::{AGENT_FILE, Spool};
use super::wire;
use crate::agent::protocol::Step;
use crate::agent::run::RunSpec;

/// Longest that a bot may take to say what it wants.
const SAY_LIMIT: Duration = Duration::from_secs(5);

/// A run that was handed to an agent.
pub(super) struct NextRun {
    pub(super) spec: RunSpec,
    pub(super) spool: Spool,
    pub(super) clients: Clients,
    pub(super) held: HeldAgent,
    /// What the agent is to be told.
    pub(super) step: Step,
}

/// How long an agent is silent before what it has said by itself counts as a whole.
const QUIET: Duration = Duration::from_secs(3);
/// How often one that is in the middle of something by itself is looked at when its time is over.
const AT_WORK: Duration = Duration::from_secs(10);

/// Until when an agent is kept.
struct Patience {
    /// Where that is for ever, there is no such instant.
    until: Option<Instant>,
    /// Until when it may be in the middle of something by itself.
    at_most: Option<Instant>,
    /// When what it has said counts as a whole.
    quiet: Option<Instant>,
}

impl Patience {
    fn with(held: &HeldAgent) -> Self {
        let until = Instant::now().checked_add(held.wait());
        Self { until, at_most: until.and_then(|until| until.checked_add(held.longest_run())), quiet: None }
    }

    /// Whether it is over; one at work is given time to come to an end.
    fn is_over(&mut self, held: &HeldAgent) -> bool {
        let now = Instant::now();
        let has_passed = |at: Option<Instant>| at.is_some_and(|at| now >= at);
        if !has_passed(self.until) {
            return false;
        }
        if !held.speak.is_at_work() || has_passed(self.at_most) {
            return true;
        }
        self.until = now.checked_add(AT_WORK);
        false
    }

    fn left(&self) -> Option<Duration> {
        let soonest = self.until.into_iter().chain(self.quiet).min();
        soonest.map(|at| at.saturating_duration_since(Instant::now()))
    }
}

/// Waits for the next run; `None` where the agent is gone.
pub(super) fn next(mut held: HeldAgent, signals: &Signals) -> Option<NextRun> {
    let mut patience = Patience::with(&held);
    // What it said while its run was being written down is no part of that.
    patience.quiet = Instant::now().checked_add(QUIET);
    loop {
        wait(&held, signals, patience.left());
        let is_asked_to_end = signals.drain();
        if is_asked_to_end || !hear(&mut held, &mut patience) || patience.is_over(&held) {
            held.let_go(signals);
            return None;
        }
        while let Some(stream) = held.home.as_ref().and_then(|home| home.accept()) {
            let Some((mut stream, told)) = told(stream) else { continue };
            let is_well = is_well(&mut held);
            // What it has said so far is no part of what it is asked now.
            held.note_unasked(true);
            let step = match &told {
                KeptOrder::Run(spec) if is_well && held.fits(spec) => held.speak.again(spec),
                KeptOrder::Run(_) | KeptOrder::End => None,
            };
            let (KeptOrder::Run(spec), Some(step)) = (told, step) else {
                held.let_go(signals);
                answer(&mut stream, &Ready::Gone);
                return None;
            };
            match take(&spec, &held) {
                Ok((spool, clients)) => {
                    answer(&mut stream, &Ready::Started);
                    held.output.begin_again();
                    return Some(NextRun { spec: *spec, spool, clients, held, step });
                }
                Err(error) => {
                    // It believes that it was asked, and another supervisor may have the run.
                    held.let_go(signals);
                    let exists = error.kind() == io::ErrorKind::AlreadyExists;
                    answer(&mut stream, &if exists { Ready::Exists } else { Ready::failed(&error) });
                    return None;
                }
            }
        }
    }
}

/// Waits until something happens, or it is not kept any longer.
fn wait(held: &HeldAgent, signals: &Signals, left: Option<Duration>) {
    let more = held.output.more.then_some(Duration::ZERO);
    let limit = [left, held.news.longest_wait(), more].into_iter().flatten().min();
    let limit = limit.map_or(PollTimeout::NONE, rounded_up);
    let mut fds = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
    let listener = held.home.as_ref().and_then(|home| home.listener());
    fds.extend(listener.into_iter().chain(held.news.descriptor()).map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
    let input = held.agent.as_ref().and_then(|agent| agent.input.wanting());
    fds.extend(input.map(|pipe| PollFd::new(pipe, PollFlags::POLLOUT)));
    // An interrupted wait is only shorter.
    let _ = poll(&mut fds, limit);
}

/// Takes what the agent says between runs, and keeps it for longer where that is something; returns whether it can be kept on.
fn hear(held: &mut HeldAgent, patience: &mut Patience) -> bool {
    let before = held.output.bytes;
    let is_well = is_well(held);
    let now = Instant::now();
    if held.output.bytes != before {
        patience.quiet = now.checked_add(QUIET);
    }
    let is_quiet = patience.quiet.is_some_and(|quiet| now >= quiet);
    if is_quiet {
        patience.quiet = None;
    }
    if held.note_unasked(is_quiet) {
        let quiet = patience.quiet;
        *patience = Patience { quiet, ..Patience::with(held) };
        return is_well && !held.notes.is_over() && held.waits();
    }
    held.notes.write();
    is_well
}

/// Reads what the agent has written; returns whether it can be kept on.
fn is_well(held: &mut HeldAgent) -> bool {
    held.reap();
    held.news.take();
    let grown = held.output.measure();
    held.news.looked(grown);
    // Nobody follows it now.
    let read = held.read(false, |held, step| held.tell(step.reply, step.close_input));
    let has_room = !held.output.is_full() && !held.floods();
    read.is_ok() && has_room && held.ended.is_none() && held.home.is_some()
}

/// Hears what somebody wants who may want something.
fn told(stream: UnixStream) -> Option<(UnixStream, KeptOrder)> {
    let caller = Caller::of(&stream)?;
    if caller.is_of_a_run() || !caller.runs(caller::trusted()) {
        return None;
    }
    let mut stream = stream;
    stream.set_nonblocking(false).ok()?;
    stream.set_read_timeout(Some(SAY_LIMIT)).ok()?;
    stream.set_write_timeout(Some(SAY_LIMIT)).ok()?;
    let told = frame::read_told(&mut stream).ok()??;
    Some((stream, told))
}

/// Takes a run: its directory, its socket, and who works for it.
fn take(spec: &RunSpec, held: &HeldAgent) -> io::Result<(Spool, Clients)> {
    let (spool, clients) = begin(spec, &held.first)?;
    let agent = held.agent.as_ref().ok_or(io::ErrorKind::NotFound)?;
    let recorded = Identity::of(agent.pid).and_then(|id| spool.record(AGENT_FILE, id));
    if let Err(error) = recorded {
        // Nothing was begun, so that nothing is to be found there.
        let _ = std::fs::remove_dir_all(&spec.directory);
        return Err(error);
    }
    if let Some(home) = &held.home {
        home.shut();
    }
    Ok((spool, clients))
}

/// Answers a bot; one that died is not told.
fn answer(stream: &mut UnixStream, ready: &Ready) {
    let _ = stream.write_all(&wire::line(ready));
}
