//! A section as it stands in the example file.

use super::section::{Kind, Section, Setting};

/// Longest line, in characters.
const MAX_LINE_CHARS: usize = 120;
/// Where comments begin if the key leaves room, in characters from the left.
const COMMENT_COLUMN: usize = 28;
/// What is said of the key that names a secret's own file.
const IN_A_FILE: &str = "a file that holds nothing else";

impl Section {
    /// Returns the section's lines in the example file: keys with a default as they are, all others as comments.
    #[must_use]
    pub fn example(&self) -> String {
        let mut text = String::new();
        for line in wrapped(self.about, MAX_LINE_CHARS - "# ".len()) {
            text.push_str(&format!("# {line}\n"));
        }
        text.push_str(&format!("[{}]\n", self.name));
        for setting in self.settings {
            match setting.default_as_toml() {
                Some(value) => push(&mut text, &format!("{} = {value}", setting.key), setting.meaning),
                None => push(&mut text, &format!("# {} = {:?}", setting.key, setting.example), setting.meaning),
            }
            if let Some(key) = setting.file_key() {
                let file = format!("/etc/signalbox/{}-{}", self.name, setting.key);
                push(&mut text, &format!("# {key} = {file:?}"), &format!("instead of {}: {IN_A_FILE}", setting.key));
            }
        }
        text
    }
}

impl Setting {
    /// Returns the default as TOML; `None` where there is none.
    fn default_as_toml(&self) -> Option<String> {
        if !self.example.is_empty() {
            return None;
        }
        Some(match &self.kind {
            Kind::Text | Kind::Token | Kind::Password | Kind::Path => "\"\"".to_owned(),
            Kind::Url { default } => format!("{default:?}"),
            Kind::Port => "0".to_owned(),
            Kind::Duration { default, .. } => format!("\"{}\"", humantime::format_duration(*default)),
            Kind::Choice(words) => format!("{:?}", words.first().copied().unwrap_or_default()),
            Kind::List | Kind::Program => "[]".to_owned(),
        })
    }
}

/// Writes a key with its meaning beside it, further lines below that.
fn push(text: &mut String, key: &str, meaning: &str) {
    let column = COMMENT_COLUMN.max(key.chars().count() + 2);
    let mut lines = wrapped(meaning, MAX_LINE_CHARS.saturating_sub(column + "# ".len()));
    let Some(first) = (!lines.is_empty()).then(|| lines.remove(0)) else {
        text.push_str(&format!("{key}\n"));
        return;
    };
    text.push_str(&format!("{key:column$}# {first}\n"));
    for line in lines {
        text.push_str(&format!("{:column$}# {line}\n", ""));
    }
}

/// Cuts a text between words into lines of at most so many characters.
fn wrapped(text: &str, max_chars: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= max_chars => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::section::Setup;
    use super::*;

    const PIGEON: Section = Section {
        name: "pigeon",
        about: "A loft. It holds pigeons.",
        needs: "ring",
        access: None,
        setup: Setup { title: "Pigeons", how: "", again: "" },
        settings: &[
            Setting::new("ring", Kind::Token, "on its leg").example("NL-26-1"),
            Setting::new("speed", Kind::Choice(&["fast", "slow"]), ""),
            Setting::new(
                "rest",
                Kind::Duration { default: Duration::from_secs(90), range: Duration::ZERO..=Duration::MAX },
                "how long it sits on the roof before it flies on, where the weather is neither so bad that it stays nor so good",
            ),
            Setting::new("away", Kind::Path, "").example("/srv/away"),
            Setting::new("seed", Kind::List, ""),
        ],
        check: |_| Vec::new(),
    };

    #[test]
    fn a_section_is_shown_with_defaults_in_force_and_examples_as_comments() {
        let expected = r#"# A loft. It holds pigeons.
[pigeon]
# ring = "NL-26-1"          # on its leg
# ring_file = "/etc/signalbox/pigeon-ring"  # instead of ring: a file that holds nothing else
speed = "fast"
rest = "1m 30s"             # how long it sits on the roof before it flies on, where the weather is neither so bad that
                            # it stays nor so good
# away = "/srv/away"
seed = []
"#;
        assert_eq!(PIGEON.example(), expected);
    }
}
