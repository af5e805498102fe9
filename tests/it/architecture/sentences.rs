//! Which strings of a file say something to a person, read off the text.
//!
//! What a person may read in a chat is told from the rest by where it stands: left out are tests, attributes (with them the
//! texts of errors), what goes to the log, and what a panic or an assertion says.

use crate::imports::code;
use crate::tokens::Token;
use crate::{Files, NONE, files, sources};

/// Rooms that say nothing in words of their own: what a person reads in a chat stands in `src/format/`.
const SILENT: [&str; 5] = ["observer", "bus", "router", "handlers", "turn"];

/// Macros whose words go to the log or into a panic.
const FOR_THE_LOG: [&str; 14] = [
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "span",
    "event",
    "panic",
    "unreachable",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
];
/// Fewest words that are a sentence.
const FEWEST_WORDS: usize = 2;
/// Fewest letters of a word.
const FEWEST_LETTERS: usize = 2;

/// Finds strings that say something to a person where nothing is to be said.
fn spoken(sources: &Files) -> Vec<String> {
    let silent = |path: &&(Vec<String>, Vec<Token>)| path.0.first().is_some_and(|room| SILENT.contains(&room.as_str()));
    let read = code(sources, "src/");
    let said = read
        .iter()
        .filter(silent)
        .flat_map(|(path, code)| sentences(code).into_iter().map(|said| format!("{}: says {said:?}", path.join("::"))));
    said.collect()
}

/// Returns the strings of some code that say something to a person.
fn sentences(code: &[Token]) -> Vec<String> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(token) = code.get(at) {
        at = match token {
            Token::Sign('#') => end_of_attribute(code, at),
            Token::Word(word) if FOR_THE_LOG.contains(&word.as_str()) => end_of_macro(code, at),
            Token::Word(word) if word == "expect" => end_of_brackets(code, at + 1),
            Token::Text(text) => {
                if is_sentence(text) {
                    found.push(text.clone());
                }
                at + 1
            }
            Token::Word(_) | Token::Sign(_) | Token::Colons => at + 1,
        };
    }
    found
}

/// Whether a string has words enough; what is filled into its blanks is not counted.
fn is_sentence(text: &str) -> bool {
    let mut own = String::new();
    let mut blanks = 0_usize;
    for c in text.replace("\\n", " ").chars() {
        match c {
            '{' => blanks += 1,
            '}' => blanks = blanks.saturating_sub(1),
            c if blanks == 0 => own.push(c),
            _ => {}
        }
    }
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let is_word = |word: &String| {
        word.chars().count() >= FEWEST_LETTERS && word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '-'))
    };
    own.split_whitespace().map(bare).filter(is_word).count() >= FEWEST_WORDS
}

fn end_of_attribute(code: &[Token], at: usize) -> usize {
    let open = if code.get(at + 1) == Some(&Token::Sign('!')) { at + 2 } else { at + 1 };
    if code.get(open) == Some(&Token::Sign('[')) { end_of_brackets(code, open) } else { at + 1 }
}

fn end_of_macro(code: &[Token], at: usize) -> usize {
    if code.get(at + 1) == Some(&Token::Sign('!')) { end_of_brackets(code, at + 2) } else { at + 1 }
}

/// Returns what follows the brackets that open here, with all that is in them.
fn end_of_brackets(code: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in code.iter().enumerate().skip(at) {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Token::Word(_) | Token::Sign(_) | Token::Colons | Token::Text(_) => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    code.len()
}

#[test]
fn what_a_person_reads_stands_with_the_other_sentences() {
    assert_eq!(spoken(&sources()), NONE);
}

#[test]
fn a_sentence_elsewhere_is_found_and_what_is_no_word_to_a_person_is_not() {
    let quiet = "//! Says no word here.\n\
        #[derive(thiserror::Error)]\n#[error(\"the end is lost\")]\nstruct Lost;\n\
        fn a() {\n    tracing::warn!(%error, why = f(\"some more words\"), \"it is gone\");\n\
        let name = \"answer.md\"; let key = format!(\"late-edit:{}:{message}\", x.expect(\"a stored one is there\"));\n\
        // Not \"said to anybody\".\n    assert!(ok, \"it is not ok\");\n}\n\
        #[cfg(test)]\nmod tests { fn b() { say(\"in a test\") } }\n";
    let sources = files(&[
        ("src/handlers/quiet.rs", quiet),
        ("src/handlers/loud.rs", "const A: &str = \"is not a channel\";\nfn b() { say(r#\"Use \"it\" now please\"#) }"),
        (
            "src/turn/mod.rs",
            "fn a() { Err(format!(\"{provider} is not in this build\")) }\nfn b() { f(\"error {why}\") }",
        ),
        ("src/bus.rs", "fn a() { warn!(\"logged as it is\"); say(\"failed: {why}, try again\") }"),
        ("src/observer/mod.rs", "#[cfg(test)]\nmod tests;"),
        ("src/observer/tests.rs", "fn a() { say(\"in a test too\") }"),
        ("src/format/task.rs", "fn a() { line(\"Nothing is running here.\") }"),
    ]);
    let expected = [
        r#"bus: says "failed: {why}, try again""#,
        r#"handlers::loud: says "is not a channel""#,
        r#"handlers::loud: says "Use \"it\" now please""#,
        r#"turn: says "{provider} is not in this build""#,
    ];
    assert_eq!(spoken(&sources), expected);
}
