//! The state directory: private, made where it is missing.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::error::OpenError;

/// Only the owner may look into a directory of ours.
const PRIVATE_DIRECTORY: u32 = 0o700;
/// Only the owner may read a file of ours.
const PRIVATE_FILE: u32 = 0o600;

/// Makes the state directory and its folders, mode 0700.
pub(super) fn prepare(directory: &Path) -> Result<(), OpenError> {
    let fault = |reason| OpenError::Directory { path: directory.to_owned(), reason };
    for folder in [directory.to_owned(), directory.join("runs"), directory.join("roles"), directory.join("windows")] {
        DirBuilder::new().recursive(true).mode(PRIVATE_DIRECTORY).create(&folder).map_err(fault)?;
        let mode = std::fs::metadata(&folder).map_err(fault)?.permissions().mode() & 0o777;
        if mode != PRIVATE_DIRECTORY {
            std::fs::set_permissions(&folder, Permissions::from_mode(PRIVATE_DIRECTORY)).map_err(fault)?;
        }
    }
    Ok(())
}

/// Makes a file where it is missing, mode 0600; SQLite gives its side files the same mode.
pub(super) fn touch_private(path: &Path) -> Result<(), OpenError> {
    let made = open_private(path).and_then(|file| file.set_permissions(Permissions::from_mode(PRIVATE_FILE)));
    made.map_err(|reason| OpenError::Directory { path: path.to_owned(), reason })
}

/// Opens a private file for reading and writing, and makes it where it is missing.
pub(super) fn open_private(path: &Path) -> io::Result<std::fs::File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(PRIVATE_FILE).open(path)
}
