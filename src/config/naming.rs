//! Lines by which an agent names a file that is to go with its answer: `deliver = ["MEDIA: {path}"]`.

use super::reader::Section;

/// What stands for the path in such a line.
const PATH: &str = "{path}";
/// Most such lines of one agent.
const MAX_LINES: usize = 16;

/// A line that names a file: what stands before the path, and behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamingLine {
    before: String,
    after: String,
}

impl NamingLine {
    /// Reads a line as it is configured.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let Some((before, after)) = text.split_once(PATH) else {
            return Err("must hold {path}, such as \"MEDIA: {path}\"");
        };
        if after.contains(PATH) {
            return Err("must hold {path} once");
        }
        let (before, after) = (before.trim().to_owned(), after.trim().to_owned());
        if before.is_empty() && after.is_empty() {
            return Err("must hold more than {path}, or every line of an answer would name a file");
        }
        if text.contains(['\n', '\r']) {
            return Err("must be one line");
        }
        Ok(Self { before, after })
    }

    /// Returns the path that a line of an answer names; white space around everything is no matter, nor are quotes around the
    /// path.
    #[must_use]
    pub fn path<'l>(&self, line: &'l str) -> Option<&'l str> {
        let path = line.trim().strip_prefix(&self.before)?.strip_suffix(&self.after)?.trim();
        let bare = ['`', '"', '\''].into_iter().find_map(|quote| path.strip_prefix(quote)?.strip_suffix(quote));
        Some(bare.unwrap_or(path)).filter(|path| !path.is_empty())
    }

    /// Returns it as it is configured.
    #[must_use]
    pub fn written(&self) -> String {
        format!("{} {PATH} {}", self.before, self.after).trim().to_owned()
    }
}

/// Reads `deliver`.
pub(super) fn read(section: &mut Section) -> Vec<NamingLine> {
    let lines = section.texts("deliver").unwrap_or_default();
    if lines.len() > MAX_LINES {
        section.fault("deliver", format!("may hold at most {MAX_LINES} lines"));
        return Vec::new();
    }
    let mut read = Vec::new();
    for line in lines {
        match NamingLine::read(&line) {
            Ok(line) => read.push(line),
            Err(why) => section.fault("deliver", format!("{line:?} {why}")),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_what_stands_in_the_place_of_the_path() {
        let media = NamingLine::read("MEDIA: {path}").expect("a line");
        for line in
            ["MEDIA: out/plot.png", "  MEDIA:out/plot.png\t", "MEDIA: `out/plot.png`", "MEDIA: \"out/plot.png\""]
        {
            assert_eq!(media.path(line), Some("out/plot.png"), "{line}");
        }
        for line in ["", "MEDIA:", "MEDIA: ``", "see MEDIA: x", "media: x"] {
            assert_eq!(media.path(line), None, "{line}");
        }
        let tag = NamingLine::read("<file>{path}</file>").expect("a line");
        assert_eq!(tag.path("<file>a b.csv</file>"), Some("a b.csv"));
        assert_eq!(tag.path("<file>a b.csv"), None);
        assert_eq!((media.written().as_str(), tag.written().as_str()), ("MEDIA: {path}", "<file> {path} </file>"));
        assert_eq!(NamingLine::read(&tag.written()), Ok(tag));
    }

    #[test]
    fn what_would_name_everything_or_nothing_is_refused() {
        for wrong in ["", "MEDIA:", "{path}", "  {path} ", "{path} {path}", "a\n{path}"] {
            assert!(NamingLine::read(wrong).is_err(), "{wrong:?}");
        }
    }
}
