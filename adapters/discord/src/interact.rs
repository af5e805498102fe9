//! Interactions are answered at once, beside everything else: Discord gives three seconds, and the inbox may take longer.
//!
//! A command is answered by showing what was asked, since Discord shows nobody what was typed behind its name; that
//! message is what our answers then reply to. What only concerns who asks, they alone are shown, and what comes of it too;
//! a command that wants a text opens a form, whose name is the command that the text makes whole, so that a form which is
//! sent after a restart is understood. A press is answered by nothing to be seen; what came of it is told when it is known.
//! What is answered here again after a restart has been answered before, which Discord says (40060). Before it is answered,
//! it is kept (`asked.rs`), so that whatever was acknowledged is done; what cannot be kept in time is not answered.
//!
//! How a command is received, and what could stand in one that is being typed, is asked of the inbox, which may take
//! [`ASK_WITHIN`]; without a word from it a command is shown, and nothing is offered.
//!
//! Source: <https://docs.discord.com/developers/interactions/receiving-and-responding>, read 2026-11.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_adapter::{Inbox, MessageId, Offer, Reception, TextPrompt, one_line};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::api::Api;
use crate::asked::Asked;
use crate::event::Interaction;
use crate::failure::CallError;
use crate::places::{self, Channels};
use crate::refusal::{ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION};
use crate::render::MAX_TEXT;
use crate::translate::{self, Us};

/// Time in which an interaction is answered, of the three seconds that Discord gives.
const ANSWER_WITHIN: Duration = Duration::from_millis(2700);

/// Time in which the inbox says how.
const ASK_WITHIN: Duration = Duration::from_millis(1200);

/// Time in which Discord says where an interaction is that does not tell.
const PLACE_WITHIN: Duration = Duration::from_millis(600);

/// Pause before an answer that did not get through is given again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Flags of a message: no previews of links; one person alone sees it.
const SUPPRESS_EMBEDS: u64 = 1 << 2;
const EPHEMERAL: u64 = 1 << 6;

/// Most choices, and the longest name and value of one, in characters.
/// Source: <https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-choice-structure>,
/// read 2026-11.
const MAX_CHOICES: usize = 25;
const MAX_CHOICE_CHARS: usize = 100;

/// Longest title of a form and label in it, hint in a field, text of a field, and name of a form, in characters.
/// Source: <https://docs.discord.com/developers/components/using-modal-components>, read 2026-11.
const MAX_TITLE_CHARS: usize = 45;
const MAX_HINT_CHARS: usize = 100;
const MAX_FIELD_CHARS: usize = 4000;
const MAX_FORM_NAME_CHARS: usize = 100;

/// Kinds of answers.
mod kind {
    /// A message.
    pub(super) const MESSAGE: u8 = 4;
    /// Nothing to be seen; the message with the button stays as it is.
    pub(super) const NOTHING: u8 = 6;
    /// Choices for what is being typed.
    pub(super) const CHOICES: u8 = 8;
    /// A form to be filled in.
    pub(super) const FORM: u8 = 9;
}

/// What became of the answer to an interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// This message shows what was asked.
    Shown(MessageId),
    /// Only who asked was shown it.
    Aside,
    /// A text was asked for; with it the command comes again.
    Asked,
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
    channels: Channels,
    asked: Arc<Asked>,
    under_way: JoinSet<()>,
}

#[derive(Deserialize)]
struct Shown {
    id: String,
    #[serde(default)]
    flags: u64,
}

impl Answering {
    pub(crate) fn new(api: Arc<Api>, channels: Channels) -> Self {
        Self { api, channels, asked: Arc::default(), under_way: JoinSet::new() }
    }

    /// Returns what was acknowledged and the inbox may not have.
    pub(crate) fn asked(&self) -> Arc<Asked> {
        Arc::clone(&self.asked)
    }

    /// Begins once more with what was acknowledged and the inbox may not have, of an earlier connection or life; each with
    /// what was told of it.
    pub(crate) fn begin_again(&mut self, inbox: &Arc<dyn Inbox>) -> Vec<(String, Answer)> {
        let left = self.asked.left().into_iter();
        left.map(|data| {
            let answer = self.begin(&data, inbox);
            (data, answer)
        })
        .collect()
    }

    /// Begins to answer an interaction, as the inbox would have it.
    pub(crate) fn begin(&mut self, data: &str, inbox: &Arc<dyn Inbox>) -> Answer {
        while self.under_way.try_join_next().is_some() {}
        let (given, answer) = oneshot::channel();
        if let Ok(mut interaction) = serde_json::from_str::<Interaction>(data) {
            let (api, channels, inbox) = (Arc::clone(&self.api), self.channels.clone(), Arc::clone(inbox));
            let (asked, data, id) = (self.asked(), data.to_owned(), interaction.id.clone());
            self.under_way.spawn(async move {
                let until = Instant::now() + ANSWER_WITHIN;
                let is_being_typed = interaction.is_being_typed();
                let first = async {
                    // Who is asked how to answer asks where that is; without a word it is taken as it was told.
                    let place = places::complete_at_once(&channels, &api, &mut interaction);
                    timeout(PLACE_WITHIN, place).await.ok();
                    first_answer(&api, inbox.as_ref(), &interaction).await
                };
                // What is being typed asks for nothing to be done.
                let keep = async { is_being_typed || asked.keep(inbox.as_ref(), &id, &data).await };
                let (first, may_answer) = tokio::join!(first, keep);
                let answer =
                    async { if may_answer { answer_with(&api, &interaction, &first).await } else { Answered::Late } };
                let answered = timeout_at(until, answer).await;
                // Whoever no longer waits has lost the connection, and gets the interaction again.
                given.send(answered.unwrap_or(Answered::Late)).ok();
            });
        }
        Answer(answer)
    }
}

/// What an interaction is answered with before anything is done about it.
enum First {
    /// A message that shows this command, to everybody or to who asked alone.
    Shows { command: String, aside: bool },
    /// A form.
    Asks(TextPrompt),
    /// Choices for what is being typed behind the name of this command.
    Offers { name: String, offers: Vec<Offer> },
    /// Nothing to be seen.
    Nothing,
}

/// Decides what an interaction is answered with.
async fn first_answer(api: &Api, inbox: &dyn Inbox, interaction: &Interaction) -> First {
    let us = Us { bot_id: api.bot_id().to_owned(), user: String::new(), hears_all: false };
    let asked = translate::asked(&us, interaction);
    if let Some(line) = interaction.being_typed() {
        let offers = match &asked {
            Some(typing) => timeout(ASK_WITHIN, inbox.offers(typing)).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let name = line.split_whitespace().next().unwrap_or_default().to_owned();
        return First::Offers { name, offers };
    }
    let Some(command) = interaction.command() else { return First::Nothing };
    // Others read along, and who typed it was alone with the bot until now.
    let command = inbox.masked(&command);
    // What a message says that a command was given to is not known to be about who gave it.
    let reception = match asked.as_ref().filter(|_| interaction.target().is_none()) {
        Some(asked) => timeout(ASK_WITHIN, inbox.reception(asked)).await.unwrap_or_default(),
        None => Reception::Open,
    };
    match reception {
        Reception::Open => First::Shows { command, aside: false },
        Reception::Aside => First::Shows { command, aside: true },
        Reception::Asks(prompt) if !interaction.is_form() && is_form_name(&prompt.command) => First::Asks(prompt),
        Reception::Asks(_) => First::Shows { command, aside: false },
    }
}

fn is_form_name(name: &str) -> bool {
    (1..=MAX_FORM_NAME_CHARS).contains(&name.chars().count())
}

async fn answer_with(api: &Api, interaction: &Interaction, first: &First) -> Answered {
    let path = format!("interactions/{}/{}/callback?with_response=true", interaction.id, interaction.token);
    let body = first.body();
    loop {
        let outcome = api.call::<Option<Value>>(Method::POST, &path, Some(&body)).await;
        match outcome {
            Ok(answer) => {
                let message = answer.as_ref().and_then(|answer| answer.pointer("/resource/message/id"));
                return match (first, message.and_then(Value::as_str)) {
                    (First::Asks(_), _) => Answered::Asked,
                    (First::Offers { .. } | First::Nothing, _) => Answered::Taken,
                    (First::Shows { aside: true, .. }, _) => Answered::Aside,
                    (First::Shows { aside: false, .. }, Some(id)) => Answered::Shown(MessageId::new(id)),
                    (First::Shows { aside: false, .. }, None) => shown(api, interaction, first).await,
                };
            }
            Err(error) if error.is(ALREADY_ACKNOWLEDGED) => return shown(api, interaction, first).await,
            Err(error) if error.is(UNKNOWN_INTERACTION) => return Answered::Late,
            Err(CallError::Answered(refusal)) if refusal.status < 500 => {
                tracing::warn!(reason = refusal.words(), "an interaction could not be answered");
                return Answered::Late;
            }
            // Asked for before that time, each call would count towards those for which Discord bans an address.
            Err(CallError::Held { after, .. } | CallError::Limited { after, .. }) => {
                tracing::debug!(?after, "an interaction is answered when Discord's limits let it");
                sleep(after.max(AGAIN_AFTER)).await;
            }
            Err(error) => {
                tracing::debug!(%error, "an interaction is answered again");
                sleep(AGAIN_AFTER).await;
            }
        }
    }
}

/// Finds the message that shows a command, where it was answered before.
async fn shown(api: &Api, interaction: &Interaction, first: &First) -> Answered {
    match first {
        First::Asks(_) => return Answered::Asked,
        First::Offers { .. } | First::Nothing => return Answered::Taken,
        First::Shows { .. } => {}
    }
    let path = format!("webhooks/{}/{}/messages/@original", interaction.application_id, interaction.token);
    match api.get::<Shown>(&path).await {
        Ok(Shown { flags, .. }) if flags & EPHEMERAL != 0 => Answered::Aside,
        Ok(Shown { id, .. }) => Answered::Shown(MessageId::new(id)),
        Err(error) => {
            tracing::debug!(%error, "the message that shows a command was not found");
            Answered::Taken
        }
    }
}

impl First {
    fn body(&self) -> Value {
        match self {
            Self::Shows { command, aside } => {
                let mut shown = String::new();
                for (at, line) in command.lines().enumerate() {
                    if at > 0 {
                        shown.push('\n');
                    }
                    crate::escape::push_line(&mut shown, line, true);
                }
                let flags = SUPPRESS_EMBEDS | if *aside { EPHEMERAL } else { 0 };
                let content = crate::compose::cut(&shown, MAX_TEXT);
                let nobody = json!({ "parse": [] });
                json!({ "type": kind::MESSAGE, "data": { "content": content, "allowed_mentions": nobody, "flags": flags } })
            }
            Self::Asks(prompt) => json!({ "type": kind::FORM, "data": form(prompt) }),
            Self::Offers { name, offers } => {
                json!({ "type": kind::CHOICES, "data": { "choices": choices(name, offers) } })
            }
            Self::Nothing => json!({ "type": kind::NOTHING }),
        }
    }
}

/// Makes a form of one field; its name is the command that the text makes whole.
fn form(prompt: &TextPrompt) -> Value {
    let field = json!({
        "type": 4, "custom_id": "text", "style": 2, "required": true, "min_length": 1, "max_length": MAX_FIELD_CHARS,
        "placeholder": one_line(&prompt.hint, MAX_HINT_CHARS),
    });
    let label = json!({ "type": 18, "label": one_line(&prompt.label, MAX_TITLE_CHARS), "component": field });
    json!({ "custom_id": prompt.command, "title": one_line(&prompt.title, MAX_TITLE_CHARS), "components": [label] })
}

/// Makes choices of lines: each stands for all that is typed behind the command's name. What does not fit is left out.
fn choices(name: &str, offers: &[Offer]) -> Vec<Value> {
    let choice = |offer: &Offer| {
        let value = offer.line.strip_prefix(name)?.trim();
        let fits = (1..=MAX_CHOICE_CHARS).contains(&value.chars().count());
        let told =
            if offer.description.is_empty() { value.to_owned() } else { format!("{value} · {}", offer.description) };
        fits.then(|| json!({ "name": one_line(&told, MAX_CHOICE_CHARS), "value": value }))
    };
    offers.iter().filter_map(choice).take(MAX_CHOICES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_few_and_short_and_stand_for_all_that_is_typed() {
        let offer =
            |line: &str, description: &str| Offer { line: line.to_owned(), description: description.to_owned() };
        let mut offers = vec![offer("/session show docs", "fix\nit"), offer("/session ", "nothing")];
        offers.push(offer(&format!("/session show {}", "x".repeat(100)), "too long"));
        offers.push(offer("/session list", &"y".repeat(200)));
        offers.extend((0..40).map(|number| offer(&format!("/session show s{number}"), "")));
        let choices = choices("/session", &offers);
        assert_eq!(choices.len(), MAX_CHOICES);
        assert_eq!(choices[0], json!({ "name": "show docs · fix it", "value": "show docs" }));
        assert_eq!(choices[1]["value"], "list");
        assert_eq!(choices[1]["name"].as_str().expect("a name").chars().count(), MAX_CHOICE_CHARS);
        assert_eq!(choices[2], json!({ "name": "show s0", "value": "show s0" }));
    }

    #[test]
    fn a_form_fits_whatever_is_asked() {
        let long = "x".repeat(200);
        let prompt = TextPrompt { command: "session".into(), title: long.clone(), label: long.clone(), hint: long };
        let form = form(&prompt);
        let count = |value: &Value| value.as_str().expect("text").chars().count();
        assert_eq!((&form["custom_id"], count(&form["title"])), (&json!("session"), MAX_TITLE_CHARS));
        let label = &form["components"][0];
        assert_eq!(
            (count(&label["label"]), count(&label["component"]["placeholder"])),
            (MAX_TITLE_CHARS, MAX_HINT_CHARS)
        );
    }
}
