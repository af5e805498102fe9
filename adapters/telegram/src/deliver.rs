//! The answering half: one attempt is one Bot API call.
//!
//! What an error says about the attempt is decided in `failure.rs`; here are the cases that depend on the call, such as an
//! edit that changes nothing. Signs (typing, reactions, answers to presses) are asked for once and never insisted on.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use signalbox_adapter::{
    Astray, ChatAddress, Deliver, DeliverError, Form, Identity, MessageId, Outgoing, Pace, Receipt, Reconciled, Signal,
    Tried, UserId, picture,
};
use teloxide::payloads::{AnswerCallbackQuery, EditMessageReplyMarkup, SendChatAction, SetMessageReaction};
use teloxide::types::{CallbackQueryId, ChatAction, ChatId, ReactionType, Recipient};
use tokio::time::Instant;

use crate::api::{Api, CALL_TIMEOUT};
use crate::compose::{Call, as_photo, charts, chat_id, compose, message_id, thread};
use crate::failure::{CallError, Effect, Verdict};
use crate::flood::Flood;
use crate::pace;
use crate::refusal::{Parameters, Refusal};

/// Longest answer to a press, in characters.
/// Source: <https://core.telegram.org/bots/api#answercallbackquery>, read 2026-11.
const MAX_NOTICE_CHARS: usize = 200;

/// Messages that are tried to find one without a receipt, and among how many.
const MAX_TRIED: usize = 8;
const MAX_LOOKED_AT: usize = 100;

/// Delivers to Telegram chats.
pub struct TelegramDeliver {
    api: Arc<Api>,
    flood: Flood,
}

/// The part of a sent message that matters; the rest of it could not make a send undone.
#[derive(Deserialize)]
struct Sent {
    message_id: i64,
}

impl TelegramDeliver {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api, flood: Flood::default() }
    }

    /// Says what to do after a failed call about this chat, or about none.
    fn failed(&self, chat: Option<i64>, effect: Effect, error: CallError) -> DeliverError {
        match Verdict::of(error, effect) {
            Verdict::Wait(after) => {
                let everywhere = chat.is_none_or(|chat| self.flood.note(chat, after, Instant::now()));
                DeliverError::Wait { after, everywhere }
            }
            Verdict::Failed(error) => error,
        }
    }

    async fn react(&self, address: &ChatAddress, message: &MessageId, emoji: &str) -> Result<(), DeliverError> {
        let chat = chat_id(address)?;
        let mut reaction = SetMessageReaction::new(Recipient::Id(ChatId(chat)), message_id(message)?);
        reaction.reaction = Some(vec![ReactionType::Emoji { emoji: emoji.to_owned() }]);
        self.hint(Some(chat), self.api.done(&reaction, CALL_TIMEOUT).await)
    }

    /// Takes a refusal as an answer: not every chat allows every sign, and an old press is answered no more.
    fn hint(&self, chat: Option<i64>, outcome: Result<(), CallError>) -> Result<(), DeliverError> {
        match outcome {
            Ok(()) => Ok(()),
            // 404: an older server, or one of another make, does not know the method.
            Err(CallError::Answered(refusal)) if matches!(refusal.code, 400 | 404) => {
                tracing::debug!(reason = refusal.description, "a sign was not taken");
                Ok(())
            }
            Err(error) => Err(self.failed(chat, Effect::Asks, error)),
        }
    }
}

/// The sign that somebody types.
fn typing(address: &ChatAddress) -> Result<SendChatAction, DeliverError> {
    let mut action = SendChatAction::new(Recipient::Id(ChatId(chat_id(address)?)), ChatAction::Typing);
    action.message_thread_id = thread(address)?;
    Ok(action)
}

/// Returns the messages that may be the one without a receipt: those that come first after what it answers.
fn between(astray: &Astray) -> Result<Vec<teloxide::types::MessageId>, DeliverError> {
    let (after, before) = (message_id(&astray.after)?.0, message_id(&astray.before)?.0);
    let is_known = |id: &i32| astray.others.iter().any(|other| other.as_str().parse() == Ok(*id));
    let unknown = (after.saturating_add(1)..before).take(MAX_LOOKED_AT).filter(|id| !is_known(id));
    Ok(unknown.take(MAX_TRIED).map(teloxide::types::MessageId).collect())
}

#[async_trait]
impl Deliver for TelegramDeliver {
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        let chat = chat_id(&message.target.address)?;
        if let Some(photo) = as_photo(message)? {
            match self.api.upload::<Sent>("sendPhoto", photo).await {
                // It was surely not shown, and as a file everything is taken: one too long and thin, for example.
                Err(CallError::Answered(refusal)) if refusal.form() == Some(Form::File) => {}
                sent => {
                    let sent = sent.map_err(|error| self.failed(Some(chat), Effect::Shows, error))?;
                    return Ok(Receipt::of(MessageId::new(sent.message_id.to_string())));
                }
            }
        }
        let call = compose(message, picture::drawn(charts(message)).await)?;
        let is_picture = matches!(&call, Call::Photo(_));
        let effect = match &call {
            Call::Send(_) | Call::Document(_) | Call::Photo(_) => Effect::Shows,
            Call::Edit(_) => Effect::Changes,
        };
        let sent = match call {
            Call::Send(send) => self.api.call::<_, Sent>(send.as_ref(), CALL_TIMEOUT).await,
            Call::Document(form) => self.api.upload::<Sent>("sendDocument", form).await,
            Call::Photo(form) => self.api.upload::<Sent>("sendPhoto", form).await,
            // The server may answer with the message or with `true`: either way it is the message we named.
            Call::Edit(edit) => match self.api.done(edit.as_ref(), CALL_TIMEOUT).await {
                Err(CallError::Answered(refusal)) if !refusal.says("message is not modified") => {
                    Err(CallError::Answered(refusal))
                }
                Ok(()) | Err(CallError::Answered(_)) => Ok(Sent { message_id: edit.message_id.0.into() }),
                Err(error) => Err(error),
            },
        };
        let sent = sent.map_err(|error| match self.failed(Some(chat), effect, error) {
            // A picture is no file of the message's own: without it, the message goes in its plainest form.
            DeliverError::RefusedForm { what: Form::File, words } if is_picture => {
                DeliverError::RefusedForm { what: Form::Text, words }
            }
            error => error,
        })?;
        Ok(Receipt::of(MessageId::new(sent.message_id.to_string())))
    }

    /// Nobody can tell; but the chat is asked for a sign first, so that a message is sent once more only when its chat
    /// answers again.
    async fn reconcile(&self, message: &Outgoing, _tried: &Tried) -> Result<Reconciled, DeliverError> {
        match self.signal(&Signal::Working(message.target.address.clone())).await {
            // A chat that refuses the sign will say about the message what it has to say.
            Ok(()) | Err(DeliverError::Refused(_) | DeliverError::Moved { .. }) => Ok(Reconciled::Unknowable),
            Err(error) => Err(error),
        }
    }

    /// Takes the buttons off one message after the other until one had some: those of others cannot be changed, and one of ours
    /// without any is not modified.
    async fn find_lost(&self, astray: &Astray) -> Result<Option<MessageId>, DeliverError> {
        let chat = chat_id(&astray.address)?;
        for id in between(astray)? {
            let bare = EditMessageReplyMarkup::new(Recipient::Id(ChatId(chat)), id);
            match self.api.done(&bare, CALL_TIMEOUT).await {
                Ok(()) => return Ok(Some(MessageId::new(id.0.to_string()))),
                Err(CallError::Answered(refusal))
                    if refusal.code == 400 && refusal.parameters == Parameters::default() =>
                {
                    tracing::debug!(reason = refusal.description, "that message is not the one without a receipt");
                }
                Err(error) => return Err(self.failed(Some(chat), Effect::Changes, error)),
            }
        }
        Ok(None)
    }

    async fn signal(&self, signal: &Signal) -> Result<(), DeliverError> {
        match signal {
            Signal::Working(address) => {
                self.hint(Some(chat_id(address)?), self.api.done(&typing(address)?, CALL_TIMEOUT).await)
            }
            Signal::Taken { address, message } => self.react(address, message, "👀").await,
            Signal::Ended { address, message, ok: true } => self.react(address, message, "👍").await,
            Signal::Ended { address, message, ok: false } => self.react(address, message, "👎").await,
            Signal::Pressed { press, notice } => {
                let mut answer = AnswerCallbackQuery::new(CallbackQueryId(press.clone()));
                answer.text =
                    Some(notice.chars().take(MAX_NOTICE_CHARS).collect()).filter(|text: &String| !text.is_empty());
                self.hint(None, self.api.done(&answer, CALL_TIMEOUT).await)
            }
        }
    }

    fn too_many(&self) -> u64 {
        self.api.too_many()
    }

    async fn can_post(&self, address: &ChatAddress) -> Result<(), DeliverError> {
        let chat = chat_id(address)?;
        let asked = self.api.done(&typing(address)?, CALL_TIMEOUT).await;
        asked.map_err(|error| self.failed(Some(chat), Effect::Asks, error))
    }

    fn whose(&self, chat: &signalbox_adapter::ChatId) -> Option<UserId> {
        // A direct chat has its person's id; those of groups and channels are negative.
        // Source: <https://core.telegram.org/api/bots/ids>, read 2026-11.
        let is_person = chat.as_str().parse::<i64>().is_ok_and(|id| id > 0);
        is_person.then(|| UserId::new(chat.as_str()))
    }

    fn pace(&self, address: &ChatAddress) -> Pace {
        pace::of_chat(&address.chat)
    }

    async fn check(&self) -> Result<Identity, DeliverError> {
        let bot = self.api.who().await.map_err(|error| match error {
            CallError::Answered(Refusal { code: 401 | 404, description, .. }) => DeliverError::Refused(format!(
                "Telegram does not know this token ({description}); BotFather shows the right one after /token"
            )),
            error => self.failed(None, Effect::Asks, error),
        })?;
        Ok(Identity { id: bot.id.to_string(), name: bot.username })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_without_a_receipt_is_looked_for_close_to_what_it_answers_and_among_few() {
        let astray = |before: &str, others: &[&str]| Astray {
            address: "telegram:1001".parse().expect("an address"),
            after: MessageId::new("10"),
            before: MessageId::new(before),
            others: others.iter().map(|id| MessageId::new(*id)).collect(),
        };
        let tried = |astray: &Astray| between(astray).expect("numbers").iter().map(|id| id.0).collect::<Vec<_>>();
        assert_eq!(tried(&astray("14", &["12", "9"])), [11, 13]);
        assert_eq!(tried(&astray("11", &[])), [0; 0]);
        assert_eq!(tried(&astray("9", &[])), [0; 0]);
        assert_eq!(tried(&astray("1000", &["11"])), [12, 13, 14, 15, 16, 17, 18, 19]);
        assert!(between(&astray("x", &[])).is_err());
    }
}
