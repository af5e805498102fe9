//! A Telegram Bot API on 127.0.0.1 that keeps chats, and refuses what the real one refuses.
//!
//! A test plays the people: it lets them [`FakeTelegram::say`] something, edit, press buttons, block the bot. The bot under
//! test talks HTTP to [`FakeTelegram::url`] with [`TOKEN`]. What a chat then shows, edits applied, is in [`State`], and
//! [`FakeTelegram::wait_until`] waits for it. [`Fault`]s are given out in order, one for each call of a method.
//!
//! Descriptions of errors are the real server's. Where its rules are looser than its documentation, the documentation is
//! followed: what passes here passes there.

mod fault;
mod methods;
mod people;
mod rules;
mod server;
pub mod state;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use fault::Fault;
pub use people::{Person, Post};
pub use state::{ChatKind, Fate};
use state::{Shown, State};

use crate::stage::Stage;

/// The bot's token; the fake knows no other.
pub const TOKEN: &str = "42:fake-token_of-the-Test-000000000000";
/// The bot's id.
pub const BOT_ID: i64 = 42;
/// The bot's name.
pub const BOT_NAME: &str = "SignalboxBot";

/// What stands in an update for half a character, which is no text and makes the whole update unreadable.
pub const HALF_A_CHARACTER: &str = "<half a character>";

/// How long a test waits for what the server's limits make slow.
pub const LONG_WAIT: Duration = Duration::from_secs(300);

/// How long a test waits for what must happen.
pub const WAIT: Duration = Duration::from_secs(60);

/// A running fake; it ends when this is dropped.
pub struct FakeTelegram {
    shared: Arc<Shared>,
    address: SocketAddr,
    _server: JoinSet<()>,
}

/// What the server's connections and the test share.
pub(crate) type Shared = Stage<State>;

impl FakeTelegram {
    /// Starts a server on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Stage::new(State::default()));
        let mut server = JoinSet::new();
        server.spawn(server::serve(listener, Arc::clone(&shared)));
        Self { shared, address, _server: server }
    }

    /// Returns the address to give as `api_url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Looks at the state, or changes it.
    pub fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        self.shared.with(act)
    }

    /// Returns what a chat shows now, oldest first: the messages of people and of the bot.
    pub fn shows(&self, chat: i64) -> Vec<Shown> {
        self.with(|state| state.shows(chat))
    }

    /// Returns the texts that the bot shows in a chat, oldest first.
    pub fn said(&self, chat: i64) -> Vec<String> {
        self.with(|state| state.said(chat))
    }

    /// Returns how often a method was called, in any way.
    pub fn count(&self, method: &str) -> usize {
        self.with(|state| state.calls.iter().filter(|call| call.method == method.to_ascii_lowercase()).count())
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

    /// Lets the next call of a method that has no fault yet go wrong; called again, the one after it.
    pub fn fail_next(&self, method: &str, fault: Fault) {
        self.with(|state| state.faults.push_back((method.to_ascii_lowercase(), fault)));
    }

    /// Lets all calls that are held by [`Fault::Hold`] go on.
    pub fn release(&self) {
        self.with(|state| state.released += 1);
    }
}
