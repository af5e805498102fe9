//! The agent's standard output as it grows, line by line.

use std::fs::File;
use std::io::{self, Read as _};

/// Longest line that is given on, in bytes; a longer one is dropped. An answer may be one line.
pub(super) const MAX_LINE_BYTES: usize = 32 * 1024 * 1024;

/// Most that one call reads, in bytes, so that time and signals are looked at in between.
const MAX_READ_BYTES: usize = 4 * 1024 * 1024;

const CHUNK_BYTES: usize = 32 * 1024;

/// A growing file, read line by line.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    line: Vec<u8>,
    dropping: bool,
    read_bytes: u64,
}

impl Tail {
    pub(super) fn new(file: File) -> Self {
        Self { file, line: Vec::new(), dropping: false, read_bytes: 0 }
    }

    /// Gives on the lines that are whole; returns whether there may be more at once.
    pub(super) fn read(&mut self, mut take: impl FnMut(&[u8])) -> io::Result<bool> {
        let mut chunk = [0; CHUNK_BYTES];
        let mut read = 0;
        while read < MAX_READ_BYTES {
            let length = match self.file.read(&mut chunk) {
                Ok(0) => return Ok(false),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            read += length;
            self.read_bytes += length as u64;
            self.split(&chunk[..length], &mut take);
        }
        Ok(true)
    }

    /// Returns how much of the file was read, in bytes.
    pub(super) fn read_bytes(&self) -> u64 {
        self.read_bytes
    }

    /// Gives on the rest that no line break ends.
    pub(super) fn finish(&mut self, mut take: impl FnMut(&[u8])) {
        if !self.line.is_empty() {
            take(&std::mem::take(&mut self.line));
        }
    }

    fn split(&mut self, mut chunk: &[u8], take: &mut impl FnMut(&[u8])) {
        while let Some(end) = chunk.iter().position(|&byte| byte == b'\n') {
            self.extend(&chunk[..end]);
            if !self.dropping {
                take(&self.line);
            }
            self.dropping = false;
            self.line.clear();
            // Long lines are rare; an idle supervisor holds no room for the next one.
            self.line.shrink_to(CHUNK_BYTES);
            chunk = &chunk[end + 1..];
        }
        self.extend(chunk);
    }

    fn extend(&mut self, part: &[u8]) {
        if self.dropping || self.line.len() + part.len() > MAX_LINE_BYTES {
            self.dropping = true;
            self.line = Vec::new();
        } else {
            self.line.extend_from_slice(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn lines(tail: &mut Tail) -> Vec<usize> {
        let mut lengths = Vec::new();
        while tail.read(|line| lengths.push(line.len())).unwrap() {}
        lengths
    }

    #[test]
    fn lines_are_given_once_they_are_whole() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut tail = Tail::new(file.reopen().unwrap());
        file.write_all(b"one\n\ntw").unwrap();
        assert_eq!(lines(&mut tail), [3, 0]);
        file.write_all(b"o\nrest").unwrap();
        assert_eq!(lines(&mut tail), [3]);
        let mut rest = Vec::new();
        tail.finish(|line| rest.extend_from_slice(line));
        assert_eq!(rest, b"rest");
    }

    #[test]
    fn a_line_beyond_the_bound_is_dropped_and_the_next_is_not() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut tail = Tail::new(file.reopen().unwrap());
        file.write_all(&vec![b'x'; MAX_LINE_BYTES]).unwrap();
        file.write_all(b"\n").unwrap();
        file.write_all(&vec![b'x'; MAX_LINE_BYTES + 1]).unwrap();
        file.write_all(b"\nnext\n").unwrap();
        assert_eq!(lines(&mut tail), [MAX_LINE_BYTES, 4]);
    }
}
