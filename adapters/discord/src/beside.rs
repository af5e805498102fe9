//! Files beside the store, for what has to be kept and the store does not take in time.
//!
//! A file counts when it has its name: it is written whole, and to the disk, before it gets it.

use std::io;
use std::path::{Path, PathBuf};

use signalbox_adapter::safe_name;
use tokio::fs::{self, DirBuilder, File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

/// Name of the directory among those of chats, which are called by their numbers.
const DIRECTORY: &str = "asked";

/// Most files that are read; more were not written within one life.
const MAX_FILES: usize = 4096;

/// A directory of such files, which are their owner's alone.
#[derive(Debug)]
pub(crate) struct Beside(PathBuf);

impl Beside {
    /// Names the directory; `None` where files are saved nowhere.
    pub(crate) fn of(files: &Path) -> Option<Self> {
        (!files.as_os_str().is_empty()).then(|| Self(files.join(DIRECTORY)))
    }

    /// Writes a file, in place of an earlier one of this id.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) async fn write(&self, id: &str, data: &str) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0).await?;
        let (target, partial) = (self.file(id), self.0.join(format!("{}.partial", safe_name(id))));
        let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial).await?;
        written.write_all(data.as_bytes()).await?;
        written.sync_all().await?;
        fs::rename(&partial, &target).await?;
        File::open(&self.0).await?.sync_all().await
    }

    /// Reads all files; what cannot be read as text is passed over.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) async fn read(&self) -> io::Result<Vec<String>> {
        let mut entries = match fs::read_dir(&self.0).await {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let mut all = Vec::new();
        while let Some(entry) = entries.next_entry().await?
            && all.len() < MAX_FILES
        {
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                all.extend(fs::read_to_string(&path).await.ok());
            }
        }
        Ok(all)
    }

    /// Removes a file, if there is one.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) async fn remove(&self, id: &str) -> io::Result<()> {
        match fs::remove_file(self.file(id)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn file(&self, id: &str) -> PathBuf {
        self.0.join(format!("{}.json", safe_name(id)))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_written_is_read_until_it_is_removed_and_is_its_owner_s_alone() {
        let files = tempfile::tempdir().expect("a directory");
        let beside = Beside::of(files.path()).expect("a place");
        assert_eq!(beside.read().await.expect("read"), Vec::<String>::new());
        for data in ["one", "two"] {
            beside.write("7", data).await.expect("written");
        }
        std::fs::write(files.path().join("asked/8.partial"), "half").expect("written");
        assert_eq!(beside.read().await.expect("read"), ["two"]);
        let mode = |path: &str| {
            let meta = std::fs::metadata(files.path().join(path)).expect("it is there");
            meta.permissions().mode() & 0o777
        };
        assert_eq!((mode("asked"), mode("asked/7.json")), (0o700, 0o600));
        for _ in 0..2 {
            beside.remove("7").await.expect("removed");
        }
        assert_eq!(beside.read().await.expect("read"), Vec::<String>::new());
        assert!(Beside::of(Path::new("")).is_none());
    }
}
