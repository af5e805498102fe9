//! What a person wants an agent to do: a prompt, and what was said of it before it.

/// A prompt given with a command, with its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Value of `--name`.
    pub name: Option<String>,
    /// Value of `--project`.
    pub project: Option<String>,
    /// Whether `--` stands before the prompt, so that it is one whatever it begins with.
    pub forced: bool,
    /// The `@word` before the prompt.
    pub mention: Option<Mention>,
    /// The prompt without the mention; never empty, at most [`MAX_PROMPT_BYTES`](super::MAX_PROMPT_BYTES).
    pub prompt: String,
    /// The prompt with the mention and without options: what counts when the mention turns out to be plain text.
    pub whole: String,
}

/// A word with `@` before it, first in a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The word, without the `@`.
    pub word: String,
}
