//! Events become the inbox's, each chat's in their order, and the session moves on behind them.

use std::collections::VecDeque;
use std::future::ready;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use signalbox_adapter::{AcceptError, Incoming, ListenContext, ListenError, MessageId, Occurrence};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::api::Api;
use crate::asked::Asked;
use crate::backfill::Heard;
use crate::behind::{Behind, Live};
use crate::catch_up::Settling;
use crate::event::{Channel, Deleted, Guild, Interaction, Message};
use crate::fetching::Fetching;
use crate::files;
use crate::gateway::{Event, Item, Session};
use crate::gone::Gone;
use crate::interact::{Answer, Answered};
use crate::listen::BEGAN;
use crate::mentioned;
use crate::owed::Place;
use crate::places::{self, Places};
use crate::reading::{Found, Reading};
use crate::sent::Sent;
use crate::translate::{self, Said, Us};
use crate::unread::{Piece, Unread};

/// How old the note of a session may grow while events come.
pub(crate) const NOTE_EVERY: Duration = Duration::from_secs(1);

/// How far behind the newest message an edit may lie that is told of.
const OLD_EDIT: Duration = Duration::from_secs(600);

/// Commits what was read.
pub(crate) struct Committer<'a> {
    /// What listening was given.
    pub(crate) cx: &'a ListenContext,
    /// Whether Discord shows us what people write.
    pub(crate) content: bool,
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
    /// What was taken away.
    pub(crate) gone: &'a mut Gone,
    /// What could not be read.
    pub(crate) unread: &'a mut Unread,
    /// What the inbox does not have yet, since it waits for files.
    pub(crate) fetching: Fetching,
    /// What was acknowledged and the inbox may not have.
    pub(crate) asked: Arc<Asked>,
    /// When a session was last begun, as long as no other may be.
    pub(crate) began: &'a mut Option<Instant>,
    /// Least time between two that are.
    pub(crate) between_sessions: Duration,
    /// What of it an earlier connection or life has left, with what was told of it.
    pub(crate) left: Vec<(String, Answer)>,
    /// Ids of what was acknowledged and waits for files, each with how many messages were held then.
    pub(crate) acknowledged: Vec<(u64, String)>,
    /// What is being read of what was missed.
    pub(crate) reading: Reading,
    /// What waits until something is read that was missed in its channel.
    pub(crate) behind: Behind,
    /// Places that were read and wait for files.
    pub(crate) settling: Vec<Settling>,
    /// The newest messages that came while something was held; they count as heard when nothing is.
    pub(crate) unheard: Vec<Message>,
    /// When what was put aside is tried again, and how long was waited then.
    pub(crate) again: Option<(Instant, Duration)>,
    /// How long is waited until it is tried again the next time.
    pub(crate) again_after: Duration,
    /// What is being tried again.
    pub(crate) retry: VecDeque<(String, Place)>,
}

/// What is to be done next.
enum Next {
    Take(Item),
    Note,
    Again,
    Fetched(io::Result<Vec<Incoming>>),
    Found(io::Result<Option<Found>>),
    Missed,
}

impl Committer<'_> {
    /// Commits until nothing is read any more.
    pub(crate) async fn commit(mut self, mut items: mpsc::Receiver<Item>) -> Result<(), ListenError> {
        if self.session.is_some() {
            self.catch_up_direct().await;
            self.look_aside();
        }
        loop {
            if self.session.is_some() {
                self.read_on();
            }
            let (note_at, is_full) = (self.note_at, self.is_full());
            let again_at = self.again.map(|(at, _)| at);
            let has_missed = self.reading.has_missed() && !self.fetching.is_full();
            // Each branch may be dropped; what is done about it is done whole. What is said now goes before what was missed.
            let next = tokio::select! {
                biased;
                () = sleep_until(note_at.unwrap_or_else(Instant::now)), if note_at.is_some() => Next::Note,
                () = sleep_until(again_at.unwrap_or_else(Instant::now)), if again_at.is_some() => Next::Again,
                fetched = self.fetching.next(), if !self.fetching.is_empty() => Next::Fetched(fetched),
                item = items.recv(), if !is_full => match item {
                    Some(item) => Next::Take(item),
                    None => break,
                },
                () = ready(()), if has_missed => Next::Missed,
                found = self.reading.next(), if self.reading.is_under_way() => Next::Found(found),
            };
            match next {
                Next::Take(item) => self.take(item).await?,
                Next::Note => self.note().await?,
                Next::Again => self.read_what_is_aside(),
                Next::Fetched(fetched) => self.fetched(fetched).await?,
                Next::Missed => self.missed().await?,
                Next::Found(found) => {
                    let broke_off = |error| ListenError::Lost(format!("reading what was missed broke off: {error}"));
                    if let Some(found) = found.map_err(broke_off)? {
                        self.found(found).await?;
                    }
                }
            }
        }
        self.fetch_all().await?;
        if self.note_at.is_some() { self.note().await } else { Ok(()) }
    }

    async fn take(&mut self, item: Item) -> Result<(), ListenError> {
        let seq = match item {
            Item::Began(session, guilds) => {
                tracing::info!(bot.id = session.user, "listening to Discord");
                (self.cx.occurred)(Occurrence::Begun, 1);
                self.heard.owe(&guilds);
                *self.session = Some(session);
                self.catch_up_direct().await;
                self.note().await?;
                let began = Instant::now();
                *self.began = Some(began);
                // From then on the next life need not wait.
                self.note_at = Some(began + self.between_sessions);
                return self.take_left().await;
            }
            Item::Resumed(seq) => {
                tracing::info!("listening to Discord again; nothing was missed");
                (self.cx.occurred)(Occurrence::Resumed, 1);
                self.take_left().await?;
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
    pub(crate) fn move_on(&mut self) {
        let first = self.fetching.first().into_iter().chain(self.behind.first()).min();
        let until = first.map_or(self.read_until, |first| first.saturating_sub(1).min(self.read_until));
        if let Some(session) = self.session.as_mut() {
            session.seq = session.seq.max(until);
            self.note_at.get_or_insert_with(|| Instant::now() + NOTE_EVERY);
        }
        if !self.is_waiting() {
            self.unheard.drain(..).for_each(|message| self.heard.message(&message));
        }
    }

    async fn fetched(&mut self, fetched: io::Result<Vec<Incoming>>) -> Result<(), ListenError> {
        let unsaved = |error| ListenError::Lost(format!("a file of a message could not be saved: {error}"));
        for incoming in fetched.map_err(unsaved)? {
            self.cx.inbox.accept(incoming).await.map_err(lost)?;
        }
        self.settle();
        self.acknowledge();
        self.move_on();
        Ok(())
    }

    /// Whether so much is held that nothing more should be taken.
    fn is_full(&self) -> bool {
        self.fetching.is_full() || self.behind.is_full()
    }

    /// Whether the inbox does not have everything that was taken.
    fn is_waiting(&self) -> bool {
        !self.fetching.is_empty() || !self.behind.is_empty()
    }

    /// Waits until no file is fetched any more.
    async fn fetch_all(&mut self) -> Result<(), ListenError> {
        while !self.fetching.is_empty() {
            let fetched = self.fetching.next().await;
            self.fetched(fetched).await?;
        }
        Ok(())
    }

    async fn note(&mut self) -> Result<(), ListenError> {
        self.note_at = None;
        self.asked.erase(self.cx.inbox.as_ref()).await.map_err(lost)?;
        let (now, between) = (Instant::now(), self.between_sessions);
        if self.began.is_some_and(|began| began + between <= now) {
            self.cx.inbox.note(BEGAN, "").await.map_err(lost)?;
            *self.began = None;
        }
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
                let Some(message) = self.read::<Message>(&name, data, seq).await? else { return Ok(()) };
                let edited = name == "MESSAGE_UPDATE";
                if self.is_ours(&message) {
                    return self.message(seq, message, edited).await;
                }
                let guild = message.guild_id.clone();
                self.live(seq, guild.as_deref(), Live::Said { message: Box::new(message), edited }).await
            }
            "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => {
                let Some(deleted) = self.read::<Deleted>(&name, data, seq).await? else { return Ok(()) };
                deleted.ids().for_each(|id| self.gone.note(id));
                let guild = deleted.guild_id.clone();
                self.live(seq, guild.as_deref(), Live::Deleted(deleted)).await
            }
            "INTERACTION_CREATE" => {
                let answered = match answer {
                    Some(answer) => answer.given().await,
                    None => Answered::Late,
                };
                let interaction = self.read(&name, data, seq).await?;
                self.interaction(seq, interaction, &answered).await
            }
            "GUILD_CREATE" | "GUILD_DELETE" | "THREAD_LIST_SYNC" => {
                let Some(guild) = self.read::<Guild>(&name, data, seq).await? else { return Ok(()) };
                // One that cannot be reached now is told of again when it can.
                match name.as_str() {
                    _ if guild.unavailable => return Ok(()),
                    "GUILD_DELETE" => self.heard.owed.left(&guild.id),
                    "GUILD_CREATE" => {
                        let us = self.session.as_ref().map(|session| session.user.as_str()).unwrap_or_default();
                        self.places.note_roles(&guild.id, us, &guild.roles);
                        self.places.note_all(&guild);
                    }
                    _ => self.places.note_all(&guild),
                }
                if name == "GUILD_CREATE" {
                    self.catch_up(&guild);
                }
                self.release().await
            }
            _ => {
                if let Some(channel) = self.read::<Channel>(&name, data, seq).await? {
                    self.places.told(&channel);
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

    pub(crate) async fn keep(&mut self, piece: Piece) -> Result<(), ListenError> {
        if self.unread.keep(self.cx.inbox.as_ref(), piece).await.map_err(lost)? {
            (self.cx.occurred)(Occurrence::Unreadable, 1);
        }
        Ok(())
    }

    pub(crate) async fn message(&mut self, seq: u64, mut message: Message, edited: bool) -> Result<(), ListenError> {
        let Some(us) = self.us() else { return Ok(()) };
        if self.is_ours(&message) {
            if let Some(nonce) = message.nonce.as_ref().and_then(|nonce| nonce.as_str()) {
                self.sent.arrived(nonce, MessageId::new(message.id.clone()));
            }
            self.heard_of(message);
            return Ok(());
        }
        // What was taken away before it was told of was never said.
        if self.gone.has(&message.id) || edited && self.is_old_edit(&message) {
            self.heard_of(message);
            return Ok(());
        }
        self.places.name_us(&self.api, &us.user, &mut message).await;
        let address = match &message.guild_id {
            Some(_) => self.places.of(&self.api, &message.channel_id).await?,
            None => places::address(&message.channel_id, None),
        };
        if let Some(Said { mut incoming, files }) = translate::said(&us, address, &message, edited) {
            // Asked only where it matters: what a bot posts may be an alert.
            incoming.in_post = incoming.sender.bot && self.places.is_post(&self.api, &incoming.address).await?;
            let mut incoming = self.with_root(incoming).await;
            if !files.is_empty() && self.cx.inbox.wants_files(&mut incoming).await {
                let directory = self.cx.files.join(incoming.address.chat.as_str());
                let address = incoming.address.clone();
                self.fetching.fetch(seq, address, files::fetch(Arc::clone(&self.api), incoming, files, directory));
            } else {
                self.accept(seq, incoming).await?;
            }
        }
        self.heard_of(message);
        Ok(())
    }

    pub(crate) async fn deleted(&mut self, seq: u64, deleted: &Deleted) -> Result<(), ListenError> {
        let Some(us) = self.us() else { return Ok(()) };
        let address = match &deleted.guild_id {
            Some(_) => self.places.of(&self.api, &deleted.channel_id).await?,
            None => places::address(&deleted.channel_id, None),
        };
        for id in deleted.ids() {
            self.accept(seq, translate::deleted(&us, address.clone(), id)).await?;
        }
        Ok(())
    }

    /// Whether an edit was made long before the newest message: then something else has become of the message now, such as
    /// that it was pinned.
    fn is_old_edit(&self, message: &Message) -> bool {
        let margin = u64::try_from(OLD_EDIT.as_millis()).unwrap_or(u64::MAX);
        let edited = translate::edited_ms(message).zip(self.heard.newest_ms());
        edited.is_some_and(|(edited, newest)| edited.saturating_add(margin) < newest)
    }

    /// Notes that a message is taken care of, once everything before it is.
    fn heard_of(&mut self, message: Message) {
        if !self.is_waiting() {
            self.heard.message(&message);
            return;
        }
        // Only the newest of all servers counts, and of each channel of one person.
        let place = |message: &Message| (message.guild_id.is_none()).then(|| message.channel_id.clone());
        let number = |message: &Message| message.id.parse::<u64>().unwrap_or(0);
        let known = self.unheard.iter().position(|known| place(known) == place(&message));
        let known = known.map(|at| self.unheard.remove(at)).filter(|known| number(known) > number(&message));
        self.unheard.push(known.unwrap_or(message));
    }

    async fn interaction(
        &mut self,
        seq: u64,
        interaction: Option<Interaction>,
        answered: &Answered,
    ) -> Result<(), ListenError> {
        let (Some(mut interaction), Some(us)) = (interaction, self.us()) else { return Ok(()) };
        self.places.complete(&self.api, &mut interaction).await?;
        let has_it = match translate::interacted(&us, &interaction, answered) {
            Some(incoming) => {
                let incoming = mentioned::named(&self.api, &interaction, incoming).await;
                self.accept(seq, incoming).await?
            }
            None => true,
        };
        if has_it {
            self.asked.done(&interaction.id);
            self.note_soon();
        } else {
            self.acknowledged.push((self.fetching.count(), interaction.id));
        }
        Ok(())
    }

    /// Takes what was acknowledged on an earlier connection, or in an earlier life, and has not come again by itself.
    async fn take_left(&mut self) -> Result<(), ListenError> {
        for (data, answer) in std::mem::take(&mut self.left) {
            let Ok(interaction) = serde_json::from_str::<Interaction>(&data) else { continue };
            if self.asked.has(&interaction.id) {
                let answered = answer.given().await;
                self.interaction(self.read_until, Some(interaction), &answered).await?;
            }
        }
        Ok(())
    }

    /// Counts as done what was acknowledged and waited for files that are there now.
    fn acknowledge(&mut self) {
        let is_done = |(held, _): &mut (u64, String)| self.fetching.is_past(*held);
        self.acknowledged.extract_if(.., is_done).for_each(|(_, id)| self.asked.done(&id));
    }

    /// Gives the inbox what an event brought, behind what it does not have yet of the same chat; says whether it has it now.
    async fn accept(&mut self, seq: u64, incoming: Incoming) -> Result<bool, ListenError> {
        if self.fetching.holds(&incoming.address) {
            self.fetching.wait(seq, incoming);
            return Ok(false);
        }
        self.cx.inbox.accept(incoming).await.map_err(lost)?;
        Ok(true)
    }

    fn us(&self) -> Option<Us> {
        let session = self.session.as_ref()?;
        let (bot_id, user) = (self.api.bot_id().to_owned(), session.user.clone());
        Some(Us { bot_id, user, hears_all: self.content })
    }
}

fn lost(error: AcceptError) -> ListenError {
    ListenError::Lost(error.to_string())
}
