//! Interactions that are acknowledged before the inbox has them: kept in the notes until it does.
//!
//! Discord shows a command, and counts a press as taken, as soon as it is answered; of one that was answered it tells never
//! again where the session ends meanwhile. So it is noted before it is answered, as far as the store is quick enough
//! ([`KEEP_WITHIN`]), and taken from the notes when the next connection begins. What then comes twice has the same key.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use signalbox_adapter::{AcceptError, Inbox};
use tokio::time::timeout;

/// Interactions that are kept at the same time; one more is acknowledged without it.
const SLOTS: usize = 64;

/// Longest interaction that is kept, in bytes: one brings the message along that a button stands below.
const MAX_BYTES: usize = 128 * 1024;

/// Longest wait until one is kept, of the three seconds in which it has to be acknowledged.
const KEEP_WITHIN: Duration = Duration::from_millis(1200);

/// What was acknowledged, or is about to be.
#[derive(Debug, Default)]
pub(crate) struct Asked(Mutex<Vec<Option<Kept>>>);

/// An interaction in its place among the notes.
#[derive(Debug)]
struct Kept {
    id: String,
    /// What was told of it, as JSON.
    data: String,
    /// Whether the inbox has it.
    is_done: bool,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

impl Asked {
    fn all(&self) -> MutexGuard<'_, Vec<Option<Kept>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.resize_with(SLOTS, || None);
        all
    }

    /// Reads what an earlier life has acknowledged.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub(crate) async fn load(&self, inbox: &dyn Inbox) -> Result<(), AcceptError> {
        for slot in 0..SLOTS {
            let data = inbox.noted(&name(slot)).await?.unwrap_or_default();
            let named = serde_json::from_str::<Named>(&data).ok();
            self.all()[slot] = named.map(|Named { id }| Kept { id, data, is_done: false });
        }
        Ok(())
    }

    /// Keeps an interaction; returns when it is in the notes, or when that takes too long.
    pub(crate) async fn keep(&self, inbox: &dyn Inbox, id: &str, data: &str) {
        let Some(slot) = self.take(id, data) else {
            tracing::debug!(
                "an interaction is acknowledged that is not in the notes: they are full, or it is too long"
            );
            return;
        };
        match timeout(KEEP_WITHIN, inbox.note(&name(slot), data)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "an interaction is acknowledged that is not in the notes"),
            Err(_) => tracing::debug!("an interaction is acknowledged that may not be in the notes: the store is slow"),
        }
    }

    /// Takes a slot for an interaction: its own, where it has come before.
    fn take(&self, id: &str, data: &str) -> Option<usize> {
        let mut all = self.all();
        let is_its_own = |kept: &Option<Kept>| kept.as_ref().is_some_and(|kept| kept.id == id);
        let slot = all.iter().position(is_its_own).or_else(|| all.iter().position(Option::is_none));
        let slot = slot.filter(|_| data.len() <= MAX_BYTES)?;
        all[slot] = Some(Kept { id: id.to_owned(), data: data.to_owned(), is_done: false });
        Some(slot)
    }

    /// Notes that the inbox has an interaction, or need not.
    pub(crate) fn done(&self, id: &str) {
        self.all().iter_mut().flatten().filter(|kept| kept.id == id).for_each(|kept| kept.is_done = true);
    }

    /// Whether the inbox may not have an interaction.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.all().iter().flatten().any(|kept| kept.id == id && !kept.is_done)
    }

    /// Returns what the inbox may not have.
    pub(crate) fn left(&self) -> Vec<String> {
        self.all().iter().flatten().filter(|kept| !kept.is_done).map(|kept| kept.data.clone()).collect()
    }

    /// Takes out of the notes what the inbox has.
    ///
    /// # Errors
    /// [`AcceptError`]: it stays there, and the inbox gets it again.
    pub(crate) async fn erase(&self, inbox: &dyn Inbox) -> Result<(), AcceptError> {
        let is_done = |kept: &Option<Kept>| kept.as_ref().is_some_and(|kept| kept.is_done);
        for slot in 0..SLOTS {
            if is_done(&self.all()[slot]) {
                inbox.note(&name(slot), "").await?;
                // It may have come again meanwhile.
                self.all()[slot].take_if(|kept| kept.is_done);
            }
        }
        Ok(())
    }
}

fn name(slot: usize) -> String {
    format!("asked-{slot}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use async_trait::async_trait;
    use signalbox_adapter::Incoming;

    use super::*;

    #[derive(Default)]
    struct Notes(Mutex<HashMap<String, String>>);

    #[async_trait]
    impl Inbox for Notes {
        async fn accept(&self, _incoming: Incoming) -> Result<(), AcceptError> {
            Ok(())
        }

        async fn note(&self, name: &str, words: &str) -> Result<(), AcceptError> {
            self.0.lock().expect("not poisoned").insert(name.to_owned(), words.to_owned());
            Ok(())
        }

        async fn noted(&self, name: &str) -> Result<Option<String>, AcceptError> {
            Ok(self.0.lock().expect("not poisoned").get(name).cloned())
        }
    }

    fn told(number: usize) -> String {
        format!(r#"{{"id":"{number}"}}"#)
    }

    #[tokio::test]
    async fn the_next_life_finds_what_the_inbox_may_not_have_and_nothing_else() {
        let (asked, inbox) = (Asked::default(), Notes::default());
        for number in [1, 2, 1] {
            asked.keep(&inbox, &number.to_string(), &told(number)).await;
        }
        asked.done("1");
        asked.erase(&inbox).await.expect("erased");
        let next = Asked::default();
        next.load(&inbox).await.expect("loaded");
        assert!(next.has("2") && !next.has("1"));
        assert_eq!((next.left(), asked.left()), (vec![told(2)], vec![told(2)]));
    }

    #[tokio::test]
    async fn notes_are_bounded_and_their_places_are_used_again() {
        let (asked, inbox) = (Asked::default(), Notes::default());
        for number in 0..=SLOTS {
            asked.keep(&inbox, &number.to_string(), &told(number)).await;
        }
        assert_eq!((asked.left().len(), asked.left().contains(&told(SLOTS))), (SLOTS, false));
        asked.done("0");
        asked.erase(&inbox).await.expect("erased");
        asked.keep(&inbox, "long", &format!(r#"{{"id":"long","x":"{}"}}"#, "x".repeat(MAX_BYTES))).await;
        assert_eq!(asked.left().len(), SLOTS - 1);
        asked.keep(&inbox, &SLOTS.to_string(), &told(SLOTS)).await;
        assert!(asked.left().contains(&told(SLOTS)));
    }
}
