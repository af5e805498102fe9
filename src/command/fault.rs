//! What is said when a text is not understood: what is wrong, how the command is written, what may have been meant.

use signalbox_adapter::{Block, Document, Inline, Item};

use super::marked::{code, marked};

/// Longest piece of a person's own text that an answer repeats, in characters.
const MAX_QUOTED_CHARS: usize = 40;

/// A text that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct Misunderstood {
    /// What is wrong, one line.
    pub fault: ParseFault,
    /// Whether a command was given; plain text of a group that nobody addressed to us needs no answer.
    pub command: bool,
    /// How to write it, one line.
    pub usage: String,
    /// The nearest valid word, as it would be typed.
    pub nearest: Option<String>,
    /// What is told besides; `None` where usage says enough.
    pub guide: Option<Box<OptionGuide>>,
}

/// Lines that could be typed, and options, each with what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionGuide(pub Vec<(String, String)>);

/// What can be wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFault {
    /// No command has this word.
    #[error("there is no command `/{0}`")]
    UnknownCommand(String),
    /// No option of a prompt has this word.
    #[error("there is no option `{0}`; `--` before the prompt sends it as text")]
    UnknownOption(String),
    /// Another word is expected here.
    #[error("`{word}` is not understood after `{after}`")]
    UnknownWord {
        /// What stands before it.
        after: String,
        /// The word.
        word: String,
    },
    /// A word that only the command line knows.
    #[error("`{word}` is for the command line: `signalbox {command} {word}`")]
    OnCommandLine {
        /// The command.
        command: &'static str,
        /// The word.
        word: &'static str,
    },
    /// The command needs another word.
    #[error("`/{command}` needs `{missing}`")]
    MissingWord {
        /// The command, with its subcommand.
        command: String,
        /// What usage calls the word.
        missing: String,
    },
    /// It begins as a subcommand does, and is no whole one; hardly anybody means it as a prompt.
    #[error("`/{}` needs `{missing}`; `/{} -- {prompt}` sends it as a prompt", .path.join(" "), .path[0])]
    HalfTyped {
        /// The command's word, and the subcommand's.
        path: &'static [&'static str],
        /// What usage calls the words after it.
        missing: Box<str>,
        /// How the prompt begins that it would be.
        prompt: Box<str>,
    },
    /// The option stands without a value.
    #[error("`{0}` needs a value")]
    MissingValue(&'static str),
    /// The option stands there twice.
    #[error("`{0}` is given twice")]
    Twice(&'static str),
    /// There is no prompt.
    #[error("the prompt is missing")]
    MissingPrompt,
    /// The prompt is longer than agents are given.
    #[error("the prompt has {size_bytes} bytes, and {limit_bytes} are the limit")]
    LongPrompt {
        /// Its size.
        size_bytes: usize,
        /// What it may have at most.
        limit_bytes: usize,
    },
    /// A name or id is longer than any can be.
    #[error("`{word}` is too long: {limit_bytes} bytes are the limit")]
    LongWord {
        /// How the word begins.
        word: String,
        /// What it may have at most.
        limit_bytes: usize,
    },
    /// The text holds a character that no agent can be given.
    #[error("the text holds a NUL character, which cannot be sent to an agent")]
    Nul,
}

impl Misunderstood {
    /// Returns the answer that a person gets.
    #[must_use]
    pub fn document(&self) -> Document {
        let mut line = marked(&sentence(&self.fault.to_string()));
        // What is to be typed is told whole.
        let is_word = matches!(self.fault, ParseFault::UnknownWord { .. });
        let is_told = matches!(self.fault, ParseFault::OnCommandLine { .. }) || is_word && self.nearest.is_some();
        if !is_told {
            line.push(Inline::Break);
            line.extend([Inline::Text("Usage: ".into()), code(&self.usage)]);
        }
        if let Some(nearest) = &self.nearest {
            line.push(Inline::Break);
            line.extend([Inline::Text("Did you mean ".into()), code(nearest)]);
            line.push(Inline::Text("?".into()));
        }
        let mut blocks = vec![Block::Paragraph(line)];
        if let Some(guide) = &self.guide {
            let item = |(typed, does): &(String, String)| {
                let content = vec![code(typed), Inline::Text(format!(": {does}"))];
                Item { checked: None, blocks: vec![Block::Paragraph(content)] }
            };
            blocks.push(Block::List { start: None, items: guide.0.iter().map(item).collect() });
        }
        Document { blocks }
    }
}

/// Quotes a person's own text: short, on one line, without the mark that encloses it.
pub(super) fn quoted(text: &str) -> String {
    let clean = |c: char| if c.is_control() || c.is_whitespace() || c == '`' { '\u{fffd}' } else { c };
    let mut short: String = text.chars().take(MAX_QUOTED_CHARS).map(clean).collect();
    if text.chars().nth(MAX_QUOTED_CHARS).is_some() {
        short.push('…');
    }
    short
}

/// Makes a sentence of a lower-case message.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_tells_fault_usage_and_nearest_word() {
        let misunderstood = Misunderstood {
            fault: ParseFault::UnknownCommand("sesion".into()),
            command: true,
            usage: "/session <prompt>".into(),
            nearest: Some("/session".into()),
            guide: None,
        };
        assert_eq!(
            misunderstood.document().blocks,
            [Block::Paragraph(vec![
                Inline::Text("There is no command ".into()),
                Inline::Command("/sesion".into()),
                Inline::Text(".".into()),
                Inline::Break,
                Inline::Text("Usage: ".into()),
                Inline::Command("/session <prompt>".into()),
                Inline::Break,
                Inline::Text("Did you mean ".into()),
                Inline::Command("/session".into()),
                Inline::Text("?".into()),
            ])]
        );
    }

    #[test]
    fn hostile_words_are_quoted_short_and_on_one_line() {
        let long = quoted(&"a`\n\u{7}".repeat(100));
        assert_eq!(long.chars().count(), MAX_QUOTED_CHARS + 1);
        assert!(!long.contains(['`', '\n', '\u{7}']));
    }
}
