//! What was missed is committed too, beside what is said now: place by place, and later what could not be read at first.
//!
//! What is to be read is noted before the session moves on behind the event that told of it, and counts as owed until the
//! inbox has it: whatever ends meanwhile, it is read again.

use std::sync::Arc;
use std::time::Duration;

use signalbox_adapter::{ListenError, Occurrence, Provider};
use tokio::time::Instant;

use crate::backfill::{Backfill, WITH_PRIVATE_THREADS, WITH_THREADS, last_message};
use crate::behind::Live;
use crate::boards::is_board;
use crate::commit::{Committer, NOTE_EVERY};
use crate::event::{Guild, Message};
use crate::failure::CallError;
use crate::owed::{DIRECT, Place};
use crate::reading::{Found, Read};
use crate::section::PROVIDER;
use crate::unread::Piece;

/// Wait until what could not be read of a time that was missed is tried again; doubled each time.
pub(crate) const FIRST_AGAIN: Duration = Duration::from_secs(2);

/// Longest such wait.
const LAST_AGAIN: Duration = Duration::from_secs(300);

/// A place that was read and counts as that when the files of its messages are fetched.
pub(crate) struct Settling {
    guild: String,
    place: Place,
    /// How many messages were held when it was handed on.
    held: u64,
}

impl Committer<'_> {
    /// Notes what is to be read of what was missed in a server.
    pub(crate) fn catch_up(&mut self, guild: &Guild) {
        self.heard.begin(guild);
        let Some(after) = self.heard.owed.after(&guild.id) else { return };
        // What a forum names as its last message is a thread.
        let channels = guild.channels.iter().filter(|channel| !is_board(channel.kind));
        let said = guild.threads.iter().chain(channels).filter(|channel| last_message(channel) > Some(after));
        let messages = said.map(|channel| Place::Messages(channel.id.clone()));
        let with_threads = guild.channels.iter().filter(|channel| WITH_THREADS.contains(&channel.kind));
        let archived = with_threads.map(|channel| Place::Archived(channel.id.clone()));
        let with_private = guild.channels.iter().filter(|channel| channel.kind == WITH_PRIVATE_THREADS);
        let private = with_private.map(|channel| Place::Private(channel.id.clone()));
        self.heard.owed.add(&guild.id, messages.chain(archived).chain(private));
        self.heard.owed.told(&guild.id);
    }

    /// Notes that the channels are to be read in which people write to the bot alone.
    pub(crate) async fn catch_up_direct(&mut self) {
        if self.heard.owed.after(DIRECT).is_none() {
            return;
        }
        let people = self.cx.inbox.people(&Provider::new(PROVIDER)).await;
        let people = self.heard.unknown(people).into_iter().map(Place::Person);
        let places: Vec<Place> = self.heard.direct().cloned().map(Place::Messages).chain(people).collect();
        self.heard.owed.add(DIRECT, places);
        self.heard.owed.told(DIRECT);
    }

    /// Begins to read the next place, unless one is being read: first where somebody waits for it.
    pub(crate) fn read_on(&mut self) {
        if self.reading.is_under_way() || self.reading.has_missed() {
            return;
        }
        let is_free = |guild: &str, place: &Place| !self.is_settling(guild, place);
        let is_wanted = |guild: &str, place: &Place| is_free(guild, place) && self.behind.holds(place.channel());
        let next = self.heard.owed.next(is_wanted).or_else(|| self.heard.owed.next(is_free));
        let (next, is_again) = match next {
            Some(next) => (Some(next), false),
            None => {
                // Of a server that the bot has left meanwhile nothing is owed.
                self.retry.retain(|(guild, _)| self.heard.owed.after(guild).is_some());
                (self.retry.pop_front(), true)
            }
        };
        let Some((guild, place)) = next else { return };
        let Some(after) = self.heard.owed.after(&guild) else { return };
        let backfill = Backfill::new(Arc::clone(&self.api), after, Arc::clone(&self.cx.alive));
        self.reading.begin(guild, place, if is_again { backfill.once() } else { backfill });
    }

    fn is_settling(&self, guild: &str, place: &Place) -> bool {
        self.settling.iter().any(|settling| settling.guild == guild && settling.place == *place)
    }

    /// Tries again what could not be read before.
    pub(crate) fn read_what_is_aside(&mut self) {
        let wait = self.again.take().map_or(FIRST_AGAIN, |(_, wait)| wait);
        self.retry = self.heard.owed.aside().into();
        self.again_after = LAST_AGAIN.min(wait * 2);
    }

    /// Looks whether something has to be tried again after a while.
    pub(crate) fn look_aside(&mut self) {
        if self.again.is_none() && self.retry.is_empty() && !self.heard.owed.aside().is_empty() {
            self.again = Some((Instant::now() + self.again_after, self.again_after));
        }
    }

    /// Takes what was found in a place; one that cannot be read now is put aside.
    pub(crate) async fn found(&mut self, (guild, place, outcome): Found) -> Result<(), ListenError> {
        match outcome {
            Ok(Read::Said(missed)) => {
                let channel = place.channel();
                if !missed.messages.is_empty() {
                    let messages = missed.messages.len();
                    tracing::info!(chat.id = channel, messages, "read again what may have been missed");
                }
                for text in missed.unread {
                    let what = "a message of a channel's history".to_owned();
                    self.keep(Piece { what, seq: self.read_until, text }).await?;
                }
                self.reading.hand_on(guild, place, missed.messages);
                self.handed_on().await
            }
            Ok(Read::Threads(threads)) => {
                threads.iter().for_each(|thread| self.places.note(thread));
                self.heard.owed.add(&guild, threads.into_iter().map(|thread| Place::Messages(thread.id)));
                self.was_read(&guild, place);
                self.release().await
            }
            Ok(Read::Direct(channel)) => {
                if let Some(channel) = channel {
                    self.heard.direct_of(place.channel().to_owned(), &channel);
                    if last_message(&channel) > self.heard.owed.after(DIRECT) {
                        self.heard.owed.add(DIRECT, [Place::Messages(channel.id)]);
                    }
                }
                self.was_read(&guild, place);
                self.release().await
            }
            Err(error) if error.is_token() => Err(error.into()),
            Err(error) => {
                self.put_aside(&guild, place, &error);
                self.release().await
            }
        }
    }

    fn put_aside(&mut self, guild: &str, place: Place, error: &CallError) {
        let channel = place.channel().to_owned();
        if self.heard.owed.put_aside(guild, place) {
            (self.cx.occurred)(Occurrence::Deferred, 1);
            tracing::info!(chat.id = channel, %error, "what was missed in a channel cannot be read now; trying later");
        } else {
            (self.cx.occurred)(Occurrence::LeftOut, 1);
            tracing::warn!(chat.id = channel, %error, "what was missed in a channel could not be read; it is given up");
        }
        self.note_soon();
        self.look_aside();
    }

    fn was_read(&mut self, guild: &str, place: Place) {
        self.heard.owed.read(guild, place);
        self.note_soon();
        self.look_aside();
    }

    /// Has the notes written before long.
    pub(crate) fn note_soon(&mut self) {
        self.note_at.get_or_insert_with(|| Instant::now() + NOTE_EVERY);
    }

    /// Takes the next message that was missed.
    pub(crate) async fn missed(&mut self) -> Result<(), ListenError> {
        if let Some(message) = self.reading.message() {
            self.message(self.read_until, message, false).await?;
        }
        self.handed_on().await
    }

    /// Lets go on what waits for a place of which everything was handed on.
    async fn handed_on(&mut self) -> Result<(), ListenError> {
        let Some((guild, place)) = self.reading.handed_on() else { return Ok(()) };
        self.settling.push(Settling { guild, place, held: self.fetching.count() });
        self.settle();
        self.release().await
    }

    /// Counts as read what the inbox has whole.
    pub(crate) fn settle(&mut self) {
        let is_done = |settling: &mut Settling| self.fetching.is_past(settling.held);
        for settling in self.settling.extract_if(.., is_done).collect::<Vec<_>>() {
            self.was_read(&settling.guild, settling.place);
        }
    }

    /// Takes an event about a channel: at once, or behind what was missed there.
    pub(crate) async fn live(&mut self, seq: u64, guild: Option<&str>, live: Live) -> Result<(), ListenError> {
        let guild = guild.unwrap_or(DIRECT);
        let channel = live.channel().to_owned();
        if !self.is_awaited(guild, &channel) {
            return self.live_now(seq, live).await;
        }
        self.heard.owed.add(guild, [Place::Messages(channel)]);
        self.behind.wait(seq, guild, live);
        Ok(())
    }

    fn is_awaited(&self, guild: &str, channel: &str) -> bool {
        self.heard.owed.is_awaited(guild, channel, self.places.parent(channel).as_deref())
            && !self.is_settling(guild, &Place::Messages(channel.to_owned()))
    }

    /// Lets everything go on that waits for nothing any more.
    pub(crate) async fn release(&mut self) -> Result<(), ListenError> {
        loop {
            let mut behind = std::mem::take(&mut self.behind);
            let released = behind.release(|guild, channel| self.is_awaited(guild, channel));
            self.behind = behind;
            let Some((seq, live)) = released else { break };
            self.live_now(seq, live).await?;
        }
        self.move_on();
        Ok(())
    }

    async fn live_now(&mut self, seq: u64, live: Live) -> Result<(), ListenError> {
        match live {
            Live::Said { message, edited } => self.message(seq, *message, edited).await,
            Live::Deleted(deleted) => self.deleted(seq, &deleted).await,
        }
    }

    /// Whether a message is one of our own.
    pub(crate) fn is_ours(&self, message: &Message) -> bool {
        let us = self.session.as_ref().map(|session| session.user.as_str());
        message.author.as_ref().is_some_and(|author| Some(author.id.as_str()) == us)
    }
}
