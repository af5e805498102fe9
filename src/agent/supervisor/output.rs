//! What an agent writes: two files that outlive the run for which it was started, where the agent does.
//!
//! An agent that is kept goes on writing to the same files. Each run counts from where it began; what the runs before it
//! have left is given back to the disk.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::fd::AsFd as _;
use std::path::Path;

use nix::fcntl::{FallocateFlags, fallocate};

use super::spool::{self, STDERR_FILE, STDOUT_FILE, Spool};
use super::tail::Tail;
use crate::agent::event::MAX_ANSWER_BYTES;
use crate::agent::exit::MAX_STDERR_TAIL_BYTES;

/// Where room cannot be given back, an agent is kept until it has written so much, in bytes.
const MAX_HELD_BYTES: u64 = 64 * 1024 * 1024;

/// The output of an agent.
#[derive(Debug)]
pub(super) struct Output {
    stdout: File,
    stderr: File,
    readers: [File; 2],
    tail: Tail,
    /// Whether there is more to read than was read in the last turn.
    pub(super) more: bool,
    /// Where this run begins in either file.
    begins: [u64; 2],
    /// Bytes that this run has written.
    pub(super) bytes: u64,
    /// Whether what earlier runs have written still takes room.
    is_heaped: bool,
}

impl Output {
    /// Makes the files in a directory.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        let made = |name: &str| spool::new_file(&directory.join(name), true);
        let read = |name: &str| File::open(directory.join(name));
        let (stdout, stderr) = (made(STDOUT_FILE)?, made(STDERR_FILE)?);
        let readers = [read(STDOUT_FILE)?, read(STDERR_FILE)?];
        let tail = Tail::new(read(STDOUT_FILE)?);
        Ok(Self { stdout, stderr, readers, tail, more: false, begins: [0; 2], bytes: 0, is_heaped: false })
    }

    /// Returns both files for the agent to write to.
    pub(super) fn for_agent(&self) -> io::Result<(File, File)> {
        Ok((self.stdout.try_clone()?, self.stderr.try_clone()?))
    }

    /// Returns how much this run has written to standard output, in bytes.
    pub(super) fn stdout_bytes(&self) -> u64 {
        length_of(&self.stdout).saturating_sub(self.begins[0])
    }

    /// Looks at the sizes; returns whether they changed.
    pub(super) fn measure(&mut self) -> bool {
        let bytes = self.stdout_bytes() + length_of(&self.stderr).saturating_sub(self.begins[1]);
        std::mem::replace(&mut self.bytes, bytes) != bytes
    }

    /// Reads on in standard output, line by line; `whole` takes a last line without a break too. Returns whether there may be
    /// more.
    pub(super) fn lines(&mut self, whole: bool, mut take: impl FnMut(&[u8])) -> io::Result<bool> {
        let more = self.tail.read(&mut take);
        if whole && !matches!(more, Ok(true)) {
            self.tail.finish(take);
        }
        self.more = matches!(more, Ok(true));
        more
    }

    /// Returns the end of what this run has written to standard error.
    pub(super) fn stderr_tail(&self) -> String {
        let begin = length_of(&self.stderr).saturating_sub(MAX_STDERR_TAIL_BYTES as u64).max(self.begins[1]);
        let tail = read_from(&self.readers[1], begin, MAX_STDERR_TAIL_BYTES).unwrap_or_default();
        String::from_utf8_lossy(&tail).into_owned()
    }

    /// Returns the beginning of what this run has written to standard output.
    pub(super) fn stdout_head(&self) -> Vec<u8> {
        read_from(&self.readers[0], self.begins[0], MAX_ANSWER_BYTES).unwrap_or_default()
    }

    /// Copies what this run has written into its directory, where people look for it.
    pub(super) fn copy_into(&self, spool: &Spool) -> io::Result<()> {
        for (index, name) in [STDOUT_FILE, STDERR_FILE].into_iter().enumerate() {
            let mut from = &self.readers[index];
            from.seek(SeekFrom::Start(self.begins[index]))?;
            io::copy(&mut from, &mut spool.output(name)?)?;
        }
        Ok(())
    }

    /// Begins a next run: what was written before is no part of it, and gives its room back.
    pub(super) fn begin_again(&mut self) {
        let ends = [length_of(&self.stdout), length_of(&self.stderr)];
        // What is not read yet may still be the beginning of a line.
        let read = [self.tail.read_bytes(), ends[1]];
        for (index, file) in [&self.stdout, &self.stderr].into_iter().enumerate() {
            let Some(length) = i64::try_from(read[index]).ok().filter(|length| *length > 0) else { continue };
            let punched = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
            self.is_heaped |= fallocate(file.as_fd(), punched, 0, length).is_err();
        }
        self.begins = ends;
        self.bytes = 0;
        self.more = true;
    }

    /// Whether so much has been written that the agent had better be started anew.
    pub(super) fn is_full(&self) -> bool {
        let length = length_of(&self.stdout).saturating_add(length_of(&self.stderr));
        self.is_heaped && length > MAX_HELD_BYTES
    }
}

fn length_of(file: &File) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}

fn read_from(mut file: &File, at: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(most as u64).read_to_end(&mut read)?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::os::unix::fs::MetadataExt as _;

    #[test]
    fn each_run_counts_from_where_it_began_and_the_room_before_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut output = Output::create(dir.path()).unwrap();
        let (mut stdout, mut stderr) = output.for_agent().unwrap();
        stdout.write_all(&vec![b'\n'; 1 << 20]).unwrap();
        stderr.write_all(b"first").unwrap();
        assert!(output.measure());
        assert_eq!((output.bytes, output.stderr_tail().as_str()), ((1 << 20) + 5, "first"));
        while output.lines(false, |_| {}).unwrap() {}
        output.begin_again();
        assert_eq!((output.stdout_bytes(), output.stderr_tail()), (0, String::new()));
        stdout.write_all(b"second\nthi").unwrap();
        stderr.write_all(b"later").unwrap();
        output.measure();
        let mut lines = Vec::new();
        output.lines(false, |line| lines.push(String::from_utf8_lossy(line).into_owned())).unwrap();
        assert_eq!((output.bytes, lines), (15, vec!["second".to_owned()]));
        assert_eq!((output.stderr_tail().as_str(), output.stdout_head().as_slice()), ("later", &b"second\nthi"[..]));
        let run = Spool::create(&dir.path().join("1-2")).unwrap();
        output.copy_into(&run).unwrap();
        assert_eq!(std::fs::read(dir.path().join("1-2").join(STDOUT_FILE)).unwrap(), b"second\nthi");
        let room = dir.path().join(STDOUT_FILE).metadata().unwrap().blocks() * 512;
        assert!(output.is_heaped || room < 1 << 20, "{room}");
    }
}
