//! Agents that speak the Agent Client Protocol: gemini, opencode, copilot, qwen and any other.
//!
//! One conversation in one process: initialize, a session that is begun or gone on with as the agent can, the mode in which
//! it asks, the prompt, updates until it stops. The protocol crate reads and writes the messages; what they mean for a run is
//! decided here, one message at a time.
//!
//! # Why
//! We offer neither files nor terminals: agents that are given them treat an answer about a missing file as a failure, and
//! have their own. OpenRequests that we do not know are refused as the protocol says.

mod asked;
mod calls;
mod connection;
mod form;
mod offer;
mod requests;
mod resources;
mod saying;
mod turn;

use std::collections::VecDeque;
use std::path::PathBuf;

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::Responder;
use agent_client_protocol::v1::schema::{
    CancelNotification, ClientCapabilities, ElicitationCapabilities, ElicitationFormCapabilities, Implementation,
    InitializeRequest, LoadSessionRequest, NewSessionRequest, PromptRequest, ResumeSessionRequest,
};
use agent_client_protocol::{Error, RawJsonRpcMessage, UntypedMessage};
use serde_json::{Map, Value};

pub use turn::Tokens;

use crate::agent::event::{Decision, Denial, Event, Final};
use crate::agent::names::{MAX_NAME_BYTES, is_plain};
use crate::agent::protocol::{self, Ending, Pause, PlainWords, Speak, Step};
use crate::agent::run::RunSpec;
use crate::agent::unasked::Unasked;
use crate::config::Permission;
use asked::Demand;
use connection::{Connection, Incoming, NAME};
use offer::{AskingMode, Offer, Setting, What, left_for};
use requests::OpenRequests;
use turn::Exchange;

/// How often a session is put back into our mode that its agent has left by itself.
const MAX_RESETS: u8 = 3;

/// How one kind differs from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Whether it tells errors as its answer.
    pub tells_errors: bool,
    /// Whether its model is an argument, and not set in the session.
    pub model_is_argument: bool,
    /// What its count of tokens is about.
    pub tokens: Tokens,
}

/// How far a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// There is no session yet, or it is told what was said in it before.
    Opening,
    /// It has been loaded, and may still be told what was said in it before.
    Recalling,
    /// The session is set up.
    Setting,
    /// A prompt is worked on.
    Working,
    /// The prompt has got its answer, and another could be put.
    Idle,
    /// Nothing more can be asked.
    Over,
}

/// What a request of ours was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Initialize,
    Session {
        is_known: bool,
    },
    Set(What),
    /// The mode, once more.
    Reset,
    /// The prompt of the turn with this number.
    Prompt(u64),
}

/// A conversation with an agent.
pub struct Acp {
    connection: Connection<Question>,
    dialect: Dialect,
    permission: Permission,
    directory: PathBuf,
    /// The conversation that is gone on with, and the model that is to answer.
    conversation: Option<String>,
    model: Option<String>,
    is_kept: bool,
    /// Whether its last turn has failed by nothing that is its own.
    is_usable: bool,
    stage: Stage,
    prompt: String,
    session: Option<String>,
    /// Whether the session was loaded, and what was said before may come in the first turn.
    recalls: bool,
    settings: VecDeque<Setting>,
    /// The mode in which it asks, and how often it was set again.
    asking: Option<AskingMode>,
    resets: u8,
    turns: u64,
    turn: Exchange,
    requests: OpenRequests,
    /// Tokens that the session has used before this turn, where that is known.
    used: Option<(u64, u64)>,
    /// What was said between turns.
    late: Unasked,
    plain: PlainWords,
}

impl Acp {
    /// Returns a conversation that has not begun.
    #[must_use]
    pub fn new(spec: &RunSpec, dialect: Dialect) -> Self {
        Self {
            connection: Connection::new(),
            dialect,
            permission: spec.permission,
            directory: spec.working_directory.clone(),
            conversation: spec.conversation.clone(),
            model: spec.model.clone().filter(|_| !dialect.model_is_argument),
            is_kept: spec.keep_warm.is_some(),
            is_usable: false,
            stage: Stage::Opening,
            prompt: String::new(),
            session: None,
            recalls: false,
            settings: VecDeque::new(),
            asking: None,
            resets: 0,
            turns: 0,
            turn: Exchange::default(),
            requests: OpenRequests::new(spec),
            used: None,
            late: Unasked::default(),
            plain: PlainWords::default(),
        }
    }

    /// Goes on as far as it can.
    fn step(&mut self, mut events: Vec<Event>) -> Step {
        let was_over = self.stage == Stage::Over;
        let mut reply = self.connection.run();
        loop {
            events.extend(self.requests.withdrawn());
            match self.connection.take() {
                Some(Incoming::Told(told)) => events.extend(self.told(told)),
                Some(Incoming::Asked(asked)) => {
                    let (asked, responder) = *asked;
                    events.extend(self.asked(asked, responder));
                }
                Some(Incoming::Answered(question, answer)) => events.extend(self.answered(question, answer)),
                None => break,
            }
            reply.extend(self.connection.run());
        }
        reply.extend(self.connection.run());
        let ends = self.stage == Stage::Over || (self.stage == Stage::Idle && !self.is_kept);
        Step { events, reply, close_input: ends && !was_over, ..Step::default() }
    }

    fn told(&mut self, told: UntypedMessage) -> Vec<Event> {
        let (method, params) = told.into_parts();
        let update = params.get("update").unwrap_or(&Value::Null);
        if method != "session/update" || !turn::is_known(update) {
            // What begins so is a maker's own.
            if !method.starts_with('_') {
                self.plain.note_unknown();
            }
            return Vec::new();
        }
        if params.get("sessionId").and_then(Value::as_str) != self.session.as_deref() {
            return Vec::new();
        }
        if let Some(mode) = left_for(update) {
            if matches!(self.stage, Stage::Working | Stage::Idle) {
                self.keep_mode(mode);
            }
            return Vec::new();
        }
        match self.stage {
            // Only what was said before has a person's words in it: all up to there is known.
            Stage::Working if self.recalls && turn::is_of_a_person(update) => {
                self.turn = Exchange::default();
                Vec::new()
            }
            Stage::Working => self.turn.take(update),
            Stage::Idle => {
                self.take_late(update);
                Vec::new()
            }
            // What was said before is known.
            Stage::Opening | Stage::Recalling | Stage::Setting | Stage::Over => Vec::new(),
        }
    }

    /// Puts the session back into our mode.
    fn keep_mode(&mut self, now: &str) {
        let Some(asking) = self.asking.as_ref().filter(|asking| asking.mode != now) else { return };
        if self.permission != Permission::All && self.resets < MAX_RESETS {
            self.resets += 1;
            self.set(Question::Reset, &asking.setting);
        }
    }

    fn take_late(&mut self, update: &Value) {
        let is_said = update.get("sessionUpdate").and_then(Value::as_str) == Some("agent_message_chunk");
        if let Some(text) = turn::spoken(update).filter(|_| is_said) {
            self.late.write(text);
        }
    }

    fn asked(&mut self, asked: UntypedMessage, responder: Responder) -> Vec<Event> {
        let (method, params) = asked.into_parts();
        let is_ours = params.get("sessionId").and_then(Value::as_str) == self.session.as_deref();
        let mut events = Vec::new();
        if let Some((id, is_same)) = self.requests.with_id(responder.raw_id(), &params) {
            if is_same {
                self.connection.drop_unanswered(responder);
                return events;
            }
            // The id now stands for something else, and nobody waits for an answer to what it stood for.
            if let Some((before, event)) = self.requests.forget(&id) {
                self.connection.drop_unanswered(before);
                events.push(event);
            }
        }
        match method.as_str() {
            // Nobody can be asked, or it is somebody else's.
            "session/request_permission" | "elicitation/create" if self.stage != Stage::Working || !is_ours => {
                if self.stage == Stage::Idle && is_ours {
                    Demand::of_params(&params, &self.directory).into_iter().for_each(|it| self.late.deny(it.denial()));
                }
                let _ = responder.respond_with_error(Error::invalid_request());
            }
            "session/request_permission" => {
                let asked = self.requests.ask_leave(params, responder, &mut self.turn.calls);
                if !asked.is_empty() {
                    events.extend(self.turn.asks());
                }
                events.extend(asked);
            }
            "elicitation/create" => events.extend(self.requests.ask_form(params, responder)),
            _ => {
                self.plain.note_unknown();
                let _ = responder.respond_with_error(Error::method_not_found());
            }
        }
        events
    }

    fn answered(&mut self, question: Question, answer: Result<Value, Error>) -> Vec<Event> {
        match (question, answer) {
            (Question::Initialize, Ok(agent)) => self.begin_session(&agent),
            (Question::Session { is_known }, Ok(session)) => self.begun(&session, is_known),
            (Question::Session { is_known: true }, Err(error)) => {
                let words = turn::words(&error);
                let unknown_session = turn::is_unknown_session(i32::from(error.code), &words);
                self.give_up(Final { unknown_session, ..protocol::failure(words) })
            }
            (Question::Initialize | Question::Session { is_known: false }, Err(error)) => {
                self.give_up(protocol::failure(turn::words(&error)))
            }
            (Question::Set(_), Ok(_)) => self.go_on(),
            (Question::Set(What::Mode), Err(_)) if self.permission == Permission::All => self.go_on(),
            (Question::Set(what), Err(error)) => {
                let what = match what {
                    What::Mode => "its mode in which it asks",
                    What::Model => "the model",
                };
                self.give_up(protocol::failure(format!("it did not take {what}: {}", turn::words(&error))))
            }
            // It acts by itself now, and is not told anything more.
            (Question::Reset, Err(error)) => {
                let why = format!("it has left the mode in which it asks: {}", turn::words(&error));
                self.give_up(protocol::failure(why))
            }
            (Question::Reset, Ok(_)) => Vec::new(),
            (Question::Prompt(turn), answer) if turn == self.turns && self.stage == Stage::Working => {
                self.finish(&answer)
            }
            (Question::Prompt(_), _) => Vec::new(),
        }
    }

    /// Begins a session, or goes on with the one that is asked for, as the agent can.
    fn begin_session(&mut self, agent: &Value) -> Vec<Event> {
        let can = |place: &str| agent.pointer(place).is_some_and(|can| !can.is_null() && *can != Value::Bool(false));
        let known = self.conversation.clone();
        let (resumes, loads) =
            (can("/agentCapabilities/sessionCapabilities/resume"), can("/agentCapabilities/loadSession"));
        let (directory, session) = (&self.directory, Question::Session { is_known: true });
        match known {
            // Nothing that was said is told again.
            Some(id) if resumes => {
                self.connection.ask(session, "session/resume", &ResumeSessionRequest::new(id, directory))
            }
            Some(id) if loads => {
                (self.session, self.recalls) = (Some(id.clone()), true);
                self.connection.ask(session, "session/load", &LoadSessionRequest::new(id, directory));
            }
            // An agent that cannot go on begins anew, under another id, which is told.
            Some(_) | None => {
                let session = Question::Session { is_known: false };
                self.connection.ask(session, "session/new", &NewSessionRequest::new(directory));
            }
        }
        Vec::new()
    }

    fn begun(&mut self, answer: &Value, is_known: bool) -> Vec<Event> {
        let own =
            answer.get("sessionId").and_then(Value::as_str).filter(|id| !id.is_empty() && id.len() <= MAX_NAME_BYTES);
        let known = self.conversation.clone().filter(|_| is_known);
        let Some(id) = own.map(str::to_owned).or(known) else {
            return self.give_up(protocol::failure("it began a session without an id"));
        };
        let offer = Offer::read(answer);
        if let Some(asked) = self.model.clone() {
            match offer.asked_model(&asked) {
                Ok(setting) => self.settings.extend(setting),
                Err(known) => {
                    let known =
                        if known.is_empty() { "it lets nobody choose one".to_owned() } else { known.join(", ") };
                    return self.give_up(protocol::failure(format!("model not found: {asked} ({known})")));
                }
            }
        }
        match offer.asking_mode(self.permission) {
            Ok(asking) => {
                self.settings.extend(asking.as_ref().filter(|asking| !asking.is_current).map(|it| it.setting.clone()));
                self.asking = asking;
            }
            Err(modes) => {
                return self.give_up(protocol::failure(format!("it has no mode in which it asks, only {modes}")));
            }
        }
        self.stage = if self.recalls { Stage::Recalling } else { Stage::Setting };
        // A session that begins here has used nothing so far.
        self.used = (!is_known).then_some((0, 0));
        let model = self.model.clone().or_else(|| offer.current_model().map(str::to_owned));
        let told = is_plain(&id).then(|| Event::Session { id: id.clone(), model });
        let models = offer.models();
        let offers = (!models.is_empty()).then_some(Event::Offers { models });
        self.session = Some(id);
        told.into_iter().chain(offers).chain(self.go_on()).collect()
    }

    /// Sets what is to be set, and then puts the prompt.
    fn go_on(&mut self) -> Vec<Event> {
        if self.stage != Stage::Setting {
            return Vec::new();
        }
        match self.settings.pop_front() {
            Some(setting) => self.set(Question::Set(setting.what), &setting),
            None => self.put_prompt(),
        }
        Vec::new()
    }

    fn set(&self, question: Question, setting: &Setting) {
        let mut params: Map<String, Value> = setting.params.as_object().cloned().unwrap_or_default();
        params.insert("sessionId".to_owned(), Value::String(self.session.clone().unwrap_or_default()));
        self.connection.ask(question, setting.method, &params);
    }

    fn put_prompt(&mut self) {
        let prompt = std::mem::take(&mut self.prompt);
        (self.stage, self.turn, self.resets) = (Stage::Working, Exchange::default(), 0);
        self.turns += 1;
        let request = PromptRequest::new(self.session.clone().unwrap_or_default(), vec![prompt.into()]);
        self.connection.ask(Question::Prompt(self.turns), "session/prompt", &request);
    }

    fn finish(&mut self, answer: &Result<Value, Error>) -> Vec<Event> {
        let (said, mut word) = self.turn.end(answer, self.dialect.tells_errors);
        word.usage = self.turn.usage(answer.as_ref().ok(), self.dialect.tokens, &mut self.used);
        word.denials = self.close();
        (self.stage, self.recalls) = (Stage::Idle, false);
        self.is_usable = answer.as_ref().err().is_some_and(turn::is_passing);
        said.into_iter().chain([Event::Final(word)]).collect()
    }

    /// Ends the conversation without an answer.
    fn give_up(&mut self, word: Final) -> Vec<Event> {
        let denials = self.close();
        self.stage = Stage::Over;
        vec![Event::Final(Final { denials, usage: self.turn.usage(None, self.dialect.tokens, &mut None), ..word })]
    }

    /// Ends all requests; returns what was denied.
    fn close(&mut self) -> Vec<Denial> {
        self.requests.close();
        self.requests.denied().to_vec()
    }
}

impl Speak for Acp {
    fn open(&mut self, prompt: &str) -> Step {
        self.prompt = prompt.to_owned();
        let forms = ElicitationCapabilities::new().form(ElicitationFormCapabilities::new());
        let request = InitializeRequest::new(ProtocolVersion::V1)
            .client_capabilities(ClientCapabilities::new().elicitation(forms))
            .client_info(Implementation::new(NAME, env!("CARGO_PKG_VERSION")));
        self.connection.ask(Question::Initialize, "initialize", &request);
        self.step(Vec::new())
    }

    fn line(&mut self, line: &[u8]) -> Step {
        if self.stage == Stage::Over {
            return Step::default();
        }
        let Some(value) = crate::json::parse::<Value>(line).filter(Value::is_object) else {
            self.plain.take(line);
            return Step::default();
        };
        // What is no message of the protocol is passed over.
        match serde_json::from_value::<RawJsonRpcMessage>(value) {
            Ok(message) => self.connection.put(message),
            Err(_) => self.plain.note_unknown(),
        }
        self.step(Vec::new())
    }

    fn answer(&mut self, id: &str, decision: Decision, words: &[String]) -> Step {
        let events = self.requests.decide(id, decision, words, &mut self.turn.calls);
        self.step(events)
    }

    fn silence(&self) -> Pause {
        if self.stage == Stage::Recalling { Pause::Recalling } else { Pause::Stuck }
    }

    fn conclude(&mut self) -> Step {
        if self.stage != Stage::Recalling {
            return Step::default();
        }
        self.stage = Stage::Setting;
        let events = self.go_on();
        self.step(events)
    }

    fn is_usable(&self) -> bool {
        self.stage == Stage::Idle && self.is_usable
    }

    /// It does not tell where what it says by itself ends.
    fn unasked(&mut self, is_quiet: bool) -> Option<Unasked> {
        if self.stage == Stage::Idle && is_quiet { self.late.take() } else { None }
    }

    fn revoke(&mut self) {
        self.requests.revoke();
    }

    fn cancel(&mut self) -> Step {
        let Some(session) = self.session.clone().filter(|_| self.stage == Stage::Working) else {
            return Step::default();
        };
        self.connection.tell(CancelNotification::new(session));
        // As the protocol wants it.
        self.requests.close();
        self.step(Vec::new())
    }

    fn again(&mut self, spec: &RunSpec) -> Option<Step> {
        if self.stage != Stage::Idle || self.session.is_none() || spec.conversation != self.session {
            return None;
        }
        self.requests.begin(&spec.grants);
        (self.prompt, self.is_kept) = (spec.prompt.clone(), spec.keep_warm.is_some());
        self.put_prompt();
        Some(self.step(Vec::new()))
    }

    fn unknown(&mut self) -> u64 {
        self.plain.unknown()
    }

    fn end(&mut self, ending: &Ending<'_>) -> Final {
        let word = protocol::truncated(ending, &self.plain);
        let usage = self.turn.usage(None, self.dialect.tokens, &mut None);
        Final { usage, denials: self.close(), ..word }
    }
}

#[cfg(test)]
mod tests;
