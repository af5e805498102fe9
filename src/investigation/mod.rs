//! Investigations: tasks whose answer is the cause of a problem.

pub mod background;
pub mod brief;
pub mod notify;
pub mod start;
pub mod tell;
