//! What a typed or piped text means to the terminal itself, before the core sees it. Pure.

use crate::clean::from_person;

/// Longest text taken as one message, in bytes: prompts of 1 MiB, and room for the command before them.
pub const MAX_INPUT_BYTES: usize = 1024 * 1024 + 4096;

/// One text of the person, understood as far as the terminal goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Nothing but white space.
    Nothing,
    /// `/quit` or `/exit`.
    Leave,
    /// `#<n>`: a press of the button of this number.
    Press(u64),
    /// Anything else: for the core.
    Say(String),
    /// Longer than [`MAX_INPUT_BYTES`].
    TooLong,
}

/// Understands one text.
pub(crate) fn read(text: &str) -> Typed {
    if text.len() > MAX_INPUT_BYTES {
        return Typed::TooLong;
    }
    let text = from_person(text);
    match text.trim() {
        "" => Typed::Nothing,
        "/quit" | "/exit" => Typed::Leave,
        word => match word.strip_prefix('#').and_then(|digits| digits.parse().ok()) {
            Some(number) => Typed::Press(number),
            None => Typed::Say(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_alone_presses_a_button() {
        assert_eq!(read(" #12 "), Typed::Press(12));
        for said in ["#12 is broken", "# heading", "#", "#-1", "#99999999999999999999999"] {
            assert_eq!(read(said), Typed::Say(said.to_owned()));
        }
    }

    #[test]
    fn leaving_is_a_word_of_its_own() {
        assert_eq!(read("/quit\n"), Typed::Leave);
        assert_eq!(read(" /exit"), Typed::Leave);
        assert_eq!(read("/quit now"), Typed::Say("/quit now".to_owned()));
    }

    #[test]
    fn a_megabyte_is_a_prompt_and_much_more_is_not() {
        assert!(matches!(read(&"x".repeat(1024 * 1024)), Typed::Say(_)));
        assert_eq!(read(&"x".repeat(MAX_INPUT_BYTES + 1)), Typed::TooLong);
        assert_eq!(read("\0\x1b \n"), Typed::Nothing);
    }
}
