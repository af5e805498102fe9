//! Who does the work of the core: this terminal while nobody else does, and `signalbox serve` as soon as it asks for it.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use signalbox_adapter::{Button, ChatAddress, Deliver, Document, Purpose};
use tokio::sync::{Notify, mpsc};

use super::inbox::Door;
use super::screen;
use crate::app::{App, Deliveries};
use crate::bus::Bus;
use crate::format::{delivery, terminal};
use crate::outbox;
use crate::store::{Delivery, HeldRole, Lanes, NewDelivery, RoleError, StoreError, Tx};
use crate::wiring::{self, console};

/// A terminal's window, and what it may do for others.
pub(super) struct Terminal {
    pub(super) app: Arc<App>,
    pub(super) door: Arc<Door>,
    pub(super) adapter: Arc<dyn Deliver>,
    pub(super) scope: Lanes,
    /// Whether somebody sits at it: then it serves the chats as well. One command comes and goes.
    pub(super) interactive: bool,
}

/// The core as long as this terminal is it.
struct Core {
    part: App,
    bus: Arc<Bus>,
}

impl Terminal {
    /// Takes the core role where it is free, else attaches to the process that has it; takes the role over when that is gone,
    /// and hands it over to a program that serves.
    pub(super) async fn begin(self) -> anyhow::Result<()> {
        let core = match self.app.take_core_in_a_terminal().await {
            Ok(role) => Some(self.start(role, self.own()).await?),
            Err(RoleError::Held { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        if core.is_none() {
            self.attach();
        }
        let servants = self.app.servants.clone();
        servants.start("core", |_| self.keep(core));
        Ok(())
    }

    async fn keep(self, mut core: Option<Core>) -> anyhow::Result<()> {
        let mut attached = core.is_none();
        while !self.app.stop.is_cancelled() {
            let held = match core.take() {
                Some(core) => core,
                None => match self.app.wait_for_role(|| self.app.take_core_in_a_terminal()).await? {
                    Some(role) => {
                        let core = self.start(role, Deliveries::default()).await;
                        let core = core.context("taking over from the process that served")?;
                        self.say(&core.bus, terminal::took_over).await;
                        core
                    }
                    None => return Ok(()),
                },
            };
            tokio::select! {
                () = held.part.stop.cancelled() => {}
                () = self.app.core_wanted() => self.say(&held.bus, terminal::handed_over).await,
            }
            self.door.close();
            drop(held.bus);
            if held.part.stop_part().await {
                bail!("a part of it has failed");
            }
            if !std::mem::replace(&mut attached, true) && !self.app.stop.is_cancelled() {
                self.attach();
            }
        }
        Ok(())
    }

    /// Starts the core with these deliveries, and with the chats.
    async fn start(&self, role: HeldRole, own: Deliveries) -> anyhow::Result<Core> {
        let deliveries = if self.interactive { own.with_chats(&self.app.config) } else { own };
        let part = self.app.part();
        let bus = part.start_core(role, Arc::new(Notify::new()), deliveries).await?;
        self.door.open(Arc::clone(&bus));
        Ok(Core { part, bus })
    }

    fn own(&self) -> Deliveries {
        Deliveries {
            adapters: [(console::PROVIDER.to_owned(), Arc::clone(&self.adapter))].into(),
            scopes: vec![self.scope.clone()],
            ..Deliveries::default()
        }
    }

    /// Delivers this window's rows, which another process or another outbox of this one writes.
    fn attach(&self) {
        let look = Arc::new(Notify::new());
        let (_none, claimed) = mpsc::channel(1);
        // A terminal refuses no form, and waits for its rows without an age limit: nothing is lost here.
        let tell = Arc::new(|_: &Tx<'_>, _: &Delivery, _| Ok(()));
        let instead_of_buttons =
            Arc::new(|_: &ChatAddress, buttons: &[Button]| delivery::instead_of_buttons(buttons, &str::to_owned));
        let beside = outbox::Beside { instead_of_buttons, tell, give: Arc::new(|_, _| ()) };
        self.app.start_outbox(self.own(), None, claimed, Arc::clone(&look), beside);
        let app = Arc::clone(&self.app);
        self.app.servants.start("commit watch", |_| screen::look_on_commits(app, look));
    }

    /// Tells who sits here.
    async fn say(&self, bus: &Arc<Bus>, what: fn() -> Document) {
        if !self.interactive {
            return;
        }
        let (context, window) = (Arc::clone(bus.router().context()), self.scope.window.clone());
        let said: Result<(), StoreError> = bus
            .write(move |tx| {
                let (parts, _) = context.render(&wiring::console_address(), what())?;
                let chat = wiring::console_address();
                tx.enqueue(&NewDelivery { window: window.clone(), ..NewDelivery::to(chat, Purpose::Result, parts) })
            })
            .await;
        if let Err(error) = said {
            tracing::debug!(%error, "could not say who does the work");
        }
    }
}
