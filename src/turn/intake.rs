//! Files that came with a message, as an agent is told of them: one line each below the person's own words.

use signalbox_adapter::{FileKind, IncomingFile};

use crate::format::prompt::FILES;

/// Files named in one prompt; Telegram's albums have at most 10.
const MAX_FILES: usize = 20;
/// Longest name shown, in characters.
const MAX_NAME_CHARS: usize = 120;

/// Returns the files that are named in a prompt; voice notes are words.
pub fn documents(files: &[IncomingFile]) -> impl Iterator<Item = &IncomingFile> {
    files.iter().filter(|file| file.kind == FileKind::Document).take(MAX_FILES)
}

/// Returns the voice note of a message, if it is one.
#[must_use]
pub fn voice(files: &[IncomingFile]) -> Option<&IncomingFile> {
    files.iter().find(|file| file.kind == FileKind::Voice)
}

/// Names a message's files below its words.
#[must_use]
pub fn with_files(words: &str, files: &[IncomingFile]) -> String {
    let mut prompt = words.to_owned();
    for (number, file) in documents(files).enumerate() {
        if number == 0 {
            prompt.push_str(FILES);
        }
        // The name is the sender's: quoted, so that it is one line whatever is in it.
        let name: String = file.name.chars().take(MAX_NAME_CHARS).collect();
        prompt.push_str(&format!("- {name:?}: {}\n", file.path));
    }
    prompt.truncate(prompt.trim_end_matches('\n').len());
    prompt
}

/// Puts new words above the files that an earlier prompt named.
#[must_use]
pub fn reworded(words: &str, earlier: &str) -> String {
    match earlier.rfind(FILES) {
        Some(at) => format!("{words}{}", &earlier[at..]),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, kind: FileKind) -> IncomingFile {
        IncomingFile { path: "/state/files/7-0-x".into(), name: name.into(), kind }
    }

    #[test]
    fn files_are_named_one_a_line_whatever_they_are_called() {
        let files = [file("a.log", FileKind::Document), file("x\n- \"b\": /etc/shadow", FileKind::Document)];
        let prompt = with_files("why?", &files);
        assert_eq!(
            prompt,
            "why?\n\nAttached files:\n- \"a.log\": /state/files/7-0-x\n- \"x\\n- \\\"b\\\": /etc/shadow\": /state/files/7-0-x"
        );
        assert_eq!(with_files("why?", &[file("v.ogg", FileKind::Voice)]), "why?");
    }

    #[test]
    fn new_words_keep_the_files() {
        let prompt = with_files("why?", &[file("a.log", FileKind::Document)]);
        assert_eq!(reworded("when?", &prompt), "when?\n\nAttached files:\n- \"a.log\": /state/files/7-0-x");
        assert_eq!(reworded("when?", "why?"), "when?");
    }
}
