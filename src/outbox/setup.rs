//! What the outbox of a process is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use signalbox_adapter::{Button, ChatAddress, Deliver, MessageId, Provider, Signal};

use super::editing::Editing;
use super::pacer::Pacer;
use crate::health::Sends;
use crate::store::{Delivery, Fence, Lanes, Store, StoreError, Tx};

/// How the outbox of a process is set up.
pub struct Setup {
    /// The store.
    pub store: Store,
    /// Proof of the core role; `None` in a terminal that only prints its own rows.
    pub fence: Option<Fence>,
    /// Adapters by provider.
    pub adapters: BTreeMap<String, Arc<dyn Deliver>>,
    /// What this process delivers.
    pub scopes: Vec<Lanes>,
    /// Name of this process in the rows.
    pub sender: String,
    /// How long a message is worth delivering, by provider; for ever where none is given.
    pub max_ages: BTreeMap<String, Duration>,
    /// The providers whose messages are letters: a repeat is read beside the first.
    pub letters: BTreeSet<String>,
    /// How fast.
    pub pacer: Arc<Pacer>,
    /// Where attempts are counted.
    pub sends: Arc<Sends>,
    /// The messages that are being changed.
    pub editing: Arc<Editing>,
    /// What stands below a message that may have arrived before.
    pub repeat_mark: &'static str,
    /// What is said and given beside messages.
    pub beside: Beside,
}

/// What is said and given beside messages.
pub struct Beside {
    /// What stands below a message in place of its buttons, which were refused.
    pub instead_of_buttons: InsteadOfButtons,
    /// Tells a chat, in the step that writes a loss down, what it could not be shown.
    pub tell: Tell,
    /// Gives a sign once what it speaks of is shown.
    pub give: Give,
}

/// Says what to type in a chat in place of buttons.
pub type InsteadOfButtons = Arc<dyn Fn(&ChatAddress, &[Button]) -> String + Send + Sync>;

/// Gives a sign, which is worth nothing later.
pub type Give = Arc<dyn Fn(Provider, Signal) + Send + Sync>;

/// Writes a line to a chat about what it could not be shown.
pub type Tell = Arc<dyn Fn(&Tx<'_>, &Delivery, Loss) -> Result<(), StoreError> + Send + Sync>;

/// What a chat could not be shown as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// The message: it was refused in every form, or is too old.
    Message,
    /// The message: a rule of the chat's own forbids what it says. Carries the provider's words.
    Blocked(String),
    /// The file that went with it.
    File,
    /// The thread that it was meant for: it is in the main stream now.
    Thread,
    /// A thread, which was not opened: what was meant for it answers this message instead.
    Opening {
        /// The message at which it was to stand.
        at: MessageId,
        /// The provider's words.
        words: String,
    },
}
