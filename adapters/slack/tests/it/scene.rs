//! A bot under test in front of the fake, and what its inbox was given.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use signalbox_adapter::testing::RecordingInbox;
use signalbox_adapter::{
    AcceptError, DeliveryKey, Document, HomeOpened, Inbox, Incoming, IncomingKind, Listen, ListenContext, ListenError,
    Occurrence, Outgoing, Purpose, Reception, Render, Target,
};
use signalbox_slack::{Settings, SlackDeliver, SlackListen, SlackRender, connect};
use signalbox_test_support::slack::state::Channel;
use signalbox_test_support::slack::{APP_TOKEN, BOT_TOKEN, FakeSlack, Person, WAIT};
use tokio_util::sync::CancellationToken;

/// Who talks to the bot.
pub(crate) const ADA: Person = Person::new("U1001", "Ada");
/// Somebody else.
pub(crate) const BOB: Person = Person::new("U1002", "Bob");
/// A channel.
pub(crate) const OPS: &str = "C500";

/// The fake with a channel and two people, and the bot.
pub(crate) struct Scene {
    pub(crate) fake: FakeSlack,
    pub(crate) deliver: Arc<SlackDeliver>,
    pub(crate) inbox: Arc<Keeping>,
    /// What the listener says that it is kept from.
    pub(crate) limited: Arc<Mutex<Option<String>>>,
    /// What has happened to the listener beside messages.
    pub(crate) occurred: Arc<Mutex<BTreeMap<Occurrence, u64>>>,
    listen: tokio::sync::Mutex<SlackListen>,
    files: tempfile::TempDir,
}

/// An inbox that keeps notes too.
#[derive(Default)]
pub(crate) struct Keeping {
    pub(crate) taken: RecordingInbox,
    pub(crate) notes: Mutex<HashMap<String, String>>,
    /// How commands are received, by what they begin with.
    receptions: Mutex<HashMap<String, Reception>>,
    /// Whether nothing is known of any thread.
    pub(crate) knows_no_thread: AtomicBool,
    /// What somebody's page says, and who has opened it.
    pub(crate) page: Mutex<Option<Document>>,
    pub(crate) opened: Mutex<Vec<HomeOpened>>,
}

impl Keeping {
    /// Receives a command so.
    pub(crate) fn receive(&self, command: &str, reception: Reception) {
        self.receptions.lock().unwrap_or_else(PoisonError::into_inner).insert(command.to_owned(), reception);
    }
}

#[async_trait]
impl Inbox for Keeping {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        self.taken.accept(incoming).await
    }

    async fn reception(&self, command: &Incoming) -> Reception {
        let receptions = self.receptions.lock().unwrap_or_else(PoisonError::into_inner);
        receptions.get(text(command)).cloned().unwrap_or_default()
    }

    async fn wants_root(&self, _incoming: &Incoming) -> bool {
        self.knows_no_thread.load(Ordering::Relaxed)
    }

    async fn home(&self, opened: &HomeOpened) -> Option<Document> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(opened.clone());
        self.page.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn note(&self, name: &str, words: &str) -> Result<(), AcceptError> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), words.to_owned());
        Ok(())
    }

    async fn noted(&self, name: &str) -> Result<Option<String>, AcceptError> {
        Ok(self.notes.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let fake = FakeSlack::start().await;
        fake.open_direct(ADA);
        fake.open_direct(BOB);
        fake.open(OPS, Channel { name: "ops".to_owned(), ..Channel::default() });
        let app = connect(settings(&fake)).expect("settings");
        assert_eq!(app.bot_id, "7701-4242");
        let files = tempfile::tempdir().expect("a directory");
        Self {
            fake,
            deliver: app.deliver,
            inbox: Arc::default(),
            limited: Arc::default(),
            occurred: Arc::default(),
            listen: app.listen.expect("there is an app token").into(),
            files,
        }
    }

    /// Returns where files are saved.
    pub(crate) fn files(&self) -> PathBuf {
        self.files.path().join("files")
    }

    /// How often something has happened to the listener.
    pub(crate) fn occurred(&self, what: Occurrence) -> u64 {
        self.occurred.lock().unwrap_or_else(PoisonError::into_inner).get(&what).copied().unwrap_or_default()
    }

    fn context(&self, shutdown: &CancellationToken) -> ListenContext {
        let (limited, occurred) = (Arc::clone(&self.limited), Arc::clone(&self.occurred));
        let mut context = ListenContext::new(Arc::clone(&self.inbox) as Arc<dyn Inbox>, self.files(), shutdown.clone());
        context.occurred = Arc::new(move |what, times| {
            *occurred.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += times;
        });
        context.limited = Arc::new(move |why: Option<&str>| {
            *limited.lock().unwrap_or_else(PoisonError::into_inner) = why.map(str::to_owned);
        });
        context
    }

    /// Returns what is noted of what could not be read.
    pub(crate) fn unread(&self) -> serde_json::Value {
        let notes = self.inbox.notes.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::from_str(notes.get("unread").map_or("null", String::as_str)).expect("it is JSON")
    }

    /// Returns what is noted of commands that the inbox has not got.
    pub(crate) fn asked(&self) -> Vec<serde_json::Value> {
        let notes = self.inbox.notes.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::from_str(notes.get("asked").map_or("[]", String::as_str)).expect("it is JSON")
    }

    /// Returns a moment by Slack's clock, in microseconds since 1970.
    pub(crate) fn micros(&self) -> u64 {
        let ts = self.fake.with(|state| state.next_ts());
        ts.replace('.', "").parse().expect("a time stamp")
    }

    /// Notes what an earlier life has heard.
    pub(crate) fn mark(&self, marks: &serde_json::Value) {
        let mut notes = self.inbox.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.insert("marks".to_owned(), marks.to_string());
    }

    /// Nobody tells any more of what was said so far.
    pub(crate) fn forget_envelopes(&self) {
        self.fake.with(|state| state.envelopes.clear());
    }

    /// Lets the program end and start again: what it knew by heart is gone.
    pub(crate) async fn restart(&self) {
        *self.listen.lock().await = connect(settings(&self.fake)).expect("settings").listen.expect("a listener");
    }

    /// Listens until it ends by itself.
    pub(crate) async fn listen_to_the_end(&self) -> Result<(), ListenError> {
        let cx = self.context(&CancellationToken::new());
        let mut listen = self.listen.lock().await;
        tokio::time::timeout(WAIT, listen.listen(&cx)).await.expect("listening ends")
    }

    /// Listens while a story is told, again after every loss; then it is asked to stop, which it must do.
    pub(crate) async fn listening<T>(&self, story: impl Future<Output = T>) -> T {
        let shutdown = CancellationToken::new();
        let cx = self.context(&shutdown);
        let mut listen = self.listen.lock().await;
        let stood = self.fake.with(|state| state.stood);
        let told = async {
            self.fake.wait_until("two sockets", |state| state.stood >= stood + 2).await;
            let outcome = story.await;
            shutdown.cancel();
            outcome
        };
        let listening = async {
            loop {
                match tokio::time::timeout(2 * WAIT, listen.listen(&cx)).await.expect("listening stops") {
                    Ok(()) => return,
                    Err(ListenError::Lost(_)) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        tokio::join!(told, listening).0
    }

    /// Waits until so many messages are taken, and returns them.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Incoming> {
        let taken = tokio::time::timeout(WAIT, self.inbox.taken.wait_for(count)).await;
        taken.unwrap_or_else(|_| {
            panic!("waited for {count} messages: {:?}; {}", self.inbox.taken.accepted(), self.fake.with(|s| s.told()))
        })
    }
}

/// Returns what a bot in front of the fake is set to.
pub(crate) fn settings(fake: &FakeSlack) -> Settings {
    let tokens = Settings::new(BOT_TOKEN.to_owned().into(), Some(APP_TOKEN.to_owned().into()));
    Settings { api_url: fake.url(), ..tokens }
}

/// Returns a message to be sent to a channel.
pub(crate) fn outgoing(number: u128, channel: &str, markdown: &str) -> Outgoing {
    let address = format!("slack:{channel}").parse().expect("an address");
    let document = Document::from_markdown(markdown);
    Outgoing {
        key: DeliveryKey::from_random_bits(number),
        target: Target { address, reply_to: None, edit_of: None, window: None },
        purpose: Purpose::Result,
        part: SlackRender.render(&document, 1).parts.remove(0),
        buttons: Vec::new(),
        attachment: None,
        mark: None,
        plain: false,
    }
}

/// Another life of the program in front of the same workspace, which has tried nothing yet.
pub(crate) fn another(fake: &FakeSlack) -> Arc<SlackDeliver> {
    connect(settings(fake)).expect("settings").deliver
}

/// Returns the channel in which a person writes to the bot alone.
pub(crate) fn direct(person: Person) -> String {
    format!("D{}", person.id)
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
