//! HTTP for those who watch: `/healthz`, `/readyz` and `/metrics`.
//!
//! One connection is one request, answered without reading its body. Everything is bounded: connections at once, the
//! time and size of a request's head, the time of a whole conversation, and how often the store is asked.

mod exposition;
mod fresh;
mod metrics;
mod process;
mod ready;
mod routes;
mod serve;

pub use routes::Parts;
pub use serve::serve;
