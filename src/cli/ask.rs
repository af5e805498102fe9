//! Questions to whoever runs a command: in a terminal secrets are not shown, and piped input is one answer a line.

use std::io::{BufRead as _, IsTerminal as _, Write as _, stderr, stdin};

use anyhow::Context as _;
use secrecy::SecretString;

/// Longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// Tells whether a person answers.
pub(super) fn is_a_person() -> bool {
    stdin().is_terminal()
}

/// Asks for a line; `None` when there is no more input.
///
/// # Errors
/// Standard input cannot be read.
pub(super) fn line(question: &str) -> anyhow::Result<Option<String>> {
    eprint!("{question}");
    stderr().flush().ok();
    let answer = read()?;
    if !is_a_person() {
        eprintln!();
    }
    Ok(answer)
}

/// Asks for a secret, which a terminal does not show; `None` when there is no more input.
///
/// # Errors
/// Standard input cannot be read.
pub(super) fn secret(question: &str) -> anyhow::Result<Option<SecretString>> {
    if !is_a_person() {
        return Ok(line(question)?.map(SecretString::from));
    }
    eprint!("{question}");
    stderr().flush().ok();
    match rpassword::read_password() {
        Ok(answer) => Ok(Some(answer.trim().to_owned().into())),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error).context("reading the answer"),
    }
}

fn read() -> anyhow::Result<Option<String>> {
    let mut answer = Vec::new();
    let mut input = std::io::Read::take(stdin().lock(), MAX_ANSWER_BYTES + 1);
    if input.read_until(b'\n', &mut answer).context("reading the answer")? == 0 {
        return Ok(None);
    }
    anyhow::ensure!(answer.len() as u64 <= MAX_ANSWER_BYTES, "the answer is longer than {MAX_ANSWER_BYTES} bytes");
    Ok(Some(String::from_utf8(answer).context("the answer is not UTF-8 text")?.trim().to_owned()))
}
