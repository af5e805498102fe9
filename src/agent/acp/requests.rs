//! What the agent asks of a person: leave to act, and forms to be filled in. What the policy decides is answered at once; the
//! rest stays open until a person or the time answers. What has an unknown shape is refused, never allowed.
//!
//! # Why
//! Agents number their requests by themselves, from 0 in each process, and may use a number again: so each request has an
//! id of our own, and an answer is only ever for what was shown under it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use agent_client_protocol::v1::Responder;
use agent_client_protocol::v1::schema::{
    RequestPermissionOutcome, RequestPermissionResponse, SelectedPermissionOutcome,
};
use agent_client_protocol::{Error, RawJsonRpcId};
use serde_json::{Value, json};

use super::asked::Demand;
use super::calls::Calls;
use super::form::Questionnaire;
use crate::agent::digest::Digest;
use crate::agent::event::{Decision, Denial, Event, Wants};
use crate::agent::grant::Grant;
use crate::agent::policy::{Policy, Ruling};
use crate::agent::run::RunSpec;

/// Most requests of one run that no person has answered; further ones are denied, so that an agent that asks all the time
/// does not fill a chat.
const MAX_UNANSWERED: usize = 64;
/// Most denials that a final word lists.
const MAX_DENIALS: usize = 200;
/// What a form is called where a tool is named.
const FORM: &str = "Question";

/// The requests of one conversation.
#[derive(Debug)]
pub(super) struct OpenRequests {
    policy: Policy,
    directory: PathBuf,
    open: BTreeMap<String, Open>,
    asked: u64,
    unanswered: usize,
    denied: Vec<Denial>,
}

/// An open request.
#[derive(Debug)]
struct Open {
    responder: Responder,
    params: Value,
    matter: Matter,
}

#[derive(Debug)]
enum Matter {
    Leave { asked: Box<Demand>, choice: Choice, call: Option<String> },
    Form(Questionnaire),
}

/// The options of the agent that we choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    once: Option<String>,
    reject: Option<String>,
}

impl Choice {
    /// Reads the options. Of several of a kind the first counts: a later one may do more than it is called.
    fn read(params: &Value) -> Self {
        let options = params.get("options").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let of = |kind: &str| {
            let option = options.iter().find(|option| option.get("kind").and_then(Value::as_str) == Some(kind))?;
            option.get("optionId")?.as_str().map(str::to_owned)
        };
        Self { once: of("allow_once"), reject: of("reject_once").or_else(|| of("reject_always")) }
    }
}

impl OpenRequests {
    pub(super) fn new(spec: &RunSpec) -> Self {
        Self {
            policy: Policy::new(spec),
            directory: spec.working_directory.clone(),
            open: BTreeMap::new(),
            asked: 0,
            unanswered: 0,
            denied: Vec::new(),
        }
    }

    /// Takes what is allowed for the session from now on, and begins another run.
    pub(super) fn begin(&mut self, grants: &[Grant]) {
        self.policy.allow_only(grants.to_vec());
        self.unanswered = 0;
        self.denied.clear();
    }

    /// Forgets what was allowed for the session.
    pub(super) fn revoke(&mut self) {
        self.policy.revoke();
    }

    /// Returns what was denied.
    pub(super) fn denied(&self) -> &[Denial] {
        &self.denied
    }

    /// Returns the request that is open under an id of the agent's, and whether it asks for the very same.
    pub(super) fn with_id(&self, id: &RawJsonRpcId, params: &Value) -> Option<(String, bool)> {
        let (ours, open) = self.open.iter().find(|(_, open)| open.responder.raw_id() == id)?;
        Some((ours.clone(), open.params == *params))
    }

    /// Forgets a request whose id now stands for another one.
    pub(super) fn forget(&mut self, id: &str) -> Option<(Responder, Event)> {
        let (id, open) = self.open.remove_entry(id)?;
        Some((open.responder, Event::Answered { id, decision: Decision::Deny, timed_out: false }))
    }

    /// Ends the requests that the agent has taken back.
    pub(super) fn withdrawn(&mut self) -> Vec<Event> {
        let gone = self.open.iter().filter(|(_, open)| open.responder.cancellation().is_cancelled());
        let gone: Vec<String> = gone.map(|(id, _)| id.clone()).collect();
        gone.into_iter()
            .filter_map(|id| {
                let (responder, event) = self.forget(&id)?;
                let _ = responder.respond_with_error(Error::request_cancelled());
                Some(event)
            })
            .collect()
    }

    /// Ends them all.
    pub(super) fn close(&mut self) {
        for open in std::mem::take(&mut self.open).into_values() {
            match open.matter {
                Matter::Leave { .. } => leave(open.responder, None),
                Matter::Form(_) => answer(open.responder, &json!({"action": "cancel"})),
            }
        }
    }

    /// Takes a request for leave to act: answers it, or asks.
    pub(super) fn ask_leave(&mut self, params: Value, responder: Responder, calls: &mut Calls) -> Vec<Event> {
        let Some(update) = params.get("toolCall").filter(|call| call.is_object()) else {
            let _ = responder.respond_with_error(Error::invalid_params());
            return Vec::new();
        };
        let choice = Choice::read(&params);
        let id = update.get("toolCallId").and_then(Value::as_str).map(str::to_owned);
        let (call, mut events) = calls.ask(update);
        let asked = Demand::of(&call, &self.directory);
        let is_too_much = self.unanswered >= MAX_UNANSWERED;
        match asked.judge(&self.policy) {
            // It may only be allowed for ever, which is never said here.
            _ if choice.once.is_none() => {}
            Ruling::Allow => {
                leave(responder, choice.once);
                return events;
            }
            Ruling::Ask if !is_too_much => {
                let event = Event::Asked {
                    id: self.next_id(),
                    tool: asked.tool.clone(),
                    detail: asked.detail(),
                    digest: Some(asked.digest()),
                    grant: Some(asked.grant(&self.policy)),
                    wants: Wants::Permission,
                };
                let matter = Matter::Leave { asked: Box::new(asked), choice, call: id };
                events.push(self.open(event, Open { responder, params, matter }));
                return events;
            }
            Ruling::Ask | Ruling::Deny => {}
        }
        self.note_denied(&asked);
        leave(responder, choice.reject);
        events.extend(id.and_then(|id| calls.deny(&id)));
        events
    }

    /// Takes a form: asks, or declines it.
    pub(super) fn ask_form(&mut self, params: Value, responder: Responder) -> Vec<Event> {
        let Some(form) = Questionnaire::read(&params).filter(|_| self.unanswered < MAX_UNANSWERED) else {
            answer(responder, &json!({"action": "decline"}));
            return Vec::new();
        };
        let event = Event::Asked {
            id: self.next_id(),
            tool: FORM.to_owned(),
            detail: params.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
            digest: Some(Digest::of(FORM, &params)),
            grant: None,
            wants: Wants::Answers(form.questions()),
        };
        vec![self.open(event, Open { responder, params, matter: Matter::Form(form) })]
    }

    fn next_id(&mut self) -> String {
        self.asked += 1;
        format!("request-{}", self.asked)
    }

    fn open(&mut self, event: Event, open: Open) -> Event {
        if let Event::Asked { id, .. } = &event {
            self.open.insert(id.clone(), open);
            self.unanswered += 1;
        }
        event
    }

    /// Answers an open request as a person has decided, and in their words.
    pub(super) fn decide(&mut self, id: &str, decision: Decision, words: &[String], calls: &mut Calls) -> Vec<Event> {
        let Some(open) = self.open.remove(id) else { return Vec::new() };
        self.unanswered = self.unanswered.saturating_sub(1);
        match (open.matter, decision) {
            (Matter::Form(form), Decision::Allow | Decision::AllowForSession) => {
                answer(open.responder, &json!({"action": "accept", "content": form.filled(words)}));
                Vec::new()
            }
            (Matter::Form(_), Decision::Deny) => {
                answer(open.responder, &json!({"action": "decline"}));
                Vec::new()
            }
            (Matter::Leave { asked, choice, .. }, Decision::Allow | Decision::AllowForSession) => {
                if decision == Decision::AllowForSession {
                    self.policy.allow_for_session(asked.grant(&self.policy));
                }
                leave(open.responder, choice.once);
                Vec::new()
            }
            (Matter::Leave { asked, choice, call }, Decision::Deny) => {
                self.note_denied(&asked);
                leave(open.responder, choice.reject);
                call.and_then(|call| calls.deny(&call)).into_iter().collect()
            }
        }
    }

    fn note_denied(&mut self, asked: &Demand) {
        if self.denied.len() < MAX_DENIALS {
            self.denied.push(Denial { tool: asked.tool.clone(), summary: asked.summary() });
        }
    }
}

/// Answers with an option; without one the request counts as cancelled.
fn leave(responder: Responder, option: Option<String>) {
    let outcome = option.map_or(RequestPermissionOutcome::Cancelled, |option| {
        RequestPermissionOutcome::Selected(SelectedPermissionOutcome::new(option))
    });
    match serde_json::to_value(RequestPermissionResponse::new(outcome)) {
        Ok(response) => answer(responder, &response),
        // It is answered with an error.
        Err(_) => drop(responder),
    }
}

fn answer(responder: Responder, response: &Value) {
    // It fails only where the connection has ended.
    let _ = responder.respond(response.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_option_of_a_kind_is_taken_and_none_that_allows_for_ever() {
        let option = |id: &str, kind: &str| json!({"optionId": id, "name": id, "kind": kind});
        let qwen = json!({"options": [option("always", "allow_always"), option("once", "allow_once"),
            option("switch-the-mode", "allow_once"), option("no", "reject_once")]});
        assert_eq!(Choice::read(&qwen), Choice { once: Some("once".into()), reject: Some("no".into()) });
        let odd = json!({"options": [option("always", "allow_always"), 7, option("never", "reject_always")]});
        assert_eq!(Choice::read(&odd), Choice { once: None, reject: Some("never".into()) });
        assert_eq!(Choice::read(&json!({})), Choice { once: None, reject: None });
    }
}
