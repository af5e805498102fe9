//! Where an agent writes its answer that writes it to a file: a directory of the run's own, which goes with the run.
//!
//! What is found there is as hostile as anything an agent puts out: it may be a link to what only we can read, a pipe that
//! nobody writes to, or endless. The directory is held open, so that it cannot be changed for another.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use crate::agent::protocol::{AnswerFile, MAX_ANSWER_FILE_BYTES};
use crate::agent::run::RunSpec;

/// The directory of a run's answer.
#[derive(Debug)]
pub(super) struct AnswerPlace {
    path: PathBuf,
    directory: File,
    name: OsString,
}

impl AnswerPlace {
    /// Makes the directory, empty, of a run whose agent writes its answer to a file.
    pub(super) fn of(spec: &RunSpec) -> io::Result<Option<Self>> {
        let Some(file) = &spec.answer_file else { return Ok(None) };
        let (Some(path), Some(name)) = (file.parent(), file.file_name()) else {
            return Err(io::Error::other(format!("{}: no place for an answer", file.display())));
        };
        DirBuilder::new().mode(0o700).recursive(true).create(&spec.scratch)?;
        clear(path)?;
        DirBuilder::new().mode(0o700).create(path)?;
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
        let directory = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
        Ok(Some(Self { path: path.to_owned(), directory, name: name.to_owned() }))
    }

    /// Reads the answer.
    pub(super) fn read(&self) -> AnswerFile {
        // A pipe is not waited for, and no link is followed.
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let file = match openat(&self.directory, self.name.as_os_str(), flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::ENOENT) => return AnswerFile::Missing,
            Err(_) => return AnswerFile::Unreadable,
        };
        // A second name of it may be that of another's file.
        if !file.metadata().is_ok_and(|found| found.is_file() && found.nlink() == 1) {
            return AnswerFile::Unreadable;
        }
        let mut read = Vec::new();
        match file.take(MAX_ANSWER_FILE_BYTES + 1).read_to_end(&mut read) {
            Ok(bytes) if bytes as u64 > MAX_ANSWER_FILE_BYTES => AnswerFile::TooLong,
            Ok(_) => AnswerFile::Read(read),
            Err(_) => AnswerFile::Unreadable,
        }
    }
}

impl Drop for AnswerPlace {
    fn drop(&mut self) {
        // What cannot be removed goes with the session's scratch directory.
        let _ = clear(&self.path);
    }
}

/// Removes whatever stands there.
fn clear(path: &Path) -> io::Result<()> {
    let cleared = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    cleared.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Permission;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    /// A run that is to answer in a file; the file.
    fn spec(scratch: &Path) -> (RunSpec, PathBuf) {
        let file = scratch.join("session/answer-1-1/answer.json");
        let run = RunSpec::sample("opensre", Permission::Ask);
        (RunSpec { scratch: scratch.join("session"), answer_file: Some(file.clone()), ..run }, file)
    }

    #[test]
    fn what_the_agent_wrote_is_read_and_goes_with_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let (spec, file) = spec(dir.path());
        let place = AnswerPlace::of(&spec).unwrap().unwrap();
        assert_eq!(place.read(), AnswerFile::Missing);
        assert_eq!(file.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(&file, "{}").unwrap();
        assert_eq!(place.read(), AnswerFile::Read(b"{}".to_vec()));
        drop(place);
        assert!(!file.parent().unwrap().exists() && dir.path().join("session").exists());
        assert!(AnswerPlace::of(&RunSpec { answer_file: None, ..spec }).unwrap().is_none());
    }

    #[test]
    fn what_is_no_file_of_its_own_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let (spec, file) = spec(dir.path());
        let secret = dir.path().join("secret");
        fs::write(&secret, r#"{"report":"our token"}"#).unwrap();
        let place = AnswerPlace::of(&spec).unwrap().unwrap();
        for plant in [
            &|| symlink(&secret, &file).unwrap() as (),
            &|| fs::hard_link(&secret, &file).unwrap(),
            &|| nix::unistd::mkfifo(&file, Mode::S_IRWXU).unwrap(),
            &|| fs::create_dir(&file).unwrap(),
        ] as [&dyn Fn(); 4]
        {
            plant();
            assert_eq!(place.read(), AnswerFile::Unreadable);
            clear(&file).unwrap();
        }
        let endless = File::create(&file).unwrap();
        endless.set_len(MAX_ANSWER_FILE_BYTES + 1).unwrap();
        assert_eq!(place.read(), AnswerFile::TooLong);
        // Another directory in its place is another's.
        fs::rename(file.parent().unwrap(), dir.path().join("away")).unwrap();
        let other = dir.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("answer.json"), "forged").unwrap();
        symlink(&other, file.parent().unwrap()).unwrap();
        fs::remove_file(dir.path().join("away/answer.json")).unwrap();
        assert_eq!(place.read(), AnswerFile::Missing);
        drop(place);
        assert!(other.join("answer.json").exists() && secret.exists(), "no link is followed to remove something");
    }

    #[test]
    fn what_an_earlier_run_has_left_there_is_no_answer() {
        let dir = tempfile::tempdir().unwrap();
        let (spec, file) = spec(dir.path());
        let other = dir.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("answer.json"), "kept").unwrap();
        fs::create_dir_all(dir.path().join("session")).unwrap();
        symlink(&other, file.parent().unwrap()).unwrap();
        let place = AnswerPlace::of(&spec).unwrap().unwrap();
        assert_eq!(place.read(), AnswerFile::Missing);
        fs::write(&file, "new").unwrap();
        assert_eq!(fs::read(other.join("answer.json")).unwrap(), b"kept");
        drop(place);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "old").unwrap();
        assert_eq!(AnswerPlace::of(&spec).unwrap().unwrap().read(), AnswerFile::Missing);
    }
}
