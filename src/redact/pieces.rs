//! Pieces of secrets, in their usual encodings: whatever cuts a secret, no long piece of it is shown.

use std::collections::HashSet;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Length of the pieces that are looked for, in bytes; a longer piece is made of such.
pub(super) const PIECE_BYTES: usize = 12;
/// Shortest secret whose pieces are looked for, in bytes.
const MIN_SECRET_BYTES: usize = 16;

type Piece = [u8; PIECE_BYTES];

/// The pieces of all secrets that look like nothing but secrets.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    known: HashSet<Piece>,
    /// First two bytes of each piece: most of a text is passed over by these.
    begins: HashSet<[u8; 2]>,
}

impl Pieces {
    /// Adds the pieces of a secret as it is, in Base64 at any place of a longer text, and in hexadecimal digits.
    pub(super) fn add(&mut self, secret: &str) {
        if is_random(secret) {
            self.add_text(secret.as_bytes());
        }
        if secret.len() < PIECE_BYTES {
            return;
        }
        for before in 0..3 {
            let bytes: Vec<u8> = std::iter::repeat_n(0, before).chain(secret.bytes()).collect();
            // The first and the last digits hold what stands beside it.
            let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            for written in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
                self.add_text(&written.as_bytes()[from..to]);
            }
        }
        self.add_text(secret.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().as_bytes());
        self.add_text(secret.bytes().map(|byte| format!("{byte:02X}")).collect::<String>().as_bytes());
    }

    fn add_text(&mut self, text: &[u8]) {
        for piece in text.windows(PIECE_BYTES) {
            self.begins.insert([piece[0], piece[1]]);
            self.known.extend(Piece::try_from(piece));
        }
    }

    /// Finds all pieces in a text; those that touch each other come as one.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let bytes = text.as_bytes();
        let mut found: Vec<Range<usize>> = Vec::new();
        if self.known.is_empty() {
            return found;
        }
        let mut begins = [false; 256];
        self.begins.iter().for_each(|begin| begins[usize::from(begin[0])] = true);
        for (at, piece) in bytes.windows(PIECE_BYTES).enumerate() {
            if !begins[usize::from(piece[0])]
                || !self.begins.contains(&[piece[0], piece[1]])
                || !self.known.contains(piece)
            {
                continue;
            }
            match found.last_mut().filter(|last| last.end >= at) {
                Some(last) => last.end = at + PIECE_BYTES,
                None => found.push(at..at + PIECE_BYTES),
            }
        }
        found
    }
}

/// Whether a text is nothing but a secret: an address or a sentence holds words that stand elsewhere, too.
pub(super) fn is_random(secret: &str) -> bool {
    secret.len() >= MIN_SECRET_BYTES
        && secret.bytes().all(|byte| byte.is_ascii_graphic())
        && secret.bytes().any(|byte| byte.is_ascii_digit())
        && secret.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !secret.contains("://")
        && !secret.starts_with(['/', '.', '~'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_found_however_it_is_cut_or_written() {
        let secret = ["123456789", ":AAf-_Zz09QwErTyUiOpAsDfGhJkLzXcVb12"].concat();
        let mut pieces = Pieces::default();
        pieces.add(&secret);
        let shown = |text: &str| {
            let found = pieces.find(text);
            text.len() - found.iter().map(ExactSizeIterator::len).sum::<usize>()
        };
        for from in 0..secret.len() {
            for to in from + PIECE_BYTES..=secret.len() {
                assert_eq!(shown(&secret[from..to]), 0, "{from}..{to}");
            }
        }
        for before in ["", "a", "ab", "user:"] {
            let whole = STANDARD_NO_PAD.encode(format!("{before}{secret}@"));
            assert!(shown(&whole) <= before.len() * 2 + 4, "{before}: {} of {}", shown(&whole), whole.len());
        }
        assert_eq!(shown(&secret.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()), 0);
        assert_eq!(shown("what else there is to say of 123456789 and more"), 47);
        assert!(
            !is_random("https://host-1.example.com/path")
                && !is_random("correct horse battery 1")
                && !is_random("short1")
        );
    }
}
