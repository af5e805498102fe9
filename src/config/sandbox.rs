//! Whether an agent is kept apart from the bot and from other agents.

/// Whether an agent is kept apart from the bot and from other agents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sandbox {
    /// It may whatever its user may.
    #[default]
    Off,
    /// In a room that bubblewrap makes; it does not run where bubblewrap is missing.
    Bwrap,
}

impl Sandbox {
    /// The words for them.
    pub(super) const WORDS: [(&str, Self); 2] = [("off", Self::Off), ("bwrap", Self::Bwrap)];
}
