//! A tap on the shoulder: a command that has written rows wakes the process that holds the core role.
//!
//! The socket lies in the state directory, whose path may be longer than a socket's address can be: it is reached
//! through an opened directory. A lost tap costs at most the holder's next look.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Name of the socket in the state directory.
const SOCKET: &str = "core.sock";

/// The listening end, held by the core.
pub struct Waker {
    socket: tokio::net::UnixDatagram,
}

impl Waker {
    /// Listens in a state directory; whoever calls this holds the core role, so an old socket there is a dead one.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen(state: &Path) -> io::Result<Self> {
        match std::fs::remove_file(state.join(SOCKET)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let (_open, address) = address(state)?;
        let socket = std::os::unix::net::UnixDatagram::bind(address)?;
        std::fs::set_permissions(state.join(SOCKET), std::fs::Permissions::from_mode(0o600))?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket: tokio::net::UnixDatagram::from_std(socket)? })
    }

    /// Waits for a tap. Cancel-safe.
    pub async fn tapped(&self) {
        let mut byte = [0; 1];
        if let Err(error) = self.socket.recv(&mut byte).await {
            tracing::debug!(%error, "the wake-up socket failed");
            std::future::pending::<()>().await;
        }
    }
}

/// Wakes the process that holds the core role, if there is one.
pub fn tap(state: &Path) {
    let tapped = address(state).and_then(|(_open, address)| {
        let socket = std::os::unix::net::UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.send_to(&[1], address)
    });
    if let Err(error) = tapped {
        tracing::debug!(%error, "nobody was woken");
    }
}

fn address(state: &Path) -> io::Result<(File, PathBuf)> {
    let open = File::open(state)?;
    let address = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", open.as_raw_fd()));
    Ok((open, address))
}
