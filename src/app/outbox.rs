//! Starts the outbox of a process: that of the core, or that of a terminal which prints its own rows.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc};

use super::deliveries::Deliveries;
use super::process::App;
use crate::format;
use crate::outbox::{self, Beside, Editing, Outbox, Pacer};
use crate::store::Delivering;

impl App {
    /// Starts delivering.
    pub fn start_outbox(
        &self,
        deliveries: Deliveries,
        fence: Option<crate::store::Fence>,
        claimed: mpsc::Receiver<crate::store::Delivery>,
        look: Arc<Notify>,
        beside: Beside,
    ) -> (Arc<Pacer>, Arc<Editing>) {
        let sender = format!("{}-{:08x}", std::process::id(), self.store.clock().random() & 0xffff_ffff);
        let (pacer, editing) = (Pacer::new(deliveries.adapters.clone()), Arc::new(Editing::default()));
        if fence.is_some() {
            let (scopes, sender, gate) = (deliveries.scopes.clone(), sender.clone(), Arc::clone(&pacer) as _);
            self.store.deliver_as(Some(Delivering { scopes, sender, gate }));
        }
        self.health.sends.watch(&deliveries.adapters);
        let outbox = Outbox::new(outbox::Setup {
            store: self.store.clone(),
            fence,
            adapters: deliveries.adapters,
            scopes: deliveries.scopes,
            sender,
            max_ages: deliveries.max_ages,
            letters: deliveries.letters,
            pacer: Arc::clone(&pacer),
            sends: Arc::clone(&self.health.sends),
            editing: Arc::clone(&editing),
            repeat_mark: format::delivery::MAY_BE_A_REPEAT,
            beside,
        });
        self.servants.start("outbox", |stop| outbox.run(claimed, look, stop));
        (pacer, editing)
    }
}
