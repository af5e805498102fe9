//! What a process delivers: which chats, with which adapters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use signalbox_adapter::Deliver;

use crate::config::Config;
use crate::store::Lanes;
use crate::transport::ChatTransport;
use crate::wiring;

/// What a process delivers, and with what.
#[derive(Default)]
pub struct Deliveries {
    /// Adapters by provider.
    pub adapters: BTreeMap<String, Arc<dyn Deliver>>,
    /// The lanes.
    pub scopes: Vec<Lanes>,
    /// How long a message is worth delivering, by provider; for ever where none is given.
    pub max_ages: BTreeMap<String, Duration>,
    /// The providers that are only written to, by letter.
    pub letters: BTreeSet<String>,
    /// Chat transports, to be kept listening.
    pub transports: Vec<ChatTransport>,
}

impl Deliveries {
    /// Adds every provider that is configured.
    #[must_use]
    pub fn with_chats(mut self, config: &Config) -> Self {
        let transports = wiring::transports(config);
        for wiring::Connected { provider, deliver, chats } in wiring::connect(config) {
            self.adapters.insert(provider.to_owned(), deliver);
            self.max_ages.insert(provider.to_owned(), config.delivery.max_age);
            self.scopes.push(Lanes { provider: provider.to_owned(), window: None });
            if transports.get(provider).is_some_and(|transport| transport.readers.is_some()) {
                self.letters.insert(provider.to_owned());
            }
            self.transports.extend(chats);
        }
        self
    }
}
