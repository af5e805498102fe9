//! An Alertmanager on 127.0.0.1 that keeps silences and refuses what the real one refuses.
//!
//! A test starts it, gives its [`FakeAlertmanager::url`] to a hook, and looks at the silences that it has
//! ([`FakeAlertmanager::live`]). Refusals have the real server's codes and words; [`Fault`]s are given out in order, one
//! for each call, or to every call as an outage.
//!
//! Source: <https://github.com/prometheus/alertmanager>, `api/v2/openapi.yaml`, `api/v2/api.go` and `silence/silence.go` of
//! version 0.28, read 2026-11.

mod rules;
mod server;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::everyday::eventually;

/// What happens to one call instead of what should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends before anything is done.
    DropBefore,
    /// The call is done, and the connection ends before the answer.
    DropAfter,
    /// The call is done, and answered with a page that no program can read.
    Garble,
    /// The call is done only when [`FakeAlertmanager::release`] says so.
    Hold,
    /// Nothing is done; refused with this status and body.
    Refuse(u16, &'static str),
}

/// A silence as the server has it.
#[derive(Debug, Clone)]
pub struct FakeSilence {
    /// Its id.
    pub id: String,
    /// What was posted.
    pub body: Value,
    /// Whether it was taken back.
    pub expired: bool,
}

impl FakeSilence {
    /// Its matchers as `name=value`, in order.
    #[must_use]
    pub fn matchers(&self) -> Vec<String> {
        let text = |matcher: &Value, key: &str| matcher[key].as_str().unwrap_or_default().to_owned();
        let all = self.body["matchers"].as_array().into_iter().flatten();
        all.map(|matcher| format!("{}={}", text(matcher, "name"), text(matcher, "value"))).collect()
    }

    /// A field of it.
    #[must_use]
    pub fn field(&self, key: &str) -> String {
        self.body[key].as_str().unwrap_or_default().to_owned()
    }
}

/// Everything the server knows.
#[derive(Debug, Default)]
pub struct State {
    /// Labels of the alerts that fire.
    pub alerts: Vec<Value>,
    /// Silences by their ids.
    pub silences: BTreeMap<String, FakeSilence>,
    /// Calls with the status of their answers, 0 where there was none, as in `POST /api/v2/silences 200`.
    pub calls: Vec<String>,
    /// What has to stand in `Authorization`.
    pub authorization: Option<String>,
    /// What every call meets, as long as it is set.
    pub outage: Option<Fault>,
    faults: VecDeque<Fault>,
    made: u64,
}

/// What connections and the test share.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    released: Notify,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running fake; it ends when this is dropped.
pub struct FakeAlertmanager {
    shared: Arc<Shared>,
    address: SocketAddr,
    _runtime: Runtime,
}

impl FakeAlertmanager {
    /// Starts it on a free port, with threads of its own.
    #[must_use]
    pub fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::<Shared>::default();
        runtime.spawn(server::serve(listener, Arc::clone(&shared)));
        Self { shared, address, _runtime: runtime }
    }

    /// Returns the address to give as `url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Looks at the state, or changes it.
    pub fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.shared.lock())
    }

    /// Returns the silences that hold.
    #[must_use]
    pub fn live(&self) -> Vec<FakeSilence> {
        self.with(|state| state.silences.values().filter(|silence| !silence.expired).cloned().collect())
    }

    /// Counts calls that begin with these words.
    #[must_use]
    pub fn count(&self, call: &str) -> usize {
        self.with(|state| state.calls.iter().filter(|one| one.starts_with(call)).count())
    }

    /// Lets the next call that has no fault yet go wrong; called again, the one after it.
    pub fn fail_next(&self, fault: Fault) {
        self.with(|state| state.faults.push_back(fault));
    }

    /// Lets all calls that are held go on.
    pub fn release(&self) {
        self.shared.released.notify_waiters();
    }

    /// Waits until the state is as it should be.
    ///
    /// # Panics
    /// When it is not in time.
    #[track_caller]
    pub fn until(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        eventually(what, || self.with(|state| is_so(state)));
    }
}
