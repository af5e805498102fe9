//! The outbox opens threads from rows, and goes on where a provider will not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use signalbox_adapter::{
    ChatAddress, Deliver, Form, Identity, MessageId, Opening, Outgoing, Part, Purpose, Receipt, Reconciled, ThreadId,
    Tried,
};

use super::retry::Outcome;
use super::*;
use crate::clock::SystemClock;
use crate::config::Durability;
use crate::store::{Caps, Lanes, NewDelivery, NewThread, Options, Store, ThreadRoot};

/// How long the outbox may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a provider makes of threads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Threading {
    /// It opens them; the first answer is lost.
    Opens,
    /// It opens none.
    Refuses,
    /// It asks to wait for this long.
    Waits(Duration),
}

/// A provider that notes what it is asked for.
struct Fake {
    threads: Threading,
    said: Mutex<Vec<String>>,
    heard: Notify,
}

#[async_trait]
impl Deliver for Fake {
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        self.note(message.part.body.clone());
        Ok(Receipt::of(MessageId::new("7")))
    }

    async fn reconcile(&self, _message: &Outgoing, _tried: &Tried) -> Result<Reconciled, DeliverError> {
        Ok(Reconciled::Unknowable)
    }

    async fn open_thread(&self, opening: &Opening) -> Result<ThreadId, DeliverError> {
        match self.threads {
            Threading::Opens => {}
            Threading::Refuses => return Err(DeliverError::RefusedForm { what: Form::Thread, words: "no".into() }),
            Threading::Waits(after) => {
                self.note("wait".to_owned());
                return Err(DeliverError::Wait { after, everywhere: false });
            }
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
        files: Vec::new(),
        task: None,
        inbox: None,
        about: None,
        not_before: None,
    }
}

fn setup(store: &Store, adapters: BTreeMap<String, Arc<dyn Deliver>>) -> Setup {
    Setup {
        store: store.clone(),
        fence: None,
        adapters: adapters.clone(),
        scopes: vec![Lanes { provider: "test".into(), window: None }],
        sender: "me".into(),
        max_ages: BTreeMap::new(),
        letters: BTreeSet::new(),
        pacer: Pacer::new(adapters),
        sends: Arc::default(),
        editing: Arc::default(),
        repeat_mark: "(again)",
        beside: Beside {
            instead_of_buttons: Arc::new(|_, buttons| format!("(type {})", buttons[0].action)),
            tell: Arc::new(|_, _, _| Ok(())),
            give: Arc::new(|_, _| ()),
        },
    }
}

fn opened(directory: &std::path::Path) -> Store {
    let caps = Caps { per_chat: 1, total: 1, queued_per_chat: 1, sessions_per_chat: 1, boot: "boot".into() };
    let options = Options { durability: Durability::Process, caps };
    Store::open(directory, options, Arc::new(SystemClock)).expect("the store opens")
}

/// Has a thread opened at a card that is shown, and says something in the thread and something else beside it, until this has
/// been said; returns what the provider was asked for.
async fn sent(threads: Threading, until: &str) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = opened(directory.path());
    let address: ChatAddress = "test:one".parse().expect("valid");
    let thread: ChatAddress = "test:one/7".parse().expect("valid");
    let step = move |tx: &Tx<'_>| {
        tx.enqueue(&message(&address, "card"))?;
        let card = tx.deliveries(None, 1)?.remove(0);
        tx.delivered(card.id, &MessageId::new("7"))?;
        let at = ThreadRoot::Delivery(&card.key);
        tx.open_thread(&NewThread { address: &address, at, name: "cpu", guest: None, task: None })?;
        tx.enqueue(&message(&thread, "behind"))?;
        tx.enqueue(&message(&address, "beside"))
    };
    store.write(None, step).await.expect("stored");
    let fake = Arc::new(Fake { threads, said: Mutex::default(), heard: Notify::new() });
    let adapters: BTreeMap<String, Arc<dyn Deliver>> = BTreeMap::from([("test".to_owned(), Arc::clone(&fake) as _)]);
    let outbox = Outbox::new(setup(&store, adapters));
    let (_claimed, receive) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let listening = async {
        let said = fake.said(until).await;
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
    let said = sent(Threading::Opens, "behind").await;
    let in_order: Vec<&str> = said.iter().map(String::as_str).filter(|one| *one != "beside").collect();
    assert_eq!(in_order, [thread, thread, "behind"]);
}

#[tokio::test]
async fn a_provider_that_opens_no_thread_holds_nothing_up() {
    let said = sent(Threading::Refuses, "behind").await;
    assert!(said.iter().all(|one| one == "beside" || one == "behind"), "{said:?}");
}

#[tokio::test]
async fn nobody_waits_for_a_thread_but_what_goes_into_it() {
    let said = sent(Threading::Waits(Duration::from_secs(200)), "beside").await;
    assert!(said.iter().all(|one| one != "behind"), "{said:?}");
}

#[tokio::test]
async fn what_goes_into_a_thread_that_takes_too_long_goes_without() {
    let said = sent(Threading::Waits(Duration::from_secs(301)), "behind").await;
    assert_eq!(said.iter().filter(|one| *one == "wait").count(), 1, "{said:?}");
}

#[tokio::test]
async fn an_edit_that_its_thread_refuses_is_let_be_and_nobody_leaves_the_thread() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = opened(directory.path());
    let address: ChatAddress = "test:one/9".parse().expect("valid");
    let shown = store.write(None, move |tx: &Tx<'_>| {
        tx.enqueue(&message(&address, "card"))?;
        tx.deliveries(None, 1)
    });
    let shown = shown.await.expect("stored").value.remove(0);
    let refused = || Outcome::Failed(DeliverError::RefusedForm { what: Form::Thread, words: "archived".into() });
    let setup = setup(&store, BTreeMap::new());
    let edit = Delivery { is_edit: true, ..shown.clone() };
    assert_eq!(settle::decide(&setup, &edit, &refused()), retry::Next::EditRefused);
    let new = settle::decide(&setup, &shown, &refused());
    assert!(matches!(new, retry::Next::Plainer { without: Form::Thread, .. }), "{new:?}");
}
