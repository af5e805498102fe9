//! The valid word that a mistyped one is nearest to.

use strsim::osa_distance;

/// Farthest that two words may be apart to be taken for one another, in edits.
const MAX_EDITS: usize = 2;
/// Shortest word that is compared with so many edits allowed, in characters; for a shorter one it is one edit.
pub(super) const MIN_CHARS: usize = 4;
/// Longest word that is compared at all, in bytes.
const MAX_BYTES: usize = 128;

/// Finds the candidate that the word is nearest to, whatever the case; the first of several.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_BYTES {
        return None;
    }
    let word = word.to_lowercase();
    let limit = if word.chars().count() < MIN_CHARS { 1 } else { MAX_EDITS };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= MAX_BYTES)
        .map(|candidate| (osa_distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_at_most_two_edits_away() {
        let words = ["session", "status", "stop", "id"];
        assert_eq!(nearest("sesion", words), Some("session"));
        assert_eq!(nearest("STATSU", words), Some("status"));
        assert_eq!(nearest("deploy", words), None);
        assert_eq!(nearest("x", words), None);
        assert_eq!(nearest("idd", words), Some("id"));
        assert_eq!(nearest(&"s".repeat(1 << 20), words), None);
    }
}
