//! The suite passes what keeps its word about threads, and finds what does not.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;

use crate::testing::check_threads;
use crate::*;

/// What is wrong with a provider.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flaw {
    Nothing,
    NamesAnother,
    OpensTwice,
    ShowsInTheMainStream,
    RefusesForGood,
}

/// A provider in memory with threads: what is shown where, and which are open.
struct Memory {
    threads: Threads,
    flaw: Flaw,
    shown: Mutex<BTreeMap<Option<ThreadId>, String>>,
    open: Mutex<Vec<ThreadId>>,
}

#[async_trait]
impl Deliver for Memory {
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        let mut thread = message.target.address.thread.clone();
        let is_open = |thread: &ThreadId| self.open.lock().expect("not poisoned").contains(thread);
        if self.threads == Threads::Opened && thread.as_ref().is_some_and(|thread| !is_open(thread)) {
            return Err(DeliverError::RefusedForm { what: Form::Thread, words: "unknown thread".to_owned() });
        }
        if self.flaw == Flaw::ShowsInTheMainStream {
            thread = None;
        }
        self.shown.lock().expect("not poisoned").entry(thread).or_default().push_str(&message.part.body);
        Ok(Receipt::of(MessageId::new(message.key.as_str())))
    }

    async fn reconcile(&self, _message: &Outgoing, _tried: &Tried) -> Result<Reconciled, DeliverError> {
        Ok(Reconciled::Unknowable)
    }

    async fn open_thread(&self, opening: &Opening) -> Result<ThreadId, DeliverError> {
        let refused = |words: &str| DeliverError::RefusedForm { what: Form::Thread, words: words.to_owned() };
        if self.flaw == Flaw::RefusesForGood {
            return Err(DeliverError::Refused("no threads".to_owned()));
        }
        if self.threads != Threads::Opened && self.flaw != Flaw::OpensTwice {
            return Err(refused("no threads"));
        }
        let mut open = self.open.lock().expect("not poisoned");
        let thread = ThreadId::new(opening.at.as_str());
        if open.contains(&thread) && self.flaw == Flaw::OpensTwice {
            return Err(refused("there is one already"));
        }
        open.push(thread.clone());
        Ok(if self.flaw == Flaw::NamesAnother { ThreadId::new("another") } else { thread })
    }

    async fn check(&self) -> Result<Identity, DeliverError> {
        Ok(Identity { id: "1".to_owned(), name: "bot".to_owned() })
    }
}

async fn check(threads: Threads, flaw: Flaw) -> Result<(), String> {
    let memory = Memory { threads, flaw, shown: Mutex::default(), open: Mutex::default() };
    let sample = Outgoing {
        key: DeliveryKey::from_random_bits(1),
        target: Target { address: "memory:1".parse().expect("valid"), reply_to: None, edit_of: None, window: None },
        purpose: Purpose::Alert,
        part: Part { body: "a card".to_owned() },
        buttons: Vec::new(),
        attachment: None,
        mark: None,
        plain: false,
    };
    let shown = |thread: &ThreadId| {
        memory.shown.lock().expect("not poisoned").get(&Some(thread.clone())).cloned().unwrap_or_default()
    };
    check_threads(&memory, threads, &sample, shown).await.map_err(|breach| breach.to_string())
}

#[tokio::test]
async fn what_keeps_its_word_about_threads_passes() {
    for threads in [Threads::None, Threads::AtMessage, Threads::Opened] {
        assert_eq!(check(threads, Flaw::Nothing).await, Ok(()), "{threads:?}");
    }
}

#[tokio::test]
async fn what_breaks_its_word_about_threads_is_found() {
    for (threads, flaw, words) in [
        (Threads::Opened, Flaw::NamesAnother, "checking a thread to open: the thread has another id than its message"),
        (Threads::Opened, Flaw::OpensTwice, "checking the same once more: refused in this form: there is one already"),
        (
            Threads::AtMessage,
            Flaw::ShowsInTheMainStream,
            "checking a message in a thread: it is not shown in the thread",
        ),
        (Threads::None, Flaw::OpensTwice, "checking a thread to open where no call opens any: it is said to be open"),
        (
            Threads::None,
            Flaw::RefusesForGood,
            "checking a thread to open where no call opens any: it is no refused form: refused: no threads",
        ),
    ] {
        assert_eq!(check(threads, flaw).await, Err(words.to_owned()));
    }
}
