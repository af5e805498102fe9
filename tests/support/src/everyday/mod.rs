//! A story of the whole program: a [`House`] of its own, commands that run there, and what they say.

mod hog;
mod house;
mod talk;
mod wait;

pub use hog::Hog;
pub use house::House;
pub use talk::{Said, Talk, session_in};
pub use wait::{PATIENCE, eventually};
