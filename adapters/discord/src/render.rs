//! Documents to parts: split by what Discord takes, then written as its Markdown.

use signalbox_adapter::{
    Card, Document, Face, Limits, MAX_MARK_BYTES, Markup, Measure, Part, PicturedPart, Render, Rendered, TextUnit,
    digits, split, split_pictured,
};

use crate::card::{Cards, Kept};
use crate::escape;
use crate::pictured::Pictured;
use crate::write::{TABLE_WIDTH, address_price, is_language, write};

/// Longest text of one message. Discord counts characters; UTF-16 code units, which are never fewer, are safe.
/// Source: <https://docs.discord.com/developers/resources/message#create-message>, read 2026-11.
pub(crate) const MAX_TEXT: usize = 2000;

/// Room for a mark and the empty line before it.
const MARK: usize = MAX_MARK_BYTES + 2;

/// Largest file that a server without boosts takes, in bytes; one with boosts takes more, and a bot is not told how much.
/// Source: <https://docs.discord.com/developers/reference#uploading-files>, read 2026-11.
const MAX_FILE_BYTES: u64 = 10 * 1024 * 1024;

/// Renders for Discord.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiscordRender {
    /// How cards are shown.
    pub cards: Cards,
}

impl Render for DiscordRender {
    fn limits(&self) -> Limits {
        Limits { max_text: MAX_TEXT - MARK, unit: TextUnit::Utf16 }
    }

    fn max_file_bytes(&self) -> u64 {
        MAX_FILE_BYTES
    }

    fn render(&self, document: &Document, max_parts: usize) -> Rendered {
        let document = document.with_addresses(&is_followed);
        let limit = self.limits().max_text;
        if let Some(parts) = split_pictured(&document, &Prices, limit, limit, max_parts) {
            return Rendered { parts: parts.into_iter().map(pictured).collect(), rest: None };
        }
        let mut whole = split(&document, &Prices, limit, max_parts);
        let rest = whole.rest.take();
        let parts = whole.numbered().iter().map(|part| Part { body: write(part) }).collect();
        Rendered { parts, rest }
    }

    fn card(&self, card: &Card) -> Part {
        let text = self.render(&card.document, 1).parts.into_iter().next().map(|part| part.body).unwrap_or_default();
        Part { body: Kept::new(self.cards, card, text).body() }
    }
}

fn pictured(PicturedPart { said, charts }: PicturedPart) -> Part {
    let text = write(&said);
    Part { body: if charts.is_empty() { text } else { Pictured { text, charts }.body() } }
}

/// Whether Discord makes a link of an address; others are written out behind their words.
fn is_followed(url: &str) -> bool {
    let parsed = url.parse::<reqwest::Url>();
    parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.port() != Some(0))
}

/// What Discord charges: marks and backslashes count like any other text.
struct Prices;

impl Measure for Prices {
    fn text(&self, text: &str, face: Face) -> usize {
        match face {
            Face::Plain | Face::Code => escape::price(text),
            Face::Block => text.chars().map(|c| c.len_utf16() + usize::from(c == '`')).sum(),
        }
    }

    fn markup(&self, markup: Markup<'_>) -> usize {
        match markup {
            Markup::Heading(_) => 4,
            Markup::CodeBlock(language) => 8 + language.filter(|name| is_language(name)).map_or(0, str::len),
            Markup::Table => 8,
            Markup::Quote => 2,
            Markup::Item { number, checked } => {
                let bullet = number.map_or(2, |number| digits(number) + 2);
                bullet + checked.map_or(0, |_| 2)
            }
            Markup::Rule => 3,
            // One more for the space between a mark and an address before it.
            Markup::Strong | Markup::Strike => 5,
            Markup::Emphasis => 3,
            Markup::Code => 7,
            Markup::Link(url) => 7 + address_price(url),
        }
    }

    fn table_width(&self) -> usize {
        TABLE_WIDTH
    }
}

#[cfg(test)]
mod tests;
