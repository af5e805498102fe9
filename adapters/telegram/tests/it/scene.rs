//! A bot under test in front of the fake, and what its inbox was given.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use signalbox_adapter::testing::RecordingInbox;
use signalbox_adapter::{
    ChatAddress, ChatId, Deliver, DeliverError, DeliveryKey, Document, Inbox, Incoming, IncomingKind, Listen,
    ListenContext, ListenError, MessageId, Outgoing, Part, Provider, Purpose, Receipt, Render, Target, ThreadId,
};
use signalbox_telegram::{Menu, Settings, TelegramDeliver, TelegramListen, TelegramRender, connect};
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
    pub(crate) inbox: Arc<RecordingInbox>,
    pub(crate) polls: Arc<AtomicUsize>,
    files: tempfile::TempDir,
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
        Self {
            fake,
            deliver: bot.deliver,
            menu: bot.menu,
            inbox: Arc::default(),
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

    /// Waits until so many messages are taken, and returns them.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Incoming> {
        let taken = tokio::time::timeout(WAIT, self.inbox.wait_for(count)).await;
        taken.unwrap_or_else(|_| panic!("waited for {count} messages: {:?}", self.inbox.accepted()))
    }

    /// Listens until so many messages are taken and all is confirmed; returns them.
    pub(crate) async fn taken(&self, count: usize) -> Vec<Incoming> {
        self.listening(async {
            let taken = self.wait_for(count).await;
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

/// Returns what a bot in front of the fake is set to.
pub(crate) fn settings(fake: &FakeTelegram) -> Settings {
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
        target: Target { address: address(chat, None), reply_to: None, edit_of: None, window: None },
        purpose: Purpose::Result,
        part: part(markdown),
        buttons: Vec::new(),
        attachment: None,
        mark: None,
        plain: false,
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
        IncomingKind::Deleted => "",
        IncomingKind::Button { action, .. } => action,
    }
}
