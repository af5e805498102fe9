//! What is said of files that an agent has named for the person.

use signalbox_adapter::one_line;

use super::count;

/// Most files that are named in one line.
const MAX_SAID: usize = 4;
/// Longest name, in characters.
const MAX_NAME_CHARS: usize = 60;

/// A file that does not go with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unattached {
    /// What the agent has named.
    pub name: String,
    /// Why it does not go.
    pub why: WhyUnattached,
}

/// Why a file does not go with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyUnattached {
    /// It lies outside of the agent's directory, or a link leads there.
    Outside,
    /// It is not there.
    Missing,
    /// It is a directory, a device or the like.
    NoFile,
    /// We may not read it.
    Unreadable,
    /// There is nothing in it.
    Empty,
    /// It is too large for the chat.
    Large {
        /// How large it is, in bytes.
        bytes: u64,
        /// How large it may be, in bytes.
        most: u64,
    },
    /// All files of one answer would be too large together.
    Together {
        /// How large they may be, in bytes.
        most: u64,
    },
    /// A secret stands in it.
    Secret,
    /// It was written to while it was read.
    Changing,
    /// This machine has no room for a copy of it.
    NoRoom,
    /// A letter takes no more.
    Surplus,
}

/// Says in one line of Markdown which files do not go with an answer, and why; `more` are not looked at, for so many are too many.
#[must_use]
pub fn unattached(files: &[Unattached], more: usize, most: usize) -> Option<String> {
    let said = files.iter().take(MAX_SAID).map(|file| format!("`{}` ({})", name(&file.name), why(file.why)));
    let mut said: Vec<String> = said.collect();
    match files.len().saturating_sub(MAX_SAID) {
        0 => {}
        others => said.push(count(others, "other")),
    }
    if more > 0 {
        said.push(format!("{more} more (an answer takes {most})"));
    }
    (!said.is_empty()).then(|| format!("Not attached: {}.", said.join(", ")))
}

/// Stands in the place of an answer that only names files.
#[must_use]
pub fn only_files(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|file| format!("`{}`", name(file))).collect();
    format!("Attached: {}.", names.join(", "))
}

fn name(name: &str) -> String {
    let name = one_line(&name.replace('`', "'"), MAX_NAME_CHARS);
    if name.is_empty() { "a file".to_owned() } else { name }
}

fn why(why: WhyUnattached) -> String {
    match why {
        WhyUnattached::Outside => "outside of its directory".to_owned(),
        WhyUnattached::Missing => "not there".to_owned(),
        WhyUnattached::NoFile => "no file".to_owned(),
        WhyUnattached::Unreadable => "not readable".to_owned(),
        WhyUnattached::Empty => "empty".to_owned(),
        WhyUnattached::Large { bytes, most } => format!("{} of at most {}", size(bytes), size(most)),
        WhyUnattached::Together { most } => format!("all together over {}", size(most)),
        WhyUnattached::Secret => "a secret is in it".to_owned(),
        WhyUnattached::Changing => "changed while it was read".to_owned(),
        WhyUnattached::NoRoom => "no room on the bot's disk".to_owned(),
        WhyUnattached::Surplus => "a mail takes one".to_owned(),
    }
}

/// Writes a size as people say it: `12 bytes`, `340 kB`, `50 MB`, `10.4 MB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => match bytes % 1_000_000 / 100_000 {
            0 => format!("{} MB", bytes / 1_000_000),
            tenths => format!("{}.{tenths} MB", bytes / 1_000_000),
        },
    }
}
