//! An SMTP server on 127.0.0.1 that keeps what it accepts, and refuses what a strict one refuses.
//!
//! A test starts it with an [`Offer`], lets steps of the dialogue go wrong with [`FakeSmtp::fail_next`], and looks at
//! [`FakeSmtp::mails`]. It takes commands in their order only, lines of at most 998 octets ended by CR LF, eight-bit text
//! only where announced, passwords only when encrypted, and no word before it has finished its own.

mod dialogue;
mod fault;
mod rules;
#[cfg(test)]
mod tests;
pub mod tls;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub use fault::{Fault, Moment};

/// How long a test waits for what must happen.
pub const WAIT: Duration = Duration::from_secs(60);
/// Who may log in.
pub const USER: &str = "bot";
/// With which password.
pub const PASSWORD: &str = "s€cret of\ta bot";

/// How connections are protected.
#[derive(Clone)]
pub enum Protection {
    /// Not at all.
    Plain,
    /// After STARTTLS, without which nothing else is done.
    StartTls(TlsAcceptor),
    /// From the first byte.
    Tls(TlsAcceptor),
}

/// What the server offers.
#[derive(Clone)]
pub struct Offer {
    /// How connections are protected.
    pub protection: Protection,
    /// Mechanisms of logging in, such as `PLAIN LOGIN`; with `None` nobody has to.
    pub auth: Option<&'static str>,
    /// Whether addresses need not be ASCII.
    pub utf8: bool,
}

impl Offer {
    /// Takes mail from anybody.
    pub fn plain() -> Self {
        Self { protection: Protection::Plain, auth: None, utf8: false }
    }
}

/// A mail that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Sender of the envelope.
    pub from: String,
    /// Recipients of the envelope.
    pub to: Vec<String>,
    /// The mail, dots unstuffed.
    pub data: Vec<u8>,
    /// Whether it came encrypted.
    pub encrypted: bool,
}

/// What the server has seen.
#[derive(Debug, Default)]
struct State {
    mails: Vec<Accepted>,
    /// The first word of each command, in order.
    verbs: Vec<String>,
    faults: Vec<(Moment, Fault)>,
    rejected: Vec<(String, String)>,
    /// Whether clients must greet with a name that has a domain, or with their address.
    wants_domains: bool,
    /// Dialogues that wait to be released.
    held: usize,
    released: bool,
}

/// What connections and the test share.
struct Shared {
    offer: Offer,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

impl Shared {
    /// Looks at the state, or changes it; whoever waits looks again.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let outcome = act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|count| *count += 1);
        outcome
    }

    /// Waits until the state is as it should be.
    async fn until(&self, mut is_so: impl FnMut(&State) -> bool) {
        let mut changes = self.changes.subscribe();
        while !is_so(&self.state.lock().unwrap_or_else(PoisonError::into_inner)) {
            changes.changed().await.expect("the server is alive");
        }
    }
}

/// A running server; it ends when this is dropped.
pub struct FakeSmtp {
    shared: Arc<Shared>,
    address: SocketAddr,
    _server: JoinSet<()>,
}

impl FakeSmtp {
    /// Starts a server on a free port.
    pub async fn start(offer: Offer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared { offer, state: Mutex::default(), changes: watch::channel(0).0 });
        let mut server = JoinSet::new();
        server.spawn(dialogue::serve(listener, Arc::clone(&shared)));
        Self { shared, address, _server: server }
    }

    /// Returns the port to connect to.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns the mails that were accepted, oldest first.
    pub fn mails(&self) -> Vec<Accepted> {
        self.shared.with(|state| state.mails.clone())
    }

    /// Returns the first words of the commands that came, in order.
    pub fn verbs(&self) -> Vec<String> {
        self.shared.with(|state| state.verbs.clone())
    }

    /// Lets the next such moment go wrong; called again, the one after it.
    pub fn fail_next(&self, moment: Moment, fault: Fault) {
        self.shared.with(|state| state.faults.push((moment, fault)));
    }

    /// Answers a recipient with these words from now on.
    pub fn reject(&self, recipient: &str, reply: &str) {
        self.shared.with(|state| state.rejected.push((recipient.to_owned(), reply.to_owned())));
    }

    /// Refuses every recipient of a client that greets with a name without a domain, as many servers do.
    pub fn refuse_bare_names(&self) {
        self.shared.with(|state| state.wants_domains = true);
    }

    /// Waits until a dialogue is held by [`Fault::Hold`].
    pub async fn wait_until_held(&self) {
        let held = tokio::time::timeout(WAIT, self.shared.until(|state| state.held > 0)).await;
        held.unwrap_or_else(|_| panic!("waited {WAIT:?} for a dialogue to be held; commands: {:?}", self.verbs()));
    }

    /// Lets all dialogues that are held go on.
    pub fn release(&self) {
        self.shared.with(|state| state.released = true);
    }
}
