//! A Discord on 127.0.0.1: a gateway with sessions that go on, and a REST API that refuses what the real one refuses.
//!
//! A test plays the people: it lets them [`FakeDiscord::say`] something, edit, press buttons, give commands. The bot under
//! test talks to [`FakeDiscord::url`] with [`TOKEN`]. What a channel then shows, edits applied, is in [`State`], and
//! [`FakeDiscord::wait_until`] waits for it. [`Fault`]s are given out in order, one for each call of a route; [`Cut`]s end
//! connections to the gateway.
//!
//! Codes and words of errors are the real server's. Where its rules are looser than its documentation, the documentation is
//! followed: what passes here passes there.

mod channel;
mod fault;
mod forum;
mod gateway;
mod people;
mod register;
mod rest;
mod rules;
mod server;
mod sessions;
pub mod state;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use fault::{Cut, Fault, Greeting, Scope};
pub use people::{Person, Post};
use state::{Shown, State};

use crate::stage::Stage;

/// The bot's token; the fake knows no other. It begins with the bot's id in base 64.
pub const TOKEN: &str = "NDI0Mg.fake.token_of-the-Test";
/// The bot's id, and its application's.
pub const BOT_ID: u64 = 4242;
/// The bot's name.
pub const BOT_NAME: &str = "Signalbox";
/// The role that was made for the bot, in every server.
pub const BOT_ROLE: u64 = 4343;
/// The one server.
pub const GUILD_ID: u64 = 77;

/// How long a test waits for what the server's limits make slow.
pub const LONG_WAIT: Duration = Duration::from_secs(300);

/// How long a test waits for what must happen.
pub const WAIT: Duration = Duration::from_secs(60);

/// A running fake; it ends when this is dropped.
pub struct FakeDiscord {
    shared: Arc<Shared>,
    address: SocketAddr,
    _servers: JoinSet<()>,
}

/// What the server's connections and the test share.
pub(crate) type Shared = Stage<State>;

impl FakeDiscord {
    /// Starts both servers on free ports.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let gateway = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut state = State::default();
        state.gateway = format!("ws://{}", gateway.local_addr().expect("an address"));
        let shared = Arc::new(Stage::new(state));
        let mut servers = JoinSet::new();
        servers.spawn(server::serve(listener, Arc::clone(&shared)));
        servers.spawn(gateway::serve(gateway, Arc::clone(&shared)));
        Self { shared, address, _servers: servers }
    }

    /// Returns the address to give as `api_url`.
    pub fn url(&self) -> String {
        format!("http://{}/api/v10", self.address)
    }

    /// Looks at the state, or changes it.
    pub fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        self.shared.with(act)
    }

    /// Returns what a channel shows now, oldest first: the messages of people and of the bot.
    pub fn shows(&self, channel: u64) -> Vec<Shown> {
        self.with(|state| state.shows(channel))
    }

    /// Returns the texts that the bot shows in a channel, oldest first.
    pub fn said(&self, channel: u64) -> Vec<String> {
        self.with(|state| state.said(channel))
    }

    /// Returns how often a route was called, in any way.
    pub fn count(&self, route: &str) -> usize {
        self.with(|state| state.calls.iter().filter(|call| call.route == route).count())
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

    /// Waits until the state is as it should be, for what takes long by the server's own limits.
    pub async fn wait_long_until(&self, what: &str, mut is_so: impl FnMut(&State) -> bool) {
        let found = tokio::time::timeout(LONG_WAIT, self.shared.until(|state| is_so(state).then_some(()))).await;
        found.unwrap_or_else(|_| panic!("waited {LONG_WAIT:?} for {what}; {}", self.with(|state| state.told())));
    }

    /// Lets the next call of a route that has no fault yet go wrong; called again, the one after it.
    ///
    /// A route is a method and a path without ids, such as `POST channels/messages`.
    pub fn fail_next(&self, route: &str, fault: Fault) {
        self.with(|state| state.faults.push_back((route.to_owned(), fault)));
    }

    /// Does something to the connection that is open, or to the next; called again, to the one after it.
    pub fn cut(&self, cut: Cut) {
        self.with(|state| state.cuts.push_back(cut));
    }

    /// Meets the next connection in this way; called again, the one after it.
    pub fn greet_next(&self, greeting: Greeting) {
        self.with(|state| state.greetings.push_back(greeting));
    }

    /// Lets all calls that are held by [`Fault::Hold`] go on.
    pub fn release(&self) {
        self.with(|state| state.released += 1);
    }
}
