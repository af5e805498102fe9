//! One turn: from a prompt to what the agent stops with.

use agent_client_protocol::Error;
use serde_json::Value;
use signalbox_adapter::one_line;

use super::calls::Calls;
use super::resources::Resources;
use super::saying::Saying;
use crate::agent::describe::MAX_SUMMARY_CHARS;
use crate::agent::event::{Event, Final, Usage};
use crate::agent::failure::Failure;
use crate::agent::names::is_plain;
use crate::agent::trouble::AgentTrouble;

/// What an agent's count of tokens is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    /// The turn.
    OfTurn,
    /// The last step of the turn: of the whole turn where it had but one.
    OfLastStep,
    /// The session so far.
    OfSession,
}

/// Why a turn has no answer, or none that is whole.
const REFUSED: &str = "The agent refused to go on with this.";
const AT_ITS_TOKENS: &str = "This answer is not whole: the model has reached its limit of tokens.";
const AT_ITS_REQUESTS: &str = "This answer is not whole: the agent has made as many requests as one turn may have.";
/// What it ends with where nothing was asked of the model at all.
const TOO_LONG: &str = "The prompt is too long for its model.";
/// What a turn ends with that was given up on our word.
const CANCELLED: &str = "It was cancelled.";

/// What an update may be, as far as it is known.
const UPDATES: [&str; 12] = [
    "agent_message_chunk",
    "agent_thought_chunk",
    "available_commands_update",
    "config_option_update",
    "current_mode_update",
    "plan",
    "session_info_update",
    "tool_call",
    "tool_call_update",
    "usage_update",
    "user_message_chunk",
    "plan_update",
];

/// Whether an update is one that is known, though it may mean nothing here.
pub(super) fn is_known(update: &Value) -> bool {
    update.get("sessionUpdate").and_then(Value::as_str).is_some_and(|kind| UPDATES.contains(&kind))
}

/// A turn.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    pub(super) calls: Calls,
    saying: Saying,
    /// Tokens read and written, as they were told with each step.
    steps: Option<(u64, u64)>,
    cost: Option<f64>,
    plan: String,
    files: Resources,
}

impl Exchange {
    /// Takes an update of the session.
    pub(super) fn take(&mut self, update: &Value) -> Vec<Event> {
        match update.get("sessionUpdate").and_then(Value::as_str) {
            Some("agent_message_chunk") => self.say(update),
            Some("tool_call") => self.call(update, true),
            Some("tool_call_update") => self.call(update, false),
            Some("plan") => self.plan(update).into_iter().collect(),
            Some("usage_update") => {
                self.cost = cost(update).or(self.cost);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn say(&mut self, update: &Value) -> Vec<Event> {
        if let Some(used) = update.pointer("/_meta/usage") {
            let count = |key: &str| used.get(key).and_then(Value::as_u64).unwrap_or(0);
            let (read, written) = self.steps.unwrap_or_default();
            self.steps =
                Some((read.saturating_add(count("inputTokens")), written.saturating_add(count("outputTokens"))));
        }
        let message = update.get("messageId").and_then(Value::as_str);
        if let Some(text) = spoken(update) {
            return self.saying.take(text, message);
        }
        let content = update.get("content").filter(|_| !is_helpers(update));
        let link = content.and_then(|content| self.files.take(content));
        link.map(|link| self.saying.take(&link, message)).unwrap_or_default()
    }

    fn call(&mut self, update: &Value, is_new: bool) -> Vec<Event> {
        let told = self.calls.take(update, is_new);
        if told.is_empty() {
            return told;
        }
        self.saying.use_tool().into_iter().chain(told).collect()
    }

    /// Notes that leave for a call is asked for: what was said so far is commentary.
    pub(super) fn asks(&mut self) -> Option<Event> {
        self.saying.use_tool()
    }

    /// Tells where in its plan the agent is, where that has changed.
    fn plan(&mut self, update: &Value) -> Option<Event> {
        let entries = update.get("entries")?.as_array()?;
        let is = |entry: &&Value, status: &str| entry.get("status").and_then(Value::as_str) == Some(status);
        let done = entries.iter().filter(|entry| is(entry, "completed")).count();
        let now = entries.iter().find(|entry| is(entry, "in_progress"))?.get("content")?.as_str()?;
        let plan = format!("({} of {}) {}", done + 1, entries.len(), one_line(now, MAX_SUMMARY_CHARS));
        if std::mem::replace(&mut self.plan, plan.clone()) == plan { None } else { Some(Event::Text { text: plan }) }
    }

    /// Returns what it has used, as far as that is known; `answer` is what the agent has stopped with.
    pub(super) fn usage(&self, answer: Option<&Value>, tokens: Tokens, before: &mut Option<(u64, u64)>) -> Usage {
        let told = answer.and_then(tokens_of);
        let counted = match tokens {
            Tokens::OfTurn => told.or(self.steps),
            Tokens::OfLastStep => told.filter(|_| self.calls.is_empty()).or(self.steps),
            Tokens::OfSession => {
                // What earlier processes have used is not known.
                let earlier = std::mem::replace(before, told.or(*before));
                let (read, written) = earlier.unwrap_or_default();
                told.filter(|_| earlier.is_some())
                    .map(|(all_read, all_written)| (all_read.saturating_sub(read), all_written.saturating_sub(written)))
            }
        };
        Usage {
            input_tokens: counted.map(|(read, _)| read),
            output_tokens: counted.map(|(_, written)| written),
            session_cost_usd: self.cost,
        }
    }

    /// Whether the model was not asked at all, as far as the agent tells.
    fn is_unasked(&self, answer: &Value) -> bool {
        self.calls.is_empty() && self.steps.is_none() && tokens_of(answer).is_none_or(|(read, _)| read == 0)
    }

    /// Ends the turn with what the agent has stopped with; `tells_errors` is whether it tells errors as answers.
    pub(super) fn end(&mut self, stopped: &Result<Value, Error>, tells_errors: bool) -> (Option<Event>, Final) {
        let said = self.saying.end_block();
        let (answer, whole_bytes) = self.saying.answer();
        let reason = stopped.as_ref().ok().and_then(|answer| answer.get("stopReason")?.as_str());
        let with =
            |note: &str| if answer.trim().is_empty() { note.to_owned() } else { format!("{answer}\n\n_{note}_") };
        let outcome: Result<String, Failure> = match (stopped, reason) {
            (Err(error), _) => Err(words(error).into()),
            (Ok(_), Some("cancelled")) => Err(CANCELLED.into()),
            (Ok(_), Some("refusal")) if answer.trim().is_empty() => Err(REFUSED.into()),
            (Ok(_), Some("refusal")) => Err(format!("{REFUSED}\n\n{answer}").into()),
            (Ok(_), Some("max_tokens")) => Ok(with(AT_ITS_TOKENS)),
            (Ok(done), Some("max_turn_requests")) if answer.trim().is_empty() && self.is_unasked(done) => {
                Err(TOO_LONG.into())
            }
            (Ok(_), Some("max_turn_requests")) => Ok(with(AT_ITS_REQUESTS)),
            // Reasons to come are ends, too.
            (Ok(_), _) => match error_told(&answer).filter(|_| tells_errors) {
                Some(error) => Err(error.into()),
                None => Ok(answer),
            },
        };
        let whole_bytes = whole_bytes.filter(|_| outcome.is_ok());
        let files = self.files.end();
        (said, Final { whole_bytes, files, ..Final::new(outcome) })
    }
}

/// Returns the agent's own words in an update; those of a helper are not its own.
pub(super) fn spoken(update: &Value) -> Option<&str> {
    let text = update.pointer("/content/text").and_then(Value::as_str);
    text.filter(|text| !is_helpers(update) && !text.is_empty())
}

fn is_helpers(update: &Value) -> bool {
    update.pointer("/_meta/claudeCode/parentToolUseId").is_some_and(|parent| !parent.is_null())
}

/// Returns the cost in US dollars that an update tells, of the whole session.
pub(super) fn cost(update: &Value) -> Option<f64> {
    let cost = update.get("cost").filter(|cost| cost.get("currency").and_then(Value::as_str) == Some("USD"))?;
    cost.get("amount")?.as_f64().filter(|amount| amount.is_finite() && *amount >= 0.0)
}

/// Returns the tokens read and written that the end of a turn tells; those read from and written to a cache were read, too.
fn tokens_of(answer: &Value) -> Option<(u64, u64)> {
    if let Some(usage) = answer.get("usage").filter(|usage| usage.is_object()) {
        let count = |key: &str| usage.get(key).and_then(Value::as_u64);
        let read = ["inputTokens", "cachedReadTokens", "cachedWriteTokens"].map(|key| count(key).unwrap_or(0));
        return Some((read.into_iter().fold(0, u64::saturating_add), count("outputTokens")?));
    }
    let count = answer.pointer("/_meta/quota/token_count")?;
    Some((count.get("input_tokens")?.as_u64()?, count.get("output_tokens")?.as_u64()?))
}

/// Returns the error that an answer is, where it is nothing else.
fn error_told(answer: &str) -> Option<String> {
    let mut lines = answer.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Info: "));
    let first = lines.next()?.strip_prefix("Error: ")?;
    Some(std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n"))
}

/// Whether an error is an answer of the model's service that another time, or another prompt, may not get; of a log-in that
/// is missing a process may never hear.
pub(super) fn is_passing(error: &Error) -> bool {
    let code = i32::from(error.code);
    // opencode has one code for all, and a name for those of the service.
    let name = error.data.as_ref().and_then(|data| data.get("errorName")?.as_str());
    let is_of_service = (400..600).contains(&code) || name == Some("APIError");
    let is_of_log_in = matches!(code, 401 | 403) || AgentTrouble::of(&words(error)) == Some(AgentTrouble::LoggedOut);
    is_of_service && !is_of_log_in
}

/// Returns the words of an error: without what says nothing, and with the status of a service where that is its code.
pub(super) fn words(error: &Error) -> String {
    let told = told(error);
    let nested = crate::json::parse::<Value>(told.as_bytes());
    let nested = nested.as_ref().and_then(|it| it.pointer("/error/message").or_else(|| it.get("message"))?.as_str());
    let words = nested.unwrap_or(&told);
    let words = words.strip_prefix("Internal error: ").unwrap_or(words);
    // Some say what kind of an error it is only beside its words.
    let kind = error.data.as_ref().and_then(|data| data.get("errorName")?.as_str());
    match (i32::from(error.code), kind) {
        (code @ 400..600, _) => format!("{words} (status {code})"),
        (_, Some(kind)) if is_plain(kind) && !words.contains(kind) => format!("{kind}: {words}"),
        (_, _) => words.to_owned(),
    }
}

/// Whether an update is what a person has said.
pub(super) fn is_of_a_person(update: &Value) -> bool {
    update.get("sessionUpdate").and_then(Value::as_str) == Some("user_message_chunk")
}

/// Whether an error says that the agent does not know a session.
pub(super) fn is_unknown_session(code: i32, words: &str) -> bool {
    /// The protocol's own code for something that is not there.
    const NOT_FOUND: i32 = -32002;
    let words = words.to_ascii_lowercase();
    let is_missing = ["not found", "no such", "unknown", "invalid", "does not exist", "no previous", "no conversation"];
    code == NOT_FOUND || (words.contains("session") && is_missing.iter().any(|missing| words.contains(missing)))
}

fn told(error: &Error) -> String {
    let data = error.data.as_ref();
    let detail = data.and_then(|data| match data {
        Value::String(text) => Some(text.as_str()),
        data => ["details", "message", "error"].iter().find_map(|key| data.get(key)?.as_str()),
    });
    match detail.map(str::trim).filter(|detail| !detail.is_empty() && !error.message.contains(detail)) {
        Some(detail) if error.message.trim().is_empty() || error.message == "Internal error" => detail.to_owned(),
        Some(detail) => format!("{}: {detail}", error.message),
        None => error.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chunk(text: &str) -> Value {
        json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}})
    }

    fn ended(text: &str, stopped: &Value, tells_errors: bool) -> Result<String, Failure> {
        let mut turn = Exchange::default();
        turn.take(&chunk(text));
        turn.end(&Ok(stopped.clone()), tells_errors).1.outcome
    }

    #[test]
    fn what_it_stops_with_is_told() {
        assert_eq!(ended("hello", &json!({"stopReason": "end_turn"}), false), Ok("hello".into()));
        assert_eq!(ended("hello", &json!({"stopReason": "sunset"}), false), Ok("hello".into()), "a reason to come");
        assert_eq!(ended("hello", &json!({}), false), Ok("hello".into()));
        let cut = ended("half", &json!({"stopReason": "max_tokens"}), false).expect("an answer");
        assert!(cut.starts_with("half\n\n_This answer is not whole"), "{cut}");
        assert_eq!(ended("half", &json!({"stopReason": "cancelled"}), false), Err(CANCELLED.into()));
        assert!(matches!(ended("", &json!({"stopReason": "refusal"}), false), Err(Failure::Said(it)) if it == REFUSED));
    }

    #[test]
    fn an_error_that_is_told_as_an_answer_is_one_where_that_is_its_way() {
        let said = "Info: Request failed. Retrying...\nError: Authentication failed\nlog in again";
        let end = json!({"stopReason": "end_turn"});
        assert_eq!(ended(said, &end, true), Err("Authentication failed\nlog in again".into()));
        assert_eq!(ended(said, &end, false), Ok(said.into()));
        assert_eq!(ended("The log says Error: x", &end, true), Ok("The log says Error: x".into()));
    }

    #[test]
    fn the_words_of_an_error_are_whole_and_said_once() {
        let error = |message: &str, data: Value| {
            let mut error = Error::internal_error();
            error.message = message.to_owned();
            error.data = Some(data);
            words(&error)
        };
        assert_eq!(error("Internal error", json!({"details": "401 no key"})), "401 no key");
        assert_eq!(error("Internal error: 401", json!({"service": "session"})), "401");
        assert_eq!(error("Invalid params", json!("no such session")), "Invalid params: no such session");
        assert_eq!(error("broken: x", json!("x")), "broken: x");
        let opencode = json!({"service": "session", "errorName": "APIError"});
        assert_eq!(error("Internal error: stand-in says 401", opencode), "APIError: stand-in says 401");
    }

    #[test]
    fn what_a_recorded_error_comes_to_is_known() {
        use crate::agent::trouble::AgentTrouble;
        let troubles = |recorded: &str| {
            let lines = recorded.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let errors = lines.filter_map(|line| serde_json::from_value::<Error>(line.get("error")?.clone()).ok());
            errors.filter_map(|error| Failure::Said(words(&error)).trouble()).collect::<Vec<_>>()
        };
        let opencode = troubles(include_str!("../../../tests/fixtures/acp/opencode.main.jsonl"));
        assert_eq!(opencode, [AgentTrouble::LoggedOut]);
        assert_eq!(troubles(include_str!("../../../tests/fixtures/acp/gemini.main.jsonl")), [AgentTrouble::LoggedOut]);
    }

    #[test]
    fn tokens_are_those_of_the_turn_or_are_not_told() {
        let mut before = None;
        let usage = |turn: &Exchange, answer: &Value, tokens, before: &mut _| {
            let usage = turn.usage(Some(answer), tokens, before);
            (usage.input_tokens, usage.output_tokens)
        };
        let answer = json!({"usage": {"inputTokens": 100, "outputTokens": 10, "cachedReadTokens": 5}});
        let mut turn = Exchange::default();
        assert_eq!(usage(&turn, &answer, Tokens::OfTurn, &mut before), (Some(105), Some(10)));
        assert_eq!(usage(&turn, &answer, Tokens::OfLastStep, &mut before), (Some(105), Some(10)));
        let gemini = json!({"_meta": {"quota": {"token_count": {"input_tokens": 7, "output_tokens": 2}}}});
        assert_eq!(usage(&turn, &gemini, Tokens::OfTurn, &mut before), (Some(7), Some(2)));
        assert_eq!(usage(&turn, &answer, Tokens::OfSession, &mut before), (None, None), "it may be an old session");
        let later = json!({"usage": {"inputTokens": 300, "outputTokens": 15}});
        assert_eq!(usage(&turn, &later, Tokens::OfSession, &mut before), (Some(195), Some(5)));
        turn.take(&json!({"sessionUpdate": "tool_call", "toolCallId": "c", "status": "in_progress", "title": "ls"}));
        assert_eq!(usage(&turn, &answer, Tokens::OfLastStep, &mut before), (None, None));
        for _ in 0..2 {
            turn.take(&json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": ""},
                "_meta": {"usage": {"inputTokens": 50, "outputTokens": 4}}}));
        }
        assert_eq!(usage(&turn, &json!({}), Tokens::OfTurn, &mut before), (Some(100), Some(8)));
    }

    #[test]
    fn a_plan_tells_where_it_is_and_a_helper_says_nothing() {
        let mut turn = Exchange::default();
        let plan = json!({"sessionUpdate": "plan", "entries": [
            {"content": "Look", "status": "completed"}, {"content": "Mend", "status": "in_progress"}]});
        assert_eq!(turn.take(&plan), [Event::Text { text: "(2 of 2) Mend".into() }]);
        assert_eq!(turn.take(&plan), []);
        let mut helper = chunk("a helper's words");
        helper["_meta"] = json!({"claudeCode": {"parentToolUseId": "t"}});
        turn.take(&helper);
        for odd in [json!({}), json!({"sessionUpdate": 7}), json!({"sessionUpdate": "plan", "entries": 7})] {
            assert_eq!(turn.take(&odd), []);
        }
        assert_eq!(turn.end(&Ok(json!({})), false).1.outcome, Ok(String::new()));
    }

    #[test]
    fn a_cost_is_in_dollars() {
        assert_eq!(cost(&json!({"cost": {"amount": 0.5, "currency": "USD"}})), Some(0.5));
        assert_eq!(cost(&json!({"cost": {"amount": 0.5, "currency": "EUR"}})), None);
        assert_eq!(cost(&json!({"cost": {"amount": -1, "currency": "USD"}})), None);
    }
}
