//! Where a run of text may be cut.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// How far back a sentence end is looked for, in bytes, so that hostile text costs no more than what is cut.
const LOOK_BACK_BYTES: usize = 2048;

/// Finds the last sentence or word end in `text[..fits]`; `None` if there is neither.
///
/// A sentence end counts only in the second half, so that parts are not half empty.
pub(super) fn gentle(text: &str, fits: usize) -> Option<usize> {
    let half = text.floor_char_boundary((fits / 2).max(fits.saturating_sub(LOOK_BACK_BYTES)));
    let sentence = text[half..fits].split_sentence_bound_indices().last().map(|(at, _)| half + at);
    if let Some(at) = sentence.filter(|at| *at > half) {
        return Some(at);
    }
    if text[fits..].starts_with(char::is_whitespace) {
        return Some(fits).filter(|at| *at > 0);
    }
    text[..fits].rfind(char::is_whitespace).filter(|at| !text[..*at].trim().is_empty())
}

/// Finds the last line end in `text[..fits]`, the newline included.
pub(super) fn line(text: &str, fits: usize) -> Option<usize> {
    text[..fits].rfind('\n').map(|at| at + 1)
}

/// Cuts an unbroken run: between characters as people see them, else between code points. At least one code point is
/// taken.
pub(super) fn hard(text: &str, fits: usize) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let end = fits.max(first);
    let next = text[end..].chars().next().map_or(0, char::len_utf8);
    let window = &text[..end + next];
    let mut cursor = GraphemeCursor::new(end, window.len(), true);
    if cursor.is_boundary(window, 0).unwrap_or(true) {
        return end;
    }
    cursor.prev_boundary(window, 0).ok().flatten().filter(|at| *at > 0).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_end_is_preferred_to_a_word_end() {
        let text = "One two three. Four five";
        assert_eq!(&text[..gentle(text, 20).expect("a boundary")], "One two three. ");
        assert_eq!(&text[..gentle(text, 12).expect("a boundary")], "One two");
        assert_eq!(gentle("unbroken", 5), None);
    }

    #[test]
    fn a_family_is_not_torn_apart_unless_it_does_not_fit_at_all() {
        let family = "👩‍👩‍👧";
        let text = family.repeat(3);
        assert_eq!(hard(&text, family.len() * 2 + 4), family.len() * 2);
        let marks = format!("e{}", "\u{301}".repeat(100));
        assert_eq!(hard(&marks, 51), 51);
        assert_eq!(hard(&marks, 0), 1);
    }
}
