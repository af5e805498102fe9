//! Interactions that are acknowledged before the inbox has them: kept until it does.
//!
//! Discord shows a command, and counts a press as taken, as soon as it is answered; of one that was answered it tells never
//! again where the session ends meanwhile. So none is answered that is not kept: in the notes, or, where the store is slow or
//! its places are taken, in a file (`beside.rs`). One that can be kept nowhere in time stays unanswered, which Discord shows
//! to who asked, and is done all the same where this life gets to it. What an earlier life has left begins again with the next
//! connection. What then comes twice has the same key.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use signalbox_adapter::{AcceptError, Inbox};
use tokio::time::timeout;

use crate::beside::Beside;

/// Interactions that are in the notes at the same time; one more is kept in a file.
const SLOTS: usize = 64;

/// Longest interaction that is kept in the notes, in bytes: one brings the message along that a button stands below.
const MAX_NOTE_BYTES: usize = 128 * 1024;

/// Longest waits until one is in the notes, and then in a file, of the three seconds in which it has to be acknowledged.
const NOTE_WITHIN: Duration = Duration::from_millis(1200);
const WRITE_WITHIN: Duration = Duration::from_millis(1000);

/// What was acknowledged, or is about to be.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    kept: Mutex<Vec<Kept>>,
    beside: OnceLock<Beside>,
}

/// An interaction in one place; it may be in two.
#[derive(Debug)]
struct Kept {
    id: String,
    /// What was told of it, as JSON.
    data: String,
    place: Place,
    stands: Stands,
}

/// Where an interaction is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Under this number among the notes.
    Note(usize),
    /// In a file of its own.
    File,
}

/// How an interaction stands between where it is kept and the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// The inbox may not have it.
    Asked,
    /// The inbox has it, or need not; its place may be taken.
    Done,
    /// It is being taken out of its place; until it is, nothing else may be written there.
    Leaving,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

impl Asked {
    fn all(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what an earlier life has acknowledged; `files` is where files of messages are saved.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub(crate) async fn load(&self, inbox: &dyn Inbox, files: &Path) -> Result<(), AcceptError> {
        let mut found = Vec::new();
        for slot in 0..SLOTS {
            found.push((Place::Note(slot), inbox.noted(&name(slot)).await?.unwrap_or_default()));
        }
        if let Some(beside) = Beside::of(files) {
            let beside = self.beside.get_or_init(|| beside);
            // Whatever is there is no reason to hear nothing any more.
            let written = beside.read().await.unwrap_or_else(|error| {
                tracing::error!(%error, "what was acknowledged and written to files cannot be read; it may not be done");
                Vec::new()
            });
            found.extend(written.into_iter().map(|data| (Place::File, data)));
        }
        *self.all() = found
            .into_iter()
            .filter_map(|(place, data)| {
                let Named { id } = serde_json::from_str(&data).ok()?;
                Some(Kept { id, data, place, stands: Stands::Asked })
            })
            .collect();
        Ok(())
    }

    /// Keeps an interaction; returns whether the next life will find it, so that it may be acknowledged.
    pub(crate) async fn keep(&self, inbox: &dyn Inbox, id: &str, data: &str) -> bool {
        if let Some(slot) = self.take(id, data) {
            match timeout(NOTE_WITHIN, inbox.note(&name(slot), data)).await {
                Ok(Ok(())) => return true,
                Ok(Err(error)) => tracing::debug!(%error, "an interaction could not be noted; it is written to a file"),
                Err(_) => tracing::debug!("the store is slow; an interaction is written to a file"),
            }
        }
        let Some(beside) = self.beside.get() else { return false };
        self.put_aside(id, data);
        match timeout(WRITE_WITHIN, beside.write(id, data)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "an interaction could not be kept, and is not acknowledged");
                false
            }
            Err(_) => {
                tracing::warn!("an interaction could not be kept in time, and is not acknowledged: the disk is slow");
                false
            }
        }
    }

    /// Takes a place among the notes: the interaction's own, where it has come before, or one that is of no more use.
    fn take(&self, id: &str, data: &str) -> Option<usize> {
        if data.len() > MAX_NOTE_BYTES {
            return None;
        }
        let mut all = self.all();
        let number = |kept: &Kept| match kept.place {
            Place::Note(slot) => Some(slot),
            Place::File => None,
        };
        let own = all.iter().find(|kept| kept.id == id && kept.stands != Stands::Leaving).and_then(number);
        let is_taken =
            |slot: usize| all.iter().any(|kept| kept.place == Place::Note(slot) && kept.stands != Stands::Done);
        let slot = own.or_else(|| (0..SLOTS).find(|slot| !is_taken(*slot)))?;
        all.retain(|kept| kept.place != Place::Note(slot));
        all.push(Kept { id: id.to_owned(), data: data.to_owned(), place: Place::Note(slot), stands: Stands::Asked });
        Some(slot)
    }

    fn put_aside(&self, id: &str, data: &str) {
        let mut all = self.all();
        all.retain(|kept| kept.place != Place::File || kept.id != id);
        all.push(Kept { id: id.to_owned(), data: data.to_owned(), place: Place::File, stands: Stands::Asked });
    }

    /// Notes that the inbox has an interaction, or need not.
    pub(crate) fn done(&self, id: &str) {
        let is_open = |kept: &&mut Kept| kept.id == id && kept.stands == Stands::Asked;
        self.all().iter_mut().filter(is_open).for_each(|kept| kept.stands = Stands::Done);
    }

    /// Whether the inbox may not have an interaction.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.all().iter().any(|kept| kept.id == id && kept.stands == Stands::Asked)
    }

    /// Returns what the inbox may not have, each once.
    pub(crate) fn left(&self) -> Vec<String> {
        let all = self.all();
        let mut open: Vec<&Kept> = Vec::new();
        for kept in all.iter().filter(|kept| kept.stands == Stands::Asked) {
            if open.iter().all(|known| known.id != kept.id) {
                open.push(kept);
            }
        }
        open.into_iter().map(|kept| kept.data.clone()).collect()
    }

    /// Takes away what the inbox has.
    ///
    /// # Errors
    /// [`AcceptError`]: it stays, and the inbox gets it again.
    pub(crate) async fn erase(&self, inbox: &dyn Inbox) -> Result<(), AcceptError> {
        while let Some((id, place)) = self.leaves() {
            match place {
                Place::Note(slot) => inbox.note(&name(slot), "").await?,
                Place::File => {
                    let removed = match self.beside.get() {
                        Some(beside) => beside.remove(&id).await,
                        None => Ok(()),
                    };
                    removed.map_err(|error| AcceptError(Box::new(error)))?;
                }
            }
            // What has come again meanwhile stands in another place, or is asked for once more.
            self.all().retain(|kept| kept.stands != Stands::Leaving || kept.id != id || kept.place != place);
        }
        Ok(())
    }

    /// Lets one that is done leave its place; one that was about to before comes first.
    fn leaves(&self) -> Option<(String, Place)> {
        let mut all = self.all();
        let kept = all.iter_mut().find(|kept| kept.stands != Stands::Asked)?;
        kept.stands = Stands::Leaving;
        Some((kept.id.clone(), kept.place))
    }
}

fn name(slot: usize) -> String {
    format!("asked-{slot}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicBool, Ordering};

    use async_trait::async_trait;
    use signalbox_adapter::Incoming;

    use super::*;

    #[derive(Default)]
    struct Notes {
        notes: Mutex<HashMap<String, String>>,
        is_stuck: AtomicBool,
    }

    #[async_trait]
    impl Inbox for Notes {
        async fn accept(&self, _incoming: Incoming) -> Result<(), AcceptError> {
            Ok(())
        }

        async fn note(&self, name: &str, words: &str) -> Result<(), AcceptError> {
            if self.is_stuck.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            self.notes.lock().expect("not poisoned").insert(name.to_owned(), words.to_owned());
            Ok(())
        }

        async fn noted(&self, name: &str) -> Result<Option<String>, AcceptError> {
            Ok(self.notes.lock().expect("not poisoned").get(name).cloned())
        }
    }

    async fn loaded(inbox: &Notes, files: &Path) -> Asked {
        let asked = Asked::default();
        asked.load(inbox, files).await.expect("loaded");
        asked
    }

    fn told(number: usize) -> String {
        format!(r#"{{"id":"{number}"}}"#)
    }

    #[tokio::test]
    async fn the_next_life_finds_what_the_inbox_may_not_have_and_nothing_else() {
        let (asked, inbox) = (Asked::default(), Notes::default());
        for number in [1, 2, 1] {
            assert!(asked.keep(&inbox, &number.to_string(), &told(number)).await);
        }
        asked.done("1");
        asked.erase(&inbox).await.expect("erased");
        let next = loaded(&inbox, Path::new("")).await;
        assert!(next.has("2") && !next.has("1"));
        assert_eq!((next.left(), asked.left()), (vec![told(2)], vec![told(2)]));
    }

    #[tokio::test]
    async fn what_finds_no_place_among_the_notes_is_kept_in_a_file_and_else_not_acknowledged() {
        let (files, inbox) = (tempfile::tempdir().expect("a directory"), Notes::default());
        let asked = loaded(&inbox, files.path()).await;
        for number in 0..=SLOTS {
            assert!(asked.keep(&inbox, &number.to_string(), &told(number)).await);
        }
        let long = format!(r#"{{"id":"long","x":"{}"}}"#, "x".repeat(MAX_NOTE_BYTES));
        assert!(asked.keep(&inbox, "long", &long).await);
        let next = loaded(&inbox, files.path()).await;
        assert_eq!((next.left().len(), next.has(&SLOTS.to_string()), next.has("long")), (SLOTS + 2, true, true));
        for id in ["long", "64", "0"] {
            next.done(id);
        }
        assert!(next.keep(&inbox, "more", r#"{"id":"more"}"#).await, "in the place of one that is done");
        next.erase(&inbox).await.expect("erased");
        let last = loaded(&inbox, files.path()).await;
        assert_eq!((last.left().len(), last.has("long"), last.has("0"), last.has("more")), (SLOTS, false, false, true));
        let nowhere = Asked::default();
        assert!(!nowhere.keep(&inbox, "long", &long).await);
    }

    #[tokio::test]
    async fn what_a_slow_store_does_not_take_in_time_is_kept_in_a_file() {
        let (files, inbox) = (tempfile::tempdir().expect("a directory"), Notes::default());
        let asked = loaded(&inbox, files.path()).await;
        inbox.is_stuck.store(true, Ordering::Relaxed);
        assert!(asked.keep(&inbox, "1", &told(1)).await);
        inbox.is_stuck.store(false, Ordering::Relaxed);
        let next = loaded(&inbox, files.path()).await;
        assert_eq!(next.left(), [told(1)]);
        assert!(next.keep(&inbox, "1", &told(1)).await, "it is in both places");
        assert_eq!(next.left(), [told(1)], "and given once");
        next.done("1");
        next.erase(&inbox).await.expect("erased");
        assert_eq!(loaded(&inbox, files.path()).await.left(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn what_comes_again_while_it_is_taken_out_of_the_notes_gets_another_place() {
        let (asked, inbox) = (Asked::default(), Notes::default());
        asked.keep(&inbox, "1", &told(1)).await;
        asked.done("1");
        assert!(asked.leaves().is_some() && !asked.has("1"));
        assert!(asked.keep(&inbox, "1", &told(1)).await && asked.has("1"));
        asked.erase(&inbox).await.expect("erased");
        assert_eq!(loaded(&inbox, Path::new("")).await.left(), [told(1)]);
    }
}
