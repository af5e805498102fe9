//! What benches share: a bus with its servants on a real disk, a provider without a wire, and made-up messages.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_trait::async_trait;
use signalbox::agent::catalogue::Catalogue;
use signalbox::agent::kinds;
use signalbox::agent::supervisor::client::Launcher;
use signalbox::bus::Bus;
use signalbox::clock::{Clock, SystemClock};
use signalbox::config::{self, Config, Durability};
use signalbox::lifecycle::Servants;
use signalbox::observer::Observer;
use signalbox::outbox::{Beside, Outbox, Pacer, Setup};
use signalbox::redact::Redactor;
use signalbox::router::Router;
use signalbox::store::{Caps, Delivering, HeldRole, Lanes, Options, Store};
use signalbox::turn::{Context, Layout, Transport};
use signalbox_adapter::{
    ChatAddress, ChatId, Deliver, DeliverError, Document, Identity, InboundKey, Inbox, Incoming, IncomingKind, Limits,
    MessageId, Outgoing, Part, Provider, Purpose, Receipt, Reconciled, Render, Rendered, Sender, TextUnit, Tried,
    UserId,
};
use tokio_util::sync::CancellationToken;

use crate::epoch::now_ns;
use crate::ground::disk;

/// The provider without a wire.
const PROVIDER: &str = "bench";

/// A delivered result: its text, and when its request went out, in nanoseconds since the Unix epoch.
pub(crate) type Sent = (String, u128);

/// A provider that takes everything at once and remembers when.
#[derive(Default)]
pub(crate) struct NullProvider {
    results: Mutex<Vec<Sent>>,
}

impl NullProvider {
    /// Takes the results that were sent since the last call.
    pub(crate) fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.results.lock().expect("no panics"))
    }

    /// Counts the results that were sent since the last [`NullProvider::take`].
    pub(crate) fn count(&self) -> usize {
        self.results.lock().expect("no panics").len()
    }
}

#[async_trait]
impl Deliver for NullProvider {
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        if message.purpose == Purpose::Result {
            self.results.lock().expect("no panics").push((message.part.body.clone(), now_ns()));
        }
        Ok(Receipt::of(MessageId::new(message.key.as_str())))
    }

    async fn reconcile(&self, _message: &Outgoing, _tried: &Tried) -> Result<Reconciled, DeliverError> {
        Ok(Reconciled::Unknowable)
    }

    async fn check(&self) -> Result<Identity, DeliverError> {
        Ok(Identity { id: PROVIDER.into(), name: PROVIDER.into() })
    }
}

struct NullRender;

impl Render for NullRender {
    fn limits(&self) -> Limits {
        Limits { max_text: usize::MAX, unit: TextUnit::Bytes }
    }

    fn render(&self, document: &Document, _max_parts: usize) -> Rendered {
        Rendered { parts: vec![Part { body: document.visible_text() }], rest: None }
    }
}

/// A running core.
pub(crate) struct Rig {
    /// Where messages go in.
    pub(crate) bus: Arc<Bus>,
    /// Where answers come out.
    pub(crate) provider: Arc<NullProvider>,
    stop: CancellationToken,
    count: AtomicU64,
    _role: Arc<HeldRole>,
    _directory: tempfile::TempDir,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Rig {
    /// Starts a core with the agents of a configuration, given as TOML.
    pub(crate) async fn start(toml: &str, durability: Durability, max_tasks: usize) -> Self {
        Self::start_at(toml, durability, max_tasks, Arc::new(SystemClock)).await
    }

    /// Starts a core by a clock of its own.
    pub(crate) async fn start_at(toml: &str, durability: Durability, max_tasks: usize, clock: Arc<dyn Clock>) -> Self {
        let directory = disk();
        let file = directory.path().join("signalbox.toml");
        std::fs::write(&file, toml).expect("written");
        let statements = config::Statements { kinds: kinds::statements(), ..config::Statements::default() };
        let sources = config::Sources { explicit: Some(file), env: BTreeMap::new(), statements };
        let mut config: Config = config::load(&sources).expect("a good configuration").config;
        let list = config::Allowed { users: [(UserId::new("1"), config::Role::Admin)].into(), ..Default::default() };
        config.allow.0.insert(Provider::new(PROVIDER), list);
        let state = directory.path().join("state");
        let caps = Caps {
            per_chat: 5,
            total: max_tasks,
            queued_per_chat: 1000,
            sessions_per_chat: 1000,
            boot: signalbox::agent::supervisor::boot_id().expect("a boot id"),
        };
        let store = Store::open(&state, Options { durability, caps }, clock).expect("a store");
        let role = Arc::new(store.take_core().await.expect("the role is free"));
        let transport = Transport::new(Arc::new(NullRender));
        let variables = std::env::vars().collect();
        let redactor = Arc::new(Redactor::new(&config.redact));
        let router = Router::new(Context {
            redactor: Arc::clone(&redactor),
            agents: Catalogue::new(config.agents.clone(), variables),
            transports: [(PROVIDER.to_owned(), transport)].into(),
            state,
            config,
            layout: Layout::default(),
        });
        let look = Arc::new(tokio::sync::Notify::new());
        let stop = CancellationToken::new();
        let servants = Servants::new(stop.clone());
        let (bus, ends) = Bus::new(store.clone(), role.fence().clone(), router, Arc::clone(&look), servants.clone());
        let launcher = Launcher::new(Path::new(env!("CARGO_BIN_EXE_signalbox")).to_owned());
        let observer = Observer::new(Arc::clone(&bus), launcher, redactor, Arc::default(), servants.clone());
        let provider = Arc::new(NullProvider::default());
        let scopes = vec![Lanes { provider: PROVIDER.into(), window: None }];
        let pacer = Pacer::new([]);
        let gate = Arc::clone(&pacer) as _;
        store.deliver_as(Some(Delivering { scopes: scopes.clone(), sender: "bench".into(), gate }));
        let outbox = Outbox::new(Setup {
            store,
            fence: Some(role.fence().clone()),
            adapters: [(PROVIDER.to_owned(), Arc::clone(&provider) as Arc<dyn Deliver>)].into(),
            scopes,
            sender: "bench".into(),
            max_ages: BTreeMap::new(),
            letters: Default::default(),
            pacer,
            sends: Arc::default(),
            editing: Arc::default(),
            repeat_mark: "",
            beside: Beside {
                instead_of_buttons: Arc::new(|_, _| String::new()),
                tell: Arc::new(|_, _, _| Ok(())),
                give: Arc::new(|_, _| ()),
            },
        });
        servants.start("observer", |_| observer.run(ends.orders));
        servants.start("outbox", |stop| outbox.run(ends.claimed, look, stop));
        Self { bus, provider, stop, count: AtomicU64::new(0), _role: role, _directory: directory }
    }

    /// Makes a message of a chat.
    pub(crate) fn message(&self, chat: usize, text: &str) -> Incoming {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        Incoming {
            direct: true,
            ..Incoming::new(
                InboundKey::new(format!("{PROVIDER}:1:{number}")),
                ChatAddress::new(Provider::new(PROVIDER), ChatId::new(chat.to_string())),
                Sender { id: UserId::new("1"), name: "Kim".into(), bot: false, roles: Vec::new() },
                IncomingKind::Text(text.to_owned()),
            )
        }
    }

    /// Says something in a chat; returns once it is durable.
    pub(crate) async fn say(&self, chat: usize, text: &str) {
        self.bus.accept(self.message(chat, text)).await.expect("accepted");
    }

    /// Waits until so many results were sent.
    pub(crate) async fn results(&self, count: usize) {
        let started = Instant::now();
        while self.provider.count() < count {
            assert!(started.elapsed().as_secs() < 300, "{} of {count} results in five minutes", self.provider.count());
            tokio::time::sleep(std::time::Duration::from_micros(200)).await;
        }
    }
}
