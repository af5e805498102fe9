//! What makes two alerts the same: the source's own key, or a hash of what does not change between firings.
//!
//! The hash is stored, so it must be the same in every version of the program: FNV-1a with 64 bits, written out here
//! since the standard library's hash may change. It guards against no enemy; a forged alert can carry any fingerprint.

use std::collections::BTreeMap;

use signalbox_adapter::one_line;

use super::Source;
use super::headline::Headline;

/// Longest key of a source that is kept as it is, in bytes; PagerDuty allows 255.
const MAX_OWN_BYTES: usize = 255;
/// The label that names the rule of an alert: with it the labels tell all.
const RULE_LABEL: &str = "alertname";

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// Returns a source's own key, or its hash if it is too long to keep; none if it is blank.
pub(super) fn own(source: Source, key: &str) -> Option<String> {
    let shown = one_line(key, usize::MAX);
    match shown.len() {
        0 => None,
        1..=MAX_OWN_BYTES => Some(shown),
        _ => Some(hash(source, [key])),
    }
}

/// Makes a fingerprint of labels and, unless they name the rule, of what the title is about.
pub(super) fn derived(source: Source, labels: &BTreeMap<String, String>, title: &str) -> String {
    let mut parts: Vec<&str> = labels.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]).collect();
    let subject = Headline::of(title).subject;
    if !labels.contains_key(RULE_LABEL) {
        parts.push(&subject);
    }
    hash(source, parts)
}

/// Makes a fingerprint of what has no title: of its labels, where they name the rule, else of all that it says.
pub(super) fn of_content(
    source: Source,
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
) -> String {
    let said = annotations.iter().filter(|_| !labels.contains_key(RULE_LABEL));
    hash(source, labels.iter().chain(said).flat_map(|(key, value)| [key.as_str(), value.as_str()]))
}

/// Hashes a source's name and texts in order, as 16 hexadecimal digits.
pub(super) fn hash<'a>(source: Source, parts: impl IntoIterator<Item = &'a str>) -> String {
    // 0xff never occurs in UTF-8, so no two lists of texts read the same.
    let bytes = [source.as_str()].into_iter().chain(parts).flat_map(|part| part.bytes().chain([0xff]));
    let hash = bytes.fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    format!("{hash:016x}")
}

/// Hashes a text that is too long to keep, as 16 hexadecimal digits; the same in every version.
#[must_use]
pub fn hashed(text: &str) -> String {
    hash(Source::Plain, [text])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_never_changes_between_versions() {
        assert_eq!(hash(Source::Plain, ["disk full"]), "fc48faa8114c61df");
        assert_ne!(hash(Source::Plain, ["a", "b"]), hash(Source::Plain, ["ab"]));
        assert_ne!(hash(Source::Plain, ["a"]), hash(Source::Generic, ["a"]));
    }

    #[test]
    fn an_endless_key_is_hashed() {
        assert_eq!(own(Source::PagerDuty, " db-1\n/cpu "), Some("db-1 /cpu".to_owned()));
        assert_eq!(own(Source::PagerDuty, " \n"), None);
        assert_eq!(own(Source::PagerDuty, &"k".repeat(256)).map(|key| key.len()), Some(16));
    }
}
