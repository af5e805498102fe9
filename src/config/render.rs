//! `[render]`: how long answers are shown.

use super::reader::Section;

/// The shape of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Render {
    /// Most messages that one answer becomes; the rest is attached as a file.
    pub max_parts: u32,
}

impl Default for Render {
    fn default() -> Self {
        Self { max_parts: 5 }
    }
}

impl Render {
    pub(super) fn read(section: &mut Section) -> Self {
        Self { max_parts: section.integer("max_parts", Self::default().max_parts, 1..=100) }
    }
}
