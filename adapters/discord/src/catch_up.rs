//! What was missed is committed too: server by server, place by place, and later what could not be read at first.

use std::sync::Arc;
use std::time::Duration;

use signalbox_adapter::ListenError;
use tokio::time::Instant;

use crate::backfill::{Backfill, History, WITH_PRIVATE_THREADS, WITH_THREADS, last_message};
use crate::boards::is_board;
use crate::commit::{Committer, NOTE_EVERY};
use crate::event::{Channel, Guild};
use crate::failure::CallError;
use crate::owed::{DIRECT, Place};
use crate::unread::Piece;

/// Wait until what could not be read of a time that was missed is tried again; doubled each time.
pub(crate) const FIRST_AGAIN: Duration = Duration::from_secs(2);

/// Longest such wait.
const LAST_AGAIN: Duration = Duration::from_secs(300);

impl Committer<'_> {
    /// Reads what was missed in a server.
    pub(crate) async fn catch_up(&mut self, seq: u64, guild: &Guild) -> Result<(), ListenError> {
        self.heard.begin(guild);
        let Some(after) = self.heard.owed.after(&guild.id) else { return Ok(()) };
        // What a forum names as its last message is a thread.
        let channels = guild.channels.iter().filter(|channel| !is_board(channel.kind));
        let said = guild.threads.iter().chain(channels).filter(|channel| last_message(channel) > Some(after));
        let messages = said.map(|channel| Place::Messages(channel.id.clone()));
        let with_threads = guild.channels.iter().filter(|channel| WITH_THREADS.contains(&channel.kind));
        let archived = with_threads.map(|channel| Place::Archived(channel.id.clone()));
        let with_private = guild.channels.iter().filter(|channel| channel.kind == WITH_PRIVATE_THREADS);
        let private = with_private.map(|channel| Place::Private(channel.id.clone()));
        let places: Vec<Place> = messages.chain(archived).chain(private).collect();
        self.go_through(seq, &guild.id, after, places).await
    }

    /// Reads what was missed in the channels in which people write to the bot alone.
    pub(crate) async fn catch_up_direct(&mut self) -> Result<(), ListenError> {
        let Some(after) = self.heard.owed.after(DIRECT) else { return Ok(()) };
        let places = self.heard.direct().iter().cloned().map(Place::Messages).collect();
        self.go_through(self.read_until, DIRECT, after, places).await
    }

    /// Reads all places that something is owed of, but for those that were put aside.
    async fn go_through(&mut self, seq: u64, guild: &str, after: u64, places: Vec<Place>) -> Result<(), ListenError> {
        let mut backfill = self.backfill(after);
        for place in places {
            self.read_place(seq, &mut backfill, guild, place).await?;
        }
        self.heard.owed.gone_through(guild);
        self.look_aside(FIRST_AGAIN);
        Ok(())
    }

    fn backfill(&self, after: u64) -> Backfill {
        Backfill::new(Arc::clone(&self.api), after, Arc::clone(&self.cx.alive))
    }

    /// Tries again what could not be read before.
    pub(crate) async fn read_what_is_aside(&mut self) -> Result<(), ListenError> {
        let wait = self.again.take().map_or(FIRST_AGAIN, |(_, wait)| wait);
        let seq = self.read_until;
        for (guild, place) in self.heard.owed.aside() {
            let Some(after) = self.heard.owed.after(&guild) else { continue };
            let mut backfill = self.backfill(after).once();
            self.read_now(seq, &mut backfill, &guild, place).await?;
        }
        self.note_at.get_or_insert_with(|| Instant::now() + NOTE_EVERY);
        self.look_aside(LAST_AGAIN.min(wait * 2));
        Ok(())
    }

    /// Looks whether something has to be tried again after a while.
    pub(crate) fn look_aside(&mut self, wait: Duration) {
        if self.again.is_none() && !self.heard.owed.aside().is_empty() {
            self.again = Some((Instant::now() + wait, wait));
        }
    }

    /// Reads a place, unless it was read or put aside before.
    async fn read_place(
        &mut self,
        seq: u64,
        backfill: &mut Backfill,
        guild: &str,
        place: Place,
    ) -> Result<(), ListenError> {
        if self.heard.owed.wants(guild, &place) { self.read_now(seq, backfill, guild, place).await } else { Ok(()) }
    }

    /// Reads a place; one that cannot be read now is put aside.
    async fn read_now(
        &mut self,
        seq: u64,
        backfill: &mut Backfill,
        guild: &str,
        place: Place,
    ) -> Result<(), ListenError> {
        let error = match self.try_to_read(seq, backfill, guild, &place).await? {
            Ok(()) => {
                self.heard.owed.read(guild, place);
                return Ok(());
            }
            Err(error) => error,
        };
        if error.is_token() {
            return Err(error.into());
        }
        let channel = place.channel().to_owned();
        if self.heard.owed.put_aside(guild, place) {
            tracing::info!(chat.id = channel, %error, "what was missed in a channel cannot be read now; trying later");
        } else {
            tracing::warn!(chat.id = channel, %error, "what was missed in a channel could not be read; it is given up");
        }
        Ok(())
    }

    /// Reads a place; the inner error says that Discord does not show it now.
    async fn try_to_read(
        &mut self,
        seq: u64,
        backfill: &mut Backfill,
        guild: &str,
        place: &Place,
    ) -> Result<Result<(), CallError>, ListenError> {
        let of = Some(guild).filter(|guild| *guild != DIRECT);
        match place {
            Place::Messages(channel) => match backfill.messages(channel, of).await {
                Ok(missed) => self.read_again(seq, channel, missed).await?,
                Err(error) => return Ok(Err(error)),
            },
            Place::Archived(channel) => match backfill.archived(channel).await {
                Ok(threads) => self.read_threads(seq, backfill, guild, threads).await?,
                Err(error) => return Ok(Err(error)),
            },
            Place::Private(channel) => match backfill.archived_private(channel).await {
                Ok(threads) => self.read_threads(seq, backfill, guild, threads).await?,
                Err(error) => return Ok(Err(error)),
            },
        }
        Ok(Ok(()))
    }

    async fn read_threads(
        &mut self,
        seq: u64,
        backfill: &mut Backfill,
        guild: &str,
        threads: Vec<Channel>,
    ) -> Result<(), ListenError> {
        for thread in threads {
            self.places.note(&thread);
            // Boxed, since reading a thread is reading a place.
            Box::pin(self.read_place(seq, backfill, guild, Place::Messages(thread.id))).await?;
        }
        Ok(())
    }

    async fn read_again(&mut self, seq: u64, channel: &str, missed: History) -> Result<(), ListenError> {
        if !missed.messages.is_empty() {
            tracing::info!(chat.id = channel, messages = missed.messages.len(), "read again what may have been missed");
        }
        for text in missed.unread {
            self.keep(Piece { what: "a message of a channel's history".to_owned(), seq, text }).await?;
        }
        for message in missed.messages {
            self.message(seq, Some(message), false).await?;
            if self.is_full() {
                self.fetch_all().await?;
            }
        }
        // Only what the inbox has counts as read again.
        self.fetch_all().await
    }
}
