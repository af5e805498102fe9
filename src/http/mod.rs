//! HTTP: `/healthz`, `/readyz` and `/metrics` for those who watch, and `/hooks/<source>/<id>` for those who tell of alerts.
//!
//! One connection is one request; only a hook's body is read. Everything is bounded: connections at once, in all and of one
//! address, the time and size of a request's head and body, the time of a whole conversation, and how often the store is
//! asked. The pages have no password, and are answered only by names that are known.

mod exposition;
mod fresh;
mod hooks;
mod host;
mod metrics;
mod process;
mod ready;
mod rights;
mod routes;
mod seats;
mod serve;
mod untold;

pub use rights::watch as watch_rights;
pub use routes::Parts;
pub use serve::serve;
pub use untold::untold;
