//! Starts the core of a process that holds its role: routing, observing, delivering, and listening to the chats.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::deliveries::Deliveries;
use super::process::App;
use crate::agent::supervisor::client::Launcher;
use crate::bus::Bus;
use crate::command;
use crate::lifecycle;
use crate::observer::board::Board;
use crate::observer::live::Live;
use crate::observer::{Observer, files_of};
use crate::outbox;
use crate::redact::Redactor;
use crate::router::Router;
use crate::store::{Role, RoleError};
use crate::transport::{Surroundings, Transport};
use crate::turn::Context;
use crate::wake::Waker;
use crate::wiring;

/// How long without a wake-up until the inbox is looked at all the same.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often a process that waits for the core role asks for it.
const ASK_ROLE_EVERY: Duration = Duration::from_millis(500);

impl App {
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
        let mut transports = wiring::transports(&self.config);
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
