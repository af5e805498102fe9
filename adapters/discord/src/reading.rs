//! Reads what was missed beside what is said now: one place after the other, while live events go on.
//!
//! What is found is handed out message by message, so that no history holds up what somebody says meanwhile. Only the
//! channel itself waits for its own history (`behind.rs`).

use std::collections::VecDeque;
use std::io;

use tokio::task::JoinSet;

use crate::backfill::{Backfill, History};
use crate::event::{Channel, Message};
use crate::failure::CallError;
use crate::owed::{DIRECT, Place};

/// What was found in a place.
pub(crate) enum Read {
    /// What was said there.
    Said(History),
    /// Threads in which something was said.
    Threads(Vec<Channel>),
    /// The channel in which a person writes to the bot alone; `None` where there can be none.
    Direct(Option<Channel>),
}

/// A place that was asked for, with its server or [`DIRECT`], and what came of it; the error says that Discord does not show
/// it now.
pub(crate) type Found = (String, Place, Result<Read, CallError>);

/// What is being read.
#[derive(Default)]
pub(crate) struct Reading {
    under_way: JoinSet<(Found, Backfill)>,
    /// What is known of the people of a server, kept for its next place.
    backfill: Option<(String, Backfill)>,
    /// What was found and the inbox does not have yet, with its place.
    missed: Option<(String, Place, VecDeque<Message>)>,
}

impl Reading {
    /// Whether something is asked for.
    pub(crate) fn is_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Whether something was found that is to be handed on.
    pub(crate) fn has_missed(&self) -> bool {
        self.missed.is_some()
    }

    /// Asks for a place, with `fresh` unless the last one was of the same server too.
    pub(crate) fn begin(&mut self, guild: String, place: Place, fresh: Backfill) {
        let known = self.backfill.take().filter(|(of, known)| *of == guild && known.is_like(&fresh));
        let mut backfill = known.map_or(fresh, |(_, known)| known);
        self.under_way.spawn(async move {
            let of = Some(guild.as_str()).filter(|guild| *guild != DIRECT);
            let outcome = match &place {
                Place::Messages(channel) => backfill.messages(channel, of).await.map(Read::Said),
                Place::Archived(channel) => backfill.archived(channel).await.map(Read::Threads),
                Place::Private(channel) => backfill.archived_private(channel).await.map(Read::Threads),
                Place::Person(person) => backfill.direct(person).await.map(Read::Direct),
            };
            ((guild, place, outcome), backfill)
        });
    }

    /// Waits for what was asked for. May be dropped.
    ///
    /// # Errors
    /// Where asking broke off.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Found>> {
        let Some(found) = self.under_way.join_next().await else { return Ok(None) };
        let (found, backfill) = found.map_err(io::Error::other)?;
        self.backfill = Some((found.0.clone(), backfill));
        Ok(Some(found))
    }

    /// Keeps what was found in a place until it is handed on.
    pub(crate) fn hand_on(&mut self, guild: String, place: Place, messages: Vec<Message>) {
        self.missed = Some((guild, place, messages.into()));
    }

    /// Returns the next message that was missed.
    pub(crate) fn message(&mut self) -> Option<Message> {
        self.missed.as_mut()?.2.pop_front()
    }

    /// Returns the place of which everything was handed on.
    pub(crate) fn handed_on(&mut self) -> Option<(String, Place)> {
        let (guild, place, _) = self.missed.take_if(|(.., messages)| messages.is_empty())?;
        Some((guild, place))
    }
}
