//! Alerts come in over HTTP.

mod limits;
mod proofs;
mod scene;
mod silences;
mod whole;
