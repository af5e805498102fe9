//! What a rendered part holds: text and its entities, as JSON.
//!
//! The outbox stores it and never looks inside; it may be read back by a later version, so unknown fields are passed over
//! and a body that is no such JSON is sent as the plain text it is.

use serde::{Deserialize, Serialize};
use signalbox_adapter::{Chart, MAX_MARK_BYTES, Part};
use teloxide::types::{MessageEntity, MessageEntityKind};

use crate::write::live;

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
    /// What is drawn as a picture, whose caption the text is then; it is drawn anew for each attempt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) charts: Vec<Chart>,
}

impl Body {
    /// Reads a part back.
    pub(crate) fn of(part: &Part) -> Self {
        serde_json::from_str(&part.body).unwrap_or_else(|_| Self { text: part.body.clone(), ..Self::default() })
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

    /// Returns the text alone as it reads without formatting: a name pings nobody, and the address of a link stands behind
    /// its words if there is room for all of them within `limit` UTF-16 code units.
    pub(crate) fn plain(self, limit: usize) -> Self {
        let with_addresses = self.with_addresses();
        let text = if utf16_len(&with_addresses) <= limit { with_addresses } else { self.text };
        Self { text: silent(&text), ..Self::default() }
    }

    fn with_addresses(&self) -> String {
        let mut links: Vec<(usize, &MessageEntity, &str)> = Vec::new();
        for entity in &self.entities {
            if let MessageEntityKind::TextLink { url } = &entity.kind {
                links.push((entity.offset + entity.length, entity, url.as_str()));
            }
        }
        links.sort_by_key(|(end, _, _)| *end);
        let mut links = links.into_iter().peekable();
        let units: Vec<u16> = self.text.encode_utf16().collect();
        let (mut text, mut at) = (String::new(), 0);
        for c in self.text.chars().map(Some).chain([None]) {
            while let Some((_, entity, url)) = links.next_if(|(end, _, _)| *end <= at) {
                let words = units.get(entity.offset..entity.offset + entity.length).unwrap_or_default();
                if !url.encode_utf16().eq(words.iter().copied()) {
                    text.push_str(&format!(" ({url})"));
                }
            }
            text.extend(c);
            at += c.map_or(0, char::len_utf16);
        }
        text
    }

    /// Appends plain text.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

/// Puts a sign that is no `@` before each name, and one that is no colon into each address of Telegram's apps, so that nobody is
/// pinged and nothing is live; as long as before.
fn silent(text: &str) -> String {
    let mut silent = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(live) = live(rest, silent.chars().next_back()) {
        silent.push_str(&rest[..live.start]);
        silent.push_str(&rest[live.clone()].replace('@', "＠").replace("://", "：//"));
        rest = &rest[live.end..];
    }
    silent.push_str(rest);
    silent
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
        let body = Body { text: "a b".to_owned(), entities: vec![MessageEntity::bold(0, 1)], ..Body::default() };
        assert_eq!(Body::of(&body.clone().into_part()), body);
        assert_eq!(Body::of(&Part { body: "plain".to_owned() }).text, "plain");
    }

    #[test]
    fn the_plainest_form_has_no_entities_keeps_addresses_and_pings_nobody() {
        let link = |url: &str, from, length| MessageEntity::text_link(url.parse().expect("an address"), from, length);
        let text = "👍 read this, ask @kim or a@b.example: https://c.example/".to_owned();
        let entities =
            vec![link("https://a.example/x", 3, 9), MessageEntity::code(18, 4), link("https://c.example/", 39, 18)];
        let body = Body { text, entities, ..Body::default() };
        let plain = body.clone().plain(4096);
        assert_eq!(plain.text, "👍 read this (https://a.example/x), ask ＠kim or a@b.example: https://c.example/");
        assert_eq!(plain.entities, []);
        let live =
            Body { text: "ⓐ@kim, см.@kim का@kim tg://settings TON://x http://a".to_owned(), ..Body::default() };
        assert_eq!(live.plain(4096).text, "ⓐ＠kim, см.＠kim का＠kim tg：//settings TON：//x http://a");
        let short = body.clone().plain(utf16_len(&body.text));
        assert_eq!(short.text, "👍 read this, ask ＠kim or a@b.example: https://c.example/");
    }

    #[test]
    fn a_cut_never_splits_a_character_nor_leaves_an_entity_behind() {
        let text = "👍".repeat(10);
        let entities = vec![MessageEntity::bold(0, 20), MessageEntity::code(12, 4)];
        let cut = Body { text, entities, ..Body::default() }.cut(12);
        assert_eq!(cut.text, "👍👍👍👍👍…");
        assert_eq!(cut.entities, [MessageEntity::bold(0, 10)]);
        assert!(utf16_len(&cut.text) <= 12);
    }
}
