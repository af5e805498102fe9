//! Slash commands, presses, forms and shortcuts, each taken within the three seconds that Slack gives.
//!
//! Slack shows nobody what was typed behind a command, so it is shown by a message of ours first, which our answers then stand
//! below; what only concerns who asks, they alone are told, and a command that wants a text opens a form. How a command is
//! received is asked of the inbox, which may take [`ASK_WITHIN`]; without a word from it the command is shown. Where the
//! program dies before the inbox has it, Slack says so to who asked, and nothing is acknowledged.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_adapter::{ListenError, MessageId, Reception, TextPrompt, one_line};
use tokio::time::timeout;

use crate::asked::{self, Asked, FORM};
use crate::failure::CallError;
use crate::handle::Handler;

/// Time in which the inbox says how a command is received.
const ASK_WITHIN: Duration = Duration::from_millis(800);

/// Time in which a command is shown, or a form opened.
const SHOW_WITHIN: Duration = Duration::from_millis(1000);

/// Longest command that is shown, in characters.
const MAX_SHOWN_CHARS: usize = 3000;

/// Longest title of a form; label and hint of its field; text of it; in characters.
/// Source: <https://docs.slack.dev/reference/views/modal-views>, read 2026-11.
const MAX_TITLE_CHARS: usize = 24;
const MAX_LABEL_CHARS: usize = 2000;
const MAX_HINT_CHARS: usize = 150;
const MAX_FIELD_CHARS: u64 = 3000;

/// Refusals after which the bot has to be let into the channel.
const NOT_IN: [&str; 3] = ["not_in_channel", "channel_not_found", "is_archived"];

#[derive(Deserialize)]
struct Shown {
    ts: String,
}

/// What became of showing a command.
enum Showing {
    /// This message shows it.
    By(MessageId),
    /// Nothing does, and it is done all the same.
    Not,
    /// The bot is not in the channel, and could not answer there.
    NotIn,
}

impl Handler {
    /// Takes something that was asked; returns what is said with its acknowledgement.
    ///
    /// # Errors
    /// [`ListenError::Lost`]: it was not taken.
    pub(crate) async fn asked(&self, mut asked: Asked) -> Result<Option<Value>, ListenError> {
        if asked.is_press() {
            return self.accept(asked.incoming).await.map(|()| None);
        }
        let reception = timeout(ASK_WITHIN, self.cx.inbox.reception(&asked.incoming)).await.unwrap_or_default();
        match reception {
            Reception::Asks(prompt) if !asked.trigger.is_empty() && self.has_opened(&asked, &prompt).await => {
                return Ok(None);
            }
            Reception::Aside if !asked.incoming.direct => asked.incoming.window = Some(asked.aside.written()),
            Reception::Asks(_) | Reception::Aside | Reception::Open => match self.shown(&asked).await {
                Showing::By(message) => {
                    asked.incoming.message = Some(message);
                    asked.incoming.is_shown_by_us = true;
                }
                Showing::Not => {}
                Showing::NotIn => {
                    let text = "I am not in this channel. `/invite` me, then ask again.";
                    return Ok(Some(json!({ "response_type": "ephemeral", "text": text })));
                }
            },
        }
        self.accept(asked.incoming).await.map(|()| None)
    }

    async fn shown(&self, asked: &Asked) -> Showing {
        let (address, sender) = (&asked.incoming.address, &asked.incoming.sender);
        let said = format!("{}: {}", sender.name, asked.command());
        let escaped = said.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let text: String = escaped.chars().take(MAX_SHOWN_CHARS).collect();
        let mut body = json!({
            "channel": address.chat.as_str(), "text": text, "mrkdwn": false, "unfurl_links": false, "unfurl_media": false,
        });
        if let Some(thread) = &address.thread {
            body["thread_ts"] = json!(thread.as_str());
        }
        match timeout(SHOW_WITHIN, self.api.call::<Shown>("chat.postMessage", &body)).await {
            Ok(Ok(Shown { ts })) => Showing::By(MessageId::new(ts)),
            Ok(Err(CallError::Answered(refusal))) if NOT_IN.contains(&refusal.error.as_str()) => Showing::NotIn,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a command could not be shown");
                Showing::Not
            }
            Err(_) => Showing::Not,
        }
    }

    async fn has_opened(&self, asked: &Asked, prompt: &TextPrompt) -> bool {
        let body = json!({ "trigger_id": asked.trigger, "view": form(asked, prompt) });
        match timeout(SHOW_WITHIN, self.api.call::<Value>("views.open", &body)).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a form could not be opened");
                false
            }
            Err(_) => false,
        }
    }
}

/// Makes a form of one field, which knows the command that its text makes whole.
fn form(asked: &Asked, prompt: &TextPrompt) -> Value {
    let plain = |text: &str, most: usize| json!({ "type": "plain_text", "text": one_line(text, most) });
    json!({
        "type": "modal", "callback_id": FORM, "private_metadata": asked::noted(asked, &prompt.command),
        "title": plain(&prompt.title, MAX_TITLE_CHARS), "submit": plain("OK", MAX_TITLE_CHARS),
        "blocks": [{
            "type": "input", "block_id": "text", "label": plain(&prompt.label, MAX_LABEL_CHARS),
            "element": {
                "type": "plain_text_input", "action_id": "text", "multiline": true, "max_length": MAX_FIELD_CHARS,
                "focus_on_load": true, "placeholder": plain(&prompt.hint, MAX_HINT_CHARS),
            },
        }],
    })
}
