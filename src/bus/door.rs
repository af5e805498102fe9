//! The door of the bus as a listener knows it: what is said is accepted, and what the provider wants to know at once is looked up
//! without storing anything.

use async_trait::async_trait;
use signalbox_adapter::{AcceptError, Document, HomeOpened, Inbox, Incoming, Offer, Provider, Reception, UserId};

use super::Bus;
use crate::format;
use crate::router::TakesFiles;

impl Bus {
    /// Tells whether the files of a message are taken.
    pub(super) async fn takes_files(&self, incoming: &Incoming) -> TakesFiles {
        let look = || {
            let (router, incoming) = (self.router.clone(), incoming.clone());
            self.store.read(move |tx| router.takes_files(tx, &incoming))
        };
        // A file that was not fetched is lost, so that trouble counts for the sender.
        self.store.patiently(self.servants.stop_token(), look).await.unwrap_or(TakesFiles::Yes)
    }

    /// Whether a voice note is written down for its sender.
    pub(super) async fn hears(&self, incoming: &Incoming) -> bool {
        self.takes_files(incoming).await == TakesFiles::Yes
    }
}

#[async_trait]
impl Inbox for Bus {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        self.accept_from(incoming, None).await
    }

    async fn wants_files(&self, incoming: &mut Incoming) -> bool {
        match self.takes_files(incoming).await {
            TakesFiles::Yes => true,
            TakesFiles::No => false,
            TakesFiles::NotBy(role) => {
                incoming.not_taken.push(format::access::no_files(role));
                false
            }
        }
    }

    async fn offers(&self, typing: &Incoming) -> Vec<Offer> {
        let (router, typing) = (self.router.clone(), typing.clone());
        let offers = self.store.read(move |tx| router.offers(tx, &typing)).await;
        let offers = offers.inspect_err(|error| tracing::debug!(%error, "could not say what a line may become"));
        let offers = offers.unwrap_or_default().into_iter();
        // A line that is masked would mean something else.
        let clean = offers.filter(|offer| self.masked(&offer.line) == offer.line);
        clean.map(|offer| Offer { description: self.masked(&offer.description), ..offer }).collect()
    }

    fn masked(&self, text: &str) -> String {
        self.router.context().redactor.clean(text)
    }

    async fn reception(&self, command: &Incoming) -> Reception {
        let (router, command) = (self.router.clone(), command.clone());
        let reception = self.store.read(move |tx| router.reception(tx, &command)).await;
        reception
            .inspect_err(|error| tracing::debug!(%error, "could not say how to receive a command"))
            .unwrap_or_default()
    }

    async fn home(&self, opened: &HomeOpened) -> Option<Document> {
        let (router, opened) = (self.router.clone(), opened.clone());
        let page = self.store.read(move |tx| router.home(tx, &opened)).await;
        let page = page.inspect_err(|error| tracing::debug!(%error, "could not say what a person's page says")).ok()?;
        Some(page.masked(&|text| self.router.context().redactor.secrets(text)))
    }

    async fn wants_root(&self, incoming: &Incoming) -> bool {
        let (router, incoming) = (self.router.clone(), incoming.clone());
        let wants = self.store.read(move |tx| router.wants_root(tx, &incoming)).await;
        wants
            .inspect_err(|error| tracing::debug!(%error, "could not say whether a thread is known"))
            .unwrap_or_default()
    }

    async fn people(&self, provider: &Provider) -> Vec<UserId> {
        let (router, provider) = (self.router.clone(), provider.clone());
        let people = self.store.read(move |tx| router.people(tx, &provider)).await;
        people.inspect_err(|error| tracing::debug!(%error, "could not say who may use the bot")).unwrap_or_default()
    }
}
