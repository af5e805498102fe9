//! What the observer is told to do, and what it finds to do after a restart: each run gets a task of its own.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::state::{Observer, Word};
use super::{housekeeping, keep, watch};
use crate::bus::Order;
use crate::lifecycle::caught;
use crate::store::{Status, StoreError, Task, Tx};

/// What may wait to be said to one agent.
const MAX_CONTROLS: usize = 64;

impl Observer {
    /// Finds every run again; call it once, before orders are followed.
    ///
    /// # Errors
    /// [`StoreError`] when the rows cannot be read.
    pub async fn recover(self: &Arc<Self>) -> Result<(), StoreError> {
        let store = self.bus.store();
        let tasks = store.patiently(&self.stop, || store.read(|tx| tx.unfinished_tasks(None))).await?;
        for task in tasks.into_iter().filter(|task| task.status == Status::Running) {
            self.begin(task, watch::Begin::Again);
        }
        let after = self.bus.router().context().config.progress.after;
        let go_on = move |tx: &Tx<'_>| {
            // A run may be over already, and then its answer comes alone.
            tx.put_statuses_off(tx.now().after(after))?;
            // What waited may run now; its order comes over the bus.
            tx.start_ready()
        };
        store.patiently(&self.stop, || self.bus.write(go_on)).await
    }

    /// Follows orders until it is stopped.
    ///
    /// # Errors
    /// None; it ends early only when nobody can give orders any more.
    pub async fn run(self: Arc<Self>, mut orders: mpsc::Receiver<Order>) -> Result<(), Infallible> {
        loop {
            let order = tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                order = orders.recv() => order,
            };
            match order {
                Some(Order::Start(task)) => self.begin(*task, watch::Begin::Fresh),
                Some(Order::Cancel(task)) => {
                    self.board.stopping(&task);
                    self.tell(&task, Word::Cancel);
                }
                Some(Order::Revoke(task)) => self.tell(&task, Word::Revoke),
                Some(Order::Answer(approval)) => self.tell(&approval.task.clone(), Word::Answer(approval)),
                Some(Order::Tidy(session)) => {
                    let bus = Arc::clone(&self.bus);
                    self.servants.errand("housekeeping", async move {
                        keep::cool(bus.store().directory(), session).await;
                        housekeeping::tidy(bus, session).await;
                    });
                }
                Some(Order::Cool(session)) => {
                    let state = self.bus.store().directory().to_owned();
                    self.servants.errand("keeper", async move { keep::cool(&state, session).await });
                }
                None => return Ok(()),
            }
        }
    }

    fn begin(self: &Arc<Self>, task: Task, how: watch::Begin) {
        let (control, controls) = mpsc::channel(MAX_CONTROLS);
        if task.cancel_at.is_some() {
            control.try_send(Word::Cancel).ok();
        }
        self.controls().insert(task.id.clone(), control);
        self.board.add(&task, Instant::now());
        let observer = Arc::clone(self);
        self.servants.errand("observer", async move {
            let id = task.id.clone();
            if let Err(why) = caught(watch::watch(&observer, task, how, controls)).await {
                tracing::error!(task.id = %id, %why, "a run cannot be followed any further; its task is ended");
                observer.give_up(&id).await;
            }
            observer.board.remove(&id);
            observer.controls().remove(&id);
        });
    }
}
