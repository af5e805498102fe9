//! Keeps a provider's transport listening: one poller a bot, again after every loss, never in a loop.
//!
//! ```text
//! role poller:<provider>:<bot id> ─► who are we? ─► command menu ─► listen ─► Lost, Contested: wait, again
//!      (else stand by)                    └─ Refused: this transport gives up, all others go on
//! ```
//! The transport's answering half is the outbox's and needs none of this: results go out also while listening is lost.

mod again;

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use signalbox_adapter::{
    AcceptError, Announce, CommandEntry, Deliver, DeliverError, Document, HomeOpened, Inbox, Incoming, Listen,
    ListenContext, ListenError, Offer, Provider, Reception, UserId,
};
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::clock::Backoff;
use crate::health::{TransportHealth, TransportState};
use crate::store::{Fence, HeldRole, RoleError, Store, StoreError, Tx};
use again::Losses;

/// How often a stand-by asks for the role; a holder's death is noticed within this time.
const ASK_ROLE_EVERY: Duration = Duration::from_secs(1);
/// Silence after which a listener is started anew; a poll is held open for up to a minute.
const SILENT_AFTER: Duration = Duration::from_secs(150);
/// How often is looked whether a listener is silent.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long to wait after a message that could not be stored, until the store is asked whether it can be used again.
const STORE_AGAIN: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(5) };

/// A provider's transport, connected to nothing yet.
pub struct ChatTransport {
    /// The provider.
    pub provider: String,
    /// The bot's id, which names its role.
    pub bot_id: String,
    /// The arriving half.
    pub listen: Box<dyn Listen>,
    /// The answering half.
    pub deliver: Arc<dyn Deliver>,
    /// The provider's list of commands, where it has one.
    pub announce: Option<Arc<dyn Announce>>,
}

/// What a transport needs while it runs.
pub struct Surroundings {
    /// The bus.
    pub bus: Arc<Bus>,
    /// The store, for the role.
    pub store: Store,
    /// Where files of messages are saved.
    pub files: PathBuf,
    /// Where the bot's name goes when the provider has told it.
    pub bot_name: Arc<OnceLock<String>>,
    /// What the command menu says.
    pub commands: Vec<CommandEntry>,
    /// Where it tells how it is.
    pub health: TransportHealth,
    /// Cancelled when the program stops.
    pub stop: CancellationToken,
}

impl ChatTransport {
    /// Listens until the program stops; one whom the provider will not have waits for that, as all else goes on.
    ///
    /// # Errors
    /// None: what goes wrong is tried again, or told where all transports tell how they are.
    pub async fn run(self, around: Surroundings) -> Result<(), Infallible> {
        let Self { provider, bot_id, mut listen, deliver, announce } = self;
        let poller = Poller { provider, bot_id, deliver, announce };
        poller.listen(listen.as_mut(), &around).await;
        around.stop.cancelled().await;
        Ok(())
    }
}

/// A transport without its arriving half.
struct Poller {
    provider: String,
    bot_id: String,
    deliver: Arc<dyn Deliver>,
    announce: Option<Arc<dyn Announce>>,
}

impl Poller {
    /// Listens, again after every loss, until the program stops or the provider will not have us.
    async fn listen(&self, listen: &mut dyn Listen, around: &Surroundings) {
        let Some(role) = self.take_role(around).await else { return };
        let listener = format!("{}:{}", self.provider, self.bot_id);
        let door = Arc::new(Door::new(Arc::clone(&around.bus), role.fence().clone(), listener));
        let mut again = Losses::default();
        let mut introduced = false;
        loop {
            let ended = match self.introduce(around, &mut introduced).await {
                Ok(()) => self.listen_once(listen, around, Arc::clone(&door) as _, &mut again).await,
                Err(error) => Err(error),
            };
            let Err(error) = ended else { return };
            if around.bus.fenced.is_cancelled() {
                return;
            }
            around.health.set(state_of(&error));
            if let Some(wait) = door.wait_for_store(around.store.clock().random()) {
                // The store tells what is wrong, and when that is over; then there is no more reason to wait.
                if self.wait_for_store(around, wait).await.is_err() {
                    return;
                }
                continue;
            }
            if let ListenError::Refused(why) = &error {
                self.tell_refused(why, around).await;
                return;
            }
            let wait = again.wait(&error, around.store.clock().random());
            tracing::warn!(transport = self.provider, %error, wait_s = wait.as_secs_f64(), "listening again after a wait");
            tokio::select! {
                () = around.stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Says what is off for good: all of it, or hearing alone where the provider still takes what is written.
    async fn tell_refused(&self, why: &str, around: &Surroundings) {
        let writes = tokio::select! {
            () = around.stop.cancelled() => return,
            who = self.deliver.check() => who.is_ok(),
        };
        let transport = self.provider.as_str();
        if writes {
            tracing::error!(
                transport,
                why,
                "nothing is heard from this transport until it is set right and the program is started again; it is \
                 still written to, and all else goes on"
            );
        } else {
            tracing::error!(
                transport,
                why,
                "this transport is off until it is set right and the program is started again; all else goes on"
            );
        }
    }

    /// Waits until messages can be stored again, but for a moment at least.
    async fn wait_for_store(&self, around: &Surroundings, at_least: Duration) -> Result<(), StoreError> {
        tokio::select! {
            () = around.stop.cancelled() => return Err(StoreError::Closed),
            () = tokio::time::sleep(at_least) => {}
        }
        around.store.patiently(&around.stop, || around.bus.write(|tx| tx.probe_write())).await
    }

    /// Waits for the right to listen for this bot; `None` when the program stops first.
    async fn take_role(&self, around: &Surroundings) -> Option<HeldRole> {
        let mut told = false;
        loop {
            match around.store.take_poller(&self.provider, &self.bot_id).await {
                Ok(role) => return Some(role),
                // The store itself tells of its troubles.
                Err(RoleError::Store(error)) => tracing::debug!(%error, "could not take the role of listening"),
                Err(RoleError::Held { holder }) if !told => {
                    told = true;
                    around.health.set(TransportState::Standby);
                    tracing::info!(
                        transport = self.provider,
                        holder.pid = holder,
                        "another process listens for this bot; standing by"
                    );
                }
                Err(error @ RoleError::Lock(_)) if !told => {
                    told = true;
                    tracing::error!(transport = self.provider, %error, "could not take the role of listening; trying on");
                }
                Err(RoleError::Held { .. } | RoleError::Lock(_)) => {}
            }
            tokio::select! {
                () = around.stop.cancelled() => return None,
                () = tokio::time::sleep(ASK_ROLE_EVERY) => {}
            }
        }
    }

    /// Asks the provider who we are, and tells it our commands; once.
    async fn introduce(&self, around: &Surroundings, introduced: &mut bool) -> Result<(), ListenError> {
        if *introduced {
            return Ok(());
        }
        let who = tokio::select! {
            () = around.stop.cancelled() => return Ok(()),
            who = self.deliver.check() => who.map_err(as_listen_error)?,
        };
        around.bot_name.set(who.name.clone()).ok();
        let (provider, name) = (self.provider.clone(), who.name);
        if let Err(error) = around.bus.write(move |tx| tx.set_bot_name(&provider, &name)).await {
            tracing::warn!(%error, "could not note the bot's name");
        }
        *introduced = true;
        Ok(())
    }

    async fn announce(announce: Option<Arc<dyn Announce>>, commands: Vec<CommandEntry>, provider: String) {
        let Some(announce) = announce else { return };
        match announce.announce(&commands).await {
            Ok(true) => tracing::info!(transport = provider, commands = commands.len(), "set the command menu"),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(transport = provider, %error, "could not set the command menu; it is set at the next start")
            }
        }
    }

    async fn listen_once(
        &self,
        listen: &mut dyn Listen,
        around: &Surroundings,
        inbox: Arc<dyn Inbox>,
        again: &mut Losses,
    ) -> Result<(), ListenError> {
        let heard = Arc::new(std::sync::Mutex::new(Instant::now()));
        let alive = {
            let (heard, bus, provider) = (Arc::clone(&heard), Arc::clone(&around.bus), self.provider.clone());
            let health = around.health.clone();
            let first = OnceLock::new();
            move || {
                *heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
                health.alive();
                if first.set(()).is_ok() {
                    bus.reachable_again(&provider);
                }
            }
        };
        let (health, counted) = (around.health.clone(), around.health.clone());
        let context = ListenContext {
            inbox,
            files: around.files.clone(),
            alive: Arc::new(alive),
            limited: Arc::new(move |why| health.limited(why)),
            occurred: Arc::new(move |what, times| counted.occurred(what, times)),
            shutdown: around.stop.clone(),
        };
        let menu = Self::announce(self.announce.clone(), around.commands.clone(), self.provider.clone());
        let listening = async {
            // Beside the first poll: a menu that is slow to set must not keep anybody waiting.
            let (_, ended) = tokio::join!(menu, listen.listen(&context));
            ended
        };
        let silent = async {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let last = *heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if last.elapsed() >= SILENT_AFTER {
                    return;
                }
            }
        };
        let began = Instant::now();
        // What is being handed to the inbox is finished also when this is dropped: the bus sees to that.
        let ended = tokio::select! {
            ended = listening => ended,
            () = silent => Err(ListenError::Lost(format!("nothing was heard for {} s", SILENT_AFTER.as_secs()))),
        };
        again.listened(began.elapsed());
        ended
    }
}

fn state_of(error: &ListenError) -> TransportState {
    let (since, why) = (Instant::now(), error.to_string());
    match error {
        ListenError::Lost(_) => TransportState::Lost { since, why },
        ListenError::Contested(_) => TransportState::Contested { since, why },
        ListenError::Refused(_) => TransportState::Refused { why },
    }
}

fn as_listen_error(error: DeliverError) -> ListenError {
    match error {
        DeliverError::Refused(why) | DeliverError::Blocked(why) | DeliverError::RefusedForm { words: why, .. } => {
            ListenError::Refused(why)
        }
        DeliverError::Wait { .. }
        | DeliverError::Moved { .. }
        | DeliverError::Unreachable(_)
        | DeliverError::Unknown(_) => ListenError::Lost(error.to_string()),
    }
}

/// The bus's door for one poller: closed as soon as another process listens for the bot.
struct Door {
    bus: Arc<Bus>,
    fence: Fence,
    /// Whose notes are kept.
    listener: String,
    /// Messages in a row that could not be stored for now.
    failures: AtomicU32,
    /// Whether the last one is such, and has not been waited for yet.
    failed: AtomicBool,
}

impl Door {
    fn new(bus: Arc<Bus>, fence: Fence, listener: String) -> Self {
        Self { bus, fence, listener, failures: AtomicU32::new(0), failed: AtomicBool::new(false) }
    }

    /// Returns how long to wait, once for each message that could not be stored for now.
    fn wait_for_store(&self, chance: u64) -> Option<Duration> {
        let failed = self.failed.swap(false, Ordering::SeqCst);
        failed.then(|| STORE_AGAIN.wait(self.failures.load(Ordering::SeqCst), chance))
    }
}

#[async_trait]
impl Inbox for Door {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        let accepted = self.bus.accept_from(incoming, Some(self.fence.clone())).await;
        match &accepted {
            Err(AcceptError(error)) if error.downcast_ref().is_some_and(StoreError::is_transient) => {
                self.failures.fetch_add(1, Ordering::SeqCst);
                self.failed.store(true, Ordering::SeqCst);
            }
            Ok(()) | Err(_) => self.failures.store(0, Ordering::SeqCst),
        }
        accepted
    }

    async fn wants_files(&self, incoming: &mut Incoming) -> bool {
        self.bus.wants_files(incoming).await
    }

    async fn offers(&self, typing: &Incoming) -> Vec<Offer> {
        self.bus.offers(typing).await
    }

    fn masked(&self, text: &str) -> String {
        self.bus.masked(text)
    }

    async fn reception(&self, command: &Incoming) -> Reception {
        self.bus.reception(command).await
    }

    async fn home(&self, opened: &HomeOpened) -> Option<Document> {
        self.bus.home(opened).await
    }

    async fn wants_root(&self, incoming: &Incoming) -> bool {
        self.bus.wants_root(incoming).await
    }

    async fn people(&self, provider: &Provider) -> Vec<UserId> {
        self.bus.people(provider).await
    }

    async fn note(&self, name: &str, words: &str) -> Result<(), AcceptError> {
        let (listener, name, words) = (self.listener.clone(), name.to_owned(), words.to_owned());
        let step = move |tx: &Tx<'_>| tx.keep_note(&listener, &name, &words);
        let noted = self.bus.store().write(Some(&self.fence), step).await;
        noted.map(|_| ()).map_err(|error| AcceptError(Box::new(error)))
    }

    async fn noted(&self, name: &str) -> Result<Option<String>, AcceptError> {
        let (listener, name) = (self.listener.clone(), name.to_owned());
        let noted = self.bus.store().read(move |tx| tx.kept_note(&listener, &name)).await;
        noted.map_err(|error| AcceptError(Box::new(error)))
    }
}
