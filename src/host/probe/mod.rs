//! The probes: each reads one kind of evidence, holds it as numbers, and writes it as plain text.
//!
//! A probe does not judge. Its text is recorded as the output of a tool call under the probe's id, and every finding
//! quotes a line of it.

pub(crate) mod cgroup;
mod clusters;
pub(crate) mod descriptors;
pub(crate) mod disks;
pub(crate) mod growth;
pub(crate) mod journal;
pub(crate) mod limits;
pub(crate) mod load;
pub(crate) mod logs;
pub(crate) mod memory;
pub(crate) mod mounts;
mod name;
pub(crate) mod oom;
pub(crate) mod ports;
pub(crate) mod pressure;
pub(crate) mod prometheus;
pub(crate) mod restarts;
pub(crate) mod services;
pub(crate) mod usage;
mod walk;
pub(crate) mod web;

pub(crate) use name::Probe;
