//! Words of a command line: placeholders filled in, and quotes for a shell.

/// Fills `{prompt}`, `{session}` and `{model}` in; what is filled in is never looked at again.
#[must_use]
pub fn filled(words: &[String], prompt: &str, session: &str, model: Option<&str>) -> Vec<String> {
    let model = model.unwrap_or_default();
    // One pass over each word, so that a placeholder within a prompt stays text.
    let fill = |word: &String| {
        let mut filled = String::with_capacity(word.len());
        let mut rest = word.as_str();
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            rest = &rest[open..];
            let known = [("{prompt}", prompt), ("{session}", session), ("{model}", model)];
            match known.into_iter().find(|(placeholder, _)| rest.starts_with(placeholder)) {
                Some((placeholder, value)) => {
                    filled.push_str(value);
                    rest = &rest[placeholder.len()..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    };
    words.iter().map(fill).collect()
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
