//! What an adapter is told by the configuration: stated once as a [`Section`], handed over as [`Values`].

mod example;
mod section;
mod values;

pub use section::{Access, FILE_SUFFIX, Ids, Kind, Question, Section, Setting, Setup, Wrong};
pub use values::{Value, Values};
