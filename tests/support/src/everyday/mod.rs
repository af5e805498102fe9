//! A story of the whole program: a [`House`] of its own, commands that run there, what they say, and a
//! [`Service`] that keeps it running.

mod hog;
mod house;
mod service;
mod talk;
mod wait;

pub use hog::Hog;
pub use house::{House, KEEP_WARM};
pub use service::Service;
pub use talk::{Said, Talk, session_in};
pub use wait::{PATIENCE, eventually, eventually_within};
