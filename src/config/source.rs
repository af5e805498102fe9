//! Where the configuration file is, and its text.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::fault::Fault;
use super::statements::Statements;

/// Largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// What a configuration is made of.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file given with `--config`.
    pub explicit: Option<PathBuf>,
    /// The process's environment.
    pub env: BTreeMap<String, String>,
    /// What the adapters are told.
    pub statements: Statements,
}

/// The configuration file, found but not yet read.
pub(super) struct Location {
    /// Its path.
    pub(super) path: PathBuf,
    /// Whether somebody named it, so that it must exist.
    pub(super) named: bool,
}

/// Returns the configuration directory, `$XDG_CONFIG_HOME/signalbox` or `~/.config/signalbox`, where there is a home.
#[must_use]
pub fn directory(env: &BTreeMap<String, String>) -> Option<PathBuf> {
    let absolute = |name: &str| env.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
    Some(base.join("signalbox"))
}

/// Finds the file: `--config`, else `$SIGNALBOX_CONFIG`, else `signalbox.toml` in the configuration directory.
pub(super) fn locate(sources: &Sources) -> Option<Location> {
    let named = sources.explicit.clone().or_else(|| {
        let path = sources.env.get("SIGNALBOX_CONFIG").filter(|path| !path.is_empty())?;
        Some(PathBuf::from(path))
    });
    match named {
        Some(path) => Some(Location { path, named: true }),
        None => Some(Location { path: directory(&sources.env)?.join("signalbox.toml"), named: false }),
    }
}

/// Reads and parses the file; `None` where nobody named it and it is not there.
pub(super) fn read(location: &Location) -> Result<Option<toml::Table>, Fault> {
    let fault = |why: String| Fault::File { path: location.path.clone(), why };
    if !location.named {
        match std::fs::metadata(&location.path) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Ok(_) | Err(_) => {}
        }
    }
    let text = read_text(&location.path).map_err(fault)?;
    text.parse().map(Some).map_err(|error| fault(syntax(&text, &error)))
}

/// Reads a text file of bounded size; the error says what is wrong with it, without its path.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(format!(
            "is larger than {} and so no file of ours",
            bytesize::ByteSize(MAX_FILE_BYTES).display().iec()
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        format!("is not UTF-8 text (line {})", valid.iter().filter(|byte| **byte == b'\n').count() + 1)
    })
}

/// Reads a secret that stands alone in a file of its own; white space around it does not count.
///
/// # Errors
/// What is wrong with the file, without its path.
pub fn read_secret(path: &str) -> Result<secrecy::SecretString, String> {
    let text = read_text(&super::projects::absolute(path)?)?;
    match text.trim() {
        "" => Err("is empty".to_owned()),
        secret => Ok(secret.to_owned().into()),
    }
}

/// Tells whether anybody but the file's owner may read it.
pub(super) fn is_readable_by_others(path: &Path) -> bool {
    const GROUP_AND_OTHERS: u32 = 0o044;
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & GROUP_AND_OTHERS != 0)
}

/// Says what is wrong and where, without the line itself: it may hold a secret.
fn syntax(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("is not valid TOML at line {line}, column {column}: {}", error.message())
}
