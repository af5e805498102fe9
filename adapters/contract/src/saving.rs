//! Files of messages: each saved once, below a private directory, under a name that cannot lead elsewhere.
//!
//! A file is written beside its name and renamed, so that a crash leaves no half of one; a second download of the same
//! message writes the same name. How large a file may be, and how it is asked for, is the adapter's.

use std::io;
use std::path::{Path, PathBuf};

use tokio::fs::{DirBuilder, File, OpenOptions};
use tokio::io::AsyncWriteExt;

use crate::{FileKind, InboundKey, IncomingFile};

/// Longest file name that is kept, in bytes.
const MAX_NAME_BYTES: usize = 100;

/// Longest ending of a cut file name that is kept, in bytes.
const MAX_EXTENSION_BYTES: usize = 10;

/// How much of a file is looked at to tell what it is, in bytes.
const HEAD_BYTES: usize = 16;

/// What a file claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Anything.
    Any,
    /// A picture.
    Image,
    /// A voice note.
    Voice,
}

impl Content {
    /// Tells whether a file that begins so can be what it claims to be.
    fn fits(self, head: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Image => {
                let web_picture = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
                head.starts_with(b"\xff\xd8\xff") || head.starts_with(b"\x89PNG\r\n\x1a\n") || web_picture
            }
            Self::Voice => head.starts_with(b"OggS") || head.starts_with(b"ID3") || head.get(4..8) == Some(b"ftyp"),
        }
    }

    /// Returns what the core calls it.
    #[must_use]
    pub fn kind(self) -> FileKind {
        match self {
            Self::Any | Self::Image => FileKind::Document,
            Self::Voice => FileKind::Voice,
        }
    }
}

/// A file of a message that is being saved; unless it is kept, nothing of it stays.
#[derive(Debug)]
pub struct Saving {
    partial: Partial,
    written: File,
    target: PathBuf,
    name: String,
    content: Content,
    head: Vec<u8>,
    size_bytes: u64,
}

impl Saving {
    /// Begins to save the file of this number of a message, as `<directory>/<key>-<number>-<name>`; directory and file are
    /// their owner's alone.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn begin(
        directory: &Path,
        key: &InboundKey,
        number: usize,
        name: &str,
        content: Content,
    ) -> io::Result<Self> {
        let stem = format!("{}-{number}", key.as_str().replace(':', "-"));
        DirBuilder::new().recursive(true).mode(0o700).create(directory).await?;
        let target = directory.join(format!("{stem}-{}", safe_name(name)));
        let partial = Partial(directory.join(format!("{stem}.partial")));
        let written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial.0).await?;
        Ok(Self { partial, written, target, name: name.to_owned(), content, head: Vec::new(), size_bytes: 0 })
    }

    /// Writes the next piece of it.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.size_bytes += piece.len() as u64;
        self.head.extend(piece.iter().take(HEAD_BYTES.saturating_sub(self.head.len())));
        self.written.write_all(piece).await
    }

    /// Returns how much of it was written, in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Tells whether what was written can be what it claims to be.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.content.fits(&self.head)
    }

    /// Keeps it: from now on it has its name.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn keep(mut self) -> io::Result<IncomingFile> {
        self.written.flush().await?;
        tokio::fs::rename(&self.partial.0, &self.target).await?;
        let path = self.target.to_string_lossy().into_owned();
        Ok(IncomingFile { path, name: self.name, kind: self.content.kind() })
    }
}

/// A file that is removed unless it has got another name.
#[derive(Debug)]
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Once it is kept there is nothing of this name any more.
        drop(std::fs::remove_file(&self.0));
    }
}

/// Makes a name that is only a name: no path, nothing a shell or terminal acts on, not hidden, not too long. For people to
/// read, too: nothing else of a name that somebody chose should be shown.
#[must_use]
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let safe: String = last.chars().map(kept).collect();
    let safe = safe.trim_start_matches(['.', '-']);
    if safe.is_empty() {
        return "file".to_owned();
    }
    // What is cut off is the middle, so that the kind of file stays to be seen.
    if safe.len() <= MAX_NAME_BYTES {
        return safe.to_owned();
    }
    let extension = safe.rsplit_once('.').map_or("", |(_, end)| end);
    let extension = if extension.len() <= MAX_EXTENSION_BYTES { extension } else { "" };
    let stem = &safe[..safe.floor_char_boundary(MAX_NAME_BYTES - extension.len() - 1)];
    if extension.is_empty() { stem.to_owned() } else { format!("{stem}.{extension}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_elsewhere() {
        assert_eq!(safe_name("report.pdf"), "report.pdf");
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\x\\a b;$(rm).txt"), "a_b___rm_.txt");
        assert_eq!(safe_name(".bashrc"), "bashrc");
        assert_eq!(safe_name("Übersicht 日本.md"), "Übersicht_日本.md");
        for nameless in ["", "..", "/", "\u{202e}"] {
            assert!(!safe_name(nameless).is_empty() && !safe_name(nameless).starts_with('.'));
        }
        let long = safe_name(&format!("{}.tar", "ü".repeat(300)));
        assert!(long.len() <= MAX_NAME_BYTES && long.ends_with(".tar"), "{long}");
    }

    #[test]
    fn a_program_is_no_picture() {
        assert!(Content::Image.fits(b"\xff\xd8\xff\xe0"));
        assert!(!Content::Image.fits(b"\x7fELF"));
        assert!(Content::Voice.fits(b"OggS\0\0"));
        assert!(!Content::Voice.fits(b""));
    }
}
