//! Words by which people answer who is asked for leave, typed as plain text: never an answer by themselves, since nobody can
//! tell what they are about.

/// What a word that stands alone looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YesNo {
    /// Leave.
    Yes,
    /// No leave.
    No,
}

const YES: [&str; 19] = [
    "yes",
    "y",
    "yep",
    "yeah",
    "yes please",
    "ok",
    "okay",
    "sure",
    "approve",
    "approved",
    "accept",
    "allow",
    "allowed",
    "always",
    "go",
    "go ahead",
    "do it",
    "proceed",
    "👍",
];
const NO: [&str; 14] = [
    "no",
    "n",
    "nope",
    "no thanks",
    "deny",
    "denied",
    "reject",
    "refuse",
    "disallow",
    "forbid",
    "never",
    "dont",
    "do not",
    "👎",
];

impl YesNo {
    /// Reads a text that is such a word and nothing else, in whatever case and with what ends a sentence.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let marks = |c: char| c.is_whitespace() || matches!(c, '.' | '!' | ',' | '"' | '\'' | '’' | '`' | '“' | '”');
        let word = text.trim_matches(marks).to_lowercase().replace(['\'', '’'], "");
        let is_among = |words: &[&str]| words.contains(&word.as_str());
        match (is_among(&YES), is_among(&NO)) {
            (true, _) => Some(Self::Yes),
            (false, true) => Some(Self::No),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_stands_alone_looks_like_an_answer_and_a_sentence_does_not() {
        for yes in ["yes", " Yes! ", "APPROVE", "go ahead.", "“ok”"] {
            assert_eq!(YesNo::of(yes), Some(YesNo::Yes), "{yes}");
        }
        for no in ["no", "No.", "deny", "Don't!", "don’t"] {
            assert_eq!(YesNo::of(no), Some(YesNo::No), "{no}");
        }
        for neither in ["", "yes, and add a test", "no, use the other file", "approve k3m9qa", "why?", "north"] {
            assert_eq!(YesNo::of(neither), None, "{neither}");
        }
    }
}
