//! What codex asks its user: whether it may run a command or change files, and questions.
//!
//! A request that the permission decides is answered at once; the others stay open until a person or the time answers. What
//! has an unknown shape is refused, never allowed. "For this session" is kept by us, so that it can be taken back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::ground::{PATCH, SHELL, Settings, text};
use super::harmless::is_harmless;
use super::item::Changes;
use super::shell;
use crate::agent::describe;
use crate::agent::digest::Digest;
use crate::agent::event::{Alternative, Decision, Denial, Event, Question, Wants};
use crate::agent::grant::Grant;
use crate::agent::names::is_plain;
use crate::agent::protocol::{Step, cut};
use crate::config::Permission;

/// Most requests of one run that no person has answered; further ones are declined.
const MAX_UNANSWERED: usize = 64;
/// Most denials that a final word lists.
const MAX_DENIALS: usize = 200;
/// Most questions of one request, and most choices of one question.
const MAX_QUESTIONS: usize = 8;
/// Longest text of a question or a choice, in bytes.
const MAX_TEXT_BYTES: usize = 8 * 1024;

/// The tool that asks questions.
const ASK: &str = "AskUserQuestion";
/// Whatever else it wants leave for.
const OTHER: &str = "Permission";

/// Fields of a request that say nothing of what is asked for.
const BESIDE: [&str; 14] = [
    "approvalId",
    "availableDecisions",
    "command",
    "commandActions",
    "cwd",
    "environmentId",
    "itemId",
    "kind",
    "proposedExecpolicyAmendment",
    "proposedNetworkPolicyAmendments",
    "reason",
    "startedAtMs",
    "threadId",
    "turnId",
];

/// What is asked for.
#[derive(Debug, PartialEq)]
struct Call {
    tool: String,
    /// All of it.
    input: Value,
    /// What an allowance for the session may go by; `None` where only the very same is allowed.
    place: Option<Value>,
    /// The ids of the questions, in order; empty where leave is asked for.
    questions: Vec<String>,
    wants: Wants,
}

/// An open request.
#[derive(Debug)]
struct Request {
    /// Its id, as it is to be answered.
    id: Value,
    call: Call,
}

/// The requests of one agent.
#[derive(Debug)]
pub(super) struct CodexRequests {
    permission: Permission,
    directory: PathBuf,
    grants: Vec<Grant>,
    open: BTreeMap<String, Request>,
    unanswered: usize,
    denied: Vec<Denial>,
}

impl CodexRequests {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            permission: settings.permission,
            directory: settings.directory.clone(),
            grants: settings.grants.clone(),
            open: BTreeMap::new(),
            unanswered: 0,
            denied: Vec::new(),
        }
    }

    /// Begins a turn, in which this is allowed.
    pub(super) fn begin(&mut self, grants: &[Grant]) {
        self.grants = grants.to_vec();
    }

    /// Ends those of a turn; returns what was not permitted in it.
    pub(super) fn close(&mut self) -> Vec<Denial> {
        self.open.clear();
        self.unanswered = 0;
        std::mem::take(&mut self.denied)
    }

    pub(super) fn revoke(&mut self) {
        self.grants.clear();
    }

    /// Takes a request; `in_turn` is whether a prompt of ours is being answered.
    pub(super) fn take(&mut self, id: &Value, method: &str, params: &Value, changes: &Changes, in_turn: bool) -> Step {
        let Some(key) = key(id) else { return unsupported(id) };
        let call = match method {
            "item/commandExecution/requestApproval" => self.command(params),
            "item/fileChange/requestApproval" => change(params, changes),
            "item/tool/requestUserInput" => questions(params),
            _ => return unsupported(id),
        };
        let Some(call) = call else {
            return if method == "item/tool/requestUserInput" { unsupported(id) } else { reply(id, "decline") };
        };
        match self.open.get(&key) {
            Some(open) if open.call == call => Step::default(),
            // The id now stands for something else, and nobody waits for an answer to what it stood for.
            Some(_) => {
                let mut step = self.forget(&key);
                let asked = self.judge(key, id, call, in_turn);
                step.events.extend(asked.events);
                Step { reply: asked.reply, ..step }
            }
            None => self.judge(key, id, call, in_turn),
        }
    }

    fn judge(&mut self, key: String, id: &Value, call: Call, in_turn: bool) -> Step {
        let is_question = !call.wants.is_permission();
        if !in_turn || self.unanswered >= MAX_UNANSWERED {
            return self.forbid(id, &call);
        }
        match self.permission {
            Permission::Read if !is_question => return self.forbid(id, &call),
            Permission::All if !is_question => return reply(id, "accept"),
            Permission::Ask | Permission::Edit if self.is_granted(&call) || self.is_harmless(&call) => {
                return reply(id, "accept");
            }
            _ => {}
        }
        let (input, wants) = (&call.input, call.wants.clone());
        let detail = if is_question { String::new() } else { describe::detail(input) };
        let digest = Some(Digest::of(&call.tool, input));
        let grant = wants.is_permission().then(|| self.grant(&call));
        let asked = Event::Asked { id: key.clone(), tool: call.tool.clone(), detail, digest, grant, wants };
        self.open.insert(key, Request { id: id.clone(), call });
        self.unanswered += 1;
        Step { events: vec![asked], ..Step::default() }
    }

    /// What an answer for the session allows.
    fn grant(&self, call: &Call) -> Grant {
        let of_place = call.place.as_ref().map(|place| Grant::of(&call.tool, place, &self.directory));
        of_place.filter(|grant| !grant.is_of_one()).unwrap_or_else(|| Grant::same(&call.tool, &call.input))
    }

    fn is_granted(&self, call: &Call) -> bool {
        let covers = |grant: &Grant, input: &Value| grant.covers(&call.tool, input, &self.directory);
        call.wants.is_permission()
            && self.grants.iter().any(|grant| match (&call.place, grant.is_of_one()) {
                (_, true) => covers(grant, &call.input),
                (Some(place), false) => covers(grant, place),
                (None, false) => false,
            })
    }

    fn is_harmless(&self, call: &Call) -> bool {
        let command = call.place.as_ref().filter(|_| call.tool == SHELL).and_then(|place| text(place, "command"));
        command.is_some_and(|command| is_harmless(command, &self.directory))
    }

    /// Answers an open request as a person has decided, and in their words.
    pub(super) fn decide(&mut self, key: &str, decision: Decision, words: &[String]) -> Step {
        let Some(Request { id, call }) = self.open.remove(key) else { return Step::default() };
        self.unanswered = self.unanswered.saturating_sub(1);
        if !call.wants.is_permission() {
            let words = if decision == Decision::Deny { &[] } else { words };
            let answers = call.questions.iter().zip(words).map(|(id, words)| (id.clone(), json!({"answers": [words]})));
            let answers: Map<String, Value> = answers.collect();
            return Step { reply: line(&json!({"id": id, "result": {"answers": answers}})), ..Step::default() };
        }
        match decision {
            Decision::Allow => reply(&id, "accept"),
            Decision::AllowForSession => {
                let grant = self.grant(&call);
                if !self.grants.contains(&grant) {
                    self.grants.push(grant);
                }
                reply(&id, "accept")
            }
            Decision::Deny => self.forbid(&id, &call),
        }
    }

    /// Takes back a request that was answered elsewhere, or that the agent no longer waits for.
    pub(super) fn withdraw(&mut self, id: &Value) -> Step {
        key(id).map(|key| self.forget(&key)).unwrap_or_default()
    }

    fn forget(&mut self, key: &str) -> Step {
        match self.open.remove_entry(key) {
            Some((id, _)) => {
                let withdrawn = Event::Answered { id, decision: Decision::Deny, timed_out: false };
                Step { events: vec![withdrawn], ..Step::default() }
            }
            None => Step::default(),
        }
    }

    fn forbid(&mut self, id: &Value, call: &Call) -> Step {
        if !call.wants.is_permission() {
            return unsupported(id);
        }
        if self.denied.len() < MAX_DENIALS {
            self.denied.push(Denial { tool: call.tool.clone(), summary: describe::summary(&call.input) });
        }
        reply(id, "decline")
    }

    fn command(&self, params: &Value) -> Option<Call> {
        let mut input = other_fields(params)?;
        let is_plain = input.is_empty();
        let cwd = text(params, "cwd").filter(|cwd| *cwd != self.directory.to_string_lossy());
        if let Some(cwd) = cwd {
            input.insert("cwd".into(), json!(cwd));
        }
        if let Some(elsewhere) = text(params, "environmentId").filter(|id| *id != "local") {
            input.insert("environment".into(), json!(elsewhere));
        }
        let is_here = input.keys().all(|key| !["cwd", "environment"].contains(&key.as_str()));
        if let Some(reason) = text(params, "reason").filter(|reason| !reason.trim().is_empty()) {
            input.insert("description".into(), json!(reason));
        }
        let command = text(params, "command").map(shell::inner);
        if let Some(command) = &command {
            input.insert("command".into(), json!(command));
        }
        if input.is_empty() {
            return None;
        }
        let tool = if command.is_some() { SHELL } else { OTHER };
        let place = command.filter(|_| is_plain && is_here).map(|command| json!({"command": command}));
        Some(Call { tool: tool.into(), input: Value::Object(input), place, ..Call::leave() })
    }
}

impl Call {
    fn leave() -> Self {
        Self { tool: String::new(), input: Value::Null, place: None, questions: Vec::new(), wants: Wants::Permission }
    }
}

/// Returns the fields of a request that are not known to be beside the point.
fn other_fields(params: &Value) -> Option<Map<String, Value>> {
    let fields = params.as_object()?.iter();
    let fields = fields.filter(|(key, value)| !value.is_null() && !BESIDE.contains(&key.as_str()));
    Some(fields.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Reads a request to change files, whose changes were told before.
fn change(params: &Value, changes: &Changes) -> Option<Call> {
    let change = changes.get(text(params, "itemId")?)?;
    let mut input = other_fields(params)?;
    let is_plain = input.is_empty();
    if let Some(reason) = text(params, "reason").filter(|reason| !reason.trim().is_empty()) {
        input.insert("description".into(), json!(reason));
    }
    let (tool, place) = change.one_file().map_or((PATCH, None), |(tool, path)| (tool, Some(path)));
    input.extend(change.input());
    let place = place.filter(|_| is_plain).map(|path| json!({"file_path": path}));
    Some(Call { tool: tool.to_owned(), input: Value::Object(input), place, ..Call::leave() })
}

/// Reads all questions, or none. What is secret is nothing for a chat.
fn questions(params: &Value) -> Option<Call> {
    let asked = params.get("questions")?.as_array().filter(|asked| (1..=MAX_QUESTIONS).contains(&asked.len()))?;
    let choice = |option: &Value| {
        let label = text(option, "label").filter(|label| !label.trim().is_empty() && label.len() <= MAX_TEXT_BYTES)?;
        let about = cut(text(option, "description").unwrap_or_default(), MAX_TEXT_BYTES).to_owned();
        Some(Alternative { label: label.to_owned(), about })
    };
    let question = |asked: &Value| {
        let is_secret = asked.get("isSecret").and_then(Value::as_bool) == Some(true);
        let words = text(asked, "question").filter(|words| !words.trim().is_empty() && !is_secret)?;
        let options = asked.get("options").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let choices: Option<Vec<_>> = options.iter().take(MAX_QUESTIONS + 1).map(choice).collect();
        let choices = choices.filter(|all| all.len() <= MAX_QUESTIONS)?;
        let id = text(asked, "id").filter(|id| id.len() <= MAX_TEXT_BYTES)?.to_owned();
        Some((id, Question { text: cut(words, MAX_TEXT_BYTES).to_owned(), several: false, choices }))
    };
    let (ids, asked): (Vec<_>, Vec<_>) = asked.iter().map(question).collect::<Option<Vec<_>>>()?.into_iter().unzip();
    let input = json!({"questions": params.get("questions")});
    Some(Call { tool: ASK.into(), input, place: None, questions: ids, wants: Wants::Answers(asked) })
}

/// Returns what we call a request by its id; none for one of unknown shape.
fn key(id: &Value) -> Option<String> {
    match id {
        Value::Number(number) => Some(number.to_string()).filter(|key| is_plain(key)),
        // Never the same as a number's.
        Value::String(text) => Some(format!("s:{text}")).filter(|key| is_plain(key)),
        _ => None,
    }
}

fn reply(id: &Value, decision: &str) -> Step {
    Step { reply: line(&json!({"id": id, "result": {"decision": decision}})), ..Step::default() }
}

/// Whether a person can be asked what this request asks for.
pub(super) fn is_known_request(method: &str) -> bool {
    ["item/commandExecution/requestApproval", "item/fileChange/requestApproval", "item/tool/requestUserInput"]
        .contains(&method)
}

fn unsupported(id: &Value) -> Step {
    let error = json!({"code": -32601, "message": "this client does not support the request"});
    Step { reply: line(&json!({"id": id, "error": error})), ..Step::default() }
}

/// Returns a JSON value as one line.
pub(super) fn line(value: &Value) -> Vec<u8> {
    let mut line = value.to_string().into_bytes();
    line.push(b'\n');
    line
}
