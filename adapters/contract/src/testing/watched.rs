//! The inbox of the suite: it looks at every message as it is offered.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::{RecordingInbox, Stage, Standing};
use crate::{AcceptError, InboundKey, Inbox, Incoming, IncomingKind};

/// How long accepting takes at least, so that a second call meets the first.
const TAKES: Duration = Duration::from_millis(1);

/// Every key that was ever offered, and what with: the keys of one adapter are unique for ever.
pub(super) type Keys = Arc<Mutex<HashMap<InboundKey, String>>>;

/// A [`RecordingInbox`] that can be held up, and that notes what it should never see.
pub(super) struct Watched {
    stage: Arc<dyn Stage>,
    inbox: RecordingInbox,
    keys: Keys,
    notes: Mutex<Notes>,
    /// The text that is held up.
    held: watch::Sender<Option<String>>,
}

#[derive(Default)]
struct Notes {
    /// Messages of each chat that are being accepted.
    inside: HashMap<String, usize>,
    /// Texts and keys that were offered, in order.
    offers: Vec<(String, InboundKey)>,
    /// Texts that are refused once.
    refused: HashSet<String>,
    breach: Option<String>,
}

impl Watched {
    pub(super) fn new(stage: Arc<dyn Stage>, keys: Keys) -> Self {
        let (inbox, notes, held) = (RecordingInbox::default(), Mutex::default(), watch::Sender::new(None));
        Self { stage, inbox, keys, notes, held }
    }

    /// Lets no call return that offers this text, until [`Watched::release`].
    pub(super) fn hold(&self, text: &str) {
        self.held.send_replace(Some(text.to_owned()));
    }

    pub(super) fn release(&self) {
        self.held.send_replace(None);
    }

    /// Refuses this text when it is next offered.
    pub(super) fn refuse_once(&self, text: &str) {
        self.notes().refused.insert(text.to_owned());
    }

    /// The first thing that should not have been.
    pub(super) fn breach(&self) -> Option<String> {
        self.notes().breach.clone()
    }

    /// The keys with which a text was offered, in order.
    pub(super) fn keys_of(&self, text: &str) -> Vec<InboundKey> {
        let notes = self.notes();
        notes.offers.iter().filter(|(offered, _)| offered == text).map(|(_, key)| key.clone()).collect()
    }

    /// How many messages of this text were accepted.
    pub(super) fn count(&self, text: &str) -> usize {
        self.inbox.accepted().iter().filter(|accepted| text_of(accepted) == text).count()
    }

    /// What was accepted, in order.
    pub(super) fn accepted(&self) -> Vec<Incoming> {
        self.inbox.accepted()
    }

    /// What was accepted that tells of messages which were taken away.
    pub(super) fn deletions(&self) -> Vec<Incoming> {
        self.accepted().into_iter().filter(|taken| taken.kind == IncomingKind::Deleted).collect()
    }

    /// What was accepted, by chats: the texts in order.
    pub(super) fn chats(&self) -> BTreeMap<String, Vec<String>> {
        let mut chats: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for accepted in self.inbox.accepted() {
            chats.entry(accepted.address.to_string()).or_default().push(text_of(&accepted).to_owned());
        }
        chats
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn breached(&self, breach: &str) {
        self.notes().breach.get_or_insert_with(|| breach.to_owned());
    }

    /// Notes a key that another message had.
    fn look_at_key(&self, key: &InboundKey, text: &str) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = keys.entry(key.clone()).or_insert_with(|| text.to_owned());
        if earlier != text {
            let breach = format!("{text:?} has the key {key}, which {earlier:?} had");
            self.breached(&breach);
        }
    }

    /// Notes a message that is acknowledged while it is being accepted.
    fn look(&self, incoming: &Incoming, first: bool) {
        if first && self.stage.standing(text_of(incoming)) == Standing::Acknowledged {
            self.breached("a message was acknowledged before it was accepted");
        }
    }
}

/// Counts a message as being accepted, as long as this is kept.
struct Inside<'w>(&'w Watched, String);

impl<'w> Inside<'w> {
    fn enter(watched: &'w Watched, incoming: &Incoming) -> Self {
        let address = incoming.address.to_string();
        let mut notes = watched.notes();
        let inside = notes.inside.entry(address.clone()).or_default();
        *inside += 1;
        if *inside > 1 {
            notes
                .breach
                .get_or_insert("a message was offered before the one before it in its chat was accepted".into());
        }
        drop(notes);
        Self(watched, address)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if let Some(inside) = self.0.notes().inside.get_mut(&self.1) {
            *inside -= 1;
        }
    }
}

#[async_trait]
impl Inbox for Watched {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        let _inside = Inside::enter(self, &incoming);
        let text = text_of(&incoming).to_owned();
        self.look_at_key(&incoming.key, &text);
        self.notes().offers.push((text.clone(), incoming.key.clone()));
        // A copy of what was accepted may have been acknowledged meanwhile.
        let first = matches!(incoming.kind, IncomingKind::Text(_)) && self.count(&text) == 0;
        self.look(&incoming, first);
        tokio::time::sleep(TAKES).await;
        let mut held = self.held.subscribe();
        held.wait_for(|held| held.as_ref() != Some(&text)).await.map_err(|error| AcceptError(Box::new(error)))?;
        self.look(&incoming, first);
        if self.notes().refused.remove(&text) {
            self.inbox.refuse_next(1);
        }
        self.inbox.accept(incoming).await
    }

    async fn note(&self, name: &str, words: &str) -> Result<(), AcceptError> {
        self.stage.note(name, words);
        Ok(())
    }

    async fn noted(&self, name: &str) -> Result<Option<String>, AcceptError> {
        Ok(self.stage.noted(name))
    }
}

/// What a message says; nothing where it is something else. That one is gone is told in words that nobody says.
fn text_of(incoming: &Incoming) -> &str {
    match &incoming.kind {
        IncomingKind::Text(text) => text,
        IncomingKind::Deleted => "(taken away)",
        IncomingKind::Edited(_) | IncomingKind::Button { .. } | IncomingKind::Moved { .. } => "",
    }
}
