//! Permission requests of the agent and the answers to them.
//!
//! A request that the policy decides is answered at once; the others stay open until a person or the time answers. What
//! has an unknown shape is refused, never allowed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::line::{MAX_DENIALS, happened, text};
use super::question;
use crate::agent::describe;
use crate::agent::digest::Digest;
use crate::agent::event::{Decision, Denial, Event, MAX_UNANSWERED, Wants};
use crate::agent::names::{MAX_NAME_BYTES, is_plain};
use crate::agent::policy::{Policy, Ruling};
use crate::agent::protocol::Step;

/// Most calls that are remembered as denied.
const MAX_DENIED_CALLS: usize = 4096;

/// What the agent is told when nobody allowed it.
const DENIED: &str = "The user did not allow this. Go on without it, or say what you need it for.";

/// What the agent is told when nobody can be asked.
const NOBODY: &str =
    "Nobody can be asked now, as no prompt is being answered. Go on without it, or say what you need it for.";

/// What the agent is told when nobody has answered its questions.
const UNANSWERED: &str = "The user did not answer. Go on as you think best, or say what you need to know.";

/// What the agent is told when its plan was not accepted.
const NOT_THIS_PLAN: &str = "The user does not want this plan. Ask what to change, or make another.";

/// What the agent is told when this run may not do it at all.
const NOT_PERMITTED: &str = "This run may only read. Go on without it.";

/// An open permission request.
#[derive(Debug)]
struct Request {
    tool: String,
    input: Value,
    /// The call that it is for, where that is told.
    call: Option<String>,
    /// Whether it is for a place outside of the agent's directory.
    blocked: bool,
}

/// The permission requests of one run.
#[derive(Debug)]
pub(super) struct Requests {
    policy: Policy,
    open: BTreeMap<String, Request>,
    /// How many were put to a person, and not answered.
    unanswered: usize,
    /// What we have denied, and in which calls.
    denied: Vec<Denial>,
    denied_calls: BTreeSet<String>,
}

impl Requests {
    pub(super) fn new(policy: Policy) -> Self {
        Self { policy, open: BTreeMap::new(), unanswered: 0, denied: Vec::new(), denied_calls: BTreeSet::new() }
    }

    /// Ends them all; returns what we have denied.
    pub(super) fn close(&mut self) -> &[Denial] {
        self.open.clear();
        &self.denied
    }

    /// Notes that a call was not permitted: what is put out for it is no evidence of anything.
    pub(super) fn refused(&mut self, call: Option<&str>) {
        if let Some(call) = call.filter(|_| self.denied_calls.len() < MAX_DENIED_CALLS) {
            self.denied_calls.insert(call.to_owned());
        }
    }

    /// Whether a call was not permitted.
    pub(super) fn is_denied(&self, call: &str) -> bool {
        self.denied_calls.contains(call)
    }

    /// Takes a request: answers it, or asks.
    pub(super) fn take(&mut self, line: &Value) -> Step {
        let Some(id) = text(line, "request_id").filter(|id| !id.is_empty() && id.len() <= MAX_NAME_BYTES) else {
            return Step::default();
        };
        if !is_plain(id) {
            return refuse(id, "the id of the request is not understood");
        }
        let request = line.get("request").unwrap_or(&Value::Null);
        if text(request, "subtype") != Some("can_use_tool") {
            return refuse(id, "this client does not support the request");
        }
        let (Some(tool), Some(input @ Value::Object(_))) = (text(request, "tool_name"), request.get("input")) else {
            self.refused(text(request, "tool_use_id"));
            return deny(id, "the request was not understood");
        };
        if !is_plain(tool) {
            self.refused(text(request, "tool_use_id"));
            return deny(id, "the name of the tool is not understood");
        }
        match self.open.get(id) {
            Some(open) if open.tool == tool && open.input == *input => Step::default(),
            // The id now stands for something else, and nobody waits for an answer to what it stood for.
            Some(_) => {
                let mut step = self.forget(id);
                let asked = self.judge(id, request, tool, input);
                step.events.extend(asked.events);
                Step { reply: asked.reply, ..step }
            }
            None => self.judge(id, request, tool, input),
        }
    }

    fn judge(&mut self, id: &str, request: &Value, tool: &str, input: &Value) -> Step {
        let blocked = request.get("blocked_path").is_some_and(|path| self.policy.is_elsewhere(path));
        let call = text(request, "tool_use_id");
        let Some(wants) = question::wants(tool, input) else {
            self.refused(call);
            return deny(id, "the request was not understood, or is too long to be shown to a person");
        };
        let ruling = match question::is_for_a_person(tool, request) {
            true => Ruling::Ask,
            false => self.policy.judge(tool, input, blocked),
        };
        match ruling {
            Ruling::Allow => allow(id, input),
            Ruling::Deny => self.forbid(id, call, (tool, input), NOT_PERMITTED),
            Ruling::Ask if self.unanswered >= MAX_UNANSWERED => {
                let denied = self.forbid(id, call, (tool, input), "too many requests of this run were not answered");
                Step { events: vec![Event::AsksTooMuch], ..denied }
            }
            Ruling::Ask => {
                let call = call.map(str::to_owned);
                let open = Request { tool: tool.to_owned(), input: input.clone(), call, blocked };
                self.open.insert(id.to_owned(), open);
                self.unanswered += 1;
                let detail = describe::detail(&question::beside(tool, input));
                let digest = Some(Digest::of(tool, input));
                let grant = wants.is_permission().then(|| self.policy.grant(tool, input, blocked));
                happened([Event::Asked { id: id.to_owned(), tool: tool.to_owned(), detail, digest, grant, wants }])
            }
        }
    }

    /// Takes a request that comes while no run is under way, so that nobody can be asked: what the run may do without asking
    /// anybody it still may, and all else is denied. Returns what was.
    pub(super) fn take_unasked(&mut self, line: &Value) -> (Step, Option<Denial>) {
        let (Some(id), request) = (text(line, "request_id"), line.get("request").unwrap_or(&Value::Null)) else {
            return (Step::default(), None);
        };
        if text(request, "subtype") != Some("can_use_tool") {
            return (refuse(id, "nobody can be asked now"), None);
        }
        let tool = text(request, "tool_name").unwrap_or_default();
        let input = request.get("input").unwrap_or(&Value::Null);
        if is_plain(id) && is_plain(tool) && input.is_object() {
            if self.policy.allows_all() && !question::is_for_a_person(tool, request) {
                return (allow(id, input), None);
            }
            let denial = Denial { tool: tool.to_owned(), summary: describe::summary(input) };
            return (deny(id, NOBODY), Some(denial));
        }
        (deny(id, NOBODY), None)
    }

    /// Takes back a request that the agent itself no longer waits for.
    pub(super) fn withdraw(&mut self, line: &Value) -> Step {
        text(line, "request_id").map(|id| self.forget(id)).unwrap_or_default()
    }

    fn forget(&mut self, id: &str) -> Step {
        match self.open.remove_entry(id) {
            Some((id, _)) => happened([Event::Answered { id, decision: Decision::Deny, timed_out: false }]),
            None => Step::default(),
        }
    }

    /// Answers an open request as a person has decided, and in their words.
    pub(super) fn decide(&mut self, id: &str, decision: Decision, words: &[String]) -> Step {
        let Some(request) = self.open.remove(id) else { return Step::default() };
        self.unanswered = self.unanswered.saturating_sub(1);
        let wants = question::wants(&request.tool, &request.input).unwrap_or_default();
        match (decision, wants) {
            (Decision::Allow | Decision::AllowForSession, Wants::Answers(_)) => {
                return allow(id, &question::answered(&request.input, words));
            }
            // An answer is for one question, and a plan for one turn: neither holds for those to come.
            (Decision::AllowForSession, Wants::Plan(_)) => return allow(id, &request.input),
            (Decision::Deny, Wants::Answers(_)) => {
                self.refused(request.call.as_deref());
                return deny(id, UNANSWERED);
            }
            (Decision::Deny, Wants::Plan(_)) => {
                self.refused(request.call.as_deref());
                return deny(id, words.first().map_or(NOT_THIS_PLAN, String::as_str));
            }
            (Decision::Allow, Wants::Plan(_)) | (_, Wants::Permission) => {}
        }
        match decision {
            Decision::Allow => allow(id, &request.input),
            Decision::AllowForSession => {
                self.policy.allow_for_session(self.policy.grant(&request.tool, &request.input, request.blocked));
                allow(id, &request.input)
            }
            Decision::Deny => self.forbid(id, request.call.as_deref(), (&request.tool, &request.input), DENIED),
        }
    }

    /// Forgets what was allowed for the session.
    pub(super) fn revoke(&mut self) {
        self.policy.revoke();
    }

    /// Denies a request and remembers it for the final word.
    fn forbid(&mut self, id: &str, call: Option<&str>, (tool, input): (&str, &Value), message: &str) -> Step {
        self.refused(call);
        if self.denied.len() < MAX_DENIALS {
            self.denied.push(Denial { tool: tool.to_owned(), summary: describe::summary(input) });
        }
        deny(id, message)
    }
}

/// Asks it to give up what it is at.
pub(super) fn interrupt() -> Step {
    let request = json!({"type": "control_request", "request_id": "interrupt", "request": {"subtype": "interrupt"}});
    Step { reply: line(&request), ..Step::default() }
}

/// Returns a JSON value as one line.
pub(super) fn line(value: &Value) -> Vec<u8> {
    let mut line = value.to_string().into_bytes();
    line.push(b'\n');
    line
}

fn allow(id: &str, input: &Value) -> Step {
    success(id, &json!({"behavior": "allow", "updatedInput": input}))
}

fn deny(id: &str, message: &str) -> Step {
    success(id, &json!({"behavior": "deny", "message": message}))
}

fn success(id: &str, response: &Value) -> Step {
    respond(&json!({"subtype": "success", "request_id": id, "response": response}))
}

fn refuse(id: &str, error: &str) -> Step {
    respond(&json!({"subtype": "error", "request_id": id, "error": error}))
}

fn respond(response: &Value) -> Step {
    Step { reply: line(&json!({"type": "control_response", "response": response})), ..Step::default() }
}
