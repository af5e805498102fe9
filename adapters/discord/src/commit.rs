//! Events become the inbox's, in their order, and the session moves on behind them.

use std::time::Duration;

use serde::Deserialize;
use signalbox_adapter::{AcceptError, Incoming, ListenContext, ListenError, MessageId};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::api::Api;
use crate::event::{Channel, Guild, Interaction, Message};
use crate::gateway::{Event, Item, Session};
use crate::interact::Answered;
use crate::places::{self, Places};
use crate::sent::Sent;
use crate::translate::{self, Us};

/// How old the note of a session may grow while events come.
pub(crate) const NOTE_EVERY: Duration = Duration::from_secs(1);

/// Commits what was read.
pub(crate) struct Committer<'a> {
    cx: &'a ListenContext,
    api: &'a Api,
    sent: &'a Sent,
    places: &'a mut Places,
    session: &'a mut Option<Session>,
    /// When the session is to be noted; `None` where its note is true.
    note_at: Option<Instant>,
}

impl<'a> Committer<'a> {
    pub(crate) fn new(
        cx: &'a ListenContext,
        api: &'a Api,
        sent: &'a Sent,
        places: &'a mut Places,
        session: &'a mut Option<Session>,
    ) -> Self {
        Self { cx, api, sent, places, session, note_at: None }
    }

    /// Commits until nothing is read any more.
    pub(crate) async fn commit(mut self, mut items: mpsc::Receiver<Item>) -> Result<(), ListenError> {
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
            Item::Began(session) => {
                tracing::info!(bot.id = session.user, "listening to Discord");
                *self.session = Some(session);
                return self.note().await;
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
                if let Some(guild) = read::<Guild>(&name, &data, seq) {
                    self.places.note_all(&guild);
                }
                Ok(())
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
        self.accept(translate::said(&us, address, &message, edited)).await
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
