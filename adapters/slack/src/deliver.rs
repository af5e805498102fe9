//! The answering half: one attempt is one call.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_adapter::{
    Deliver, DeliverError, Form, Identity, MessageId, Outgoing, Receipt, Reconciled, Signal, Tried, one_line,
};

use crate::api::Api;
use crate::aside::Aside;
use crate::failure::CallError;

/// Longest answer to a press, in characters.
const MAX_NOTICE_CHARS: usize = 500;

/// Delivers to Slack channels.
pub struct SlackDeliver {
    api: Arc<Api>,
}

#[derive(Deserialize)]
struct Shown {
    ts: String,
}

#[derive(Deserialize)]
struct Told {
    message_ts: String,
}

#[derive(Deserialize)]
struct Who {
    user_id: String,
    #[serde(default)]
    user: String,
}

impl SlackDeliver {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }
}

fn judged(error: CallError, shows: bool) -> DeliverError {
    match error {
        CallError::Unsent(why) => DeliverError::Unreachable(why),
        CallError::Unanswered(why) if shows => DeliverError::Unknown(why),
        CallError::Unanswered(why) => DeliverError::Unreachable(why),
        CallError::Limited { after } => DeliverError::Wait { after, everywhere: false },
        CallError::Answered(refusal) => DeliverError::Refused(refusal.words()),
    }
}

#[async_trait]
impl Deliver for SlackDeliver {
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        let target = &message.target;
        let said = message.part.body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let text = message.mark.iter().fold(said, |said, mark| format!("{said}\n{mark}"));
        let mut body = json!({ "channel": target.address.chat.as_str(), "text": text, "mrkdwn": false });
        if let Some(thread) = &target.address.thread {
            body["thread_ts"] = json!(thread.as_str());
        }
        if let Some(edited) = &target.edit_of {
            body["ts"] = json!(edited.as_str());
        }
        if let Some(window) = &target.window {
            body["user"] = json!(Aside::read(window).user);
            let told: Result<Told, CallError> = self.api.call("chat.postEphemeral", &body).await;
            return told.map(|told| Receipt::of(MessageId::new(told.message_ts))).map_err(|error| match error {
                CallError::Answered(refusal) => {
                    DeliverError::RefusedForm { what: Form::Window, words: refusal.words() }
                }
                error => judged(error, true),
            });
        }
        let (method, shows) =
            if target.edit_of.is_some() { ("chat.update", false) } else { ("chat.postMessage", true) };
        let shown: Shown = self.api.call(method, &body).await.map_err(|error| judged(error, shows))?;
        Ok(Receipt::of(MessageId::new(shown.ts)))
    }

    async fn reconcile(&self, _message: &Outgoing, _tried: &Tried) -> Result<Reconciled, DeliverError> {
        Ok(Reconciled::Unknowable)
    }

    async fn signal(&self, signal: &Signal) -> Result<(), DeliverError> {
        let Signal::Pressed { press, notice } = signal else { return Ok(()) };
        let place = Aside::read(press);
        let text = one_line(notice, MAX_NOTICE_CHARS);
        if text.is_empty() || place.channel.is_empty() {
            return Ok(());
        }
        let mut body = json!({ "channel": place.channel, "user": place.user, "text": text, "mrkdwn": false });
        if let Some(thread) = place.thread {
            body["thread_ts"] = json!(thread);
        }
        let told: Result<Value, CallError> = self.api.call("chat.postEphemeral", &body).await;
        told.map(|_| ()).map_err(|error| judged(error, false))
    }

    fn too_many(&self) -> u64 {
        self.api.too_many()
    }

    async fn check(&self) -> Result<Identity, DeliverError> {
        let who: Result<Who, CallError> = self.api.call("auth.test", &Value::Object(Default::default())).await;
        who.map(|Who { user_id: id, user: name }| Identity { id, name }).map_err(|error| judged(error, false))
    }
}
