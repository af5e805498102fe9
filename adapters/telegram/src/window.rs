//! The updates that are not confirmed to Telegram yet.
//!
//! A poll brings every update from the offset on, also those that are held: they stay unconfirmed until the inbox has
//! them, so that after a crash they come again. The offset is above an update only when that one and all below are done.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use signalbox_adapter::Incoming;
use tokio::time::Instant;

use crate::gather::{Line, QUIET};
use crate::translate::{Piece, Said};

/// Unconfirmed updates, by their ids.
#[derive(Default)]
pub(crate) struct Window {
    updates: BTreeMap<u32, Held>,
    offset: Option<i64>,
}

struct Held {
    piece: Piece,
    since: Instant,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not looked after yet, or waiting for another part.
    Waiting,
    /// Handed out by [`Window::ready`].
    Out,
    /// The inbox has it.
    Done,
}

/// Something complete, to be handed to the inbox.
pub(crate) enum Ready {
    /// A message, of one or more updates.
    Said(Box<Said>),
    /// Anything else.
    Whole(Box<Incoming>),
    /// Nothing for the inbox.
    Nothing(&'static str),
}

impl Window {
    /// Returns the offset to poll with: everything below it is done.
    pub(crate) fn offset(&self) -> Option<i64> {
        self.offset
    }

    /// Forgets the offset, for after a week of silence: the next id may be lower than the last.
    pub(crate) fn forget_offset(&mut self) {
        self.offset = None;
    }

    /// Tells whether everything is done.
    pub(crate) fn is_empty(&self) -> bool {
        self.updates.is_empty()
    }

    /// Tells whether this update is held already.
    pub(crate) fn holds(&self, id: u32) -> bool {
        self.updates.contains_key(&id)
    }

    /// Takes a new update.
    pub(crate) fn take(&mut self, id: u32, piece: Piece, now: Instant) {
        self.updates.entry(id).or_insert(Held { piece, since: now, state: State::Waiting });
    }

    /// Returns what is complete by now, with the updates it was made of, in order.
    ///
    /// What one sender says in one chat stays in order: nothing of it is handed out while something before it waits for
    /// another part or for its files.
    pub(crate) fn ready(&mut self, now: Instant) -> Vec<(Vec<u32>, Ready)> {
        let mut ready = Vec::new();
        let mut blocked: HashSet<Line> = HashSet::new();
        let mut seen: BTreeSet<u32> = BTreeSet::new();
        for (id, held) in &self.updates {
            if held.state == State::Done || !seen.insert(*id) {
                continue;
            }
            let line = held.piece.line();
            let is_blocked = line.as_ref().is_some_and(|line| blocked.contains(line));
            if held.state == State::Out || is_blocked {
                blocked.extend(line);
                continue;
            }
            match &held.piece {
                Piece::Nothing(why) => ready.push((vec![*id], Ready::Nothing(why))),
                Piece::Whole(incoming) => {
                    ready.push((vec![*id], Ready::Whole(incoming.clone())));
                }
                Piece::Said(said) => {
                    let parts = self.parts(*id, said);
                    seen.extend(parts.iter().map(|(id, ..)| *id));
                    let complete = parts.last().is_none_or(|(_, last, since)| {
                        !last.is_open() || now.saturating_duration_since(*since) >= QUIET
                    });
                    let whole: Vec<&Said> = parts.iter().map(|(_, part, _)| *part).collect();
                    let whole = Said::join(&whole).filter(|_| complete);
                    // What follows may follow at once, unless this takes its time.
                    if whole.as_ref().is_none_or(|whole| !whole.files.is_empty()) {
                        blocked.extend(line);
                    }
                    if let Some(whole) = whole {
                        let ids = parts.iter().map(|(id, ..)| *id).collect();
                        ready.push((ids, Ready::Said(Box::new(whole))));
                    }
                }
            }
        }
        for id in ready.iter().flat_map(|(ids, _)| ids) {
            if let Some(held) = self.updates.get_mut(id) {
                held.state = State::Out;
            }
        }
        ready
    }

    /// Returns a message and the parts that continue it.
    fn parts<'w>(&'w self, first: u32, said: &'w Said) -> Vec<(u32, &'w Said, Instant)> {
        let mut parts = vec![(first, said, self.updates[&first].since)];
        for (id, held) in self.updates.range(first + 1..) {
            let (Piece::Said(next), State::Waiting) = (&held.piece, held.state) else { continue };
            let (_, last, _) = parts[parts.len() - 1];
            if next.continues(last) {
                parts.push((*id, next, held.since));
            } else if next.line() == said.line() {
                break;
            }
        }
        parts
    }

    /// Notes that the inbox has what these updates say, and moves the offset as far as it goes.
    pub(crate) fn done(&mut self, ids: &[u32]) {
        for id in ids {
            if let Some(held) = self.updates.get_mut(id) {
                held.state = State::Done;
            }
        }
        while let Some(first) = self.updates.first_entry().filter(|first| first.get().state == State::Done) {
            let next = i64::from(*first.key()) + 1;
            self.offset = Some(self.offset.map_or(next, |offset| offset.max(next)));
            first.remove();
        }
    }
}

impl Piece {
    /// Returns who says it where, for what has to stay in order; a press or an edit of what is not held need not.
    fn line(&self) -> Option<Line> {
        match self {
            Self::Said(said) => Some(said.line()),
            Self::Whole(incoming) => match incoming.kind {
                signalbox_adapter::IncomingKind::Button { .. }
                | signalbox_adapter::IncomingKind::Deleted
                | signalbox_adapter::IncomingKind::Moved { .. } => None,
                signalbox_adapter::IncomingKind::Text(_) | signalbox_adapter::IncomingKind::Edited(_) => {
                    Some((incoming.address.chat.clone(), incoming.sender.id.clone()))
                }
            },
            Self::Nothing(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
