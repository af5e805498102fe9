//! The bots that are connected to a supervisor.
//!
//! Each is sent the `events` file from where it stopped, as fast as it reads and no faster: what is not sent yet is in
//! the file, so that a slow client costs nothing and nobody waits for it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use super::caller::{self, Caller};
use super::process::ProgramFile;
use super::socket;
use super::wire::{self, Control, Hello, MAX_CONTROL_BYTES};
use crate::agent::run::PROTOCOL_VERSION;

/// Most clients at once; further ones are turned away.
pub(super) const MAX_CLIENTS: usize = 16;

/// How much of `events` is held for one client, in bytes.
const CHUNK_BYTES: usize = 32 * 1024;

/// One connected bot.
#[derive(Debug)]
struct Client {
    stream: UnixStream,
    caller: Caller,
    received: Vec<u8>,
    pending: Vec<u8>,
    /// How far in `events` it is; `None` until its hello.
    at: Option<u64>,
    alive: bool,
}

/// The socket and who is connected to it.
#[derive(Debug)]
pub(super) struct Clients {
    listener: UnixListener,
    clients: Vec<Client>,
    events: File,
    /// The programs from which answers are taken.
    programs: &'static [ProgramFile],
}

impl Clients {
    /// Listens in the run's directory.
    pub(super) fn listen(directory: &Path, events: File) -> io::Result<Self> {
        let listener = socket::bind(directory)?;
        std::fs::set_permissions(directory.join(wire::SOCKET), std::fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, clients: Vec::new(), events, programs: caller::trusted() })
    }

    /// Returns the listening socket.
    pub(super) fn listener(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    /// Returns each client's socket and whether something waits to be sent.
    pub(super) fn sockets(&self) -> impl Iterator<Item = (BorrowedFd<'_>, bool)> {
        self.clients.iter().map(|client| (client.stream.as_fd(), !client.pending.is_empty()))
    }

    /// Takes new clients, reads what clients say, and sends what happened up to `events_bytes` of `events`.
    pub(super) fn serve(&mut self, events_bytes: u64) -> Vec<Control> {
        self.accept();
        let mut said = Vec::new();
        for client in &mut self.clients {
            client.receive(&self.events, self.programs, &mut said);
        }
        self.send(events_bytes);
        said
    }

    /// Sends what happened up to `events_bytes` of `events`.
    pub(super) fn send(&mut self, events_bytes: u64) {
        for client in &mut self.clients {
            client.send(&self.events, events_bytes);
        }
        self.clients.retain(|client| client.alive);
    }

    /// Sends the last line to every client that has all events, and closes; the others find it in the files.
    pub(super) fn finish(mut self, events_bytes: u64, last_line: &[u8]) {
        self.send(events_bytes);
        for client in &mut self.clients {
            if client.at == Some(events_bytes) && client.pending.is_empty() {
                client.pending = last_line.to_vec();
                client.flush();
            }
        }
    }

    fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            // A run must not answer its own requests, nor those of another.
            let Some(caller) = Caller::of(&stream).filter(|caller| !caller.is_of_a_run()) else { continue };
            if self.clients.len() >= MAX_CLIENTS || stream.set_nonblocking(true).is_err() {
                continue;
            }
            let hello = Hello { version: PROTOCOL_VERSION, pid: std::process::id() };
            let pending = wire::line(&hello);
            self.clients.push(Client { stream, caller, received: Vec::new(), pending, at: None, alive: true });
        }
    }
}

impl Client {
    fn receive(&mut self, events: &File, programs: &[ProgramFile], said: &mut Vec<Control>) {
        let mut chunk = [0; 4096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => {
                    self.alive = false;
                    break;
                }
                Ok(length) => self.received.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.alive = false;
                    break;
                }
            }
            while let Some(end) = self.received.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                match serde_json::from_slice(&line) {
                    Ok(Control::Hello { from, .. }) => self.at = offset_of_line(events, from).ok(),
                    Ok(control @ (Control::Cancel { .. } | Control::Revoke { .. })) => said.push(control),
                    // Looked at again: it may have been handed to another process since it has connected.
                    Ok(control @ Control::Answer { .. }) => {
                        if self.caller.runs(programs) && !self.caller.is_of_a_run() {
                            said.push(control);
                        }
                    }
                    Err(_) => {}
                }
            }
            if self.received.len() > MAX_CONTROL_BYTES {
                self.alive = false;
                break;
            }
        }
    }

    fn send(&mut self, events: &File, events_bytes: u64) {
        self.flush();
        while self.alive && self.pending.is_empty() {
            let Some(at) = self.at.filter(|at| *at < events_bytes) else { return };
            let length = usize::try_from(events_bytes - at).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
            self.pending.resize(length, 0);
            if events.read_exact_at(&mut self.pending, at).is_err() {
                self.alive = false;
                return;
            }
            self.at = Some(at + length as u64);
            self.flush();
        }
    }

    /// Sends what is pending, as far as the socket takes it.
    fn flush(&mut self) {
        while self.alive && !self.pending.is_empty() {
            match self.stream.write(&self.pending) {
                Ok(length) => {
                    self.pending.drain(..length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.alive = false,
            }
        }
        self.pending = Vec::new();
    }
}

/// Returns where line `line` begins, counted from 0; the end of the file where there are fewer.
fn offset_of_line(file: &File, line: u64) -> io::Result<u64> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let (mut at, mut left) = (0, line);
    while left > 0 {
        let length = file.read_at(&mut chunk, at)?;
        if length == 0 {
            break;
        }
        for (index, _) in chunk[..length].iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            left -= 1;
            if left == 0 {
                return Ok(at + index as u64 + 1);
            }
        }
        at += length as u64;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_goes_on_behind_the_events_it_has_seen() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"a\nbb\nccc\n").unwrap();
        let offsets: Vec<u64> = (0..5).map(|line| offset_of_line(&file, line).unwrap()).collect();
        assert_eq!(offsets, [0, 2, 5, 9, 9]);
    }
}
