//! Lines from a reader, read on a thread of its own, one ahead at most. A JSON document that goes over several lines, as people
//! pipe one in, is one text.
//!
//! A read of standard input cannot be interrupted, so the thread is left behind when the program stops; it holds up
//! nothing. Invalid UTF-8 is replaced, a last line needs no line feed, and an overlong line is skipped as it is read.

use std::io::{self, BufRead, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::IgnoredAny;
use tokio::sync::mpsc;

use crate::typed::MAX_INPUT_BYTES;

/// One line, without its end, or the lines of one document.
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
        let given = line.and_then(|line| with_rest(line, &mut input));
        let (given, failed) = match given {
            Ok(given) => (given.into_iter().map(Ok).collect(), false),
            Err(error) => (vec![Err(error)], true),
        };
        if given.into_iter().any(|line| lines.blocking_send(line).is_err()) || failed {
            break;
        }
    }
}

/// What a text is as JSON, as far as it goes.
#[derive(PartialEq, Eq)]
enum Json {
    Whole,
    Begun,
    No,
}

fn json(text: &str) -> Json {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Json::Whole,
        Err(error) if error.is_eof() => Json::Begun,
        Err(_) => Json::No,
    }
}

/// Returns how many more brackets a line of JSON opens than it closes; no string of JSON goes over a line's end.
fn opened(line: &str) -> isize {
    let (mut opened, mut in_string, mut is_escaped) = (0, false, false);
    for byte in line.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => opened += 1,
            b'}' | b']' if !in_string => opened -= 1,
            _ => {}
        }
    }
    opened
}

/// Reads the rest of the document that a line begins, if it begins one; what turns out to be none stays lines, and one that
/// is longer than is taken is passed over like a line.
fn with_rest(line: Line, input: &mut impl BufRead) -> io::Result<Vec<Line>> {
    let Line::Text(first) = &line else { return Ok(vec![line]) };
    if !first.starts_with(['{', '[']) || json(first) != Json::Begun {
        return Ok(vec![line]);
    }
    let (mut all, mut length, mut depth) = (vec![first.clone()], first.len(), opened(first));
    while depth > 0 {
        match next(input)? {
            None => break,
            Some(Line::TooLong) => length = usize::MAX,
            Some(Line::Text(text)) => {
                depth += opened(&text);
                length = length.saturating_add(text.len() + 1);
                all.push(text);
            }
        }
        if length > MAX_INPUT_BYTES {
            all.clear();
        }
    }
    if length > MAX_INPUT_BYTES {
        return Ok(vec![Line::TooLong]);
    }
    let whole = all.join("\n");
    Ok(match json(&whole) {
        Json::Whole | Json::Begun => vec![Line::Text(whole)],
        Json::No => all.into_iter().map(Line::Text).collect(),
    })
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

    #[tokio::test]
    async fn a_document_of_several_lines_is_one_text() {
        let alert = "{\n  \"alerts\": [\n    {\"a\": \"}\"}\n  ],\n\n  \"b\": {\n  }\n}";
        let list = "[\n1,\n2\n]";
        let bytes = format!("/status\n{alert}\n/agents\n{list}\nlast");
        let expected = [text("/status"), text(alert), text("/agents"), text(list), text("last")];
        assert_eq!(lines_of(bytes.as_bytes()).await, expected);
        // Odd, and a document all the same: one without its end, as of a cut paste.
        assert_eq!(lines_of(b"{\n\"a\": 1").await, [text("{\n\"a\": 1")]);
        assert_eq!(lines_of(b"{\"a\": 1}\n[FIRING:1] x\n").await, [text("{\"a\": 1}"), text("[FIRING:1] x")]);
        assert_eq!(lines_of(b"{\nno json\n}\nx").await, [text("{"), text("no json"), text("}"), text("x")]);
    }

    #[tokio::test]
    async fn a_document_that_is_too_long_is_passed_over_whole() {
        let line = format!("  \"{}\",\n", "x".repeat(1000));
        let bytes = format!("[\n{}]\nafter\n", line.repeat(MAX_INPUT_BYTES / 1000 + 10));
        assert_eq!(lines_of(bytes.as_bytes()).await, [Line::TooLong, text("after")]);
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
