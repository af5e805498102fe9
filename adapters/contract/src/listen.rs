//! The arriving half of an adapter.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::{Document, HomeOpened, Incoming, Offer, Provider, Reception, UserId};

/// Receives a provider's updates and hands each to the inbox.
#[async_trait]
pub trait Listen: Send {
    /// Listens until the connection is lost or the context's `shutdown` is cancelled (then `Ok`).
    ///
    /// An update may be acknowledged to the provider only after [`Inbox::accept`] returned `Ok`, or [`Inbox::note`] where the
    /// listener keeps it durably itself until it is accepted. Where that failed, listening
    /// ends with [`ListenError::Lost`], so that the provider gives the update again, or its sender is told. Messages of
    /// one chat are handed over one after the other, in their order. A copy of an update has the key of the first. No
    /// error quotes a secret. `testing::check_listen` checks all of this.
    ///
    /// # Errors
    /// [`ListenError::Lost`] asks the core to call again after a wait, [`ListenError::Refused`] to give up.
    async fn listen(&mut self, cx: &ListenContext) -> Result<(), ListenError>;
}

/// Takes what a provider keeps from a listener; `None` when that is over.
pub type TellLimited = Arc<dyn Fn(Option<&str>) + Send + Sync>;

/// Takes what happens to a listener, and how often it just has, to be counted.
pub type TellOccurrence = Arc<dyn Fn(Occurrence, u64) + Send + Sync>;

/// What happens to a listener beside messages. It is counted by provider and told in the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occurrence {
    /// A connection on which the provider tells its updates ended, though nobody has asked for that.
    Lost,
    /// The next one went on exactly where the last had ended: nothing was missed.
    Resumed,
    /// A new one began from the present; what was said before it is read again where the provider keeps it.
    Begun,
    /// An update could not be read; it was kept, and passed over.
    Unreadable,
    /// The provider's own numbers say that there was an update which did not come.
    Skipped,
    /// What was missed could not be read; it is tried again.
    Deferred,
    /// More was missed than is read: the oldest part was left out.
    LeftOut,
}

impl Occurrence {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Lost, Self::Resumed, Self::Begun, Self::Unreadable, Self::Skipped, Self::Deferred, Self::LeftOut];
}

/// Everything an adapter needs while it listens.
#[derive(Clone)]
pub struct ListenContext {
    /// Where updates go.
    pub inbox: Arc<dyn Inbox>,
    /// Private directory in which files of messages are saved.
    pub files: PathBuf,
    /// Told after every successful poll or heartbeat.
    pub alive: Arc<dyn Fn() + Send + Sync>,
    /// Told what the provider keeps from the listener although it listens, and how to change that; `None` when that is over.
    /// It is shown to whoever may ask, so it holds no secrets.
    pub limited: TellLimited,
    /// Told of what happens beside messages, each time it does.
    pub occurred: TellOccurrence,
    /// Cancelled when the program stops.
    pub shutdown: CancellationToken,
}

impl ListenContext {
    /// Makes a context that tells nobody how the listener is.
    #[must_use]
    pub fn new(inbox: Arc<dyn Inbox>, files: PathBuf, shutdown: CancellationToken) -> Self {
        Self {
            inbox,
            files,
            alive: Arc::new(|| ()),
            limited: Arc::new(|_| ()),
            occurred: Arc::new(|_, _| ()),
            shutdown,
        }
    }
}

/// The durable door of the bus.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Returns once the update is durable; a copy of an earlier one is dropped and also `Ok`.
    ///
    /// # Errors
    /// [`AcceptError`]: it is not durable and must not be acknowledged to the provider.
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError>;

    /// Whether a message's files are worth fetching: whether it is meant for the bot, by somebody who may give it files. Where
    /// they are not, the message says so to those who may use the bot otherwise.
    async fn wants_files(&self, _incoming: &mut Incoming) -> bool {
        true
    }

    /// Returns what a line that is being typed could become, best first; the message is the one that it would be. Nothing
    /// is stored. Where nobody can tell now there are none.
    async fn offers(&self, _typing: &Incoming) -> Vec<Offer> {
        Vec::new()
    }

    /// Returns a text with its secrets masked. Whatever a listener shows of what it was told goes through this before.
    fn masked(&self, text: &str) -> String {
        text.to_owned()
    }

    /// Returns how a command is received. Nothing is stored. Where nobody can tell now it is openly.
    async fn reception(&self, _command: &Incoming) -> Reception {
        Reception::Open
    }

    /// Returns what the page says that somebody has opened and sees alone. Nothing is stored. `None` where nobody can tell now.
    async fn home(&self, _opened: &HomeOpened) -> Option<Document> {
        None
    }

    /// Whether what the thread of a message began with is worth fetching: whether the message is meant for the bot, by somebody
    /// who may use it, in a thread of which nothing is known yet.
    async fn wants_root(&self, _incoming: &Incoming) -> bool {
        false
    }

    /// Returns the people of a provider who may use the bot and are known by their ids. Where nobody can tell now there are
    /// none. A listener needs them where it is not told later of what somebody wrote for the first time while it was away.
    async fn people(&self, _provider: &Provider) -> Vec<UserId> {
        Vec::new()
    }

    /// Keeps a few words of the listener's own for its next life, such as how to go on with a session, in place of earlier
    /// ones of this name.
    ///
    /// # Errors
    /// [`AcceptError`]: the next life may find the earlier ones.
    async fn note(&self, _name: &str, _words: &str) -> Result<(), AcceptError> {
        Ok(())
    }

    /// Returns what was noted under this name, in this life or an earlier one; `None` where nothing was, or nothing is kept.
    ///
    /// # Errors
    /// [`AcceptError`]: nobody can tell.
    async fn noted(&self, _name: &str) -> Result<Option<String>, AcceptError> {
        Ok(None)
    }
}

/// Tells why an update could not be made durable.
#[derive(Debug, thiserror::Error)]
#[error("could not store the message: {0}")]
pub struct AcceptError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Tells why listening ended.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The connection is gone; listening again may work.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// Another program listens with the same credentials (Telegram's 409); waits before listening again grow long.
    #[error("another program listens with the same token: {0}")]
    Contested(String),
    /// The provider will not have us (wrong token …); trying again is no use.
    #[error("refused: {0}")]
    Refused(String),
}
