//! What every fake server stands on: a state that tests wait for, and connections that end with it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What a server's connections and the test share.
pub(crate) struct Stage<S> {
    state: Mutex<S>,
    changes: watch::Sender<u64>,
}

impl<S> Stage<S> {
    /// Begins with a state.
    pub(crate) fn new(state: S) -> Self {
        Self { state: Mutex::new(state), changes: watch::channel(0).0 }
    }

    /// Looks at the state, or changes it; whoever waits looks again.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut S) -> T) -> T {
        let outcome = act(&mut self.lock());
        self.changes.send_modify(|count| *count += 1);
        outcome
    }

    /// Waits until the state has what is looked for.
    pub(crate) async fn until<T>(&self, mut find: impl FnMut(&mut S) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(found) = find(&mut self.lock()) {
                return found;
            }
            changes.changed().await.expect("the fake is alive");
        }
    }

    fn lock(&self) -> MutexGuard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a proxy was asked, in order.
pub(crate) type Asked = Stage<Vec<String>>;

/// Serves on a free port, with a note of what is asked, until the set of tasks is dropped. A client that goes away is nobody's
/// fault.
pub(crate) async fn serve_noting<F>(
    converse: impl Fn(TcpStream, Arc<Asked>) -> F + Send + 'static,
) -> (Arc<Asked>, SocketAddr, JoinSet<()>)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let asked = Arc::new(Stage::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let mut server = JoinSet::new();
    server.spawn(serve(listener, move |stream| {
        let conversation = converse(stream, Arc::clone(&noted));
        async move { drop(conversation.await) }
    }));
    (asked, address, server)
}

/// Gives each connection to `converse` until it is dropped, and all connections with it.
pub(crate) async fn serve<F>(listener: TcpListener, converse: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(converse(stream));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
