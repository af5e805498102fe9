//! Sentences of our own with `code` in them, as inline text.

use signalbox_adapter::Inline;

/// Splits a sentence at its backticks: every second piece is code.
pub(super) fn marked(sentence: &str) -> Vec<Inline> {
    sentence
        .split('`')
        .enumerate()
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(index, piece)| match index % 2 {
            0 => Inline::Text(piece.to_owned()),
            _ => Inline::Code(piece.to_owned()),
        })
        .collect()
}
