//! The outbox opens threads from rows, and goes on where a provider will not.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use signalbox_adapter::{
    ChatAddress, Deliver, DeliveryKey, Form, Identity, MessageId, Opening, Outgoing, Part, Purpose, Receipt,
    Reconciled, ThreadId, Tried,
};

use super::*;
use crate::clock::SystemClock;
use crate::config::Durability;
use crate::store::{Caps, Lanes, NewDelivery, NewThread, Options, Store, ThreadRoot};

/// How long the outbox may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A provider that notes what it is asked for, and refuses threads or once loses the answer about one.
struct Fake {
    threads: bool,
    said: Mutex<Vec<String>>,
    heard: Notify,
}

#[async_trait]
impl Deliver for Fake {
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        self.note(message.part.body.clone());
        Ok(Receipt { message: MessageId::new("7") })
    }

    async fn reconcile(&self, _message: &Outgoing, _tried: &Tried) -> Result<Reconciled, DeliverError> {
        Ok(Reconciled::Unknowable)
    }

    async fn open_thread(&self, opening: &Opening) -> Result<ThreadId, DeliverError> {
        if !self.threads {
            return Err(DeliverError::RefusedForm { what: Form::Thread, words: "no".into() });
        }
        let asked = format!("thread {:?} at {}", opening.name, opening.at);
        let is_first = !self.said.lock().expect("not poisoned").contains(&asked);
        self.note(asked);
        if is_first { Err(DeliverError::Unknown("reset".into())) } else { Ok(ThreadId::new(opening.at.as_str())) }
    }

    async fn check(&self) -> Result<Identity, DeliverError> {
        Ok(Identity { id: "1".into(), name: "bot".into() })
    }
}

impl Fake {
    fn note(&self, what: String) {
        self.said.lock().expect("not poisoned").push(what);
        self.heard.notify_one();
    }

    async fn said(&self, what: &str) -> Vec<String> {
        let wait = async {
            loop {
                let said = self.said.lock().expect("not poisoned").clone();
                if said.iter().any(|one| one == what) {
                    return said;
                }
                self.heard.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("it is said in time")
    }
}

fn message(address: &ChatAddress, text: &str) -> NewDelivery {
    NewDelivery {
        address: address.clone(),
        window: None,
        reply_to: None,
        purpose: Purpose::Alert,
        parts: vec![Part { body: text.into() }],
        buttons: Vec::new(),
        attachment: None,
        task: None,
        inbox: None,
        about: None,
    }
}

/// Sends a card, a thread at it and a message behind both; returns what the provider was asked for.
async fn sent(threads: bool) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let caps = Caps { per_chat: 1, total: 1, queued_per_chat: 1, sessions_per_chat: 1, boot: "boot".into() };
    let options = Options { durability: Durability::Process, caps };
    let store = Store::open(directory.path(), options, Arc::new(SystemClock)).expect("the store opens");
    let address: ChatAddress = "test:one".parse().expect("valid");
    let step = move |tx: &Tx<'_>| {
        tx.enqueue(&message(&address, "card"))?;
        let card: DeliveryKey = tx.deliveries(None, 1)?.first().expect("the card").key.clone();
        tx.open_thread(&NewThread { address: &address, at: ThreadRoot::Delivery(&card), name: "cpu", task: None })?;
        tx.enqueue(&message(&address, "behind"))
    };
    store.write(None, step).await.expect("stored");
    let fake = Arc::new(Fake { threads, said: Mutex::default(), heard: Notify::new() });
    let adapters: BTreeMap<String, Arc<dyn Deliver>> = BTreeMap::from([("test".to_owned(), Arc::clone(&fake) as _)]);
    let outbox = Outbox::new(Setup {
        store: store.clone(),
        fence: None,
        adapters: adapters.clone(),
        scopes: vec![Lanes { provider: "test".into(), window: None }],
        sender: "me".into(),
        max_ages: BTreeMap::new(),
        pacer: Pacer::new(adapters),
        sends: Arc::default(),
        editing: Arc::default(),
        repeat_mark: "(again)",
        tell: Arc::new(|_, _, _| Ok(())),
    });
    let (_claimed, receive) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let listening = async {
        let said = fake.said("behind").await;
        stop.cancel();
        said
    };
    let (ended, said) = tokio::join!(outbox.run(receive, Arc::default(), stop.clone()), listening);
    ended.expect("the outbox ends well");
    said
}

#[tokio::test]
async fn a_thread_whose_answer_was_lost_is_opened_once_more_and_then_comes_what_is_behind() {
    let thread = r#"thread "cpu" at 7"#;
    assert_eq!(sent(true).await, ["card", thread, thread, "behind"]);
}

#[tokio::test]
async fn a_provider_that_opens_no_thread_holds_nothing_up() {
    assert_eq!(sent(false).await, ["card", "behind"]);
}
