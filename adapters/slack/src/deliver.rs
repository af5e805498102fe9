//! The answering half: one attempt is one call, but for a file, whose last call alone shows anything, and for blocks that
//! are too new for a workspace: where they are refused, the same attempt goes on without them.
//!
//! What an error says about the attempt is decided in `refusal.rs`. Signs (the line below a thread, reactions, answers to
//! presses) are asked for once and never insisted on.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_adapter::{
    ChatAddress, Deliver, DeliverError, Form, Identity, MessageId, Outgoing, Pace, Purpose, Receipt, Reconciled,
    Signal, Tried, one_line,
};
use tokio::time::Instant;

use crate::api::Api;
use crate::aside::Aside;
use crate::compose;
use crate::doubt::Doubts;
use crate::failure::CallError;
use crate::look_up::look_up;
use crate::novelty::Novelty;
use crate::pace::{Edits, PACE};
use crate::refusal::{Carries, Effect};
use crate::share::share;
use crate::working::{STATUS, Working};

/// Longest answer to a press, in characters.
const MAX_NOTICE_CHARS: usize = 500;

/// Longest name of a workspace that is told, in characters.
const MAX_WORKSPACE_CHARS: usize = 80;

/// Signs at a message: it was taken, it went well, it did not.
const TAKEN: &str = "eyes";
const WENT_WELL: &str = "+1";
const WENT_WRONG: &str = "-1";

/// Delivers to Slack channels.
pub struct SlackDeliver {
    api: Arc<Api>,
    edits: Edits,
    working: Working,
    novelty: Novelty,
    doubts: Doubts,
    workspace: OnceLock<String>,
}

#[derive(Deserialize)]
struct Said {
    ts: String,
}

#[derive(Deserialize)]
struct SaidAside {
    message_ts: String,
}

#[derive(Deserialize)]
struct Who {
    user_id: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    team: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Channel {
    is_archived: bool,
    is_member: Option<bool>,
    is_im: bool,
    is_mpim: bool,
}

#[derive(Deserialize)]
struct About {
    channel: Channel,
}

impl SlackDeliver {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self {
            api,
            edits: Edits::default(),
            working: Working::default(),
            novelty: Novelty::default(),
            doubts: Doubts::default(),
            workspace: OnceLock::new(),
        }
    }

    /// Shows a message as it is.
    async fn show(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        let (target, carries) = (&message.target, carries(message));
        if let Some(edited) = &target.edit_of {
            self.change(message, edited, carries).await?;
            return Ok(Receipt::of(edited.clone()));
        }
        if let Some(window) = &target.window {
            return self.aside(message, window, carries).await.map(Receipt::of);
        }
        let shown = self.post(message, carries).await?;
        if let Some(thread) = compose::thread(target) {
            self.working.wrote(target.address.chat.as_str(), thread);
        }
        Ok(Receipt::of(shown))
    }

    /// Makes one attempt with a message, without blocks that are too new where they are refused.
    async fn attempt(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        let mut simpler = self.novelty.without(message, Instant::now());
        loop {
            let form = simpler.as_ref().unwrap_or(message);
            let shown = self.show(form).await;
            let Err(error) = shown else { return shown };
            // It was surely not shown. Each form has less than the one before.
            match self.novelty.refused(form, &error, Instant::now()) {
                Some(next) => simpler = Some(next),
                None => return Err(error),
            }
        }
    }

    /// Says which scopes the app lacks and what to do; `None` where it lacks none, or Slack was not asked anything yet.
    #[must_use]
    pub fn lacking(&self) -> Option<String> {
        self.api.lacking()
    }

    /// Names the workspace; `None` until [`Deliver::check`] has heard of it.
    #[must_use]
    pub fn workspace(&self) -> Option<&str> {
        self.workspace.get().map(String::as_str)
    }

    /// Shows a new message to everybody.
    async fn post(&self, message: &Outgoing, carries: Carries) -> Result<MessageId, DeliverError> {
        if let Some(file) = &message.attachment {
            return share(&self.api, message, file, carries).await;
        }
        let said = self.api.call::<Said>("chat.postMessage", &compose::post(message)?).await;
        said.map(|said| MessageId::new(said.ts)).map_err(|error| error.judged(Effect::Shows, carries))
    }

    /// Changes a message, where the workspace's allowance has one left.
    async fn change(&self, message: &Outgoing, edited: &MessageId, carries: Carries) -> Result<(), DeliverError> {
        if !compose::is_ts(edited.as_str()) {
            // What one person was shown, or a file that was not found.
            return Err(DeliverError::Refused(format!("{edited} cannot be changed")));
        }
        let body = compose::change(message, edited.as_str())?;
        let spare = message.purpose == Purpose::Progress;
        self.edits.take(spare, Instant::now()).map_err(|after| DeliverError::Wait { after, everywhere: false })?;
        let changed = self.api.call::<Value>("chat.update", &body).await;
        changed.map(|_| ()).map_err(|error| error.judged(Effect::Changes, carries))
    }

    /// Shows a message to one person: by the address that they asked with, and where that is no good any more, by name.
    async fn aside(&self, message: &Outgoing, window: &str, carries: Carries) -> Result<MessageId, DeliverError> {
        if message.attachment.is_some() {
            let words = "Slack shows a file to all of a channel or to nobody".to_owned();
            return Err(DeliverError::RefusedForm { what: Form::File, words });
        }
        let aside = Aside::read(window);
        if let Some(url) = &aside.url {
            match self.api.respond(url, &compose::response(message)).await {
                // It names no message: nobody can change it anyway.
                Ok(()) => return Ok(MessageId::new(message.key.as_str())),
                Err(error) if error.is_refusal() => tracing::debug!(%error, "an answer goes by name"),
                Err(error) => return Err(error.judged(Effect::Shows, carries)),
            }
        }
        let body = compose::aside(message, &aside.user)?;
        let said = self.api.call::<SaidAside>("chat.postEphemeral", &body).await;
        said.map(|said| MessageId::new(said.message_ts)).map_err(|error| error.judged(Effect::Shows, carries))
    }

    async fn react(
        &self,
        method: &str,
        address: &ChatAddress,
        message: &MessageId,
        name: &str,
    ) -> Result<(), DeliverError> {
        let body = json!({ "channel": address.chat.as_str(), "timestamp": message.as_str(), "name": name });
        hint(self.api.call::<Value>(method, &body).await)
    }

    /// Says below a thread that an agent works; elsewhere Slack has no such sign.
    async fn work(&self, address: &ChatAddress) -> Result<(), DeliverError> {
        let Some(thread) = &address.thread else { return Ok(()) };
        let (channel, thread) = (address.chat.as_str(), thread.as_str());
        if !self.working.is_due(channel, thread, Instant::now()) {
            return Ok(());
        }
        let body = json!({ "channel_id": channel, "thread_ts": thread, "status": STATUS });
        match self.api.call::<Value>("assistant.threads.setStatus", &body).await {
            Err(error) if error.is_refusal() => {
                if self.working.refused(channel) {
                    tracing::info!(%error, "Slack does not show that an agent works; its messages do");
                }
                Ok(())
            }
            given => hint(given),
        }
    }

    /// Answers a press with a line that only its person sees.
    async fn tell(&self, press: &str, notice: &str) -> Result<(), DeliverError> {
        if notice.is_empty() {
            return Ok(());
        }
        let (aside, mut body) = (Aside::read(press), compose::line(&one_line(notice, MAX_NOTICE_CHARS)));
        if let Some(url) = &aside.url {
            body["response_type"] = json!("ephemeral");
            body["replace_original"] = json!(false);
            match self.api.respond(url, &body).await {
                Err(error) if error.is_refusal() => {}
                told => return hint(told),
            }
        }
        if aside.user.is_empty() || aside.channel.is_empty() {
            return Ok(());
        }
        let mut body = compose::line(&one_line(notice, MAX_NOTICE_CHARS));
        (body["channel"], body["user"]) = (json!(aside.channel), json!(aside.user));
        if let Some(thread) = &aside.thread {
            body["thread_ts"] = json!(thread);
        }
        hint(self.api.call::<Value>("chat.postEphemeral", &body).await)
    }
}

fn carries(message: &Outgoing) -> Carries {
    let target = &message.target;
    Carries {
        thread: target.address.thread.is_some(),
        reply: target.reply_to.is_some(),
        file: message.attachment.is_some(),
        window: target.window.is_some(),
    }
}

/// Takes a refusal as an answer: not every channel allows every sign, and an old press is answered no more.
fn hint<T>(outcome: Result<T, CallError>) -> Result<(), DeliverError> {
    match outcome {
        Ok(_) => Ok(()),
        Err(error) if error.is_refusal() => {
            tracing::debug!(%error, "a sign was not taken");
            Ok(())
        }
        Err(error) => Err(error.judged(Effect::Asks, Carries::default())),
    }
}

#[async_trait]
impl Deliver for SlackDeliver {
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        let begun = Instant::now();
        let shown = self.attempt(message).await;
        if matches!(shown, Err(DeliverError::Unknown(_))) {
            self.doubts.begin(&message.key, begun.elapsed(), Instant::now());
        }
        shown
    }

    async fn reconcile(&self, message: &Outgoing, tried: &Tried) -> Result<Reconciled, DeliverError> {
        // What one person alone is shown stands in no history.
        if message.target.window.is_some() {
            return Ok(Reconciled::Unknowable);
        }
        let channel = compose::channel(&message.target)?;
        let wait = self.doubts.wait(&message.key, Instant::now());
        let mut found = look_up(&self.api, channel, message, tried).await;
        // A file appears late as well, though its absence proves nothing.
        if matches!(found, Ok(Reconciled::Absent | Reconciled::Unknowable)) && !wait.is_zero() {
            tokio::time::sleep(wait).await;
            found = look_up(&self.api, channel, message, tried).await;
        }
        match found {
            Ok(found) => {
                self.doubts.end(&message.key);
                Ok(found)
            }
            // A channel that may not be looked through will say about the message what it has to say.
            Err(error) if error.is_refusal() && !error.may_pass() => Ok(Reconciled::Unknowable),
            Err(error) => Err(error.judged(Effect::Asks, carries(message))),
        }
    }

    async fn signal(&self, signal: &Signal) -> Result<(), DeliverError> {
        match signal {
            Signal::Working(address) => self.work(address).await,
            Signal::Taken { address, message } => self.react("reactions.add", address, message, TAKEN).await,
            Signal::Ended { address, message, ok } => {
                let sign = if *ok { WENT_WELL } else { WENT_WRONG };
                self.react("reactions.add", address, message, sign).await?;
                self.react("reactions.remove", address, message, TAKEN).await
            }
            Signal::Pressed { press, notice } => self.tell(press, notice).await,
        }
    }

    fn pace(&self, _address: &ChatAddress) -> Pace {
        PACE
    }

    fn too_many(&self) -> u64 {
        self.api.too_many()
    }

    async fn can_post(&self, address: &ChatAddress) -> Result<(), DeliverError> {
        let asked = self.api.ask::<About>("conversations.info", &[("channel", address.chat.as_str())]).await;
        let About { channel } = asked.map_err(|error| error.judged(Effect::Asks, Carries::default()))?;
        let why = match channel {
            Channel { is_archived: true, .. } => "the channel is archived; unarchive it, or name another",
            Channel { is_im: false, is_mpim: false, is_member: Some(false), .. } => {
                "the bot is not in the channel; invite it there: /invite and its name"
            }
            Channel { .. } => return Ok(()),
        };
        Err(DeliverError::Refused(why.to_owned()))
    }

    async fn lacks(&self, address: &ChatAddress) -> Result<Option<String>, DeliverError> {
        let can = self.can_post(address).await;
        // What the app lacks everywhere says more than what a call without it came to.
        match self.api.lacking() {
            Some(lacking) => Ok(Some(lacking)),
            None => can.map(|()| None),
        }
    }

    async fn check(&self) -> Result<Identity, DeliverError> {
        let asked = self.api.ask::<Who>("auth.test", &[]).await;
        let Who { user_id: id, user: name, team } = asked.map_err(|error| match error {
            CallError::Answered(refusal) => DeliverError::Refused(refusal.remedy().unwrap_or_else(|| refusal.words())),
            error => error.judged(Effect::Asks, Carries::default()),
        })?;
        if !team.trim().is_empty() {
            self.workspace.set(one_line(&team, MAX_WORKSPACE_CHARS)).ok();
        }
        Ok(Identity { id, name })
    }
}
