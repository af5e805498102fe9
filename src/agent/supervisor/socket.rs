//! Unix sockets in directories of any depth.
//!
//! A socket's address holds at most 107 bytes, a path 4096: the address is written relative to the opened directory,
//! as `/proc/self/fd/<n>/sock`.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::wire::SOCKET;

/// Listens on the socket of a run's directory.
pub(super) fn bind(directory: &Path) -> io::Result<UnixListener> {
    let (_open, address) = address(directory)?;
    UnixListener::bind(address)
}

/// Returns the address of the socket of a run's directory, good while the file is held.
///
/// # Errors
/// Where the directory cannot be opened.
pub(super) fn address(directory: &Path) -> io::Result<(File, PathBuf)> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let open = OpenOptions::new().read(true).custom_flags(flags.bits()).open(directory)?;
    let address = format!("/proc/self/fd/{}/{SOCKET}", open.as_raw_fd());
    Ok((open, address.into()))
}
