//! The bounds on time of one run, as a value: given what happened and when, what is due next.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use crate::agent::digest::Digest;
use crate::agent::event::{Event, MAX_ASKED_IN_A_MINUTE};
use crate::agent::exit::Bound;
use crate::agent::protocol::Pause;
use crate::agent::run::Bounds;

/// How long an agent that has answered may say nothing until it has no more to say.
const NO_MORE: Duration = Duration::from_secs(3);
/// How long an agent that tells what was said before may say nothing until it has told all of it.
const RECALLED: Duration = Duration::from_millis(250);
/// In which time [`MAX_ASKED_IN_A_MINUTE`] is counted.
const MINUTE: Duration = Duration::from_secs(60);

/// Longest that an agent may take to give up in its own way.
const HEEDS: Duration = Duration::from_secs(1);

/// What a bound on time asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Due {
    /// The run took too long.
    Timeout(Bound),
    /// A permission request was not answered.
    Unanswered(String),
    /// The agent has answered and says no more.
    Answered,
    /// The agent did not exit after its final word.
    Settle,
    /// The agent did not give up in its own way.
    Unheeded,
    /// The agent did not exit after SIGTERM.
    Kill,
}

/// How far the run is.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Working,
    /// The final word was seen.
    Settling(Instant),
    /// It was asked in its own way to give up.
    Asked(Instant),
    /// SIGTERM was sent.
    Ending(Instant),
}

/// Keeps the bounds of one run.
#[derive(Debug)]
pub(super) struct Watch {
    bounds: Bounds,
    started: Instant,
    active: Instant,
    phase: Phase,
    silence: Pause,
    tools: HashSet<String>,
    requests: BTreeMap<String, Request>,
    /// When a person was asked last, within the last minute.
    asked: VecDeque<Instant>,
}

/// An open permission request.
#[derive(Debug)]
struct Request {
    since: Instant,
    digest: Option<Digest>,
}

impl Watch {
    pub(super) fn new(bounds: Bounds, now: Instant) -> Self {
        Self {
            bounds,
            started: now,
            active: now,
            phase: Phase::Working,
            silence: Pause::Stuck,
            tools: HashSet::new(),
            requests: BTreeMap::new(),
            asked: VecDeque::new(),
        }
    }

    /// Notes that the agent wrote something.
    pub(super) fn output(&mut self, now: Instant) {
        self.active = now;
    }

    /// Notes what silence means from now on.
    pub(super) fn silence(&mut self, means: Pause, now: Instant) {
        if std::mem::replace(&mut self.silence, means) != means {
            self.active = now;
        }
    }

    /// Notes what happened.
    pub(super) fn event(&mut self, event: &Event, now: Instant) {
        match event {
            Event::ToolStarted { id, .. } => {
                self.tools.insert(id.clone());
            }
            Event::ToolFinished { id, .. } => {
                self.tools.remove(id);
                self.active = now;
            }
            Event::Asked { id, digest, .. } => {
                self.requests.insert(id.clone(), Request { since: now, digest: digest.clone() });
                self.asked.push_back(now);
            }
            Event::Answered { id, .. } => {
                self.requests.remove(id);
                self.active = now;
            }
            Event::Final(_) => {
                if matches!(self.phase, Phase::Working) {
                    self.phase = Phase::Settling(now);
                }
            }
            Event::Session { .. }
            | Event::Offers { .. }
            | Event::Text { .. }
            | Event::Writing { .. }
            | Event::Background { .. }
            | Event::AsksTooMuch
            | Event::Retrying { .. } => {}
        }
    }

    /// Notes that the agent goes on after its final word, so that it is not to exit yet.
    pub(super) fn goes_on(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Settling(_)) {
            self.phase = Phase::Working;
            self.active = now;
        }
    }

    /// Notes that the agent was asked in its own way to give up.
    pub(super) fn asked(&mut self, now: Instant) {
        self.phase = Phase::Asked(now);
    }

    /// Returns whether that was the last it was asked for.
    pub(super) fn is_asked(&self) -> bool {
        matches!(self.phase, Phase::Asked(_))
    }

    /// Notes that the agent was asked to end.
    pub(super) fn ending(&mut self, now: Instant) {
        self.phase = Phase::Ending(now);
    }

    /// Returns whether the agent was asked to end.
    pub(super) fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Ending(_))
    }

    /// Whether a person may be asked one thing more, so soon after what they were asked before.
    pub(super) fn may_ask(&mut self, now: Instant) -> bool {
        while self.asked.front().is_some_and(|at| now.saturating_duration_since(*at) >= MINUTE) {
            self.asked.pop_front();
        }
        self.asked.len() < MAX_ASKED_IN_A_MINUTE
    }

    /// Returns the permission requests that are open.
    pub(super) fn open_requests(&self) -> Vec<String> {
        self.requests.keys().cloned().collect()
    }

    /// Returns whether a permission request is open, and asks for what the answer is for, where that is said.
    pub(super) fn is_open(&self, request: &str, answered: Option<&Digest>) -> bool {
        let open = self.requests.get(request);
        open.is_some_and(|open| answered.is_none_or(|answered| open.digest.as_ref() == Some(answered)))
    }

    /// Returns what is due first, and when.
    pub(super) fn next(&self) -> Option<(Instant, Due)> {
        let bounds = &self.bounds;
        match self.phase {
            Phase::Ending(since) => Some((since.checked_add(bounds.kill_grace)?, Due::Kill)),
            Phase::Asked(since) => Some((since.checked_add(HEEDS.min(bounds.kill_grace))?, Due::Unheeded)),
            Phase::Settling(since) => Some((since.checked_add(bounds.settle)?, Due::Settle)),
            Phase::Working => {
                let whole = self.started.checked_add(bounds.background);
                let whole = whole.map(|at| (at, Due::Timeout(Bound::Background)));
                let oldest = self.requests.iter().min_by_key(|(_, request)| request.since);
                let request = oldest.and_then(|(id, open)| {
                    Some((open.since.checked_add(bounds.approval)?, Due::Unanswered(id.clone())))
                });
                let quiet = self.tools.is_empty() && self.requests.is_empty();
                let silent = match self.silence {
                    Pause::Stuck => bounds.idle.map(|idle| (idle, Due::Timeout(Bound::Idle))),
                    Pause::Waiting => None,
                    Pause::Owing => bounds.idle.map(|idle| (idle, Due::Answered)),
                    Pause::Recalling => Some((RECALLED, Due::Answered)),
                    Pause::Done => Some((NO_MORE.min(bounds.settle), Due::Answered)),
                };
                let silent = silent.filter(|_| quiet || self.silence == Pause::Done);
                let silent = silent.and_then(|(after, due)| Some((self.active.checked_add(after)?, due)));
                [whole, request, silent].into_iter().flatten().min_by_key(|(at, _)| *at)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::event::{Decision, Wants};
    use crate::agent::protocol::failure;
    use serde_json::json;
    use std::time::Duration;

    fn asked(id: &str, command: &str) -> Event {
        let digest = Digest::of("Bash", &json!({"command": command}));
        Event::Asked {
            id: id.into(),
            tool: "Bash".into(),
            detail: command.into(),
            digest: Some(digest),
            grant: None,
            wants: Wants::Permission,
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn watch(now: Instant) -> Watch {
        let bounds = Bounds {
            background: seconds(100),
            idle: Some(seconds(10)),
            settle: seconds(3),
            kill_grace: seconds(5),
            approval: seconds(50),
            max_output_bytes: 1,
        };
        Watch::new(bounds, now)
    }

    fn tool(id: &str) -> Event {
        Event::ToolStarted { id: id.into(), name: "Bash".into(), summary: String::new() }
    }

    #[test]
    fn an_agent_that_is_asked_to_give_up_has_a_second_and_no_more_than_the_grace() {
        let now = Instant::now();
        let mut watch = watch(now);
        watch.event(&asked("r", "ls"), now);
        watch.asked(now);
        assert_eq!(watch.next(), Some((now + seconds(1), Due::Unheeded)));
        watch.event(&Event::Final(failure("interrupted")), now);
        assert!(watch.is_asked() && !watch.is_ending());
        watch.bounds.kill_grace = Duration::from_millis(200);
        assert_eq!(watch.next(), Some((now + Duration::from_millis(200), Due::Unheeded)));
        watch.ending(now);
        assert!(!watch.is_asked());
    }

    #[test]
    fn silence_counts_only_while_no_tool_call_is_open() {
        let now = Instant::now();
        let mut watch = watch(now);
        assert_eq!(watch.next(), Some((now + seconds(10), Due::Timeout(Bound::Idle))));
        watch.output(now + seconds(4));
        assert_eq!(watch.next(), Some((now + seconds(14), Due::Timeout(Bound::Idle))));
        watch.event(&tool("1"), now);
        assert_eq!(watch.next(), Some((now + seconds(100), Due::Timeout(Bound::Background))));
        let done = Event::ToolFinished { id: "1".into(), ok: true, output: String::new() };
        watch.event(&done, now + seconds(60));
        assert_eq!(watch.next(), Some((now + seconds(70), Due::Timeout(Bound::Idle))));
    }

    #[test]
    fn silence_is_not_stuck_while_work_in_the_background_is_waited_for() {
        let now = Instant::now();
        let mut watch = watch(now);
        watch.silence(Pause::Waiting, now + seconds(1));
        assert_eq!(watch.next(), Some((now + seconds(100), Due::Timeout(Bound::Background))));
        watch.silence(Pause::Done, now + seconds(40));
        watch.silence(Pause::Done, now + seconds(41));
        assert_eq!(watch.next(), Some((now + seconds(43), Due::Answered)));
        watch.output(now + seconds(42));
        assert_eq!(watch.next(), Some((now + seconds(45), Due::Answered)));
        watch.silence(Pause::Stuck, now + seconds(43));
        assert_eq!(watch.next(), Some((now + seconds(53), Due::Timeout(Bound::Idle))));
    }

    #[test]
    fn a_word_that_is_owed_is_waited_for_and_the_answer_stands_without_it() {
        let now = Instant::now();
        let mut watch = watch(now);
        watch.silence(Pause::Owing, now + seconds(1));
        assert_eq!(watch.next(), Some((now + seconds(11), Due::Answered)));
        watch.bounds.idle = None;
        assert_eq!(watch.next(), Some((now + seconds(100), Due::Timeout(Bound::Background))));
        // What goes on after its final word has its time to exit after its last one.
        watch.event(&Event::Final(failure("x")), now + seconds(20));
        assert_eq!(watch.next(), Some((now + seconds(23), Due::Settle)));
        watch.goes_on(now + seconds(22));
        assert_eq!(watch.next(), Some((now + seconds(100), Due::Timeout(Bound::Background))));
        watch.event(&Event::Final(failure("x")), now + seconds(40));
        assert_eq!(watch.next(), Some((now + seconds(43), Due::Settle)));
        watch.ending(now + seconds(43));
        watch.goes_on(now + seconds(44));
        assert_eq!(watch.next(), Some((now + seconds(48), Due::Kill)), "what is ended stays so");
    }

    #[test]
    fn a_request_that_nobody_answers_is_due_and_silence_waits_for_it() {
        let now = Instant::now();
        let mut watch = watch(now);
        watch.event(&asked("r", "ls"), now + seconds(1));
        assert_eq!(watch.next(), Some((now + seconds(51), Due::Unanswered("r".into()))));
        assert_eq!(watch.open_requests(), ["r"]);
        let answered = Event::Answered { id: "r".into(), decision: Decision::Deny, timed_out: true };
        watch.event(&answered, now + seconds(51));
        assert_eq!(watch.next(), Some((now + seconds(61), Due::Timeout(Bound::Idle))));
    }

    #[test]
    fn a_person_is_asked_so_many_times_in_a_minute_and_no_more() {
        let now = Instant::now();
        let mut watch = watch(now);
        for number in 0..MAX_ASKED_IN_A_MINUTE {
            assert!(watch.may_ask(now + seconds(1)), "{number}");
            let at = now + seconds(if number == 0 { 0 } else { 1 });
            watch.event(&asked(&number.to_string(), "ls"), at);
            let answered = Event::Answered { id: number.to_string(), decision: Decision::Allow, timed_out: false };
            watch.event(&answered, at);
        }
        assert!(!watch.may_ask(now + seconds(59)), "answered or not");
        assert!(watch.may_ask(now + seconds(60)));
        watch.event(&asked("one", "ls"), now + seconds(60));
        assert!(!watch.may_ask(now + seconds(60)));
        assert!(watch.may_ask(now + seconds(61)));
    }

    #[test]
    fn an_answer_is_for_what_it_was_given_for() {
        let now = Instant::now();
        let mut watch = watch(now);
        watch.event(&asked("r", "cat README"), now);
        let digest = |command: &str| Digest::of("Bash", &json!({"command": command}));
        assert!(watch.is_open("r", Some(&digest("cat README"))));
        assert!(watch.is_open("r", None), "a bot of version 1 says nothing of it");
        assert!(!watch.is_open("r", Some(&digest("rm -rf /"))));
        assert!(!watch.is_open("s", None));
        watch.event(&asked("r", "rm -rf /"), now);
        assert!(!watch.is_open("r", Some(&digest("cat README"))));
    }

    #[test]
    fn after_the_final_word_only_the_exit_is_waited_for() {
        let now = Instant::now();
        let mut watch = watch(now);
        watch.event(&Event::Final(failure("x")), now);
        assert_eq!(watch.next(), Some((now + seconds(3), Due::Settle)));
        watch.ending(now + seconds(3));
        assert_eq!(watch.next(), Some((now + seconds(8), Due::Kill)));
        watch.event(&Event::Final(failure("x")), now + seconds(4));
        assert_eq!(watch.next(), Some((now + seconds(8), Due::Kill)), "an ending run stays ending");
    }
}
