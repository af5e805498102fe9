//! A bot under test in front of the fake, and what its inbox was given.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use signalbox_adapter::testing::RecordingInbox;
use signalbox_adapter::{
    AcceptError, Card, ChatAddress, DeliveryKey, Document, Inbox, Incoming, IncomingKind, Listen, ListenContext,
    ListenError, MessageId, Occurrence, Outgoing, Part, Phase, Provider, Purpose, Render, Target, Tone, UserId,
};
use signalbox_discord::{Cards, Commands, DiscordDeliver, DiscordListen, DiscordRender, Settings, connect};
use signalbox_test_support::discord::state::Channel;
use signalbox_test_support::discord::{FakeDiscord, Person, TOKEN, WAIT};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Who talks to the bot.
pub(crate) const ADA: Person = Person::new(1001, "Ada");
/// Somebody else.
pub(crate) const BOB: Person = Person::new(1002, "Bob");
/// A channel of the server.
pub(crate) const OPS: u64 = 500;
/// A thread in it.
pub(crate) const THREAD: u64 = 501;

/// What is masked wherever it is shown.
pub(crate) const SECRET: &str = "hunter-22";

/// How often a wait looks.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The fake with a channel, a thread and two people, and the bot.
pub(crate) struct Scene {
    pub(crate) fake: FakeDiscord,
    pub(crate) deliver: Arc<DiscordDeliver>,
    pub(crate) commands: Arc<Commands>,
    pub(crate) inbox: Arc<Keeping>,
    /// What the listener says that it is kept from.
    pub(crate) limited: Arc<Mutex<Option<String>>>,
    /// What has happened to the listener beside messages.
    pub(crate) occurred: Arc<Mutex<BTreeMap<Occurrence, u64>>>,
    /// How often the listener has said that it hears the server.
    pub(crate) alive: watch::Sender<u64>,
    listen: tokio::sync::Mutex<DiscordListen>,
    files: tempfile::TempDir,
}

/// An inbox that keeps notes too.
#[derive(Default)]
pub(crate) struct Keeping {
    pub(crate) taken: RecordingInbox,
    /// Whether files are of no use.
    pub(crate) no_files: AtomicBool,
    pub(crate) notes: Mutex<HashMap<String, String>>,
    /// Who may use the bot.
    pub(crate) people: Mutex<Vec<UserId>>,
}

#[async_trait]
impl Inbox for Keeping {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        self.taken.accept(incoming).await
    }

    async fn wants_files(&self, _incoming: &mut Incoming) -> bool {
        !self.no_files.load(Ordering::Relaxed)
    }

    fn masked(&self, text: &str) -> String {
        text.replace(SECRET, "[redacted]")
    }

    async fn people(&self, _provider: &Provider) -> Vec<UserId> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
    /// A server that lets sessions begin as fast as a bot asks for them, and a bot that does.
    pub(crate) async fn new() -> Self {
        Self::with_sessions_apart(Duration::ZERO).await
    }

    /// A server that lets no two sessions begin within this time, and a bot that knows it.
    pub(crate) async fn with_sessions_apart(between: Duration) -> Self {
        let fake = FakeDiscord::start().await;
        fake.with(|state| state.between_sessions = between);
        fake.open_direct(ADA);
        fake.open_direct(BOB);
        fake.open(OPS, Channel { name: "ops".to_owned(), ..Channel::default() });
        fake.open(THREAD, Channel { kind: 11, name: "thread".to_owned(), parent: Some(OPS), ..Channel::default() });
        let bot = connect(settings(&fake)).expect("settings");
        assert_eq!(bot.bot_id, "4242");
        let files = tempfile::tempdir().expect("a directory");
        let (inbox, listen) = (Arc::default(), bot.listen.into());
        Self {
            fake,
            deliver: bot.deliver,
            commands: bot.commands,
            inbox,
            limited: Arc::default(),
            occurred: Arc::default(),
            alive: watch::Sender::default(),
            listen,
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

    /// How many sessions the listener has heard begin or go on.
    fn sessions_heard(&self) -> u64 {
        self.occurred(Occurrence::Begun) + self.occurred(Occurrence::Resumed)
    }

    pub(crate) fn context(&self, shutdown: &CancellationToken) -> ListenContext {
        let (limited, occurred) = (Arc::clone(&self.limited), Arc::clone(&self.occurred));
        let mut context = ListenContext::new(Arc::clone(&self.inbox) as Arc<dyn Inbox>, self.files(), shutdown.clone());
        context.occurred = Arc::new(move |what, times| {
            *occurred.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += times;
        });
        let alive = self.alive.clone();
        context.alive = Arc::new(move || alive.send_modify(|times| *times += 1));
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

    /// Lets the program end and start again: what it knew by heart is gone.
    pub(crate) async fn restart(&self) {
        *self.listen.lock().await = connect(settings(&self.fake)).expect("settings").listen;
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
        let (sessions, heard) = (self.fake.with(|state| state.identified + state.resumed), self.sessions_heard());
        let told = async {
            let is_there = |state: &_| is_listening(state, sessions);
            self.fake.wait_until("a session", is_there).await;
            // The bot knows of it a little later than the server.
            let mut looks = tokio::time::interval(LOOK_EVERY);
            while self.sessions_heard() == heard {
                looks.tick().await;
            }
            let outcome = story.await;
            shutdown.cancel();
            outcome
        };
        let listening = async {
            loop {
                match tokio::time::timeout(2 * WAIT, listen.listen(&cx))
                    .await
                    .expect("listening stops when it is asked to")
                {
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
        taken.unwrap_or_else(|_| panic!("waited for {count} messages: {:?}", self.inbox.taken.accepted()))
    }
}

fn is_listening(state: &signalbox_test_support::discord::state::State, sessions: usize) -> bool {
    state.identified + state.resumed > sessions
}

/// Returns what a bot in front of the fake is set to.
pub(crate) fn settings(fake: &FakeDiscord) -> Settings {
    let between_sessions = fake.with(|state| state.between_sessions);
    Settings { api_url: fake.url(), between_sessions, ..Settings::new(TOKEN.to_owned().into()) }
}

/// Returns the channel in which a person writes to the bot alone.
pub(crate) fn direct(person: Person) -> u64 {
    person.id + 1_000_000
}

/// Returns the address of a channel, and of a thread in it.
pub(crate) fn address(channel: u64, thread: Option<u64>) -> ChatAddress {
    let thread = thread.map(|thread| format!("/{thread}")).unwrap_or_default();
    format!("discord:{channel}{thread}").parse().expect("an address")
}

/// Renders Markdown of one part.
pub(crate) fn part(markdown: &str) -> Part {
    DiscordRender::default().render(&Document::from_markdown(markdown), 1).parts.remove(0)
}

/// Renders a card that says this.
pub(crate) fn card_part(cards: Cards, markdown: &str) -> Part {
    let (title, name) = ("disk full".to_owned(), "Incident #7".to_owned());
    let document = Document::from_markdown(markdown);
    let card = Card { tone: Tone::Critical, phase: Phase::Firing, title, name, document };
    DiscordRender { cards }.card(&card)
}

/// Returns a result for a channel; each number is a key of its own.
pub(crate) fn outgoing(number: u128, channel: u64, markdown: &str) -> Outgoing {
    Outgoing {
        key: DeliveryKey::from_random_bits(number),
        target: Target { address: address(channel, None), reply_to: None, edit_of: None, window: None },
        purpose: Purpose::Result,
        part: part(markdown),
        buttons: Vec::new(),
        attachment: None,
        mark: None,
        plain: false,
    }
}

/// Returns the id of a message as the contract writes it.
pub(crate) fn message(id: u64) -> MessageId {
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
