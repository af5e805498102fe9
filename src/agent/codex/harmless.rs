//! Commands that only look at files of the agent's directory: these are not asked about.
//!
//! Where it asks about every command, `ls` too, a person would soon allow everything unread. The list is short and each
//! option is named: a program that can write, run another or reach the network by some option does not pass with it.

use std::path::{Component, Path};

use super::shell;
use crate::agent::grant::passes_link;

/// Programs that only read what they name, whatever short options they get.
const READERS: [&str; 9] = ["cat", "head", "tail", "wc", "ls", "nl", "grep", "egrep", "fgrep"];
/// Programs that only tell something; what else they are given is text.
const TELLERS: [&str; 5] = ["pwd", "echo", "true", "whoami", "uname"];
/// Tests of `find` that do nothing else, and whether a value follows.
const FINDS: [(&str, bool); 8] = [
    ("-name", true),
    ("-iname", true),
    ("-path", true),
    ("-type", true),
    ("-maxdepth", true),
    ("-mindepth", true),
    ("-not", false),
    ("-print", false),
];
/// Short options of `rg` that change only what is matched or shown.
const RG_SHORT: &str = "nilcwSFosHNuA0123456789BC";
/// Long ones.
const RG_LONG: [&str; 7] =
    ["--files", "--line-number", "--ignore-case", "--no-heading", "--hidden", "--files-with-matches", "--count"];

/// Whether a script is one plain command that only looks at files below `directory`.
pub(super) fn is_harmless(script: &str, directory: &Path) -> bool {
    let Some(words) = shell::words(script) else { return false };
    let Some((program, rest)) = words.split_first() else { return false };
    let is_short =
        |word: &str| word.len() > 1 && word.starts_with('-') && !word.starts_with("--") && !word.contains('/');
    let own = |word: &String| is_own(word, directory);
    match program.as_str() {
        name if TELLERS.contains(&name) => true,
        name if READERS.contains(&name) => rest.iter().all(|word| is_short(word) || own(word)),
        "sed" => match rest {
            [option, script, files @ ..] => option == "-n" && is_range(script) && files.iter().all(own),
            _ => false,
        },
        "rg" => rest.iter().all(|word| {
            if word.starts_with("--") {
                RG_LONG.contains(&word.as_str())
            } else if is_short(word) {
                word.chars().skip(1).all(|c| RG_SHORT.contains(c))
            } else {
                own(word)
            }
        }),
        "find" => {
            let mut rest = rest.iter();
            while let Some(word) = rest.next() {
                let known = FINDS.iter().find(|(name, _)| name == word);
                match known {
                    Some((_, false)) => {}
                    Some((_, true)) if rest.next().is_some() => {}
                    None if !word.starts_with('-') && own(word) => {}
                    Some(_) | None => return false,
                }
            }
            true
        }
        _ => false,
    }
}

/// Whether a script of `sed` prints a range of lines: `10,20p`.
fn is_range(script: &str) -> bool {
    let Some(range) = script.strip_suffix('p') else { return false };
    !range.is_empty() && range.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '$')
}

/// Whether a word, where it is taken for a path, leads to nothing outside of the directory.
fn is_own(word: &str, directory: &Path) -> bool {
    let path = Path::new(word);
    let below = path.strip_prefix(directory).unwrap_or(path);
    let stays = below.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    stays && !word.starts_with(['~', '-']) && !passes_link(directory, below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_at_its_own_files_is_harmless_and_nothing_else() {
        let directory = Path::new("/w/project");
        for script in [
            "ls",
            "ls -la src",
            "cat src/a.rs /w/project/b",
            "echo hi",
            "pwd",
            "sed -n '1,200p' src/a.rs",
            "rg -n 'fn main' src",
            "rg --files",
            "find . -name '*.rs' -type f",
            "grep -rn 'a|b' .",
            "wc -l a",
        ] {
            assert!(is_harmless(script, directory), "{script}");
        }
        for script in [
            "",
            "touch out1",
            "cat /etc/passwd",
            "cat ../x",
            "cat a/../../x",
            "cat ~/.ssh/id",
            "ls; rm x",
            "ls | sh",
            "cat a > b",
            "sed -n '1w /tmp/x' a",
            "sed -i s/a/b/ a",
            "sed -n '1,2p' /etc/passwd",
            "rg --pre sh x",
            "rg -z x",
            "rg x /etc",
            "find . -delete",
            "find . -exec rm",
            "find / -name x",
            "find . -name",
            "find . -fprint x",
            "grep --file=/etc/passwd a",
            "grep -f/etc/passwd a",
            "tail --follow=name a",
            "./ls",
            "sort -o a b",
        ] {
            assert!(!is_harmless(script, directory), "{script}");
        }
    }
}
