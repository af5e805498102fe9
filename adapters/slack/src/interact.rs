//! Slash commands, presses, forms and shortcuts, each taken within the three seconds that Slack gives.
//!
//! A press is the inbox's before it is acknowledged, and so is what only concerns who asks, which they alone are told. A command
//! that wants a text opens a form. How a command is received is asked of the inbox, which may take [`ASK_WITHIN`]; without a
//! word from it the command is shown.
//!
//! Slack shows nobody what was typed behind a command, so it is shown by a message of ours, which our answers then stand below.
//! It is kept durably (`kept.rs`) before anything is shown or acknowledged, so that whatever is seen is done, also where the
//! program dies at any point: its next life looks whether the command was shown, shows it where it was not, and hands it over.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_adapter::{ListenError, MessageId, Reception, Reconciled, TextPrompt, Tried, one_line};
use tokio::time::{sleep, timeout};

use crate::asked::{self, Asked, FORM};
use crate::compose;
use crate::failure::CallError;
use crate::handle::{Handler, lost};
use crate::kept::Kept;
use crate::look_up::look_up;

/// Time in which the inbox says how a command is received.
const ASK_WITHIN: Duration = Duration::from_millis(800);

/// Time in which a form is opened.
const OPEN_WITHIN: Duration = Duration::from_millis(1000);

/// Time in which a command is shown, or looked for; how often that is tried, and the wait before it is tried again. A command
/// that cannot be shown is done all the same.
const SHOW_WITHIN: Duration = Duration::from_secs(3);
const SHOW_TIMES: usize = 3;
const SHOW_AGAIN: Duration = Duration::from_millis(300);

/// Wait before a command is looked for whose showing was not answered: a history lags behind what was posted.
const SHOWN_AFTER: Duration = Duration::from_secs(3);

/// Longest wait for which a command is not done, where Slack asks to wait before it is shown.
const MAX_WAIT: Duration = Duration::from_secs(5);

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

/// What became of one try.
enum Try {
    /// It is settled.
    Ended(Showing),
    /// It is to be tried again; the command may have been shown by this try.
    Again { may_be_shown: bool, after: Duration },
}

impl Handler {
    /// Takes something that was asked; returns it where it is kept, and is to be shown and handed over.
    ///
    /// # Errors
    /// [`ListenError::Lost`]: it was not taken.
    pub(crate) async fn asked(&self, mut asked: Asked) -> Result<Option<Box<Kept>>, ListenError> {
        if asked.is_press() {
            return self.accept(asked.incoming).await.map(|()| None);
        }
        let reception = timeout(ASK_WITHIN, self.cx.inbox.reception(&asked.incoming)).await.unwrap_or_default();
        match reception {
            Reception::Asks(prompt) if !asked.trigger.is_empty() && self.has_opened(&asked, &prompt).await => {
                return Ok(None);
            }
            Reception::Aside if !asked.incoming.direct => {
                asked.incoming.window = Some(asked.aside.written());
                return self.accept(asked.incoming).await.map(|()| None);
            }
            Reception::Asks(_) | Reception::Aside | Reception::Open => {}
        }
        let said = format!("{}: {}", asked.incoming.sender.name, asked.command());
        // Everybody reads it, and who typed it was alone with the bot until now.
        let said = self.cx.inbox.masked(&said).chars().take(MAX_SHOWN_CHARS).collect();
        let since = self.marks().newest();
        let kept = Kept { incoming: asked.incoming, said, aside: asked.aside, since };
        if self.commands.lock().await.keep(self.cx.inbox.as_ref(), &kept).await.map_err(lost)? {
            return Ok(Some(Box::new(kept)));
        }
        self.accept(kept.incoming).await.map(|()| None)
    }

    /// Shows a command that is kept, and hands it over.
    ///
    /// # Errors
    /// [`ListenError::Lost`]: the inbox has not got it, and it is still kept.
    pub(crate) async fn finish(&self, kept: Kept, may_be_shown: bool) -> Result<(), ListenError> {
        let mut incoming = kept.incoming.clone();
        match self.shown(&kept, may_be_shown).await {
            Showing::By(message) => {
                incoming.message = Some(message);
                incoming.is_shown_by_us = true;
                self.accept(incoming).await?;
            }
            Showing::Not => self.accept(incoming).await?,
            Showing::NotIn => self.tell_not_in(&kept).await,
        }
        self.commands.lock().await.done(self.cx.inbox.as_ref(), &kept).await.map_err(lost)
    }

    /// Shows a command once.
    async fn shown(&self, kept: &Kept, mut may_be_shown: bool) -> Showing {
        for _ in 0..SHOW_TIMES {
            match timeout(SHOW_WITHIN, self.try_to_show(kept, may_be_shown)).await {
                Ok(Try::Ended(showing)) => return showing,
                Ok(Try::Again { may_be_shown: is_unclear, after }) => {
                    may_be_shown = is_unclear;
                    sleep(after).await;
                }
                Err(_) => {
                    may_be_shown = true;
                    sleep(SHOWN_AFTER).await;
                }
            }
        }
        Showing::Not
    }

    async fn try_to_show(&self, kept: &Kept, may_be_shown: bool) -> Try {
        let message = kept.shown();
        let Ok(body) = compose::post(&message) else { return Try::Ended(Showing::Not) };
        if may_be_shown {
            let channel = kept.incoming.address.chat.as_str();
            match look_up(&self.api, channel, &message, &Tried::at(kept.since())).await {
                Ok(Reconciled::Delivered(receipt)) => return Try::Ended(Showing::By(receipt.message)),
                Ok(Reconciled::Absent) => {}
                Ok(Reconciled::Unknowable) => return Try::Ended(Showing::Not),
                Err(error) if error.is_refusal() => {}
                Err(_) => return Try::Again { may_be_shown: true, after: SHOW_AGAIN },
            }
        }
        match self.api.call::<Shown>("chat.postMessage", &body).await {
            Ok(Shown { ts }) => Try::Ended(Showing::By(MessageId::new(ts))),
            Err(CallError::Answered(refusal)) if NOT_IN.contains(&refusal.error.as_str()) => Try::Ended(Showing::NotIn),
            Err(CallError::Limited { after }) if after <= MAX_WAIT => Try::Again { may_be_shown: false, after },
            Err(CallError::Unsent(_)) => Try::Again { may_be_shown: false, after: SHOW_AGAIN },
            Err(CallError::Unanswered(_)) => Try::Again { may_be_shown: true, after: SHOWN_AFTER },
            Err(error @ (CallError::Answered(_) | CallError::Limited { .. })) => {
                self.kept_from(&error);
                tracing::debug!(%error, "a command could not be shown");
                Try::Ended(Showing::Not)
            }
        }
    }

    /// Tells who asked, by the address that came with it, that the bot is not where they asked.
    async fn tell_not_in(&self, kept: &Kept) {
        let Some(url) = &kept.aside.url else { return };
        let mut body = compose::line("I am not in this channel, or it is archived. /invite me, then ask again.");
        (body["response_type"], body["replace_original"]) = (json!("ephemeral"), json!(false));
        if let Ok(Err(error)) = timeout(SHOW_WITHIN, self.api.respond(url, &body)).await {
            tracing::debug!(%error, "nobody could be told that the bot is not in a channel");
        }
    }

    async fn has_opened(&self, asked: &Asked, prompt: &TextPrompt) -> bool {
        let body = json!({ "trigger_id": asked.trigger, "view": form(asked, prompt) });
        match timeout(OPEN_WITHIN, self.api.call::<Value>("views.open", &body)).await {
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
