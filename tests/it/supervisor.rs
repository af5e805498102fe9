//! Runs under their supervisors, through the built program and against real processes.

mod endings;
mod following;
mod keeping;
mod killed;
pub(crate) mod scene;
mod talking;
mod trouble;
