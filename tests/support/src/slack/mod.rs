//! A Slack on 127.0.0.1: Socket Mode that hands over again what is not acknowledged, and a Web API that refuses what the real
//! one refuses.
//!
//! A test plays the people: it lets them [`FakeSlack::say`] something, edit, press buttons, give commands. The bot under test
//! talks to [`FakeSlack::url`] with [`BOT_TOKEN`] and [`APP_TOKEN`]. What a channel then shows, edits applied, is in [`State`],
//! and [`FakeSlack::wait_until`] waits for it. [`Fault`]s are given out in order, one for each call of a method; [`Cut`]s are
//! done to sockets, [`Greeting`]s to new ones.
//!
//! Words of errors are the real server's. Where its rules are looser than its documentation, the documentation is followed:
//! what passes here passes there.

mod aside;
mod blocks;
mod fault;
mod files;
mod methods;
mod novel;
mod people;
mod read;
mod server;
mod socket;
pub mod state;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use fault::{Cut, Fault, Greeting};
pub use people::{Person, Post};
use state::{Shown, State};

use crate::stage::Stage;

/// The bot's token; it begins with the numbers of workspace and bot.
pub const BOT_TOKEN: &str = "xoxb-7701-4242-fakeSecretOfTheBot";
/// The app-level token.
pub const APP_TOKEN: &str = "xapp-1-A4242-7701-fakeSecretOfTheApp";
/// The bot's user id.
pub const BOT_USER: &str = "U4242";
/// Its id as a bot.
pub const BOT_ID: &str = "B4242";
/// The app's id.
pub const APP_ID: &str = "A4242";
/// The workspace.
pub const TEAM_ID: &str = "T7701";
/// The bot's name.
pub const BOT_NAME: &str = "signalbox";

/// How long a test waits for what must happen.
pub const WAIT: Duration = Duration::from_secs(60);

/// A running fake; it ends when this is dropped.
pub struct FakeSlack {
    shared: Arc<Shared>,
    address: SocketAddr,
    _servers: JoinSet<()>,
}

/// What the server's connections and the test share.
pub(crate) type Shared = Stage<State>;

impl FakeSlack {
    /// Starts both servers on free ports.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let sockets = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = State {
            sockets_at: format!("ws://{}", sockets.local_addr().expect("an address")),
            files_at: format!("http://{address}"),
            ..State::default()
        };
        let shared = Arc::new(Stage::new(state));
        let mut servers = JoinSet::new();
        servers.spawn(server::serve(listener, Arc::clone(&shared)));
        servers.spawn(socket::serve(sockets, Arc::clone(&shared)));
        servers.spawn(socket::give_again(Arc::clone(&shared)));
        Self { shared, address, _servers: servers }
    }

    /// Returns the address to give as `api_url`.
    pub fn url(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// Returns where its sockets are.
    pub fn sockets(&self) -> String {
        self.with(|state| state.sockets_at.clone())
    }

    /// Looks at the state, or changes it.
    pub fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        self.shared.with(act)
    }

    /// Returns what a channel shows now, its threads too, oldest first: the messages of people and of the bot.
    pub fn shows(&self, channel: &str) -> Vec<Shown> {
        self.with(|state| state.shows(channel))
    }

    /// Returns the texts that the bot shows in a channel and its threads, oldest first.
    pub fn said(&self, channel: &str) -> Vec<String> {
        self.with(|state| state.said(channel))
    }

    /// Returns how often a method was called, in any way.
    pub fn count(&self, method: &str) -> usize {
        self.with(|state| state.calls.iter().filter(|call| call.method == method).count())
    }

    /// Waits until the state has what is looked for, and returns it.
    ///
    /// # Panics
    /// After [`WAIT`], with what was waited for.
    pub async fn wait_for<T>(&self, what: &str, find: impl FnMut(&mut State) -> Option<T>) -> T {
        let found = tokio::time::timeout(WAIT, self.shared.until(find)).await;
        found.unwrap_or_else(|_| panic!("waited {WAIT:?} for {what}; {}", self.with(|state| state.told())))
    }

    /// Waits until the state is as it should be.
    pub async fn wait_until(&self, what: &str, mut is_so: impl FnMut(&State) -> bool) {
        self.wait_for(what, |state| is_so(state).then_some(())).await;
    }

    /// Lets the next call of a method that has no fault yet go wrong; called again, the one after it.
    pub fn fail_next(&self, method: &str, fault: Fault) {
        self.with(|state| state.faults.push_back((method.to_owned(), fault)));
    }

    /// Does something to the socket that stands longest, or to the next that does; called again, to the one after it.
    pub fn cut(&self, cut: Cut) {
        self.with(|state| state.cuts.push_back(cut));
    }

    /// Hands over after all what was lost on its way ([`Cut::Lose`]).
    pub fn find_lost(&self) {
        self.with(|state| {
            for envelope in state.envelopes.iter_mut().filter(|envelope| envelope.is_lost) {
                (envelope.is_lost, envelope.given) = (false, None);
            }
        });
    }

    /// Meets the next socket in this way; called again, the one after it.
    pub fn greet_next(&self, greeting: Greeting) {
        self.with(|state| state.greetings.push_back(greeting));
    }

    /// Lets all calls that are held by [`Fault::Hold`] go on.
    pub fn release(&self) {
        self.with(|state| state.released += 1);
    }
}
