//! Messages clustered by template: numbers, ids, addresses and quoted words are blanked, what is left alike is counted
//! together.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex_lite::Regex;

use crate::config::Redact;
use crate::redact::Redactor;

/// Longest part of a message that is looked at, in characters.
const MAX_MESSAGE_CHARS: usize = 200;
/// Most templates kept apart; messages of further ones are counted together.
const MAX_TEMPLATES: usize = 500;
/// What messages beyond [`MAX_TEMPLATES`] are counted under.
const OTHERS: &str = "(other messages)";

/// Messages by template, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Clusters(BTreeMap<String, u64>);

impl Clusters {
    /// Counts one message.
    pub(crate) fn add(&mut self, message: &str) {
        let template = template(message);
        let key = if self.0.contains_key(&template) || self.0.len() < MAX_TEMPLATES { template } else { OTHERS.into() };
        *self.0.entry(key).or_default() += 1;
    }

    /// Lists the templates with their counts, most frequent first.
    pub(crate) fn by_count(&self) -> Vec<(&str, u64)> {
        let mut all: Vec<(&str, u64)> = self.0.iter().map(|(template, count)| (template.as_str(), *count)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all
    }

    /// Counts all messages.
    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// Blanks what differs between messages of one kind.
fn template(message: &str) -> String {
    static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#""[^"]*"|'[^']*'|\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b|\b0x[0-9a-fA-F]+\b|\b[0-9a-fA-F]*[0-9][0-9a-fA-F]{7,}\b|[0-9]+(?:[.:,][0-9]+)*"#)
            .expect("the pattern is a constant")
    });
    // A key whose digits are blanked is a key all the same, and looks like none.
    static KEYS: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(&Redact::default()));
    let message = KEYS.clean(message);
    let cut: String = message.trim().chars().take(MAX_MESSAGE_CHARS).collect();
    VARIABLE.replace_all(&cut, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_masked_before_its_digits_are_blanked() {
        let key = ["sk-", "ant-api03-AAAABBBBCCCCDDDD"].concat();
        let mut clusters = Clusters::default();
        clusters.add(&format!("refused {key} 17"));
        assert_eq!(clusters.by_count(), [("refused [redacted] …", 1)]);
    }

    #[test]
    fn messages_of_one_kind_are_counted_together() {
        let mut clusters = Clusters::default();
        for message in [
            "connection to 10.0.0.7:5432 refused after 31 ms",
            "connection to 10.0.0.9:5432 refused after 7 ms",
            "user 'ann' not found (request 3f2504e0-4f89-11d3-9a0c-0305e82c3301)",
            "user 'bob' not found (request 1b4e28ba-2fa1-11d2-883f-0016d3cca427)",
            "disk on fire",
        ] {
            clusters.add(message);
        }
        let expected =
            [("connection to … refused after … ms", 2), ("user … not found (request …)", 2), ("disk on fire", 1)];
        assert_eq!(clusters.by_count(), expected);
        assert_eq!(clusters.total(), 5);
    }

    #[test]
    fn endless_kinds_are_counted_and_not_kept() {
        let mut clusters = Clusters::default();
        let letters = |n: usize| format!("{n:b}").replace('0', "a").replace('1', "b");
        (0..5_000).for_each(|n| clusters.add(&letters(n)));
        assert_eq!(clusters.total(), 5_000);
        assert!(clusters.by_count().len() <= MAX_TEMPLATES + 1);
    }

    proptest! {
        #[test]
        fn any_message_is_survived(message in any::<String>()) {
            prop_assert!(template(&message).chars().count() <= MAX_MESSAGE_CHARS);
        }
    }
}
