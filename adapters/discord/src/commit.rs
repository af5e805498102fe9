//! Events become the inbox's, in their order, and the session moves on behind them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use signalbox_adapter::{AcceptError, Incoming, ListenContext, ListenError, MessageId, Occurrence};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::api::Api;
use crate::backfill::{Backfill, Heard};
use crate::event::{Channel, Guild, Interaction, Message};
use crate::fetching::Fetching;
use crate::files;
use crate::gateway::{Event, Item, Missed, Session};
use crate::interact::Answered;
use crate::places::{self, Places};
use crate::sent::Sent;
use crate::translate::{self, Said, Us};
use crate::unread::{Piece, Unread};

/// How old the note of a session may grow while events come.
pub(crate) const NOTE_EVERY: Duration = Duration::from_secs(1);

/// Messages that may come while something is held.
const MAX_UNHEARD: usize = 1024;

/// Commits what was read.
pub(crate) struct Committer<'a> {
    /// What listening was given.
    pub(crate) cx: &'a ListenContext,
    /// Asked where a channel is, and what was said in it.
    pub(crate) api: Arc<Api>,
    /// Told of our own messages.
    pub(crate) sent: &'a Sent,
    /// Where channels are.
    pub(crate) places: &'a mut Places,
    /// The session, which moves on behind what is committed.
    pub(crate) session: &'a mut Option<Session>,
    /// What was heard so far.
    pub(crate) heard: &'a mut Heard,
    /// The number of the last event that was taken.
    pub(crate) read_until: u64,
    /// When session and what was heard are to be noted; `None` where the notes are true.
    pub(crate) note_at: Option<Instant>,
    /// What could not be read.
    pub(crate) unread: &'a mut Unread,
    /// What the inbox does not have yet, since it waits for files.
    pub(crate) fetching: Fetching,
    /// Messages that came while something was held; they count as heard when nothing is.
    pub(crate) unheard: Vec<Message>,
}

/// What is to be done next.
enum Next {
    Take(Item),
    Note,
    Fetched(io::Result<Vec<Incoming>>),
}

impl Committer<'_> {
    /// Commits until nothing is read any more.
    pub(crate) async fn commit(mut self, mut items: mpsc::Receiver<Item>) -> Result<(), ListenError> {
        self.catch_up_direct().await?;
        loop {
            let (note_at, is_full) = (self.note_at, self.is_full());
            // Each branch may be dropped; what is done about it is done whole.
            let next = tokio::select! {
                biased;
                () = sleep_until(note_at.unwrap_or_else(Instant::now)), if note_at.is_some() => Next::Note,
                fetched = self.fetching.next(), if !self.fetching.is_empty() => Next::Fetched(fetched),
                item = items.recv(), if !is_full => match item {
                    Some(item) => Next::Take(item),
                    None => break,
                },
            };
            match next {
                Next::Take(item) => self.take(item).await?,
                Next::Note => self.note().await?,
                Next::Fetched(fetched) => self.fetched(fetched).await?,
            }
        }
        self.fetch_all().await?;
        if self.note_at.is_some() { self.note().await } else { Ok(()) }
    }

    async fn take(&mut self, item: Item) -> Result<(), ListenError> {
        let seq = match item {
            Item::Began(mut session, guilds) => {
                tracing::info!(bot.id = session.user, "listening to Discord");
                (self.cx.occurred)(Occurrence::Begun, 1);
                session.missed = self.heard.owe().map(|after| Missed::new(after, guilds));
                *self.session = Some(session);
                self.note().await?;
                return self.catch_up_direct().await;
            }
            Item::Resumed(seq) => {
                tracing::info!("listening to Discord again; nothing was missed");
                (self.cx.occurred)(Occurrence::Resumed, 1);
                seq
            }
            Item::Event(event) => {
                let seq = event.seq;
                self.event(event).await?;
                seq
            }
            Item::Passed(seq) => seq,
            Item::Broken(piece) => return self.keep(piece).await,
        };
        self.read_until = self.read_until.max(seq);
        self.move_on();
        Ok(())
    }

    /// Lets the session move on behind what the inbox has.
    fn move_on(&mut self) {
        let until = self.fetching.first().map_or(self.read_until, |first| first.saturating_sub(1).min(self.read_until));
        if let Some(session) = self.session.as_mut() {
            session.seq = session.seq.max(until);
            self.note_at.get_or_insert_with(|| Instant::now() + NOTE_EVERY);
        }
        if self.fetching.is_empty() {
            self.unheard.drain(..).for_each(|message| self.heard.message(&message));
        }
    }

    async fn fetched(&mut self, fetched: io::Result<Vec<Incoming>>) -> Result<(), ListenError> {
        let unsaved = |error| ListenError::Lost(format!("a file of a message could not be saved: {error}"));
        for incoming in fetched.map_err(unsaved)? {
            self.cx.inbox.accept(incoming).await.map_err(lost)?;
        }
        self.move_on();
        Ok(())
    }

    /// Whether so much is held that nothing more should be taken.
    fn is_full(&self) -> bool {
        self.fetching.is_full() || self.unheard.len() >= MAX_UNHEARD
    }

    /// Waits until nothing is held any more.
    async fn fetch_all(&mut self) -> Result<(), ListenError> {
        while !self.fetching.is_empty() {
            let fetched = self.fetching.next().await;
            self.fetched(fetched).await?;
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
            "MESSAGE_CREATE" | "MESSAGE_UPDATE" => {
                let message = self.read(&name, data, seq).await?;
                self.message(seq, message, name == "MESSAGE_UPDATE").await
            }
            "INTERACTION_CREATE" => {
                let answered = match answer {
                    Some(answer) => answer.given().await,
                    None => Answered::Late,
                };
                let interaction = self.read(&name, data, seq).await?;
                self.interaction(seq, interaction, &answered).await
            }
            "GUILD_CREATE" | "THREAD_LIST_SYNC" => {
                let Some(guild) = self.read::<Guild>(&name, data, seq).await? else { return Ok(()) };
                self.places.note_all(&guild);
                if name == "GUILD_CREATE" { self.catch_up(seq, &guild).await } else { Ok(()) }
            }
            _ => {
                if let Some(channel) = self.read::<Channel>(&name, data, seq).await? {
                    self.places.note(&channel);
                }
                Ok(())
            }
        }
    }

    /// Reads an event; what cannot be read is kept, and passed over.
    async fn read<T: DeserializeOwned>(
        &mut self,
        name: &str,
        data: String,
        seq: u64,
    ) -> Result<Option<T>, ListenError> {
        match serde_json::from_str(&data) {
            Ok(read) => Ok(Some(read)),
            Err(_) => {
                self.keep(Piece { what: name.to_owned(), seq, text: data }).await?;
                Ok(None)
            }
        }
    }

    async fn keep(&mut self, piece: Piece) -> Result<(), ListenError> {
        if self.unread.keep(self.cx.inbox.as_ref(), piece).await.map_err(lost)? {
            (self.cx.occurred)(Occurrence::Unreadable, 1);
        }
        Ok(())
    }

    async fn message(&mut self, seq: u64, message: Option<Message>, edited: bool) -> Result<(), ListenError> {
        let (Some(message), Some(us)) = (message, self.us()) else { return Ok(()) };
        if message.author.as_ref().is_some_and(|author| author.id == us.user) {
            if let Some(nonce) = message.nonce.as_ref().and_then(|nonce| nonce.as_str()) {
                self.sent.arrived(nonce, MessageId::new(message.id.clone()));
            }
            return Ok(());
        }
        let address = match &message.guild_id {
            Some(_) => self.places.of(&self.api, &message.channel_id).await?,
            None => places::address(&message.channel_id, None),
        };
        if let Some(Said { incoming, files }) = translate::said(&us, address, &message, edited) {
            if !files.is_empty() && self.cx.inbox.wants_files(&incoming).await {
                let directory = self.cx.files.join(incoming.address.chat.as_str());
                let address = incoming.address.clone();
                self.fetching.fetch(seq, address, files::fetch(Arc::clone(&self.api), incoming, files, directory));
            } else {
                self.accept(seq, incoming).await?;
            }
        }
        if self.fetching.is_empty() {
            self.heard.message(&message);
        } else {
            self.unheard.push(message);
        }
        Ok(())
    }

    /// Reads what was missed in the channels of a server, once for each session.
    async fn catch_up(&mut self, seq: u64, guild: &Guild) -> Result<(), ListenError> {
        self.heard.begin(guild);
        let missed = self.session.as_ref().and_then(|session| session.missed.as_ref());
        let Some(missed) = missed.filter(|missed| !missed.guilds.contains(&guild.id)) else { return Ok(()) };
        let api = Arc::clone(&self.api);
        let mut backfill = Backfill::new(&api, missed.after);
        for channel in backfill.channels(guild).await? {
            self.places.note(&channel);
            self.read_again(seq, &mut backfill, &channel.id, Some(&guild.id)).await?;
        }
        if let Some(missed) = self.session.as_mut().and_then(|session| session.missed.as_mut()) {
            missed.read(&guild.id);
        }
        self.look_whether_all_is_read();
        Ok(())
    }

    /// Forgets from where on messages were missed, once all of them were read.
    fn look_whether_all_is_read(&mut self) {
        if self.session.as_ref().and_then(|session| session.missed.as_ref()).is_some_and(Missed::is_read) {
            self.heard.has_read_all();
        }
    }

    /// Reads what was missed in the channels in which people write to the bot alone, once for each session.
    async fn catch_up_direct(&mut self) -> Result<(), ListenError> {
        let missed = self.session.as_ref().and_then(|session| session.missed.as_ref());
        let Some(missed) = missed.filter(|missed| !missed.has_direct) else { return Ok(()) };
        let (api, seq) = (Arc::clone(&self.api), self.read_until);
        let mut backfill = Backfill::new(&api, missed.after);
        for channel in self.heard.direct().to_vec() {
            self.read_again(seq, &mut backfill, &channel, None).await?;
        }
        if let Some(missed) = self.session.as_mut().and_then(|session| session.missed.as_mut()) {
            missed.has_direct = true;
        }
        self.look_whether_all_is_read();
        Ok(())
    }

    async fn read_again(
        &mut self,
        seq: u64,
        backfill: &mut Backfill<'_>,
        channel: &str,
        guild: Option<&str>,
    ) -> Result<(), ListenError> {
        let missed = backfill.messages(channel, guild).await?;
        if !missed.is_empty() {
            tracing::info!(chat.id = channel, messages = missed.len(), "read again what may have been missed");
        }
        for message in missed {
            self.message(seq, Some(message), false).await?;
            if self.is_full() {
                self.fetch_all().await?;
            }
        }
        // Only what the inbox has counts as read again.
        self.fetch_all().await
    }

    async fn interaction(
        &mut self,
        seq: u64,
        interaction: Option<Interaction>,
        answered: &Answered,
    ) -> Result<(), ListenError> {
        let (Some(interaction), Some(us)) = (interaction, self.us()) else { return Ok(()) };
        match translate::interacted(&us, &interaction, answered) {
            Some(incoming) => self.accept(seq, incoming).await,
            None => Ok(()),
        }
    }

    /// Gives the inbox what an event brought, behind what it does not have yet of the same chat.
    async fn accept(&mut self, seq: u64, incoming: Incoming) -> Result<(), ListenError> {
        if self.fetching.holds(&incoming.address) {
            self.fetching.wait(seq, incoming);
            return Ok(());
        }
        self.cx.inbox.accept(incoming).await.map_err(lost)
    }

    fn us(&self) -> Option<Us> {
        let session = self.session.as_ref()?;
        Some(Us { bot_id: self.api.bot_id().to_owned(), user: session.user.clone() })
    }
}

fn lost(error: AcceptError) -> ListenError {
    ListenError::Lost(error.to_string())
}
