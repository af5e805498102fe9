//! Alerts come in over HTTP.

mod hostile;
mod limits;
mod proofs;
pub(crate) mod scene;
mod silences;
mod untold;
mod whole;
