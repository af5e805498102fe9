//! Words that name a model, and the agent that each belongs to.

/// The models of one agent: `@opus` alone means `@claude/opus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelWords<'a> {
    /// The agent.
    pub agent: &'a str,
    /// Whole words.
    pub words: &'a [&'a str],
    /// Beginnings of words, each with more after it.
    pub prefixes: &'a [&'a str],
}

/// Models to test with.
#[cfg(test)]
pub(crate) const MODELS: &[ModelWords<'static>] =
    &[ModelWords { agent: "claude", words: &["opus", "sonnet", "haiku", "fable"], prefixes: &["claude-"] }];

/// Finds the agent that a model's word belongs to, whatever the case.
#[must_use]
pub fn agent_of<'a>(models: &[ModelWords<'a>], word: &str) -> Option<&'a str> {
    let word = word.to_lowercase();
    models
        .iter()
        .find(|model| {
            model.words.contains(&word.as_str())
                // A number behind an agent's name is a person's own: `codex-1`.
                || model.prefixes.iter().any(|prefix| {
                    word.strip_prefix(prefix).is_some_and(|rest| rest.contains(|c: char| !c.is_ascii_digit()))
                })
        })
        .map(|model| model.agent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_tells_its_agent() {
        for word in ["opus", "Sonnet", "haiku", "claude-opus-4-1"] {
            assert_eq!(agent_of(MODELS, word), Some("claude"), "{word}");
        }
        for word in ["claude", "claude-", "claude-1", "opusx", "gpt", ""] {
            assert_eq!(agent_of(MODELS, word), None, "{word}");
        }
    }
}
