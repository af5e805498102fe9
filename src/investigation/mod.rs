//! Investigations: tasks whose answer is the cause of a problem.

pub mod alert;
pub mod host;
