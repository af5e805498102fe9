//! Lines from a reader, read on a thread of its own, one ahead at most.
//!
//! A read of standard input cannot be interrupted, so the thread is left behind when the program stops; it holds up
//! nothing. Invalid UTF-8 is replaced, a last line needs no line feed, and an overlong line is skipped as it is read.

use std::io::{self, BufRead, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::mpsc;

use crate::typed::MAX_INPUT_BYTES;

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Its text.
    Text(String),
    /// It was longer than [`MAX_INPUT_BYTES`] and has been skipped.
    TooLong,
}

/// Reads lines until the end, or until the receiver is dropped.
///
/// # Errors
/// The thread could not be started. An error of the reader itself is the channel's last value.
pub(crate) fn read(input: Box<dyn Read + Send>) -> io::Result<mpsc::Receiver<io::Result<Line>>> {
    let (sender, receiver) = mpsc::channel(1);
    let lines = move || {
        // A panic is not the end of the input.
        if catch_unwind(AssertUnwindSafe(|| give(input, &sender))).is_err() {
            sender.blocking_send(Err(io::Error::other("reading the input panicked"))).ok();
        }
    };
    std::thread::Builder::new().name("console-lines".to_owned()).spawn(lines)?;
    Ok(receiver)
}

fn give(input: Box<dyn Read + Send>, lines: &mpsc::Sender<io::Result<Line>>) {
    let mut input = BufReader::new(input);
    while let Some(line) = next(&mut input).transpose() {
        let failed = line.is_err();
        if lines.blocking_send(line).is_err() || failed {
            break;
        }
    }
}

fn next(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let most = MAX_INPUT_BYTES as u64 + 1;
    if input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > MAX_INPUT_BYTES {
        input.skip_until(b'\n')?;
        return Ok(Some(Line::TooLong));
    }
    Ok(Some(Line::Text(String::from_utf8_lossy(&line).into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(bytes: &[u8]) -> Vec<Line> {
        let mut receiver = read(Box::new(io::Cursor::new(bytes.to_vec()))).expect("started");
        let mut lines = Vec::new();
        while let Some(line) = receiver.recv().await {
            lines.push(line.expect("readable"));
        }
        lines
    }

    fn text(text: &str) -> Line {
        Line::Text(text.to_owned())
    }

    #[tokio::test]
    async fn the_last_line_counts_without_its_line_feed() {
        assert_eq!(lines_of(b"one\n\ntwo").await, [text("one"), text(""), text("two")]);
        assert_eq!(lines_of(b"").await, []);
    }

    struct Faulty;

    impl Read for Faulty {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("a reader panics")
        }
    }

    #[tokio::test]
    async fn a_reader_that_panics_is_not_the_end_of_the_input() {
        let mut receiver = read(Box::new(Faulty)).expect("started");
        assert!(receiver.recv().await.is_some_and(|line| line.is_err()));
        assert!(receiver.recv().await.is_none());
    }

    #[tokio::test]
    async fn invalid_utf8_is_replaced() {
        assert_eq!(lines_of(b"a\xffb\n\xc3").await, [text("a\u{fffd}b"), text("\u{fffd}")]);
    }

    #[tokio::test]
    async fn an_overlong_line_is_skipped_and_the_rest_goes_on() {
        let mut bytes = vec![b'x'; MAX_INPUT_BYTES + 100_000];
        bytes.extend(b"\nafter\n");
        assert_eq!(lines_of(&bytes).await, [Line::TooLong, text("after")]);
        let exact = vec![b'x'; MAX_INPUT_BYTES];
        assert_eq!(lines_of(&exact).await, [Line::Text("x".repeat(MAX_INPUT_BYTES))]);
        let endless = vec![b'x'; MAX_INPUT_BYTES + 1];
        assert_eq!(lines_of(&endless).await, [Line::TooLong]);
    }
}
