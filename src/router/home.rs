//! What the page says that a person alone sees of the bot: what is open, runs, goes on and is planned in the chats that they
//! read and in which they may use the bot. Nothing is stored.

use std::collections::BTreeMap;

use signalbox_adapter::{ChatAddress, Document, HomeOpened, InboundKey, Incoming, IncomingKind};

use super::Router;
use crate::format;
use crate::format::home::{Home, Listed, MAX_LISTED};
use crate::store::{ChatKey, SessionStatus, Status, StoreError, Tx};
use crate::turn::rights::role_of;

/// Newest rows of each kind that are looked at; those of a chat that the person does not read are passed over.
const LOOK: usize = 500;

impl Router {
    /// Returns what the page says that somebody has opened; a stranger is told what an owner has to allow, and nothing else.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn home(&self, tx: &Tx<'_>, opened: &HomeOpened) -> Result<Document, StoreError> {
        let mut chats = Chats::of(self, opened);
        let mut home = Home::default();
        for incident in tx.incidents(None, LOOK)? {
            if incident.state.is_open()
                && let Some(place) = chats.place(tx, &incident.address)?
            {
                home.incidents.take(incident, place);
            }
        }
        for task in tx.unfinished_tasks(None)? {
            if let Some(place) = chats.place(tx, &task.address)? {
                let name = tx.name_of(&task)?;
                let position = if task.status == Status::Queued { Some(tx.position(&task)?) } else { None };
                home.tasks.take(format::task::Row { task, name, position }, place);
            }
        }
        for session in tx.sessions(None, LOOK)? {
            if session.status != SessionStatus::Ended
                && let Some(place) = chats.place(tx, &session.address)?
            {
                home.sessions.take(session, place);
            }
        }
        let mut schedules = tx.schedules(None, LOOK)?;
        schedules.sort_by_key(|schedule| (schedule.next_at.is_none(), schedule.next_at));
        for schedule in schedules {
            for target in schedule.targets.clone() {
                if let Some(place) = chats.place(tx, &target)? {
                    home.schedules.take(schedule, place);
                    break;
                }
            }
        }
        if !home.is_empty() || chats.may_anything(tx)? {
            let typed = |command: &str| self.context.typed(&opened.direct, false, command);
            return Ok(format::home::page(&home, tx.now()).typed(&typed));
        }
        Ok(format::access::stranger(&said_by(opened, &opened.direct)))
    }
}

impl<T> Listed<T> {
    /// Lists one more, or counts it where enough are listed.
    fn take(&mut self, what: T, place: Option<String>) {
        if self.shown.len() < MAX_LISTED {
            self.shown.push((what, place));
        } else {
            self.more += 1;
        }
    }
}

/// The chats that the person reads.
struct Chats<'c> {
    router: &'c Router,
    opened: &'c HomeOpened,
    /// What each is called; the person's own with the bot needs no name.
    names: BTreeMap<ChatKey, Option<&'c str>>,
    /// Whether they may use the bot there, of those that were asked about.
    known: BTreeMap<ChatKey, bool>,
}

impl<'c> Chats<'c> {
    fn of(router: &'c Router, opened: &'c HomeOpened) -> Self {
        let others = opened.others.iter().map(|(address, name)| (ChatKey::of(address), Some(name.as_str())));
        let names = others.chain([(ChatKey::of(&opened.direct), None)]).collect();
        Self { router, opened, names, known: BTreeMap::new() }
    }

    /// Says what a chat is called, where the person reads it: within, `None` is their own.
    fn place(&mut self, tx: &Tx<'_>, address: &ChatAddress) -> Result<Option<Option<String>>, StoreError> {
        let key = ChatKey::of(address);
        let Some(name) = self.names.get(&key).copied() else { return Ok(None) };
        let may = match self.known.get(&key) {
            Some(may) => *may,
            None => {
                let main = ChatAddress { thread: None, ..address.clone() };
                let may = role_of(tx, &self.router.context, &said_by(self.opened, &main))?.is_some();
                self.known.insert(key, may);
                may
            }
        };
        Ok(may.then(|| name.map(str::to_owned)))
    }

    /// Whether there is any chat in which the person may use the bot.
    fn may_anything(&self, tx: &Tx<'_>) -> Result<bool, StoreError> {
        for address in
            std::iter::once(&self.opened.direct).chain(self.opened.others.iter().map(|(other, _)| other).take(LOOK))
        {
            if role_of(tx, &self.router.context, &said_by(self.opened, address))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Returns what the person could have said in a chat, by which their rights there are known.
fn said_by(opened: &HomeOpened, address: &ChatAddress) -> Incoming {
    let kind = IncomingKind::Text(String::new());
    let direct = *address == opened.direct;
    Incoming { direct, ..Incoming::new(InboundKey::new("home"), address.clone(), opened.person.clone(), kind) }
}
