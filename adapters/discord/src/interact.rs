//! Interactions are answered at once, beside everything else: Discord gives three seconds, and the inbox may take longer.
//!
//! A command is answered by showing what was asked, since Discord shows nobody what was typed behind its name; that
//! message is what our answers then reply to. A press is answered by nothing to be seen; what came of it is told when it is
//! known. What is answered here again after a restart has been answered before, which Discord says (40060).
//!
//! Source: <https://docs.discord.com/developers/interactions/receiving-and-responding>, read 2026-11.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_adapter::MessageId;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::api::Api;
use crate::event::Interaction;
use crate::failure::CallError;
use crate::refusal::{ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION};
use crate::render::MAX_TEXT;

/// Time in which an interaction is answered, of the three seconds that Discord gives.
const ANSWER_WITHIN: Duration = Duration::from_millis(2700);

/// Pause before an answer that did not get through is given again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Kinds of answers.
mod kind {
    /// A message.
    pub(super) const MESSAGE: u8 = 4;
    /// Nothing to be seen; the message with the button stays as it is.
    pub(super) const NOTHING: u8 = 6;
    /// Choices for what is being typed.
    pub(super) const CHOICES: u8 = 8;
}

/// What became of the answer to an interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// This message shows what was asked.
    Shown(MessageId),
    /// It was taken, and nothing is shown of it.
    Taken,
    /// It came too late, or not at all.
    Late,
}

/// The answer to an interaction, which is being given.
pub(crate) struct Answer(oneshot::Receiver<Answered>);

impl Answer {
    /// Waits until it is given.
    pub(crate) async fn given(self) -> Answered {
        self.0.await.unwrap_or(Answered::Late)
    }
}

/// Gives the answers.
pub(crate) struct Answering {
    api: Arc<Api>,
    under_way: JoinSet<()>,
}

#[derive(Deserialize)]
struct Shown {
    id: String,
}

impl Answering {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api, under_way: JoinSet::new() }
    }

    /// Begins to answer an interaction.
    pub(crate) fn begin(&mut self, data: &str) -> Answer {
        while self.under_way.try_join_next().is_some() {}
        let (given, answer) = oneshot::channel();
        if let Ok(interaction) = serde_json::from_str::<Interaction>(data) {
            let api = Arc::clone(&self.api);
            self.under_way.spawn(async move {
                let answered = timeout_at(Instant::now() + ANSWER_WITHIN, answer_to(&api, &interaction)).await;
                // Whoever no longer waits has lost the connection, and gets the interaction again.
                given.send(answered.unwrap_or(Answered::Late)).ok();
            });
        }
        Answer(answer)
    }
}

async fn answer_to(api: &Api, interaction: &Interaction) -> Answered {
    let path = format!("interactions/{}/{}/callback?with_response=true", interaction.id, interaction.token);
    let body = first_answer(interaction);
    loop {
        let outcome = api.call::<Option<Value>>(Method::POST, &path, Some(&body)).await;
        match outcome {
            Ok(answer) => {
                let message = answer.as_ref().and_then(|answer| answer.pointer("/resource/message/id"));
                return match message.and_then(Value::as_str) {
                    Some(id) => Answered::Shown(MessageId::new(id)),
                    None => shown(api, interaction).await,
                };
            }
            Err(error) if error.is(ALREADY_ACKNOWLEDGED) => return shown(api, interaction).await,
            Err(error) if error.is(UNKNOWN_INTERACTION) => return Answered::Late,
            Err(CallError::Answered(refusal)) if refusal.status < 500 => {
                tracing::warn!(reason = refusal.words(), "an interaction could not be answered");
                return Answered::Late;
            }
            Err(error) => {
                tracing::debug!(%error, "an interaction is answered again");
                sleep(AGAIN_AFTER).await;
            }
        }
    }
}

/// Finds the message that shows a command, where it was answered before.
async fn shown(api: &Api, interaction: &Interaction) -> Answered {
    if !interaction.is_command() {
        return Answered::Taken;
    }
    let path = format!("webhooks/{}/{}/messages/@original", interaction.application_id, interaction.token);
    match api.get::<Shown>(&path).await {
        Ok(Shown { id }) => Answered::Shown(MessageId::new(id)),
        Err(error) => {
            tracing::debug!(%error, "the message that shows a command was not found");
            Answered::Taken
        }
    }
}

/// Returns what an interaction is answered with before anything is done about it.
fn first_answer(interaction: &Interaction) -> Value {
    let nobody = json!({ "parse": [] });
    if let Some(command) = interaction.command() {
        let mut shown = String::new();
        for (at, line) in command.lines().enumerate() {
            if at > 0 {
                shown.push('\n');
            }
            crate::escape::push_line(&mut shown, line, true);
        }
        let content = crate::compose::cut(&shown, MAX_TEXT);
        return json!({ "type": kind::MESSAGE, "data": { "content": content, "allowed_mentions": nobody, "flags": 4 } });
    }
    if interaction.is_being_typed() {
        return json!({ "type": kind::CHOICES, "data": { "choices": [] } });
    }
    json!({ "type": kind::NOTHING })
}
