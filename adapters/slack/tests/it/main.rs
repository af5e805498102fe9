//! The adapter in front of a Slack as strict as the real one.

mod asking;
mod compliance;
mod listening;
mod scene;
mod sockets;
