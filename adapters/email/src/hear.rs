//! Reads replies: lines of a code and text, within bounds whoever sends them.

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use crate::failure::{Trouble, words_of};
use crate::reply::Reply;

/// Longest line of a reply, in octets with its end. RFC 5321 allows 512; some servers say more.
const MAX_LINE_BYTES: u64 = 4096;
/// Most lines of a reply.
const MAX_LINES: usize = 100;
/// How much of nonsense is shown, in characters.
const MAX_SHOWN_CHARS: usize = 80;

/// Reads one reply, of one line or more.
pub(crate) async fn read_reply(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Reply, Trouble> {
    let mut reply: Option<Reply> = None;
    loop {
        let line = read_line(stream).await?;
        let (code, is_last, text) = parse(&line).ok_or_else(|| nonsense(&line))?;
        let reply = reply.get_or_insert(Reply { code, lines: Vec::new() });
        if code != reply.code || reply.lines.len() == MAX_LINES {
            return Err(nonsense(&line));
        }
        reply.lines.push(text.to_owned());
        if is_last {
            return Ok(reply.clone());
        }
    }
}

async fn read_line(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<String, Trouble> {
    let mut line = Vec::new();
    stream.take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await?;
    match line.last() {
        Some(b'\n') => Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
        Some(_) if line.len() as u64 == MAX_LINE_BYTES => Err(Trouble::Nonsense("a line without end".to_owned())),
        Some(_) | None => Err(Trouble::Closed),
    }
}

/// Reads the code of a line, whether it is the last one, and the text behind.
fn parse(line: &str) -> Option<(u16, bool, &str)> {
    let code = line.get(..3).filter(|code| code.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    let is_last = match line.as_bytes().get(3) {
        None | Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return None,
    };
    (200..600).contains(&code).then(|| (code, is_last, line.get(4..).unwrap_or_default()))
}

fn nonsense(line: &str) -> Trouble {
    let shown: String = line.chars().take(MAX_SHOWN_CHARS).collect();
    Trouble::Nonsense(format!("{:?}", words_of(&shown)))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> Result<Reply, String> {
        read_reply(&mut &*bytes).await.map_err(|trouble| trouble.to_string())
    }

    #[tokio::test]
    async fn replies_of_one_line_and_of_many_are_read() {
        assert_eq!(read(b"250\r\n").await.map(|reply| reply.code), Ok(250));
        let reply = read(b"571-5.7.1 no\n571 \xff way\r\nrest").await.expect("a reply");
        assert_eq!(reply.to_string(), "571 5.7.1 no \u{fffd} way");
        assert!(reply.is_for_ever());
    }

    #[tokio::test]
    async fn nonsense_and_lines_without_end_are_no_replies() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"\r\n",
            b"25\r\n",
            b"250+x\r\n",
            b"199 x\r\n",
            b"999 x\r\n",
            b"250-a\r\n251 b\r\n",
            "25é x\r\n".as_bytes(),
            &[b'x'; 10_000],
            &b"250-x\r\n".repeat(200),
        ] {
            let error = read(bytes).await.expect_err("no reply");
            assert!(error.starts_with("the server does not speak SMTP"), "{error}");
        }
        for bytes in [&b""[..], b"250", b"250-a\r\n"] {
            assert_eq!(read(bytes).await, Err("the server closed the connection".to_owned()));
        }
    }
}
