//! The disk that every bench stands on.

/// Makes a directory on the disk that holds the build, which is a real one where `/tmp` may be memory.
pub(crate) fn disk() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}
