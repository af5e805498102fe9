//! Command lines as codex writes them: one word after another, quoted for a POSIX shell.

/// Signs that mean themselves outside of quotes.
const PLAIN: &str = "-_./=:,@%+^";

/// Returns the words of a command line that is one plain command; `None` where a shell would do more than run it.
pub(super) fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        match sign {
            ' ' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match signs.next()? {
                        '\'' => break,
                        other => word.push(other),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match signs.next()? {
                        '"' => break,
                        // What is expanded within these quotes is not known here.
                        '$' | '`' => return None,
                        '\\' => match signs.next()? {
                            escaped @ ('$' | '`' | '"' | '\\') => word.push(escaped),
                            _ => return None,
                        },
                        other => word.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(signs.next().filter(|sign| !sign.is_whitespace())?),
            sign if sign.is_alphanumeric() || PLAIN.contains(sign) => word.get_or_insert_default().push(sign),
            _ => return None,
        }
    }
    words.extend(word);
    Some(words)
}

/// Returns what a shell is given to run: `touch x` of `/bin/bash -lc 'touch x'`; any other line as it is.
pub(super) fn inner(line: &str) -> String {
    let is_shell =
        |program: &str| ["sh", "bash", "zsh", "dash"].contains(&program.rsplit('/').next().unwrap_or(program));
    match words(line).as_deref() {
        Some([shell, option, script]) if is_shell(shell) && ["-c", "-lc"].contains(&option.as_str()) => script.clone(),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_is_given_is_taken_out_of_its_quotes() {
        for (line, script) in [
            ("/bin/bash -lc 'touch out1'", "touch out1"),
            (r#"/bin/bash -lc "python3 -c 'import time; time.sleep(20)'""#, "python3 -c 'import time; time.sleep(20)'"),
            (r#"bash -lc "echo \$HOME \"x\"""#, r#"echo $HOME "x""#),
            (r"zsh -c 'it'\''s'", "it's"),
            ("sh -c ls", "ls"),
        ] {
            assert_eq!(inner(line), script, "{line}");
        }
        for whole in [
            "/bin/bash -lc 'touch a' 'touch b'",
            "/bin/bash -lc 'touch a'; rm -rf ~",
            "/bin/bash -lc \"$(rm x)\"",
            "/bin/bash -lc \"`rm x`\"",
            "/bin/bash -lc 'open",
            "/bin/bash -xlc 'touch a'",
            "/bin/bash -lc $'touch a'",
            "python3 -c 'x'",
            "env -lc x",
            "",
        ] {
            assert_eq!(inner(whole), whole);
        }
    }

    #[test]
    fn what_a_shell_would_do_more_with_is_no_plain_command() {
        assert_eq!(
            words("grep -n 'a b' src/x").as_deref(),
            Some(["grep", "-n", "a b", "src/x"].map(String::from).as_slice())
        );
        assert_eq!(words("a '' b").map(|words| words.len()), Some(3));
        for line in
            ["a|b", "a;b", "a&b", "a>b", "a<b", "a $b", "a\nb", "a *", "a {b,c}", "a ~", "a #b", "(a)", "a !b", "a\\"]
        {
            assert_eq!(words(line), None, "{line:?}");
        }
    }
}
