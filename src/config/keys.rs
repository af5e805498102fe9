//! Paths of keys, and the known key that an unknown one was probably meant to be.

use std::collections::BTreeSet;

/// Longest key that is compared with the known ones, in characters; nobody mistypes more.
const MAX_COMPARED_CHARS: usize = 64;

/// What being in the same section is worth, against a likeness of 1.0 for the same name.
const SAME_SECTION_BONUS: f64 = 0.3;

/// Writes a key below a section; a key that is not bare is quoted, so that it cannot hide or forge output.
#[must_use]
pub(super) fn join(section: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let key = match (bare, key.char_indices().nth(MAX_COMPARED_CHARS)) {
        (true, None) => key.to_owned(),
        (false, None) => format!("{key:?}"),
        (_, Some((end, _))) => format!("{:?}…", &key[..end]),
    };
    if section.is_empty() { key } else { format!("{section}.{key}") }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// Finds the known path that is most like an unknown one: by the key's own name, and rather in the same section.
#[must_use]
pub(super) fn nearest<'a>(unknown: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    let (section, name) = split(unknown);
    let likeness = |path: &str| {
        let (other_section, other_name) = split(path);
        let bonus = if section == other_section { SAME_SECTION_BONUS } else { 0.0 };
        strsim::normalized_damerau_levenshtein(name, other_name) + bonus
    };
    known.iter().map(|path| (likeness(path), path.as_str())).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_a_neighbour_or_the_same_name_in_another_section() {
        let known = ["limits", "limits.max_tasks", "limits.max_output", "observer.recovery", "timeouts.idle", "allow"]
            .map(str::to_owned)
            .into();
        for (unknown, expected) in [
            ("limits.max_taks", "limits.max_tasks"),
            ("limit", "limits"),
            ("observer.max_tasks", "limits.max_tasks"),
            ("observer.recover", "observer.recovery"),
            ("idle", "timeouts.idle"),
        ] {
            assert_eq!(nearest(unknown, &known), Some(expected), "for {unknown}");
        }
    }

    #[test]
    fn a_hostile_key_is_shown_quoted_and_cut() {
        assert_eq!(join("limits", "\u{1b}[2J"), r#"limits."\u{1b}[2J""#);
        assert_eq!(join("", ""), r#""""#);
        assert!(join("", &"x".repeat(1_000_000)).len() < 100);
    }
}
