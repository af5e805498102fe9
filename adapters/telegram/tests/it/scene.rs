//! A bot under test in front of the fake, and what its inbox was given.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use signalbox_adapter::{
    AcceptError, ChatAddress, ChatId, Deliver, DeliverError, DeliveryKey, Document, Inbox, Incoming, IncomingKind,
    Listen, ListenContext, ListenError, MessageId, Outgoing, Part, Provider, Purpose, Receipt, Render, Target,
    ThreadId,
};
use signalbox_telegram::{Menu, Settings, TelegramDeliver, TelegramListen, TelegramRender, connect};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use signalbox_test_support::telegram::{ChatKind, FakeTelegram, Person, TOKEN, WAIT};

/// Who talks to the bot.
pub(crate) const ADA: Person = Person::new(1001, "Ada");
/// How long a poll may take.
const POLL: Duration = Duration::from_secs(30);
/// Somebody else.
pub(crate) const BOB: Person = Person::new(1002, "Bob");
/// A group with topics.
pub(crate) const TEAM: i64 = -1_001_000_500;

/// The fake with a private chat and a group, and the bot's answering half.
pub(crate) struct Scene {
    pub(crate) fake: FakeTelegram,
    pub(crate) deliver: Arc<TelegramDeliver>,
    pub(crate) menu: Arc<Menu>,
    pub(crate) inbox: Arc<Taken>,
    pub(crate) polls: Arc<AtomicUsize>,
    files: tempfile::TempDir,
}

/// An inbox that remembers; a second copy of a key is dropped, as in the core.
pub(crate) struct Taken {
    taken: watch::Sender<Vec<Incoming>>,
    offers: Mutex<Vec<String>>,
    broken: Mutex<usize>,
}

#[async_trait]
impl Inbox for Taken {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner).push(incoming.key.to_string());
        {
            let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
            if *broken > 0 {
                *broken -= 1;
                return Err(AcceptError("the disk is full".into()));
            }
        }
        self.taken.send_if_modified(|taken| {
            let is_new = taken.iter().all(|other| other.key != incoming.key);
            if is_new {
                taken.push(incoming);
            }
            is_new
        });
        Ok(())
    }
}

impl Taken {
    /// Refuses the next so many.
    pub(crate) fn break_for(&self, count: usize) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = count;
    }

    /// Returns the keys that were offered, again and again.
    pub(crate) fn offers(&self) -> Vec<String> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for so many and returns them.
    pub(crate) async fn wait(&self, count: usize) -> Vec<Incoming> {
        let mut taken = self.taken.subscribe();
        let enough = tokio::time::timeout(WAIT, taken.wait_for(|taken| taken.len() >= count)).await;
        match enough {
            Ok(found) => found.expect("the inbox is alive").clone(),
            Err(_) => panic!("waited for {count} messages: {:?}", self.taken.borrow()),
        }
    }

    /// Returns what is there now.
    pub(crate) fn now(&self) -> Vec<Incoming> {
        self.taken.borrow().clone()
    }
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let fake = FakeTelegram::start().await;
        fake.open_private(ADA);
        fake.open_private(BOB);
        fake.open(TEAM, ChatKind::Forum, "team");
        fake.with(|state| state.set_topic(TEAM, 7, true));
        let bot = connect(settings(&fake)).expect("settings");
        assert_eq!(bot.bot_id, "42");
        let inbox = Taken { taken: watch::channel(Vec::new()).0, offers: Mutex::default(), broken: Mutex::default() };
        Self {
            fake,
            deliver: bot.deliver,
            menu: bot.menu,
            inbox: Arc::new(inbox),
            polls: Arc::default(),
            files: tempfile::tempdir().expect("a directory"),
        }
    }

    /// Makes an arriving half; several may be made.
    pub(crate) fn listener(&self) -> TelegramListen {
        connect(settings(&self.fake)).expect("settings").listen
    }

    /// Returns where files are saved.
    pub(crate) fn files(&self) -> &Path {
        self.files.path()
    }

    pub(crate) fn context(&self, shutdown: &CancellationToken) -> ListenContext {
        let polls = Arc::clone(&self.polls);
        let files = self.files().join("files");
        let mut context = ListenContext::new(Arc::clone(&self.inbox) as Arc<dyn Inbox>, files, shutdown.clone());
        context.alive = Arc::new(move || {
            polls.fetch_add(1, Ordering::Relaxed);
        });
        context
    }

    /// Listens until it ends by itself.
    pub(crate) async fn listen_to_the_end(&self) -> Result<(), ListenError> {
        let (mut listener, cx) = (self.listener(), self.context(&CancellationToken::new()));
        tokio::time::timeout(WAIT, listener.listen(&cx)).await.expect("listening ends")
    }

    /// Listens while a story is told; then it is asked to stop, which it must do at once.
    pub(crate) async fn listening<T>(&self, story: impl Future<Output = T>) -> T {
        let shutdown = CancellationToken::new();
        let (cx, mut listener) = (self.context(&shutdown), self.listener());
        let told = async {
            let outcome = story.await;
            shutdown.cancel();
            (outcome, Instant::now())
        };
        let listening = tokio::time::timeout(2 * WAIT, listener.listen(&cx));
        let (ended, (outcome, asked)) = tokio::join!(listening, told);
        ended.expect("listening stops when it is asked to").expect("listening went well");
        assert!(asked.elapsed() < POLL / 2, "it stops in the middle of a poll");
        outcome
    }

    /// Listens until so many messages are taken and all is confirmed; returns them.
    pub(crate) async fn taken(&self, count: usize) -> Vec<Incoming> {
        self.listening(async {
            let taken = self.inbox.wait(count).await;
            self.fake.wait_until("all updates to be confirmed", |state| state.updates.is_empty()).await;
            taken
        })
        .await
    }

    /// Delivers a text to a chat.
    pub(crate) async fn tell(&self, chat: i64, text: &str) -> Result<Receipt, DeliverError> {
        self.deliver.deliver(&outgoing(chat, text)).await
    }
}

fn settings(fake: &FakeTelegram) -> Settings {
    Settings { api_url: fake.url(), poll: POLL, ..Settings::new(TOKEN.to_owned().into()) }
}

/// Returns the address of a chat, and of a topic in it.
pub(crate) fn address(chat: i64, topic: Option<i64>) -> ChatAddress {
    let thread = topic.map(|topic| ThreadId::new(topic.to_string()));
    ChatAddress { provider: Provider::new("telegram"), chat: ChatId::new(chat.to_string()), thread }
}

/// Renders Markdown of one part.
pub(crate) fn part(markdown: &str) -> Part {
    TelegramRender.render(&Document::from_markdown(markdown), 1).parts.remove(0)
}

/// Returns a result for a chat.
pub(crate) fn outgoing(chat: i64, markdown: &str) -> Outgoing {
    Outgoing {
        key: DeliveryKey::from_random_bits(1),
        target: Target { address: address(chat, None), reply_to: None, edit_of: None },
        purpose: Purpose::Result,
        part: part(markdown),
        buttons: Vec::new(),
        attachment: None,
        maybe_repeat: false,
    }
}

/// Returns the id of a message as the contract writes it.
pub(crate) fn message(id: i64) -> MessageId {
    MessageId::new(id.to_string())
}

/// Returns what a message says, edited or not.
pub(crate) fn text(incoming: &Incoming) -> &str {
    match &incoming.kind {
        IncomingKind::Text(text) | IncomingKind::Edited(text) => text,
        IncomingKind::Moved { to } => to.as_str(),
        IncomingKind::Button { action, .. } => action,
    }
}
