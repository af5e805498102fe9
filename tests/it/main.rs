//! Stories of the whole program.

mod supervisor;
