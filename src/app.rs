//! Composition: makes every part and starts it; the wiring of a process is read here.
//!
//! A process either holds the core role ([`App::start_core`]: it routes, observes and delivers) or attaches: it writes inbox rows
//! for the holder and prints its own window's outbox rows.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use signalbox_adapter::Deliver;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::catalogue::Catalogue;
use crate::agent::supervisor::boot_id;
use crate::agent::supervisor::client::Launcher;
use crate::bus::Bus;
use crate::clock::SystemClock;
use crate::command;
use crate::config::{self, Config};
use crate::health::Health;
use crate::lifecycle;
use crate::observer::board::Board;
use crate::observer::live::Live;
use crate::observer::{Observer, files_of};
use crate::outbox::{self, Editing, Outbox, Pacer};
use crate::redact::Redactor;
use crate::router::Router;
use crate::store::{Caps, Delivering, Durability, Options, Role, RoleError, Scope, Store};
use crate::transport::{Surroundings, Transport};
use crate::turn::Context;
use crate::wake::Waker;
use crate::wiring;

/// How long without a wake-up until the inbox is looked at all the same.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long the parts of a stopping process may take to finish what is at hand.
const STOP_WITHIN: Duration = Duration::from_secs(4);
/// How often a process that waits for the core role asks for it.
const ASK_ROLE_EVERY: Duration = Duration::from_millis(500);

/// What a process is made of before it does anything.
pub struct App {
    /// Configuration.
    pub config: Config,
    /// Our own environment.
    pub variables: BTreeMap<String, String>,
    /// The store.
    pub store: Store,
    /// Cancelled when the process is to stop.
    pub stop: CancellationToken,
    /// Everything that runs.
    pub tracker: TaskTracker,
    /// How the transports of this process are.
    pub health: Arc<Health>,
    /// The core role, held until everything at hand is written down.
    role: OnceLock<Role>,
}

/// What a process delivers, and with what.
#[derive(Default)]
pub struct Deliveries {
    /// Adapters by provider.
    pub adapters: BTreeMap<String, Arc<dyn Deliver>>,
    /// The lanes.
    pub scopes: Vec<Scope>,
    /// How long a message is worth delivering, by provider; for ever where none is given.
    pub max_ages: BTreeMap<String, Duration>,
    /// Chat transports, to be kept listening.
    pub transports: Vec<Transport>,
}

impl Deliveries {
    /// Adds every provider that is configured.
    #[must_use]
    pub fn with_chats(mut self, config: &Config) -> Self {
        for wiring::Connected { provider, deliver, chats } in wiring::connect(config) {
            self.adapters.insert(provider.to_owned(), deliver);
            self.max_ages.insert(provider.to_owned(), config.delivery.max_age);
            self.scopes.push(Scope { provider: provider.to_owned(), window: None });
            self.transports.extend(chats);
        }
        self
    }
}

impl App {
    /// Opens the store of a state directory.
    ///
    /// # Errors
    /// When it cannot be opened; the message says what to do.
    pub fn open(config: Config, variables: BTreeMap<String, String>, state: PathBuf) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let options = Options {
            durability: match config.store.durability {
                config::Durability::Power => Durability::Power,
                config::Durability::Process => Durability::Process,
            },
            caps: Caps {
                per_chat: size(config.limits.max_tasks_per_chat),
                total: config.limits.max_tasks(cores),
                queued_per_chat: size(config.limits.max_queued_per_chat),
                sessions_per_chat: size(config.limits.max_sessions_per_chat),
                boot: boot_id().context("reading the machine's boot id")?,
            },
        };
        // Absolute, since agents and their supervisors work in directories of their own.
        let state = std::path::absolute(&state).with_context(|| format!("resolving {}", state.display()))?;
        let store = Store::open(&state, options, Arc::new(SystemClock))?;
        Ok(Self {
            config,
            variables,
            store,
            stop: CancellationToken::new(),
            tracker: TaskTracker::new(),
            health: Arc::default(),
            role: OnceLock::new(),
        })
    }

    /// The agents that are configured.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::new(self.config.agents.clone(), self.variables.clone())
    }

    /// Waits for the core role as long as another process holds it.
    ///
    /// # Errors
    /// [`RoleError`] other than [`RoleError::Held`].
    pub async fn wait_for_core(&self) -> Result<Option<Role>, RoleError> {
        loop {
            match self.store.take_core().await {
                Ok(role) => return Ok(Some(role)),
                Err(RoleError::Held { .. }) => {}
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = self.stop.cancelled() => return Ok(None),
                () = tokio::time::sleep(ASK_ROLE_EVERY) => {}
            }
        }
    }

    /// Starts routing, observing and delivering; the role is held until the process ends.
    ///
    /// # Errors
    /// When runs cannot be found again or the wake-up socket cannot be made.
    pub async fn start_core(
        &self,
        role: Role,
        look: Arc<Notify>,
        mut deliveries: Deliveries,
    ) -> anyhow::Result<Arc<Bus>> {
        let agents = self.catalogue();
        let mut transports = wiring::transports();
        for (provider, transport) in &mut transports {
            transport.deliver = deliveries.adapters.get(provider).cloned();
        }
        let router = Router::new(Context {
            config: self.config.clone(),
            agents,
            transports,
            state: self.store.directory().to_owned(),
        });
        let (bus, ends) = Bus::new(self.store.clone(), role.fence().clone(), router, Arc::clone(&look));
        let waker = Waker::listen(self.store.directory()).context("making the wake-up socket")?;
        let redactor = Redactor::of(&self.config);
        let board = Arc::new(Board::default());
        let observer =
            Observer::new(Arc::clone(&bus), Launcher::default(), redactor, Arc::clone(&board), self.stop.clone());
        observer.recover().await.context("finding the runs of before again")?;
        self.tracker.spawn(Arc::clone(&observer).run(ends.orders));
        let transports = std::mem::take(&mut deliveries.transports);
        self.tracker.spawn(outbox::give_signs(ends.signs, deliveries.adapters.clone(), self.stop.clone()));
        if deliveries.scopes.is_empty() {
            drop(ends.claimed);
        } else {
            let adapters = deliveries.adapters.clone();
            let (pacer, editing) = self.start_outbox(deliveries, Some(role.fence().clone()), ends.claimed, look);
            let redactor = Redactor::of(&self.config);
            let live = Live { bus: Arc::clone(&bus), board, adapters, pacer, editing, redactor };
            self.tracker.spawn(Arc::new(live).run(self.stop.clone()));
        }
        let (routing, stop) = (Arc::clone(&bus), self.stop.clone());
        self.tracker.spawn(async move {
            route(&routing, &waker, &stop).await;
        });
        self.start_transports(&bus, transports);
        self.role.set(role).ok();
        let (fenced, stop) = (bus.fenced.clone(), self.stop.clone());
        self.tracker.spawn(async move {
            tokio::select! {
                () = fenced.cancelled() => {
                    tracing::error!("another process has taken over; stopping");
                    stop.cancel();
                }
                () = stop.cancelled() => {}
            }
        });
        Ok(bus)
    }

    /// Starts listening to the chats.
    fn start_transports(&self, bus: &Arc<Bus>, transports: Vec<Transport>) {
        let known = &bus.router().context().transports;
        for transport in transports {
            let bot_name = known.get(&transport.provider).map(|known| Arc::clone(&known.bot_name));
            let around = Surroundings {
                bus: Arc::clone(bus),
                store: self.store.clone(),
                files: files_of(self.store.directory(), &transport.provider),
                bot_name: bot_name.unwrap_or_default(),
                commands: command::menu(),
                health: self.health.transport(&transport.provider),
                stop: self.stop.clone(),
            };
            self.tracker.spawn(transport.run(around));
        }
    }

    /// Starts delivering.
    pub fn start_outbox(
        &self,
        deliveries: Deliveries,
        fence: Option<crate::store::Fence>,
        claimed: mpsc::Receiver<crate::store::Delivery>,
        look: Arc<Notify>,
    ) -> (Arc<Pacer>, Arc<Editing>) {
        let sender = format!("{}-{:08x}", std::process::id(), self.store.clock().random() & 0xffff_ffff);
        let (pacer, editing) = (Pacer::new(deliveries.adapters.clone()), Arc::new(Editing::default()));
        if fence.is_some() {
            let (scopes, sender, gate) = (deliveries.scopes.clone(), sender.clone(), Arc::clone(&pacer) as _);
            self.store.deliver_as(Delivering { scopes, sender, gate });
        }
        let outbox = Outbox::new(outbox::Setup {
            store: self.store.clone(),
            fence,
            adapters: deliveries.adapters,
            scopes: deliveries.scopes,
            sender,
            max_ages: deliveries.max_ages,
            pacer: Arc::clone(&pacer),
            editing: Arc::clone(&editing),
        });
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            if let Err(error) = outbox.run(claimed, look, stop.clone()).await {
                tracing::error!(%error, "the outbox failed; stopping");
                stop.cancel();
            }
        });
        (pacer, editing)
    }

    /// Stops everything in time: what is at hand is finished, agents are left to their supervisors.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(STOP_WITHIN, self.tracker.wait()).await.is_err() {
            tracing::warn!("some parts did not finish in time");
        }
        let store = self.store.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || store.close()).await {
            tracing::error!(%error, "closing the store panicked");
        }
    }
}

async fn route(bus: &Bus, waker: &Waker, stop: &CancellationToken) {
    loop {
        match bus.route_open().await {
            Ok(()) => lifecycle::still_alive(),
            Err(error) => tracing::error!(%error, "could not route what waits in the inbox"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = waker.tapped() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        // Rows that other processes have written may also be deliveries to retry.
        bus.look.notify_one();
    }
}
