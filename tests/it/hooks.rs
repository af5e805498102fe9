//! Alerts come in over HTTP.

mod limits;
mod proofs;
pub(crate) mod scene;
mod silences;
mod whole;
