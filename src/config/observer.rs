//! `[observer]`: what happens to work that a crash cut off.

use super::reader::Section;

/// What happens to a task whose agent died with the machine or its supervisor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Recovery {
    /// The chat is asked: Retry or Discard.
    #[default]
    Ask,
    /// It is resumed by itself.
    Retry,
}

impl Recovery {
    pub(super) const WORDS: [(&str, Self); 2] = [("ask", Self::Ask), ("retry", Self::Retry)];
}

/// The background observer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObserverSection {
    /// What happens to interrupted tasks.
    pub recovery: Recovery,
}

impl ObserverSection {
    pub(super) fn read(section: &mut Section) -> Self {
        Self { recovery: section.choice("recovery", Recovery::default(), &Recovery::WORDS) }
    }
}
