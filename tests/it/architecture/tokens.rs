//! Code cut into pieces, for the rules that read it.

/// A piece of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name, a keyword or a number.
    Word(String),
    /// Any other sign.
    Sign(char),
    /// `::`.
    Colons,
    /// What stands in a string, as it is written.
    Text(String),
}

/// Leaves out what is compiled for tests only, and names the modules among it that are files of their own.
pub(crate) fn without_tests(tokens: Vec<Token>) -> (Vec<Token>, Vec<String>) {
    let word = |text: &str| Token::Word(text.to_owned());
    let mark = [Token::Sign('#'), Token::Sign('['), word("cfg"), Token::Sign('(')];
    let (mut kept, mut files, mut at) = (Vec::new(), Vec::new(), 0);
    while at < tokens.len() {
        let close = tokens[at..].iter().position(|token| *token == Token::Sign(']')).map(|to| at + to);
        let condition = close.filter(|_| tokens[at..].starts_with(&mark)).map(|close| &tokens[at..close]);
        let is_test = condition.is_some_and(|of| of.contains(&word("test")) && !of.contains(&word("not")));
        let Some(from) = close.filter(|_| is_test) else {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        };
        let end = tokens[from..].iter().position(|token| matches!(token, Token::Sign(';' | '{'))).map(|to| from + to);
        let Some(end) = end else { break };
        if tokens[end] == Token::Sign(';') {
            if let Some(at) = tokens[from..end].iter().position(|token| *token == word("mod"))
                && let Some(Token::Word(name)) = tokens.get(from + at + 1)
            {
                files.push(name.clone());
            }
            at = end + 1;
            continue;
        }
        let mut level = 0;
        at = end;
        while let Some(token) = tokens.get(at) {
            match token {
                Token::Sign('{') => level += 1,
                Token::Sign('}') => level -= 1,
                Token::Word(_) | Token::Sign(_) | Token::Colons | Token::Text(_) => {}
            }
            at += 1;
            if level == 0 {
                break;
            }
        }
    }
    (kept, files)
}

/// Cuts code into words, signs and strings; comments, characters and lifetimes are passed over.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match c {
            '/' if next == Some('/') => at = position(&chars, at, '\n'),
            '"' => {
                let end = end_of_string(&chars, at);
                tokens.push(Token::Text(text_of(&chars, at + 1, end - 1)));
                at = end;
            }
            'r' if matches!(next, Some('"' | '#')) && !is_raw_name(&chars, at) => {
                let end = end_of_raw(&chars, at);
                let raw = text_of(&chars, at + 1, end);
                let text = raw.trim_matches('#');
                tokens.push(Token::Text(text.trim_matches('"').to_owned()));
                at = end;
            }
            '\'' => at = end_of_character(&chars, at),
            ':' if next == Some(':') => {
                tokens.push(Token::Colons);
                at += 2;
            }
            c if c.is_alphanumeric() || c == '_' => {
                let end = (at..chars.len()).find(|i| !(chars[*i].is_alphanumeric() || chars[*i] == '_'));
                let end = end.unwrap_or(chars.len());
                tokens.push(Token::Word(chars[at..end].iter().collect()));
                at = end;
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token::Sign(c));
                }
                at += 1;
            }
        }
    }
    tokens
}

fn text_of(chars: &[char], from: usize, to: usize) -> String {
    chars[from.min(chars.len())..to.min(chars.len())].iter().collect()
}

fn position(chars: &[char], from: usize, wanted: char) -> usize {
    (from..chars.len()).find(|at| chars[*at] == wanted).unwrap_or(chars.len())
}

fn end_of_string(chars: &[char], at: usize) -> usize {
    let mut at = at + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Whether an `r#` begins a name such as `r#type`.
fn is_raw_name(chars: &[char], at: usize) -> bool {
    chars.get(at + 1) == Some(&'#') && chars.get(at + 2).is_some_and(|c| c.is_alphabetic() || *c == '_')
}

fn end_of_raw(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    let mut at = at + hashes + 2;
    while at < chars.len() {
        if chars[at] == '"' && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    at
}

/// Passes over a character, or over the quote of a lifetime.
fn end_of_character(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => position(chars, at + 3, '\'') + 1,
        (Some(_), Some('\'')) => at + 3,
        (Some(_) | None, _) => at + 1,
    }
}
