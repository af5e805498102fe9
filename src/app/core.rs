//! Starts the core of a process that holds its role: routing, observing, delivering, and listening to the chats.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use signalbox_adapter::{Button, ChatAddress};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::deliveries::Deliveries;
use super::process::App;
use crate::agent::supervisor::client::Launcher;
use crate::bus::Bus;
use crate::command;
use crate::format::delivery;
use crate::lifecycle;
use crate::observer::board::Board;
use crate::observer::live::Live;
use crate::observer::{Observer, files_of, housekeeping, keep};
use crate::outbox;
use crate::redact::Redactor;
use crate::router::Router;
use crate::schedule;
use crate::store::{Delivery, Glance, HeldRole, RoleError, StoreError, Tx};
use crate::transport::{ChatTransport, Surroundings};
use crate::triage;
use crate::turn::{Context, Layout, loss};
use crate::wake::Waker;
use crate::wiring;

/// How long without a wake-up until the inbox is looked at all the same.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Hooks whose secrets are known from the start; those of others as soon as they are used.
const MAX_HOOKS: usize = 1000;
/// How often a terminal that holds the core role looks whether somebody wants it.
const LOOK_WANTED_EVERY: Duration = Duration::from_millis(200);
/// How often a process that waits for the core role asks for it.
const ASK_ROLE_EVERY: Duration = Duration::from_millis(500);

impl App {
    /// Takes the core role for a terminal, if it is free and no program that serves asks for it.
    ///
    /// # Errors
    /// [`RoleError::Held`] when it is another's.
    pub async fn take_core_in_a_terminal(&self) -> Result<HeldRole, RoleError> {
        if self.store.is_core_wanted()? { Err(RoleError::Held { holder: None }) } else { self.store.take_core().await }
    }

    /// Waits until a program that serves asks a terminal for the core role.
    pub async fn core_wanted(&self) {
        let mut before = false;
        loop {
            // A lock that cannot be looked at is nobody's wish.
            let now = self.store.is_core_wanted().unwrap_or(false);
            if before && now {
                return;
            }
            before = now;
            tokio::time::sleep(LOOK_WANTED_EVERY).await;
        }
    }

    /// Waits for the core role, or for that of the one program that serves, as long as another process holds it.
    ///
    /// # Errors
    /// [`RoleError`] other than [`RoleError::Held`], unless it may pass.
    pub async fn wait_for_role<F>(&self, take: impl Fn() -> F) -> Result<Option<HeldRole>, RoleError>
    where
        F: Future<Output = Result<HeldRole, RoleError>>,
    {
        loop {
            match take().await {
                Ok(role) => return Ok(Some(role)),
                Err(RoleError::Held { .. }) => {}
                Err(RoleError::Store(error)) if error.is_transient() => {}
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
        role: HeldRole,
        look: Arc<Notify>,
        mut deliveries: Deliveries,
    ) -> anyhow::Result<Arc<Bus>> {
        let agents = self.catalogue();
        let mut transports = wiring::transports(&self.config);
        for (provider, transport) in &mut transports {
            transport.deliver = deliveries.adapters.get(provider).cloned();
        }
        let redactor = Arc::new(Redactor::of(&self.config, &self.variables));
        let router = Router::new(Context {
            config: self.config.clone(),
            agents,
            transports,
            state: self.store.directory().to_owned(),
            layout: Layout::default(),
            redactor: Arc::clone(&redactor),
        });
        let servants = &self.servants;
        let fence = role.fence().clone();
        let (bus, ends) = Bus::new(self.store.clone(), fence.clone(), router, Arc::clone(&look), servants.clone());
        let waker = Waker::listen(self.store.directory()).context("making the wake-up socket")?;
        self.learn_secrets(&redactor).await.context("reading the hooks")?;
        let board = Arc::new(Board::default());
        let observer = Observer::new(
            Arc::clone(&bus),
            Launcher::default(),
            Arc::clone(&redactor),
            Arc::clone(&board),
            servants.clone(),
        );
        observer.recover().await.context("finding the runs of before again")?;
        servants.start("observer", |_| observer.run(ends.orders));
        servants.start("triage", |stop| triage::run(Arc::clone(&bus), stop));
        servants.start("silences", |stop| triage::silences::run(Arc::clone(&bus), stop));
        servants.start("schedules", |stop| schedule::run(Arc::clone(&bus), stop));
        servants.start("keeper", |stop| keep::keep(Arc::clone(&bus), stop));
        servants.start("housekeeping", |stop| housekeeping::keep(Arc::clone(&bus), stop));
        let transports = std::mem::take(&mut deliveries.transports);
        let adapters = deliveries.adapters.clone();
        servants.start("signs", |stop| outbox::give_signs(ends.signs, adapters.clone(), stop));
        if deliveries.scopes.is_empty() {
            drop(ends.claimed);
        } else {
            let (speaker, teller, giver) = (Arc::clone(&bus), Arc::clone(&bus), Arc::clone(&bus));
            let instead_of_buttons = Arc::new(move |address: &ChatAddress, buttons: &[Button]| {
                let typed = |command: &str| speaker.router().context().typed(address, false, command);
                delivery::instead_of_buttons(buttons, &typed)
            });
            let tell = Arc::new(move |tx: &Tx<'_>, lost: &Delivery, loss| {
                loss::tell(tx, teller.router().context(), lost, loss)
            });
            let give = Arc::new(move |provider, signal| giver.give_sign(provider, signal));
            let beside = outbox::Beside { instead_of_buttons, tell, give };
            let (pacer, editing) = self.start_outbox(deliveries, Some(fence), ends.claimed, look, beside);
            let live = Live { bus: Arc::clone(&bus), board, adapters, pacer, editing, redactor };
            servants.start("live status", |stop| Arc::new(live).run(stop));
        }
        servants.start("inbox", |stop| route(Arc::clone(&bus), waker, stop));
        self.start_transports(&bus, transports);
        self.role.set(role).ok();
        let fenced = bus.fenced.clone();
        servants.start("role", |stop| async move {
            tokio::select! {
                () = fenced.cancelled() => Err(StoreError::Fenced),
                () = stop.cancelled() => Ok(()),
            }
        });
        Ok(bus)
    }

    /// Makes what masks secrets, those of hooks included that were made on the command line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn redactor(&self) -> Result<Redactor, StoreError> {
        let redactor = Redactor::of(&self.config, &self.variables);
        self.learn_secrets(&redactor).await?;
        Ok(redactor)
    }

    /// Has the secrets of hooks masked that were made on the command line.
    async fn learn_secrets(&self, redactor: &Redactor) -> Result<(), StoreError> {
        let kept = self.store.read(|tx| tx.hooks(MAX_HOOKS)).await?;
        kept.iter().flat_map(|kept| kept.hook.secrets()).for_each(|secret| redactor.learn(secret));
        Ok(())
    }

    /// Starts listening to the chats.
    fn start_transports(&self, bus: &Arc<Bus>, transports: Vec<ChatTransport>) {
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
            let name = format!("transport {}", transport.provider);
            self.servants.start(name, |_| transport.run(around));
        }
    }
}

/// Routes what other processes write, and what was left open.
async fn route(bus: Arc<Bus>, waker: Waker, stop: CancellationToken) -> Result<(), StoreError> {
    let mut glance = Glance::default();
    loop {
        if glance.is_due(bus.store()) {
            let routed = bus.store().patiently(&stop, || async {
                let routed = bus.route_open().await;
                // It goes round, whether the store can be used or not.
                lifecycle::still_alive();
                routed
            });
            match routed.await {
                Err(error) if !stop.is_cancelled() => return Err(error),
                // What is left open waits for something.
                Ok(true) | Err(_) => glance.again(),
                Ok(false) => {}
            }
            // Rows that other processes have written may also be deliveries to retry.
            bus.look.notify_one();
        }
        lifecycle::still_alive();
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = waker.tapped() => {
                bus.fires.notify_one();
                bus.unasked.notify_one();
                glance.again();
            }
            () = lifecycle::beat(LOOK_EVERY) => {}
        }
    }
}
