//! What is said about messages themselves: that one may be a repeat.

/// Stands below a message that may have arrived before.
pub const MAY_BE_A_REPEAT: &str = "(may be a repeat)";
