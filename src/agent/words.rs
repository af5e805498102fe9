//! Words for an agent: blanks of a template or a command line filled in, and quotes for a shell.

/// Fills `{prompt}`, `{session}` and `{model}` in; what is filled in is never looked at again.
#[must_use]
pub fn filled(words: &[String], prompt: &str, session: &str, model: Option<&str>) -> Vec<String> {
    let blanks = [("prompt", prompt), ("session", session), ("model", model.unwrap_or_default())];
    words.iter().map(|word| fill(word, &blanks)).collect()
}

/// Fills blanks, `{name}` each, in one pass, so that a blank within a value stays text; a name that is not known stays too.
#[must_use]
pub fn fill(template: &str, blanks: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        rest = &rest[open..];
        let blank = blanks.iter().find_map(|(name, value)| {
            let after = rest.strip_prefix('{')?.strip_prefix(name)?.strip_prefix('}')?;
            Some((*value, after))
        });
        match blank {
            Some((value, after)) => {
                filled.push_str(value);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// Makes a mark that does not occur in a text, to stand at both ends of it; `chance` is what nobody could have guessed.
#[must_use]
pub fn mark(kind: &str, text: &str, mut chance: u64) -> String {
    loop {
        let mark = format!("{kind}-{chance:016x}");
        if !text.contains(&mark) {
            return mark;
        }
        chance = chance.wrapping_add(1);
    }
}

/// Quotes a word for a POSIX shell, where that is needed.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@:+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("/home/kim/web"), "/home/kim/web");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_placeholder_within_a_prompt_stays_text() {
        let words = ["-m={model}", "{prompt}", "{other}"].map(str::to_owned);
        let argv = filled(&words, "say {session}", "s-1", Some("big"));
        assert_eq!(argv, ["-m=big", "say {session}", "{other}"]);
    }
}
