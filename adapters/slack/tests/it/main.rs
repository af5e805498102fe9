//! The adapter in front of a Slack as strict as the real one.

mod asking;
mod charts;
mod compliance;
mod delivering;
mod files;
mod home;
mod listening;
mod missing;
mod refusing;
mod saying;
mod scene;
mod sockets;
