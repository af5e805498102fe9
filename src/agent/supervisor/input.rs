//! The agent's standard input: written as fast as it reads, without waiting for it.

use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::process::ChildStdin;

/// Bytes on their way to the agent.
#[derive(Debug)]
pub(super) struct Input {
    pipe: Option<ChildStdin>,
    waiting: Vec<u8>,
    sent: usize,
    closing: bool,
}

impl Input {
    pub(super) fn new(pipe: ChildStdin) -> Self {
        Self { pipe: Some(pipe), waiting: Vec::new(), sent: 0, closing: false }
    }

    /// Queues bytes; behind them, where `close`, the pipe is closed.
    pub(super) fn push(&mut self, bytes: Vec<u8>, close: bool) {
        if !self.closing {
            if self.waiting.is_empty() {
                self.waiting = bytes;
            } else {
                self.waiting.extend_from_slice(&bytes);
            }
            self.closing = close;
        }
        self.write();
    }

    /// Whether the agent can be told more, and has been given all that it was told.
    pub(super) fn is_free(&self) -> bool {
        self.pipe.is_some() && !self.closing && self.waiting.is_empty()
    }

    /// Returns the pipe where bytes wait for it.
    pub(super) fn wanting(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().filter(|_| !self.waiting.is_empty()).map(|pipe| pipe.as_fd())
    }

    /// Writes what the pipe takes; an agent that no longer reads is no error.
    pub(super) fn write(&mut self) {
        while let Some(pipe) = &mut self.pipe {
            if self.sent == self.waiting.len() {
                self.waiting = Vec::new();
                self.sent = 0;
                if self.closing {
                    self.pipe = None;
                }
                return;
            }
            match pipe.write(&self.waiting[self.sent..]) {
                Ok(length) => self.sent += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.pipe = None,
            }
        }
        self.waiting = Vec::new();
        self.sent = 0;
    }
}
