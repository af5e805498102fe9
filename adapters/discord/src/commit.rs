//! Events become the inbox's, in their order, and the session moves on behind them.

use std::time::Duration;

use serde::Deserialize;
use signalbox_adapter::{AcceptError, Incoming, ListenContext, ListenError, MessageId};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::api::Api;
use crate::backfill::{Backfill, Heard};
use crate::event::{Channel, Guild, Interaction, Message};
use crate::gateway::{Event, Item, Missed, Session};
use crate::interact::Answered;
use crate::places::{self, Places};
use crate::sent::Sent;
use crate::translate::{self, Us};

/// How old the note of a session may grow while events come.
pub(crate) const NOTE_EVERY: Duration = Duration::from_secs(1);

/// Commits what was read.
pub(crate) struct Committer<'a> {
    /// What listening was given.
    pub(crate) cx: &'a ListenContext,
    /// Asked where a channel is, and what was said in it.
    pub(crate) api: &'a Api,
    /// Told of our own messages.
    pub(crate) sent: &'a Sent,
    /// Where channels are.
    pub(crate) places: &'a mut Places,
    /// The session, which moves on behind what is committed.
    pub(crate) session: &'a mut Option<Session>,
    /// What was heard so far.
    pub(crate) heard: &'a mut Heard,
    /// When session and what was heard are to be noted; `None` where the notes are true.
    pub(crate) note_at: Option<Instant>,
}

impl Committer<'_> {
    /// Commits until nothing is read any more.
    pub(crate) async fn commit(mut self, mut items: mpsc::Receiver<Item>) -> Result<(), ListenError> {
        self.catch_up_direct().await?;
        loop {
            let note_at = self.note_at;
            // Either branch may be dropped; what is done about it is done whole.
            let item = tokio::select! {
                biased;
                () = sleep_until(note_at.unwrap_or_else(Instant::now)), if note_at.is_some() => None,
                item = items.recv() => match item {
                    Some(item) => Some(item),
                    None => break,
                },
            };
            match item {
                Some(item) => self.take(item).await?,
                None => self.note().await?,
            }
        }
        if self.note_at.is_some() { self.note().await } else { Ok(()) }
    }

    async fn take(&mut self, item: Item) -> Result<(), ListenError> {
        let seq = match item {
            Item::Began(mut session) => {
                tracing::info!(bot.id = session.user, "listening to Discord");
                let missed = |after| Missed { after, has_direct: false, guilds: Vec::new() };
                session.missed = self.heard.surely().map(missed);
                *self.session = Some(session);
                self.note().await?;
                return self.catch_up_direct().await;
            }
            Item::Resumed(seq) => {
                tracing::info!("listening to Discord again; nothing was missed");
                seq
            }
            Item::Event(event) => {
                let seq = event.seq;
                self.event(event).await?;
                seq
            }
            Item::Passed(seq) => seq,
        };
        if let Some(session) = self.session.as_mut() {
            session.seq = session.seq.max(seq);
            self.note_at.get_or_insert_with(|| Instant::now() + NOTE_EVERY);
        }
        Ok(())
    }

    async fn note(&mut self) -> Result<(), ListenError> {
        self.note_at = None;
        self.heard.note(self.cx.inbox.as_ref()).await.map_err(lost)?;
        match self.session.as_ref() {
            Some(session) => session.note(self.cx.inbox.as_ref()).await.map_err(lost),
            None => Ok(()),
        }
    }

    async fn event(&mut self, event: Event) -> Result<(), ListenError> {
        let Event { name, data, answer, seq } = event;
        match name.as_str() {
            "MESSAGE_CREATE" => self.message(read(&name, &data, seq), false).await,
            "MESSAGE_UPDATE" => self.message(read(&name, &data, seq), true).await,
            "INTERACTION_CREATE" => {
                let answered = match answer {
                    Some(answer) => answer.given().await,
                    None => Answered::Late,
                };
                self.interaction(read(&name, &data, seq), &answered).await
            }
            "GUILD_CREATE" | "THREAD_LIST_SYNC" => {
                let Some(guild) = read::<Guild>(&name, &data, seq) else { return Ok(()) };
                self.places.note_all(&guild);
                if name == "GUILD_CREATE" { self.catch_up(&guild).await } else { Ok(()) }
            }
            _ => {
                if let Some(channel) = read::<Channel>(&name, &data, seq) {
                    self.places.note(&channel);
                }
                Ok(())
            }
        }
    }

    async fn message(&mut self, message: Option<Message>, edited: bool) -> Result<(), ListenError> {
        let (Some(message), Some(us)) = (message, self.us()) else { return Ok(()) };
        if message.author.as_ref().is_some_and(|author| author.id == us.user) {
            if let Some(nonce) = message.nonce.as_ref().and_then(|nonce| nonce.as_str()) {
                self.sent.arrived(nonce, MessageId::new(message.id.clone()));
            }
            return Ok(());
        }
        let address = match &message.guild_id {
            Some(_) => self.places.of(self.api, &message.channel_id).await?,
            None => places::address(&message.channel_id, None),
        };
        self.accept(translate::said(&us, address, &message, edited)).await?;
        self.heard.message(&message);
        Ok(())
    }

    /// Reads what was missed in the channels of a server, once for each session.
    async fn catch_up(&mut self, guild: &Guild) -> Result<(), ListenError> {
        self.heard.begin(guild);
        let missed = self.session.as_ref().and_then(|session| session.missed.as_ref());
        let Some(missed) = missed.filter(|missed| !missed.guilds.contains(&guild.id)) else { return Ok(()) };
        let mut backfill = Backfill::new(self.api, missed.after);
        for channel in backfill.channels(guild).await? {
            self.places.note(&channel);
            self.read_again(&mut backfill, &channel.id, Some(&guild.id)).await?;
        }
        if let Some(missed) = self.session.as_mut().and_then(|session| session.missed.as_mut()) {
            missed.guilds.push(guild.id.clone());
        }
        Ok(())
    }

    /// Reads what was missed in the channels in which people write to the bot alone, once for each session.
    async fn catch_up_direct(&mut self) -> Result<(), ListenError> {
        let missed = self.session.as_ref().and_then(|session| session.missed.as_ref());
        let Some(missed) = missed.filter(|missed| !missed.has_direct) else { return Ok(()) };
        let mut backfill = Backfill::new(self.api, missed.after);
        for channel in self.heard.direct().to_vec() {
            self.read_again(&mut backfill, &channel, None).await?;
        }
        if let Some(missed) = self.session.as_mut().and_then(|session| session.missed.as_mut()) {
            missed.has_direct = true;
        }
        Ok(())
    }

    async fn read_again(
        &mut self,
        backfill: &mut Backfill<'_>,
        channel: &str,
        guild: Option<&str>,
    ) -> Result<(), ListenError> {
        let missed = backfill.messages(channel, guild).await?;
        if !missed.is_empty() {
            tracing::info!(chat.id = channel, messages = missed.len(), "read again what may have been missed");
        }
        for message in missed {
            self.message(Some(message), false).await?;
        }
        Ok(())
    }

    async fn interaction(&self, interaction: Option<Interaction>, answered: &Answered) -> Result<(), ListenError> {
        let (Some(interaction), Some(us)) = (interaction, self.us()) else { return Ok(()) };
        self.accept(translate::interacted(&us, &interaction, answered)).await
    }

    async fn accept(&self, incoming: Option<Incoming>) -> Result<(), ListenError> {
        match incoming {
            Some(incoming) => self.cx.inbox.accept(incoming).await.map_err(lost),
            None => Ok(()),
        }
    }

    fn us(&self) -> Option<Us> {
        let session = self.session.as_ref()?;
        Some(Us { bot_id: self.api.bot_id().to_owned(), user: session.user.clone() })
    }
}

/// Reads an event. What cannot be read may quote a message, so only its name and number are told.
fn read<'d, T: Deserialize<'d>>(name: &str, data: &'d str, seq: u64) -> Option<T> {
    let read = serde_json::from_str(data);
    if read.is_err() {
        tracing::warn!(event.name = name, event.seq = seq, "an event that cannot be understood was passed over");
    }
    read.ok()
}

fn lost(error: AcceptError) -> ListenError {
    ListenError::Lost(error.to_string())
}
