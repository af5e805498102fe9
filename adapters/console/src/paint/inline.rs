//! Running text: formats as faces, and links with their addresses behind the words.

use signalbox_adapter::Inline;

use super::row::{Face, Row};

/// Lays inlines out on one endless row, in which breaks are line feeds.
pub(super) fn inlines(content: &[Inline], face: Face, colour: bool, row: &mut Row) {
    for inline in content {
        match inline {
            Inline::Text(text) => row.push(text, face),
            Inline::Code(text) | Inline::Command(text) => row.push(text, Face { code: true, ..face }),
            Inline::Strong(inner) => inlines(inner, Face { bold: true, ..face }, colour, row),
            Inline::Emphasis(inner) => inlines(inner, Face { italic: true, ..face }, colour, row),
            Inline::Strike(inner) => {
                // Without a stroke the text would say the opposite.
                let mark = if colour { "" } else { "~~" };
                row.push(mark, face);
                inlines(inner, Face { strike: true, ..face }, colour, row);
                row.push(mark, face);
            }
            Inline::Link { url, content } => {
                let from = row.len();
                inlines(content, Face { underline: true, ..face }, colour, row);
                let said = row.plain(from);
                if said.is_empty() {
                    row.push(url, Face { underline: true, ..face });
                } else if said != *url && url.strip_prefix("mailto:") != Some(said.as_str()) {
                    row.push(&format!(" ({url})"), Face { dim: true, ..face });
                }
            }
            Inline::Break => row.push("\n", face),
        }
    }
}
