//! Completion and hints: what the core knows of commands, agents and sessions, offered while a line is typed.

use std::sync::Arc;

use reedline::{Color, Completer, CompletionResult, DefaultHinter, Hinter, History, Span, Suggestion};

use crate::clean::one_row;

/// Offers words for a line that is being typed. Asked at every key press, so it must answer at once.
pub trait Complete: Send + Sync {
    /// Completes `line` at byte `cursor`; best first.
    fn complete(&self, line: &str, cursor: usize) -> Vec<Completion>;
}

/// One word that may be put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// First byte of the line that is replaced.
    pub start: usize,
    /// Byte after the last one that is replaced.
    pub end: usize,
    /// What is put there.
    pub text: String,
    /// What it means, shown beside it; may be empty.
    pub description: String,
}

/// Most completions offered at once.
const MAX_COMPLETIONS: usize = 100;

/// Widest description, in columns.
const MAX_DESCRIPTION_COLUMNS: usize = 60;

/// Asks the core and keeps what fits the line.
#[derive(Clone)]
pub(crate) struct Words(pub(crate) Arc<dyn Complete>);

impl Words {
    fn ask<'a>(&self, line: &'a str, cursor: usize) -> impl Iterator<Item = Completion> + use<'a> {
        let offered = self.0.complete(line, cursor).into_iter();
        offered.filter(move |word| line.get(word.start..word.end).is_some()).take(MAX_COMPLETIONS)
    }
}

impl Completer for Words {
    fn complete(&mut self, line: &str, cursor: usize) -> CompletionResult {
        let suggestions = self.ask(line, cursor).map(|word| Suggestion {
            value: one_row(&word.text, usize::MAX),
            description: Some(one_row(&word.description, MAX_DESCRIPTION_COLUMNS)).filter(|text| !text.is_empty()),
            span: Span::new(word.start, word.end),
            append_whitespace: true,
            ..Suggestion::default()
        });
        CompletionResult::fresh(suggestions.collect::<Vec<_>>())
    }
}

/// Hints at the best completion of the last word, else at the newest line of the history that begins like this one.
pub(crate) struct Hints {
    words: Words,
    history: DefaultHinter,
    word: Option<String>,
}

impl Hints {
    pub(crate) fn new(words: Words) -> Self {
        let history = DefaultHinter::default().with_style(Color::DarkGray.normal());
        Self { words, history, word: None }
    }
}

impl Hinter for Hints {
    fn handle(&mut self, line: &str, cursor: usize, history: &dyn History, colour: bool, directory: &str) -> String {
        let hint = self.history.handle(line, cursor, history, colour, directory);
        let best = if line.is_empty() || cursor != line.len() { None } else { self.words.ask(line, cursor).next() };
        self.word = best.and_then(|word| {
            let rest = word.text.strip_prefix(&line[word.start..word.end])?;
            Some(one_row(rest, usize::MAX)).filter(|rest| !rest.is_empty() && word.end == line.len())
        });
        match &self.word {
            Some(word) if colour => Color::DarkGray.paint(word).to_string(),
            Some(word) => word.clone(),
            None => hint,
        }
    }

    fn complete_hint(&self) -> String {
        self.word.clone().unwrap_or_else(|| self.history.complete_hint())
    }

    fn next_hint_token(&self) -> String {
        self.word.clone().unwrap_or_else(|| self.history.next_hint_token())
    }
}

#[cfg(test)]
mod tests {
    use reedline::FileBackedHistory;

    use super::*;

    struct Fixed(Vec<Completion>);

    impl Complete for Fixed {
        fn complete(&self, _line: &str, _cursor: usize) -> Vec<Completion> {
            self.0.clone()
        }
    }

    fn words(words: &[(usize, usize, &str)]) -> Words {
        let words = words.iter().map(|(start, end, text)| Completion {
            start: *start,
            end: *end,
            text: (*text).to_owned(),
            description: "what it does".to_owned(),
        });
        Words(Arc::new(Fixed(words.collect())))
    }

    #[test]
    fn completions_that_do_not_fit_the_line_are_dropped() {
        let mut offered = words(&[(0, 3, "/session"), (3, 1, "a"), (0, 99, "b"), (2, 3, "c")]);
        let result = offered.complete("/sé", 4);
        let values: Vec<_> = result.suggestions().iter().map(|offer| offer.value.as_str()).collect();
        assert_eq!(values, Vec::<&str>::new(), "byte 3 is inside é");
        let result = offered.complete("/ses", 4);
        assert_eq!(result.suggestions().len(), 2);
    }

    #[test]
    fn the_hint_is_the_rest_of_the_best_word() {
        let history = FileBackedHistory::default();
        let mut hints = Hints::new(words(&[(0, 4, "/session")]));
        assert_eq!(hints.handle("/ses", 4, &history, false, ""), "sion");
        assert_eq!(hints.complete_hint(), "sion");
        assert_eq!(hints.handle("/ses", 2, &history, false, ""), "");
    }
}
