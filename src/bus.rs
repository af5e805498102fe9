//! The bus: one door in, one durable step for each message, and the hand-over of what the step set in motion.
//!
//! [`Bus::write`] is how everything of the core reaches the store: the step is checked against the role's fencing number
//! and committed, and only then its effects go to the observer (start, cancel, answer) and the outbox (send).

mod door;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use signalbox_adapter::{AcceptError, Incoming, IncomingKind, Provider, Signal};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::agent::environment;
use crate::clock::Timestamp;
use crate::lifecycle::{self, Servants, rehearsal};
use crate::router::Router;
use crate::store::{
    Approval, Deferral, Delivery, Drawn, Effects, Fence, InboxId, InboxOutcome, OpenInbound, SessionId, Store,
    StoreError, Task, TaskId, Tx, UnreadableRow, Written,
};
use crate::turn::{Heard, forwards, intake};
use crate::voice::{Ears, Unheard};

/// What one message does to the store, in one transaction.
type Step = Box<dyn FnMut(&Tx<'_>) -> Result<(), StoreError> + Send>;

/// Orders to the observer and deliveries to the outbox that may wait; each is bounded by admission long before.
const MAX_WAITING: usize = 1024;
/// Most long messages of one step.
const MAX_DEFERRALS: usize = 64;
/// Open inbound messages handled in one look.
const LOOK: usize = 64;
/// How long something forwarded may lie in the inbox: it is routed by the first look after its time.
const FORWARDS_WAIT: Duration = Duration::from_secs(10);
/// Unreadable rows of the inbox that are named in the log.
const MAX_NAMED: usize = 1000;

/// What the observer is told to do.
#[derive(Debug)]
pub enum Order {
    /// Start a task; its row is `running`.
    Start(Box<Task>),
    /// End a running task.
    Cancel(TaskId),
    /// Tell an agent a person's answer.
    Answer(Box<Approval>),
    /// Tell an agent that what was allowed for its session is taken back.
    Revoke(TaskId),
    /// End the agent that a session has kept, where it has one.
    Cool(SessionId),
    /// Remove what a closed session has left in its scratch directory.
    Tidy(SessionId),
}

/// The receiving ends of the bus, one for each of its two servants.
pub struct Ends {
    /// For the observer.
    pub orders: mpsc::Receiver<Order>,
    /// For the outbox: deliveries already claimed.
    pub claimed: mpsc::Receiver<Delivery>,
    /// Signs to give.
    pub signs: mpsc::Receiver<(Provider, Signal)>,
}

/// The shared message bus of the process that holds the core role.
pub struct Bus {
    store: Store,
    fence: Fence,
    router: Router,
    orders: mpsc::Sender<Order>,
    claimed: mpsc::Sender<Delivery>,
    ears: Ears,
    signs: mpsc::Sender<(Provider, Signal)>,
    own: Weak<Self>,
    servants: Servants,
    /// Rows of the inbox that cannot be read and were named.
    unreadable: Mutex<BTreeSet<InboxId>>,
    /// Until when something forwarded may wait for the words that belong to it.
    forwards_until: Mutex<Timestamp>,
    /// Wakes the outbox to look for something to claim.
    pub look: Arc<Notify>,
    /// Wakes the servant that looks after incidents.
    pub triage: Arc<Notify>,
    /// Wakes the servant that runs fires of schedules.
    pub fires: Arc<Notify>,
    /// Wakes the servant that passes on what agents say by themselves.
    pub unasked: Arc<Notify>,
    /// Wakes the servant that tells sources of silences.
    pub silences: Arc<Notify>,
    /// Cancelled when another process has taken the role over.
    pub fenced: CancellationToken,
}

impl Bus {
    /// Makes the bus of a process that holds the core role; what it does by itself, it does among the servants.
    #[must_use]
    pub fn new(store: Store, fence: Fence, router: Router, look: Arc<Notify>, servants: Servants) -> (Arc<Self>, Ends) {
        let (orders, order_end) = mpsc::channel(MAX_WAITING);
        let (claimed, claimed_end) = mpsc::channel(MAX_WAITING);
        let (signs, sign_end) = mpsc::channel(MAX_WAITING);
        let bus = Arc::new_cyclic(|own| Self {
            store,
            fence,
            router,
            orders,
            claimed,
            ears: Ears::default(),
            signs,
            own: Weak::clone(own),
            servants,
            unreadable: Mutex::default(),
            forwards_until: Mutex::default(),
            look,
            triage: Arc::default(),
            fires: Arc::default(),
            unasked: Arc::default(),
            silences: Arc::default(),
            fenced: CancellationToken::new(),
        });
        (bus, Ends { orders: order_end, claimed: claimed_end, signs: sign_end })
    }

    /// Returns the store, for reading.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the router.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// Does one durable step of the core and sets its effects in motion, also when the caller is dropped meanwhile: what
    /// is stored as running must be started.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the step was stored.
    pub async fn write<T, F>(&self, step: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let bus = self.own.upgrade().expect("a bus is only used through its Arc");
        let whole = self.servants.errand("bus", async move { bus.write_whole(step).await });
        whole.await.ok().flatten().unwrap_or(Err(StoreError::Closed))
    }

    async fn write_whole<T, F>(&self, step: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let mut deferred = Vec::new();
        let outcome = self.write_laid_out(step, &mut deferred).await;
        self.router.context().layout.forget(&deferred);
        match outcome {
            Ok(written) => {
                self.set_in_motion(written.effects).await;
                Ok(written.value)
            }
            Err(error) => {
                if matches!(error, StoreError::Fenced) {
                    self.fenced.cancel();
                }
                Err(error)
            }
        }
    }

    /// Does a step; the long messages in it are laid out outside of the transaction, and the step is done again with them.
    async fn write_laid_out<T, F>(&self, step: F, deferred: &mut Vec<Deferral>) -> Result<Written<T>, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let step = Arc::new(Mutex::new(step));
        let (mut instant, drawn) = (None, Drawn::default());
        loop {
            let (step, drawn) = (Arc::clone(&step), drawn.clone());
            let again = move |tx: &Tx<'_>| {
                tx.draw_from(&drawn);
                if let Some(instant) = instant {
                    tx.stand_at(instant);
                }
                step.lock().unwrap_or_else(PoisonError::into_inner)(tx)
            };
            match self.store.write(Some(&self.fence), again).await {
                Err(StoreError::Deferred(deferral)) if deferred.len() < MAX_DEFERRALS => {
                    deferred.push(deferral);
                    instant.get_or_insert(self.store.clock().now());
                    self.router.context().prepare(deferral).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Gives a sign; worth nothing later, it is lost where the queue is full.
    pub fn give_sign(&self, provider: Provider, signal: Signal) {
        self.signs.try_send((provider, signal)).ok();
    }

    async fn set_in_motion(&self, effects: Effects) {
        // The ends are gone only when the program stops; the rows then wait for the next start.
        for task in effects.start {
            self.orders.send(Order::Start(Box::new(task))).await.ok();
        }
        for task in effects.cancel {
            self.orders.send(Order::Cancel(task)).await.ok();
        }
        for approval in effects.answered {
            self.orders.send(Order::Answer(Box::new(approval))).await.ok();
        }
        for task in effects.revoked {
            self.orders.send(Order::Revoke(task)).await.ok();
        }
        for session in effects.cooled {
            self.orders.send(Order::Cool(session)).await.ok();
        }
        for session in effects.closed {
            self.orders.send(Order::Tidy(session)).await.ok();
        }
        effects.signs.into_iter().for_each(|(provider, signal)| self.give_sign(provider, signal));
        for delivery in effects.send {
            self.claimed.send(delivery).await.ok();
        }
        if effects.deliver {
            self.look.notify_one();
        }
        if effects.triage {
            self.triage.notify_one();
        }
        if effects.fires {
            self.fires.notify_one();
        }
        if effects.silences {
            self.silences.notify_one();
        }
    }

    /// Accepts a message as the holder of another role beside the core's: refused when that role is another's by now.
    ///
    /// # Errors
    /// [`AcceptError`]; the message is not stored.
    pub async fn accept_from(&self, incoming: Incoming, poller: Option<Fence>) -> Result<(), AcceptError> {
        self.accept_whole(incoming, poller).await.map_err(|error| AcceptError(Box::new(error)))
    }

    #[tracing::instrument(name = "inbound", skip_all, fields(chat.id = %incoming.address.chat, key = %incoming.key))]
    async fn accept_whole(&self, incoming: Incoming, poller: Option<Fence>) -> Result<(), StoreError> {
        if incoming.kind == IncomingKind::Deleted && self.is_idle(&incoming).await {
            return Ok(());
        }
        let late = self.router.transcriber(&incoming).is_some() && self.hears(&incoming).await;
        if late {
            self.write(checked(poller, Box::new(Router::step_store(incoming)))).await?;
            self.hear_again();
            return Ok(());
        }
        if self.awaits_words(&incoming).await? {
            self.expect_forwards();
            return self.write(checked(poller, Box::new(Router::step_store(incoming)))).await;
        }
        let joins = self.may_be_about_forwards(&incoming);
        let held = if joins { self.forwarded_with(&incoming).await? } else { Vec::new() };
        let step = async {
            rehearsal::at("message");
            match held.is_empty() {
                true => Box::new(self.router.step(&self.store, incoming.clone()).await) as Step,
                false => Box::new(self.router.step_with(&self.store, None, incoming.clone(), held).await),
            }
        };
        let written = match lifecycle::caught(step).await {
            Ok(step) => self.write(checked(poller.clone(), step)).await,
            Err(why) => Err(StoreError::Other(why.to_string())),
        };
        match written {
            // Not acknowledged it would come again and again, and hold up those behind it.
            Err(StoreError::Other(error)) => {
                tracing::error!(error, key = %incoming.key, "could not handle a message; its chat is told");
                self.refuse(None, incoming, poller).await
            }
            written => written,
        }
    }

    /// Notes that something forwarded waits; only then is looked for it with each message.
    fn expect_forwards(&self) {
        let until = self.store.clock().now().after(FORWARDS_WAIT);
        *self.forwards_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// Whether a message only forwards something, and what it belongs to may come in a moment.
    async fn awaits_words(&self, incoming: &Incoming) -> Result<bool, StoreError> {
        if !forwards::is_alone(incoming) {
            return Ok(false);
        }
        let incoming = incoming.clone();
        Ok(self.store.read(move |tx| forwards::commented(tx, &incoming)).await?.is_none())
    }

    /// Whether a message may be what something forwarded waits for.
    fn may_be_about_forwards(&self, incoming: &Incoming) -> bool {
        let is_text = matches!(incoming.kind, IncomingKind::Text(_)) && !incoming.sender.bot;
        is_text && self.store.clock().now() <= *self.forwards_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what the sender of a message has forwarded and that waits for it.
    async fn forwarded_with(&self, incoming: &Incoming) -> Result<Vec<OpenInbound>, StoreError> {
        let of = incoming.clone();
        self.store.read(move |tx| forwards::held(tx, &of)).await
    }

    /// Whether a message changes nothing; where nobody can tell now, the step finds out.
    async fn is_idle(&self, incoming: &Incoming) -> bool {
        let incoming = incoming.clone();
        self.store.read(move |tx| Router::is_idle(tx, &incoming)).await.unwrap_or(false)
    }

    /// Closes a message that cannot be handled through a fault of ours, and says so in its chat where that can be done.
    async fn refuse(
        &self,
        inbox: Option<InboxId>,
        incoming: Incoming,
        poller: Option<Fence>,
    ) -> Result<(), StoreError> {
        let step = self.router.step_refuse(inbox, incoming.clone());
        match self.write(checked(poller.clone(), Box::new(step))).await {
            Err(StoreError::Other(error)) => {
                tracing::error!(error, key = %incoming.key, "could not say so either");
                let close = move |tx: &Tx<'_>| match inbox.map_or_else(|| tx.accept(&incoming), |id| Ok(Some(id)))? {
                    Some(id) => tx.close_inbound(id, InboxOutcome::Refused),
                    None => Ok(()),
                };
                self.write(checked(poller, Box::new(close))).await
            }
            written => written,
        }
    }

    /// Notes that a provider can be reached again: what waits for it is tried at once.
    pub fn reachable_again(&self, provider: &str) {
        let bus = self.own.upgrade().expect("a bus is only used through its Arc");
        let provider = provider.to_owned();
        self.servants.errand("bus", async move {
            if let Err(error) = bus.write(move |tx| tx.try_again(&provider)).await {
                tracing::warn!(%error, "could not try again what waits");
            }
        });
    }

    /// Routes what other processes have left in the inbox; returns whether there was anything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn route_open(&self) -> Result<bool, StoreError> {
        let mut after = None;
        loop {
            let open = self.store.read(move |tx| tx.open_inbound(after, LOOK)).await?;
            let Some(last) = open.last() else { return Ok(after.is_some()) };
            after = Some(last.as_ref().map_or_else(|unreadable| unreadable.id, |inbound| inbound.id));
            for inbound in open {
                let inbound = match inbound {
                    Ok(inbound) => inbound,
                    Err(unreadable) => {
                        self.pass_over(&unreadable);
                        continue;
                    }
                };
                if forwards::is_held(&inbound, self.store.clock().now()) {
                    self.expect_forwards(); // An earlier life may have left it.
                    continue;
                }
                if self.router.transcriber(&inbound.incoming).is_some() && self.hears(&inbound.incoming).await {
                    self.hear(inbound);
                } else {
                    self.route_stored(inbound, None).await?;
                }
            }
        }
    }

    /// Names a row that cannot be read, once; it stays for a version that can.
    fn pass_over(&self, unreadable: &UnreadableRow) {
        let mut named = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        if named.len() < MAX_NAMED && named.insert(unreadable.id) {
            tracing::error!(
                inbox.id = %unreadable.id,
                why = unreadable.why,
                "passed over a message that cannot be read"
            );
        }
    }

    #[tracing::instrument(
        name = "inbound",
        skip_all,
        fields(chat.id = %inbound.incoming.address.chat, inbox.id = %inbound.id)
    )]
    async fn route_stored(&self, inbound: OpenInbound, heard: Option<Heard>) -> Result<(), StoreError> {
        let (id, incoming) = (inbound.id, inbound.incoming.clone());
        // What one person has forwarded in a row is one message, too.
        let joins = forwards::is_alone(&incoming);
        let held = if joins { self.forwarded_with(&incoming).await? } else { Vec::new() };
        let step = async {
            match held.is_empty() {
                true => Box::new(self.router.step_open(&self.store, inbound, heard).await) as Step,
                false => Box::new(self.router.step_with(&self.store, Some(id), incoming.clone(), held).await),
            }
        };
        let written = match lifecycle::caught(step).await {
            Ok(step) => self.write(step).await,
            Err(why) => Err(StoreError::Other(why.to_string())),
        };
        match written {
            // This one will never do, and must not hold up those behind it.
            Err(StoreError::Other(error)) => {
                tracing::error!(error, inbox.id = %id, "could not handle a message; its chat is told");
                self.refuse(Some(id), incoming, None).await
            }
            written => written,
        }
    }

    /// Writes a voice note down beside everything else, then routes its message.
    fn hear(&self, inbound: OpenInbound) {
        let Some(voice) = intake::voice(&inbound.incoming.files) else { return };
        if !self.ears.claim(inbound.id.get()) {
            return;
        }
        let file = PathBuf::from(&voice.path);
        let bus = self.own.upgrade().expect("a bus is only used through its Arc");
        self.servants.errand("voice", async move {
            let id = inbound.id;
            let stop = bus.servants.stop_token().clone();
            let heard = tokio::select! {
                // Its message stays open: the next life of this program hears it.
                () = stop.cancelled() => return bus.ears.release(id.get()),
                heard = lifecycle::caught(bus.write_down(&inbound.incoming, &file)) => heard,
            };
            let heard = heard.unwrap_or_else(|why| {
                tracing::error!(%why, inbox.id = %id, "could not write a voice note down; its chat is told");
                Err(Unheard::Ours)
            });
            let routed = bus.store.patiently(&stop, || bus.route_stored(inbound.clone(), Some(heard.clone()))).await;
            if let Err(error) = routed {
                tracing::error!(%error, inbox.id = %id, "could not store what a voice note says; it is written down again");
            }
            bus.ears.release(id.get());
        });
    }

    async fn write_down(&self, incoming: &Incoming, file: &Path) -> Heard {
        rehearsal::at("voice");
        let program = self.router.transcriber(incoming).unwrap_or_default();
        let environment = environment::bare(self.router.context().agents.variables());
        let heard = self.ears.write_down(program, file, &environment).await;
        let redactor = &self.router.context().redactor;
        heard.map_err(|why| why.masked(|words| redactor.clean(words)))
    }

    /// Looks for voice notes that wait to be written down.
    fn hear_again(&self) {
        let bus = self.own.upgrade().expect("a bus is only used through its Arc");
        self.servants.errand("bus", async move {
            // What is missed now is seen by the next look at the inbox.
            if let Err(error) = bus.route_open().await {
                tracing::debug!(%error, "could not look for voice notes");
            }
        });
    }
}

/// Refuses a step when another process listens for its bot by now.
fn checked(poller: Option<Fence>, mut step: Step) -> impl FnMut(&Tx<'_>) -> Result<(), StoreError> + Send + 'static {
    move |tx| {
        poller.as_ref().map_or(Ok(()), |fence| tx.check(fence))?;
        step(tx)
    }
}
