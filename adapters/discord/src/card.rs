//! Cards: a part that is more than text, kept as JSON between the renderer and the call.
//!
//! A card is a container with an accent colour, its text and its buttons (Components V2), or an embed with a colour, as
//! `discord.cards` has it. In both its text goes as an ordinary message where Discord refuses the form. A message that was
//! sent with components stays one: the flag cannot be taken off by an edit.
//!
//! Source: <https://docs.discord.com/developers/components/reference>, read 2026-11.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use signalbox_adapter::{Card, Phase, Tone};

/// The flag of a message that is made of components alone.
pub(crate) const IS_COMPONENTS_V2: u64 = 1 << 15;

/// Most components of a message, those within others too.
const MAX_COMPONENTS: usize = 40;

/// Longest text of all text displays together, in characters.
const MAX_CHARS: usize = 4000;

/// Most bytes of all text displays together, each of which costs [`DISPLAY_BYTES`] more; beyond it Discord fails.
/// Source: <https://github.com/discord/discord-api-docs/issues/8554>, read 2026-11.
const MAX_BYTES: usize = 10_170;
const DISPLAY_BYTES: usize = 12;

/// How cards are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cards {
    /// As a container of components.
    #[default]
    V2,
    /// As an embed.
    Embed,
}

/// A card as its row keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    cards: Cards,
    /// The colour, as Discord writes them.
    colour: u32,
    /// What it says, in Discord's Markdown.
    pub(crate) text: String,
    /// How far along it is, for the tag of a post; `None` in rows of earlier versions.
    #[serde(default)]
    pub(crate) phase: Option<Phase>,
    /// What a post of it is called.
    #[serde(default)]
    pub(crate) title: String,
    /// What that is called where its title is not allowed.
    #[serde(default)]
    pub(crate) name: String,
}

impl Kept {
    /// Keeps a card that says this.
    pub(crate) fn new(cards: Cards, card: &Card, text: String) -> Self {
        let (colour, phase) = (colour(card.tone), Some(card.phase));
        Self { cards, colour, text, phase, title: card.title.clone(), name: card.name.clone() }
    }

    /// Writes it as the body of a part.
    pub(crate) fn body(&self) -> String {
        format!("{BEGIN}{}", serde_json::to_string(self).expect("a card is JSON"))
    }

    /// Reads the body of a part; `None` where it is no card's.
    pub(crate) fn read(body: &str) -> Option<Self> {
        serde_json::from_str(body.strip_prefix(BEGIN)?).ok()
    }

    /// Whether it is made of components, as far as it fits.
    pub(crate) fn is_v2(&self, text: &str, rows: &Value) -> bool {
        self.cards == Cards::V2 && fits(text, rows)
    }

    /// Makes the components of a card that says this.
    pub(crate) fn container(&self, text: &str, rows: Value) -> Value {
        let mut inner = vec![json!({ "type": 10, "content": text })];
        if let Value::Array(rows) = rows
            && !rows.is_empty()
        {
            inner.push(json!({ "type": 14, "divider": true, "spacing": 1 }));
            inner.extend(rows);
        }
        json!([{ "type": 17, "accent_color": self.colour, "components": inner }])
    }

    /// Makes the embed of a card that says this.
    pub(crate) fn embed(&self, text: &str) -> Value {
        json!([{ "description": text, "color": self.colour }])
    }
}

/// No text that is rendered begins so: control characters are taken out of it.
const BEGIN: &str = "\u{1}card ";

fn fits(text: &str, rows: &Value) -> bool {
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    let buttons: usize = rows.iter().map(|row| row["components"].as_array().map_or(0, Vec::len)).sum();
    // The container, the text and the line before the buttons.
    let components = 3 + rows.len() + buttons;
    components <= MAX_COMPONENTS && text.chars().count() <= MAX_CHARS && text.len() + DISPLAY_BYTES <= MAX_BYTES
}

/// Colours that are told apart at night, also by who sees red and green alike: the text has the words.
fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Over => 0x002E_A44F,
        Tone::Quiet => 0x006E_7681,
        Tone::Unknown => 0x0099_AAB5,
        Tone::Info => 0x0033_88DD,
        Tone::Warning => 0x00F2_C744,
        Tone::Error => 0x00F0_8A24,
        Tone::Critical => 0x00D9_2D20,
    }
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::Document;

    use super::*;

    fn kept(cards: Cards, text: &str) -> Kept {
        let (title, name) = ("disk full".to_owned(), "Incident #7".to_owned());
        let document = Document { blocks: Vec::new() };
        let card = Card { tone: Tone::Critical, phase: Phase::Firing, title, name, document };
        Kept::new(cards, &card, text.to_owned())
    }

    #[test]
    fn what_is_kept_is_read_and_a_text_is_no_card() {
        let card = kept(Cards::V2, "**down**");
        assert_eq!(Kept::read(&card.body()), Some(card));
        let earlier = "\u{1}card {\"cards\":\"v2\",\"colour\":7,\"text\":\"x\"}";
        assert_eq!(Kept::read(earlier).map(|card| (card.colour, card.phase)), Some((7, None)), "of an earlier version");
        for text in ["", "card {}", "{}", "\u{1}card {}"] {
            assert_eq!(Kept::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_card_that_discord_would_fail_at_is_none_of_components() {
        let card = kept(Cards::V2, "");
        let rows = |rows: usize| Value::Array(vec![json!({ "components": [1, 2, 3, 4, 5] }); rows]);
        assert!(card.is_v2(&"x".repeat(MAX_CHARS), &rows(5)));
        assert!(!card.is_v2(&"x".repeat(MAX_CHARS + 1), &rows(1)));
        // 3,386 signs of three bytes each, and the price of one display.
        assert!(card.is_v2(&"漢".repeat(3386), &rows(1)) && !card.is_v2(&"漢".repeat(3387), &rows(1)));
        assert!(!card.is_v2("x", &rows(7)));
        assert!(!kept(Cards::Embed, "").is_v2("x", &rows(1)));
    }
}
