//! Agents that print their answer and exit: any filter or script.
//!
//! The prompt goes to standard input, which is then closed; exit code 0 is success, and the whole output is the answer.

use std::borrow::Cow;

use crate::agent::event::{Decision, Final, MAX_ANSWER_BYTES};
use crate::agent::exit::Ended;
use crate::agent::protocol::{self, Ending, Speak, Step};

/// How such an agent is spoken with.
#[derive(Debug, Clone, Copy)]
pub struct Text;

impl Speak for Text {
    fn open(&mut self, prompt: &str) -> Step {
        Step { reply: prompt.as_bytes().to_vec(), close_input: true, ..Step::default() }
    }

    fn line(&mut self, _line: &[u8]) -> Step {
        Step::default()
    }

    fn answer(&mut self, _id: &str, _decision: Decision, _words: &[String]) -> Step {
        Step::default()
    }

    fn end(&mut self, ending: &Ending<'_>) -> Final {
        let words = words(ending);
        if let Some(final_word) = protocol::ended_by_us(ending, &words) {
            return final_word;
        }
        if *ending.ended == (Ended::Exited { code: 0 }) {
            let (answer, whole_bytes) = answer(ending);
            return Final { whole_bytes, ..Final::new(Ok(answer)) };
        }
        protocol::unfinished(ending, false, &words)
    }
}

/// What it said of its failure: on standard error or, where it said nothing there, as its output.
fn words<'a>(ending: &Ending<'a>) -> Cow<'a, str> {
    match ending.stderr_tail.trim() {
        "" => String::from_utf8_lossy(ending.stdout_head),
        words => Cow::Borrowed(words),
    }
}

/// Returns the output as the answer, and its whole size where it was cut.
fn answer(ending: &Ending<'_>) -> (String, Option<u64>) {
    let head = String::from_utf8_lossy(ending.stdout_head);
    if ending.stdout_bytes <= ending.stdout_head.len() as u64 {
        return (head.trim_end_matches(['\n', '\r']).to_owned(), None);
    }
    let kept = protocol::cut(head.trim_end_matches('\u{fffd}'), MAX_ANSWER_BYTES);
    (kept.to_owned(), Some(ending.stdout_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::failure::{Failure, Unfinished};

    fn ending<'a>(ended: &'a Ended, stdout: &'a [u8], stderr_tail: &'a str) -> Ending<'a> {
        Ending { ended, cause: None, stdout_head: stdout, stdout_bytes: stdout.len() as u64, stderr_tail }
    }

    #[test]
    fn exit_0_makes_the_whole_output_the_answer() {
        let done = Text.end(&ending(&Ended::Exited { code: 0 }, b"a\n\nb\n\xff\n", "noise"));
        assert_eq!(done.outcome, Ok("a\n\nb\n\u{fffd}".into()));
        assert_eq!(Text.end(&ending(&Ended::Exited { code: 0 }, b"\n", "")).outcome, Ok(String::new()));
    }

    #[test]
    fn a_cut_answer_says_how_much_there_was() {
        let ended = Ended::Exited { code: 0 };
        let done = Text.end(&Ending { stdout_bytes: 5_000_000, ..ending(&ended, b"abc", "") });
        assert_eq!((done.outcome, done.whole_bytes), (Ok("abc".into()), Some(5_000_000)));
    }

    #[test]
    fn another_exit_code_is_an_error_with_what_was_said() {
        let failed = |ended: &Ended, words: &str| {
            let unfinished = Unfinished { ended: ended.clone(), cause: None, owed: false, words: words.into() };
            Err(Failure::Seen(unfinished))
        };
        let (code, signal) = (Ended::Exited { code: 3 }, Ended::Signalled { signal: 9 });
        assert_eq!(Text.end(&ending(&code, b"out", "no such file\n")).outcome, failed(&code, "no such file"));
        assert_eq!(Text.end(&ending(&code, b"out", " \n")).outcome, failed(&code, "out"));
        assert_eq!(Text.end(&ending(&signal, b"", "")).outcome, failed(&signal, ""));
    }
}
