//! Sentences of our own with `code` in them, as inline text.

use signalbox_adapter::Inline;

/// Turns a sentence with `code` between backticks into inlines, commands as such; all else is plain text.
#[must_use]
pub fn marked(sentence: &str) -> Vec<Inline> {
    sentence
        .split('`')
        .enumerate()
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(index, piece)| match index % 2 {
            0 => Inline::Text(piece.to_owned()),
            _ => code(piece),
        })
        .collect()
}

/// Makes code of a piece of a sentence of our own, and a command where it begins as one.
#[must_use]
pub fn code(piece: &str) -> Inline {
    let word = piece.strip_prefix('/').and_then(|words| words.split_whitespace().next());
    match word {
        Some(word) if word.chars().all(|c| c.is_alphanumeric() || c == '-') => Inline::Command(piece.to_owned()),
        Some(_) | None => Inline::Code(piece.to_owned()),
    }
}
