//! `codex app-server`: one thread of its, turn after turn.

use serde_json::{Value, json};

use super::asked::{CodexRequests, is_known_request, line};
use super::exec::last_words;
use super::ground::{Settings, text};
use super::item::{self, Changes};
use super::{powers, words};
use crate::agent::event::{Decision, Event, Final, Usage};
use crate::agent::names::is_plain;
use crate::agent::pieces::WritingPieces;
use crate::agent::protocol::{self, Ending, PlainWords, Speak, Step};
use crate::agent::run::RunSpec;
use crate::agent::trouble::is_unknown_session;
use crate::agent::unasked::Unasked;

/// Ids of what we ask it before the first turn.
const INITIALIZE: u64 = 1;
const THREAD: u64 = 2;

/// What it tells of, as far as it is known: how its methods begin.
const NOTIFIED: [&str; 13] = [
    "account/",
    "app/",
    "configWarning",
    "deprecationNotice",
    "error",
    "item/",
    "mcpServer/",
    "model/",
    "remoteControl/",
    "serverRequest/",
    "thread/",
    "turn/",
    "warning",
];

/// How far a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has not said yet that it is what we take it for.
    Greeting,
    /// It was asked for a thread.
    Opening,
    /// It answers a prompt.
    InTurn,
    /// It has answered, and may be asked again.
    Resting,
    /// There is nothing more to say.
    Over,
}

/// A conversation with it.
#[derive(Debug)]
pub(super) struct Server {
    settings: Settings,
    stage: Stage,
    prompt: String,
    thread: String,
    /// The last id that we have given to a request of ours.
    last_id: u64,
    /// The request that began the turn, and the turn's own id.
    turn_request: u64,
    turn: Option<String>,
    turn_before: Option<String>,
    is_cancelled: bool,
    requests: CodexRequests,
    changes: Changes,
    writing: WritingPieces,
    answer: String,
    error: Option<String>,
    /// Tokens of the thread before this turn, read and written.
    before: Option<(u64, u64)>,
    usage: Usage,
    plain: PlainWords,
    /// What it says in turns of its own, and which it is in.
    own: Unasked,
    own_turn: Option<String>,
}

impl Server {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            requests: CodexRequests::new(&settings),
            settings,
            stage: Stage::Greeting,
            prompt: String::new(),
            thread: String::new(),
            last_id: THREAD,
            turn_request: 0,
            turn: None,
            turn_before: None,
            is_cancelled: false,
            changes: Changes::default(),
            writing: WritingPieces::default(),
            answer: String::new(),
            error: None,
            before: None,
            usage: Usage::default(),
            plain: PlainWords::default(),
            own: Unasked::default(),
            own_turn: None,
        }
    }

    /// Whether it has turned out to be what we take it for.
    pub(super) fn is_understood(&self) -> bool {
        self.stage != Stage::Greeting
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Takes its answer to a request of ours.
    fn response(&mut self, id: u64, message: &Value) -> Step {
        let result = message.get("result").ok_or_else(|| message.get("error").map(words::error).unwrap_or_default());
        match (id, self.stage, result) {
            (INITIALIZE, Stage::Greeting, Ok(_)) => {
                self.stage = Stage::Opening;
                Step {
                    reply: [line(&json!({"method": "initialized"})), line(&self.ask_for_thread())].concat(),
                    ..Step::default()
                }
            }
            // It is none that we know how to speak with; its other way is left.
            (INITIALIZE, Stage::Greeting, Err(words)) => {
                self.error = Some(words);
                Step { close_input: true, ..Step::default() }
            }
            (THREAD, Stage::Opening, Ok(opened)) => self.open_thread(opened),
            (THREAD, Stage::Opening, Err(words)) => self.give_up(words),
            (id, Stage::InTurn, Ok(begun)) if id == self.turn_request => {
                let turn = begun.get("turn").and_then(|turn| text(turn, "id"));
                self.turn = turn.map(str::to_owned).or(self.turn.take());
                Step::default()
            }
            (id, Stage::InTurn, Err(words)) if id == self.turn_request => {
                let word = protocol::failure(words);
                self.finish(word)
            }
            _ => Step::default(),
        }
    }

    fn ask_for_thread(&self) -> Value {
        let Settings { permission, directory, conversation, model, .. } = &self.settings;
        let mut params = json!({
            "cwd": directory,
            "approvalPolicy": powers::approvals(*permission),
            "sandbox": powers::sandbox(*permission),
        });
        if let Some(model) = model {
            params["model"] = json!(model);
        }
        match conversation {
            Some(id) => {
                params["threadId"] = json!(id);
                params["excludeTurns"] = json!(true);
                json!({"id": THREAD, "method": "thread/resume", "params": params})
            }
            None => json!({"id": THREAD, "method": "thread/start", "params": params}),
        }
    }

    fn open_thread(&mut self, opened: &Value) -> Step {
        // An id that is none, such as `--x`, would be an option of the next run.
        let id = opened.get("thread").and_then(|thread| text(thread, "id")).filter(|id| is_plain(id));
        let Some(id) = id.map(str::to_owned) else { return self.give_up("thread without an id".to_owned()) };
        if let Some(excess) = powers::excess(opened, self.settings.permission) {
            return self.give_up(format!("codex is set to more than this run may do ({excess})"));
        }
        let session = Event::Session { id: id.clone(), model: text(opened, "model").map(str::to_owned) };
        self.thread = id;
        let prompt = std::mem::take(&mut self.prompt);
        let step = self.begin_turn(&prompt);
        Step { events: vec![session], ..step }
    }

    fn begin_turn(&mut self, prompt: &str) -> Step {
        self.stage = Stage::InTurn;
        self.turn_request = self.next_id();
        let input = json!([{"type": "text", "text": prompt}]);
        let mut params = json!({"threadId": self.thread, "input": input});
        if let Some(model) = &self.settings.model {
            params["model"] = json!(model);
        }
        if self.settings.analysis {
            params["outputSchema"] = powers::analysis_schema();
        }
        let ask = json!({"id": self.turn_request, "method": "turn/start", "params": params});
        Step { reply: line(&ask), ..Step::default() }
    }

    fn interrupt(&mut self) -> Step {
        let Some(turn) = self.turn.clone() else { return Step::default() };
        let id = self.next_id();
        let params = json!({"threadId": self.thread, "turnId": turn});
        Step { reply: line(&json!({"id": id, "method": "turn/interrupt", "params": params})), ..Step::default() }
    }

    /// Ends a conversation that has not come to a turn.
    fn give_up(&mut self, words: String) -> Step {
        self.stage = Stage::Over;
        let word = Final { unknown_session: is_unknown_session(&words), ..protocol::failure(words) };
        Step { events: vec![Event::Final(word)], close_input: true, ..Step::default() }
    }

    /// Ends a turn.
    fn finish(&mut self, word: Final) -> Step {
        let is_kept = self.settings.is_kept && !self.is_cancelled;
        self.stage = if is_kept { Stage::Resting } else { Stage::Over };
        let word = Final { usage: self.usage, denials: self.requests.close(), ..word };
        Step { events: vec![Event::Final(word)], close_input: !is_kept, ..Step::default() }
    }

    /// Whether something is told of the turn that is being answered.
    fn is_of_turn(&mut self, params: &Value) -> bool {
        let turn = text(params, "turnId").or_else(|| params.get("turn").and_then(|turn| text(turn, "id")));
        let Some(turn) = turn else { return self.stage == Stage::InTurn };
        if self.stage != Stage::InTurn || self.turn_before.as_deref() == Some(turn) {
            return false;
        }
        match &self.turn {
            Some(own) => own == turn,
            None => true,
        }
    }

    fn notification(&mut self, method: &str, params: &Value) -> Step {
        if method == "serverRequest/resolved" {
            return params.get("requestId").map(|id| self.requests.withdraw(id)).unwrap_or_default();
        }
        let item = params.get("item").unwrap_or(&Value::Null);
        // Helpers of the agent have threads of their own, and ask to change files too.
        match method {
            "item/started" => self.changes.begin(item),
            "item/completed" => text(item, "id").into_iter().for_each(|id| self.changes.end(id)),
            _ => {}
        }
        let is_own = text(params, "threadId").is_none_or(|thread| thread == self.thread);
        if is_own && method == "thread/tokenUsage/updated" {
            self.charge(params);
            return Step::default();
        }
        if is_own && self.stage == Stage::Resting {
            self.take_own(method, params, item);
        }
        if !is_own || !self.is_of_turn(params) {
            return Step::default();
        }
        match method {
            "turn/started" => {
                let turn = params.get("turn").and_then(|turn| text(turn, "id"));
                self.turn = self.turn.take().or(turn.map(str::to_owned));
                Step::default()
            }
            "item/started" => {
                if text(item, "type") == Some("agentMessage") {
                    self.writing.begin();
                }
                happened(item::started(item))
            }
            "item/agentMessage/delta" => happened(self.writing.push(text(params, "delta").unwrap_or_default())),
            "item/completed" if text(item, "type") == Some("agentMessage") => {
                self.writing.begin();
                let said = text(item, "text").filter(|said| !said.trim().is_empty());
                if let Some(said) = said {
                    said.clone_into(&mut self.answer);
                }
                happened(said.map(|said| Event::Text { text: said.to_owned() }))
            }
            "item/completed" => happened(item::finished(item)),
            "error" => self.take_error(params),
            "turn/completed" => match params.get("turn").filter(|turn| text(turn, "status").is_some()) {
                Some(turn) => self.end_turn(turn),
                None => Step::default(),
            },
            _ => Step::default(),
        }
    }

    /// Takes what it says in a turn that it has begun by itself; a turn that was asked for is over.
    fn take_own(&mut self, method: &str, params: &Value, item: &Value) {
        let turn = text(params, "turnId").or_else(|| params.get("turn").and_then(|turn| text(turn, "id")));
        let Some(turn) = turn.filter(|turn| self.turn.as_deref() != Some(turn)) else { return };
        match method {
            "turn/started" => self.own_turn = Some(turn.to_owned()),
            "item/completed"
                if self.own_turn.as_deref() == Some(turn) && text(item, "type") == Some("agentMessage") =>
            {
                self.own.say(text(item, "text").unwrap_or_default());
            }
            "turn/completed" if self.own_turn.as_deref() == Some(turn) => self.own_turn = None,
            _ => {}
        }
    }

    /// Takes how much the thread has used: what it had before the turn is known by the first of these at the latest.
    fn charge(&mut self, params: &Value) {
        let used = params.get("tokenUsage").unwrap_or(&Value::Null);
        let count = |whose: &str, key: &str| used.get(whose)?.get(key)?.as_u64();
        let both = |whose: &str| Some((count(whose, "inputTokens")?, count(whose, "outputTokens")?));
        let Some((read, written)) = both("total") else { return };
        // What a thread had used is told when it is opened again, of its last turn.
        if self.stage != Stage::InTurn || text(params, "turnId").is_some_and(|turn| self.turn.as_deref() != Some(turn))
        {
            self.before = Some((read, written));
            return;
        }
        let last = both("last").unwrap_or((read, written));
        let before = *self.before.get_or_insert((read.saturating_sub(last.0), written.saturating_sub(last.1)));
        self.usage.input_tokens = Some(read.saturating_sub(before.0));
        self.usage.output_tokens = Some(written.saturating_sub(before.1));
    }

    fn take_error(&mut self, params: &Value) -> Step {
        let error = params.get("error").unwrap_or(&Value::Null);
        if params.get("willRetry").and_then(Value::as_bool) == Some(true) {
            let message = text(error, "message").unwrap_or_default();
            return happened(Some(words::retry(message, text(error, "additionalDetails"))));
        }
        self.error = Some(words::error(error));
        Step::default()
    }

    fn end_turn(&mut self, turn: &Value) -> Step {
        let error = turn.get("error").filter(|error| !error.is_null()).map(words::error);
        let error = error.filter(|words| !words.is_empty());
        let outcome = match text(turn, "status") {
            Some("failed") => Err(error.or_else(|| self.error.take()).unwrap_or_else(|| "failed".to_owned())),
            Some("completed") if error.is_none() => Ok(self.last_said(turn)),
            // `interrupted`, or what a later version calls it.
            status => Err(error.unwrap_or_else(|| status.unwrap_or_default().to_owned())),
        };
        let word = match outcome {
            Ok(answer) => Final::new(Ok(answer)),
            Err(words) => Final { unknown_session: is_unknown_session(&words), ..protocol::failure(words) },
        };
        self.finish(word)
    }

    /// Returns what was said last: what came before are remarks on the way.
    fn last_said(&mut self, turn: &Value) -> String {
        let answer = std::mem::take(&mut self.answer);
        if !answer.is_empty() {
            return answer;
        }
        let items = turn.get("items").and_then(Value::as_array).into_iter().flatten();
        let mut said =
            items.filter(|item| text(item, "type") == Some("agentMessage")).filter_map(|item| text(item, "text"));
        said.next_back().unwrap_or_default().to_owned()
    }
}

impl Speak for Server {
    fn open(&mut self, prompt: &str) -> Step {
        prompt.clone_into(&mut self.prompt);
        let client = json!({"name": "signalbox", "version": env!("CARGO_PKG_VERSION")});
        let ask = json!({"id": INITIALIZE, "method": "initialize", "params": {"clientInfo": client}});
        Step { reply: line(&ask), ..Step::default() }
    }

    fn line(&mut self, line: &[u8]) -> Step {
        if self.stage == Stage::Over {
            return Step::default();
        }
        let Some(message) = crate::json::parse::<Value>(line).filter(Value::is_object) else {
            self.plain.take(line);
            return Step::default();
        };
        let params = message.get("params").unwrap_or(&Value::Null);
        match (text(&message, "method"), message.get("id")) {
            (Some(method), Some(id)) => {
                if !is_known_request(method) {
                    self.plain.note_unknown();
                }
                self.requests.take(id, method, params, &self.changes, self.stage == Stage::InTurn)
            }
            (Some(method), None) => {
                if !NOTIFIED.iter().any(|area| method.starts_with(area)) {
                    self.plain.note_unknown();
                }
                self.notification(method, params)
            }
            (None, Some(id)) => id.as_u64().map(|id| self.response(id, &message)).unwrap_or_default(),
            (None, None) => {
                self.plain.note_unknown();
                Step::default()
            }
        }
    }

    fn answer(&mut self, id: &str, decision: Decision, words: &[String]) -> Step {
        self.requests.decide(id, decision, words)
    }

    fn revoke(&mut self) {
        self.requests.revoke();
    }

    fn cancel(&mut self) -> Step {
        if self.stage != Stage::InTurn {
            return Step::default();
        }
        self.is_cancelled = true;
        self.interrupt()
    }

    fn unasked(&mut self, _is_quiet: bool) -> Option<Unasked> {
        if self.own_turn.is_some() { None } else { self.own.take() }
    }

    fn is_at_work(&self) -> bool {
        self.own_turn.is_some()
    }

    fn again(&mut self, spec: &RunSpec) -> Option<Step> {
        // A prompt would join its own turn.
        let is_busy = self.own_turn.is_some();
        if is_busy || self.stage != Stage::Resting || spec.conversation.as_deref() != Some(&self.thread) {
            return None;
        }
        self.requests.begin(&spec.grants);
        self.settings.is_kept = spec.keep_warm.is_some();
        self.turn_before = self.turn.take();
        self.answer = String::new();
        self.error = None;
        self.before = None;
        self.usage = Usage::default();
        self.writing.begin();
        Some(self.begin_turn(&spec.prompt))
    }

    fn unknown(&mut self) -> u64 {
        self.plain.unknown()
    }

    fn end(&mut self, ending: &Ending<'_>) -> Final {
        let word = last_words(ending, &self.plain, self.error.take());
        Final { usage: self.usage, denials: self.requests.close(), ..word }
    }
}

fn happened(event: Option<Event>) -> Step {
    Step { events: event.into_iter().collect(), ..Step::default() }
}
