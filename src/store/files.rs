//! The state directory: private, made where it is missing.

use std::fs::{DirBuilder, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt as _, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::error::OpenError;

/// Only the owner may look into a directory of ours.
const PRIVATE_DIRECTORY: u32 = 0o700;
/// Only the owner may read a file of ours.
const PRIVATE_FILE: u32 = 0o600;

/// The database in the state directory.
pub(super) const DATABASE: &str = "signalbox.db";
/// The folders in it.
const FOLDERS: [&str; 3] = ["runs", "roles", "windows"];
/// What a file system has in its uppermost directory.
const LOST_AND_FOUND: &str = "lost+found";

/// Makes the state directory and its folders, mode 0700. One that is there must be ours, or empty.
///
/// # Errors
/// [`OpenError`]; a directory that is not ours is left as it is.
pub(super) fn prepare(directory: &Path) -> Result<(), OpenError> {
    let fault = |reason| OpenError::Directory { path: directory.to_owned(), reason };
    match std::fs::metadata(directory) {
        Ok(found) if !found.is_dir() => return Err(fault(io::Error::from(io::ErrorKind::NotADirectory))),
        Ok(found) => check_ours(directory, &found)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fault(error)),
    }
    for folder in std::iter::once(directory.to_owned()).chain(FOLDERS.map(|folder| directory.join(folder))) {
        DirBuilder::new().recursive(true).mode(PRIVATE_DIRECTORY).create(&folder).map_err(fault)?;
        let mode = std::fs::metadata(&folder).map_err(fault)?.permissions().mode() & 0o777;
        if mode != PRIVATE_DIRECTORY {
            std::fs::set_permissions(&folder, Permissions::from_mode(PRIVATE_DIRECTORY)).map_err(fault)?;
        }
    }
    Ok(())
}

/// Refuses a directory of somebody else, or with what is not ours in it: what we do to a state directory, others would feel.
fn check_ours(directory: &Path, found: &Metadata) -> Result<(), OpenError> {
    let foreign = |why| OpenError::Foreign { path: directory.to_owned(), why };
    if found.uid() != nix::unistd::geteuid().as_raw() {
        return Err(foreign("it belongs to another user"));
    }
    let is_ours = directory.join(DATABASE).exists();
    let fault = |reason| OpenError::Directory { path: directory.to_owned(), reason };
    for entry in std::fs::read_dir(directory).map_err(fault)? {
        let name = entry.map_err(fault)?.file_name();
        // A start that was cut off has left no more than these.
        let is_known = FOLDERS.iter().chain(&[LOST_AND_FOUND]).any(|known| name == *known);
        if !is_ours && !is_known {
            return Err(foreign("there are other files in it"));
        }
    }
    Ok(())
}

/// Whether a file is there, as we make them: no link, ours, and in a directory of ours, neither open to others.
pub(super) fn is_private(path: &Path) -> bool {
    let own = nix::unistd::geteuid().as_raw();
    let is_kept = |found: &Metadata, mode| found.uid() == own && found.permissions().mode() & 0o777 == mode;
    let directory = path.parent().and_then(|directory| std::fs::metadata(directory).ok());
    let file = std::fs::symlink_metadata(path).ok().filter(Metadata::is_file);
    directory.is_some_and(|found| is_kept(&found, PRIVATE_DIRECTORY))
        && file.is_some_and(|found| is_kept(&found, PRIVATE_FILE))
}

/// Makes a file where it is missing, mode 0600; SQLite gives its side files the same mode.
pub(super) fn touch_private(path: &Path) -> Result<(), OpenError> {
    let made = open_private(path).and_then(|file| file.set_permissions(Permissions::from_mode(PRIVATE_FILE)));
    made.map_err(|reason| OpenError::Directory { path: path.to_owned(), reason })
}

/// Opens a private file for reading and writing, and makes it where it is missing.
pub(super) fn open_private(path: &Path) -> io::Result<std::fs::File> {
    // What lies behind a link is not ours to open or to make private.
    let not_by_link = nix::fcntl::OFlag::O_NOFOLLOW.bits();
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE_FILE)
        .custom_flags(not_by_link)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
    }

    #[test]
    fn a_directory_with_other_files_in_it_is_refused_and_left_as_it_is() {
        let place = tempfile::tempdir().expect("a directory");
        std::fs::set_permissions(place.path(), Permissions::from_mode(0o1777)).expect("ours");
        std::fs::write(place.path().join("somebody's"), "").expect("written");
        let refused = prepare(place.path()).expect_err("not ours");
        assert!(matches!(refused, OpenError::Foreign { .. }), "{refused}");
        assert_eq!(mode(place.path()), 0o1777);
        assert_eq!(std::fs::read_dir(place.path()).expect("read").count(), 1, "nothing was made");
    }

    #[test]
    fn a_database_that_is_a_link_is_refused_and_what_it_leads_to_stays_as_it_is() {
        let place = tempfile::tempdir().expect("a directory");
        let (theirs, link) = (place.path().join("theirs"), place.path().join(DATABASE));
        std::fs::write(&theirs, "").expect("written");
        std::fs::set_permissions(&theirs, Permissions::from_mode(0o644)).expect("ours");
        std::os::unix::fs::symlink(&theirs, &link).expect("a link");
        let refused = touch_private(&link).expect_err("not ours");
        assert!(refused.to_string().contains("symbolic link"), "{refused}");
        assert_eq!(mode(&theirs), 0o644);
    }

    #[test]
    fn a_directory_of_somebody_else_is_refused() {
        let stranger = ["/proc/1", "/"].map(|path| std::fs::metadata(path).expect("it is there"));
        let ours = nix::unistd::geteuid().as_raw();
        if let Some(theirs) = stranger.iter().find(|found| found.uid() != ours) {
            assert!(matches!(check_ours(Path::new("/"), theirs), Err(OpenError::Foreign { .. })));
        }
        let place = tempfile::tempdir().expect("a directory");
        let ours = std::fs::metadata(place.path()).expect("it is there");
        check_ours(place.path(), &ours).expect("ours");
    }

    #[test]
    fn an_empty_directory_and_one_of_ours_are_taken_and_made_private() {
        let place = tempfile::tempdir().expect("a directory");
        std::fs::set_permissions(place.path(), Permissions::from_mode(0o755)).expect("ours");
        prepare(place.path()).expect("empty");
        prepare(place.path()).expect("a start that was cut off");
        std::fs::write(place.path().join(DATABASE), "").expect("written");
        std::fs::write(place.path().join("history"), "").expect("written");
        prepare(place.path()).expect("ours");
        assert_eq!(mode(place.path()), PRIVATE_DIRECTORY);
    }
}
