//! A post as its adapter writes it: boxes of lines, each with the colour of its edge.

use super::super::headline::Headline;
use super::color::Color;

/// What stands before the colour of a box's edge.
pub(in crate::alert) const COLOR: &str = "Color: #";

/// One box, or a message without any.
pub(super) struct Post<'a> {
    pub(super) color: Option<Color>,
    pub(super) lines: Vec<&'a str>,
}

impl<'a> Post<'a> {
    /// Returns the first line that is no address: the author, or the title.
    pub(super) fn first(&self) -> Option<&'a str> {
        self.lines.iter().copied().find(|line| line.contains(char::is_alphanumeric) && !is_address(line))
    }

    /// Returns the address that stands on a line of its own.
    pub(super) fn address(&self) -> Option<&'a str> {
        self.lines.iter().copied().map(str::trim).find(|line| is_address(line))
    }

    /// Returns the value of a field.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let value = |line: &&str| line.strip_prefix(name)?.strip_prefix(':').map(|value| value.trim().to_owned());
        self.lines.iter().find_map(value).filter(|value| !value.is_empty())
    }

    /// Returns all of it but colour and addresses, as people read it.
    pub(super) fn text(&self) -> String {
        let lines = self.lines.iter().copied().filter(|line| !is_address(line));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

/// Tells whether a line is an address and nothing else.
pub(super) fn is_address(line: &str) -> bool {
    let line = line.trim();
    ["https://", "http://"].iter().any(|start| line.starts_with(start)) && !line.contains(char::is_whitespace)
}

/// Parts a text into its boxes; what stands before the first is one, too.
pub(super) fn boxes<'a>(lines: &[&'a str]) -> Vec<Post<'a>> {
    let mut boxes = vec![Post { color: None, lines: Vec::new() }];
    for line in lines {
        if let Some(color) = line.strip_prefix(COLOR).and_then(Color::parse) {
            boxes.push(Post { color: Some(color), lines: Vec::new() });
        } else if let Some(last) = boxes.last_mut() {
            last.lines.push(line);
        }
    }
    boxes.retain(|one| one.first().is_some());
    boxes
}

/// Returns the first line that is a title with a mark of its state.
pub(super) fn marked_title<'a>(lines: &[&'a str]) -> Option<&'a str> {
    lines.iter().copied().find(|line| line.starts_with('[') && Headline::of(line).status.is_some())
}
