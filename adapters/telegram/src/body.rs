//! What a rendered part holds: text and its entities, as JSON.
//!
//! The outbox stores it and never looks inside; it may be read back by a later version, so unknown fields are passed over
//! and a body that is no such JSON is sent as the plain text it is.

use serde::{Deserialize, Serialize};
use signalbox_adapter::{MAX_MARK_BYTES, Part};
use teloxide::types::MessageEntity;

/// Longest text of a message, in UTF-16 code units, after entities are parsed.
/// Source: <https://core.telegram.org/bots/api#sendmessage>, read 2026-11.
pub(crate) const MAX_TEXT_UTF16: usize = 4096;

/// Longest caption of a file, in UTF-16 code units.
/// Source: <https://core.telegram.org/bots/api#senddocument>, read 2026-11.
pub(crate) const MAX_CAPTION_UTF16: usize = 1024;

/// Room for the mark of a message and the empty line before it, in UTF-16 code units.
pub(crate) const MARK_UTF16: usize = "\n\n".len() + MAX_MARK_BYTES;

/// One message's text and formatting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    /// The text.
    pub(crate) text: String,
    /// The formatting, in order, with offsets in UTF-16 code units of `text`.
    #[serde(default)]
    pub(crate) entities: Vec<MessageEntity>,
}

impl Body {
    /// Reads a part back.
    pub(crate) fn of(part: &Part) -> Self {
        serde_json::from_str(&part.body).unwrap_or_else(|_| Self { text: part.body.clone(), entities: Vec::new() })
    }

    /// Returns the part that holds this.
    pub(crate) fn into_part(self) -> Part {
        Part { body: serde_json::to_string(&self).expect("text and entities are JSON") }
    }

    /// Keeps the first `limit` UTF-16 code units; a cut is shown by `…`.
    pub(crate) fn cut(mut self, limit: usize) -> Self {
        if utf16_len(&self.text) <= limit {
            return self;
        }
        let mut units = 0;
        let end = self.text.char_indices().find(|(_, c)| {
            units += c.len_utf16();
            units >= limit
        });
        self.text.truncate(end.map_or(self.text.len(), |(at, _)| at));
        let kept = utf16_len(&self.text);
        self.text.push('…');
        self.entities.retain(|entity| entity.offset < kept);
        for entity in &mut self.entities {
            entity.length = entity.length.min(kept - entity.offset);
        }
        self
    }

    /// Appends plain text.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

/// Counts UTF-16 code units.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_reads_back_and_a_foreign_one_is_plain_text() {
        let body = Body { text: "a b".to_owned(), entities: vec![MessageEntity::bold(0, 1)] };
        assert_eq!(Body::of(&body.clone().into_part()), body);
        assert_eq!(Body::of(&Part { body: "plain".to_owned() }).text, "plain");
    }

    #[test]
    fn a_cut_never_splits_a_character_nor_leaves_an_entity_behind() {
        let text = "👍".repeat(10);
        let entities = vec![MessageEntity::bold(0, 20), MessageEntity::code(12, 4)];
        let cut = Body { text, entities }.cut(12);
        assert_eq!(cut.text, "👍👍👍👍👍…");
        assert_eq!(cut.entities, [MessageEntity::bold(0, 10)]);
        assert!(utf16_len(&cut.text) <= 12);
    }
}
