//! Where a run of text may be cut.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// Finds the last sentence or word end in `text[..end]`; `None` if there is neither.
///
/// A sentence end counts only in the second half, so that parts are not half empty.
pub(super) fn gentle(text: &str, end: usize) -> Option<usize> {
    let half = text.floor_char_boundary(end / 2);
    let sentence = text[half..end].split_sentence_bound_indices().last().map(|(at, _)| half + at);
    if let Some(at) = sentence.filter(|at| *at > half) {
        return Some(at);
    }
    if text[end..].starts_with(char::is_whitespace) {
        return Some(end).filter(|end| *end > 0);
    }
    text[..end].rfind(char::is_whitespace).filter(|at| *at > 0)
}

/// Cuts an unbroken run: between words as Unicode sees them, else between characters as people see them, else between
/// code points. At least one code point is taken.
pub(super) fn hard(text: &str, end: usize) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let end = end.max(first);
    let fits = &text[..end];
    let word = fits.split_word_bound_indices().next_back().map_or(0, |(at, _)| at);
    if word > end / 2 {
        return word;
    }
    grapheme(text, end).unwrap_or(end)
}

/// Finds the last boundary between characters as people see them in `text[..=end]`, if there is one after the start.
fn grapheme(text: &str, end: usize) -> Option<usize> {
    // Looks no further than one code point past the cut, so that hostile text costs no more than the cut-off piece.
    let next = text[end..].chars().next().map_or(0, char::len_utf8);
    let window = &text[..end + next];
    let mut cursor = GraphemeCursor::new(end, window.len(), true);
    if cursor.is_boundary(window, 0).unwrap_or(false) {
        return Some(end);
    }
    cursor.prev_boundary(window, 0).ok().flatten().filter(|at| *at > 0)
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
        assert_eq!(hard(&text, 7), 7, "between code points, after the joiner");
        let marks = format!("e{}", "\u{301}".repeat(100));
        assert_eq!(hard(&marks, 51), 51);
        assert_eq!(hard(&marks, 0), 1);
    }
}
