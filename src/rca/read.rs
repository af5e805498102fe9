//! Reading what agents really print: JSON in a fence, with prose around it, with trailing commas, with fields left out.
//!
//! What is missing stays empty and nothing is made up: without a root cause the answer is none.

use serde_json::{Map, Value};

use super::{Claim, Evidence, Rca, Verdict};

/// Longest answer that is looked through, in bytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;
/// Most places in an answer where an object may begin that are tried.
const MAX_TRIES: usize = 200;
/// Most claims besides the root cause, and most steps.
const MAX_ITEMS: usize = 10;
/// Most quotes of one claim.
const MAX_QUOTES: usize = 10;
/// Longest text, in characters.
const MAX_TEXT_CHARS: usize = 2000;

/// Why an answer is no analysis, in words that an agent can act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is no object in it.
    #[error("the answer holds no JSON object")]
    NoObject,
    /// The object says no root cause.
    #[error("`root_cause.claim` is missing or empty")]
    NoRootCause,
    /// The answer is longer than anything that could be meant.
    #[error("the answer is longer than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
}

/// Reads an answer.
///
/// # Errors
/// [`ReadError`], for the agent to be asked once more.
pub fn read(answer: &str) -> Result<Rca, ReadError> {
    if answer.len() > MAX_ANSWER_BYTES {
        return Err(ReadError::TooLong);
    }
    let mut seen_object = false;
    for object in objects(answer) {
        seen_object = true;
        if let Some(rca) = analysis(&object) {
            return Ok(rca);
        }
    }
    Err(if seen_object { ReadError::NoRootCause } else { ReadError::NoObject })
}

/// Finds the objects in a text, the longest of those that begin first.
fn objects(text: &str) -> impl Iterator<Item = Map<String, Value>> {
    let mut at = 0;
    let mut tries = 0;
    std::iter::from_fn(move || {
        while tries < MAX_TRIES {
            let open = at + text[at..].find('{')?;
            tries += 1;
            let candidate = &text[open..];
            let end = end_of_object(candidate);
            let whole = end.map_or(candidate, |end| &candidate[..end]);
            if let Some(object) = parse(whole) {
                at = open + whole.len();
                return Some(object);
            }
            at = open + 1;
        }
        None
    })
}

/// Returns where an object that begins the text ends, by its brackets outside of strings.
fn end_of_object(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, b) in text.bytes().enumerate() {
        match (in_string, b) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            (false, _) => {}
        }
    }
    None
}

fn parse(text: &str) -> Option<Map<String, Value>> {
    let value = serde_json::from_str(text).or_else(|_| serde_json::from_str(&mended(text))).ok()?;
    if let Value::Object(object) = value { Some(object) } else { None }
}

/// Takes trailing commas away and escapes line breaks in strings: what agents most often get wrong.
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    let mut rest = text.chars().peekable();
    while let Some(ch) = rest.next() {
        match ch {
            _ if in_string && escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '\n' | '\r' | '\t' if in_string => {
                mended.push_str(match ch {
                    '\n' => "\\n",
                    '\r' => "\\r",
                    _ => "\\t",
                });
                continue;
            }
            ',' if !in_string => {
                let next = rest.clone().find(|ch| !ch.is_whitespace());
                if matches!(next, Some('}' | ']')) {
                    continue;
                }
            }
            _ => {}
        }
        mended.push(ch);
    }
    mended
}

fn analysis(object: &Map<String, Value>) -> Option<Rca> {
    let root_cause = claim(object.get("root_cause")?)?;
    let verdict = object.get("verdict").and_then(|word| serde_json::from_value(word.clone()).ok());
    Some(Rca {
        verdict: verdict.unwrap_or(Verdict::CauseFound),
        root_cause,
        analysis: list(object.get("analysis")).iter().filter_map(claim).take(MAX_ITEMS).collect(),
        next_steps: list(object.get("next_steps")).iter().filter_map(step).take(MAX_ITEMS).collect(),
    })
}

/// A list, or one thing where a list was asked for.
fn list(value: Option<&Value>) -> Vec<Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
    }
}

fn claim(value: &Value) -> Option<Claim> {
    let (said, quotes) = match value {
        Value::String(said) => (said.as_str(), Vec::new()),
        Value::Object(object) => {
            let said = ["claim", "statement", "text"].iter().find_map(|key| object.get(*key)?.as_str())?;
            (said, list(object.get("evidence")))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return None,
    };
    let evidence = quotes.iter().filter_map(evidence).take(MAX_QUOTES).collect();
    text(said).map(|claim| Claim { claim, evidence, supported: None })
}

fn evidence(value: &Value) -> Option<Evidence> {
    let of = |tool: Option<&str>, quote: &str| {
        Some(Evidence { tool: tool.and_then(text).unwrap_or_default(), quote: text(quote)? })
    };
    match value {
        Value::String(quote) => of(None, quote),
        Value::Object(object) => of(object.get("tool").and_then(Value::as_str), object.get("quote")?.as_str()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

fn step(value: &Value) -> Option<String> {
    match value {
        Value::String(step) => text(step),
        Value::Object(object) => {
            ["step", "action", "text", "description"].iter().find_map(|key| text(object.get(*key)?.as_str()?))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// A text within its bounds; `None` when it says nothing.
fn text(text: &str) -> Option<String> {
    let clean = signalbox_adapter::clean(text.trim());
    let mut kept: String = clean.chars().take(MAX_TEXT_CHARS).collect();
    if clean.chars().nth(MAX_TEXT_CHARS).is_some() {
        kept.push('…');
    }
    (!kept.trim().is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = r#"{"root_cause":{"claim":"The disk is full","evidence":[{"tool":"Bash","quote":"/dev/sda1 100% /var"}]},
        "analysis":[{"claim":"Logs grew","evidence":[]}],"next_steps":["Rotate the logs"]}"#;

    fn cause(answer: &str) -> Result<String, ReadError> {
        read(answer).map(|rca| rca.root_cause.claim)
    }

    #[test]
    fn what_agents_really_print_is_read() {
        for answer in [
            GOOD.to_owned(),
            format!("```json\n{GOOD}\n```"),
            format!("Here {{is}} what I found:\n\n```\n{GOOD}\n```\nTell me if you need {{more}}."),
            GOOD.replace("[]}]", "[],},]").replace("logs\"]", "logs\",],"),
            GOOD.replace("The disk is full", "The disk is full\\u0000"),
        ] {
            let rca = read(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
            assert!(rca.root_cause.claim.starts_with("The disk is full"), "{answer}");
            assert_eq!(rca.root_cause.evidence[0].quote, "/dev/sda1 100% /var");
            assert_eq!((rca.analysis.len(), rca.next_steps.len()), (1, 1), "{answer}");
        }
        let broken_line = "{\"root_cause\": {\"claim\": \"two\nlines\", \"evidence\": []}}";
        assert_eq!(cause(broken_line), Ok("two\nlines".into()));
    }

    #[test]
    fn missing_fields_stay_empty_and_nothing_is_made_up() {
        let rca = read(r#"{"root_cause":"OOM","tool_calls":99,"validity":1.0,"next_steps":"restart"}"#).expect("read");
        assert_eq!((rca.root_cause.claim.as_str(), rca.root_cause.evidence.len(), rca.analysis.len()), ("OOM", 0, 0));
        assert_eq!(rca.next_steps, ["restart"]);
        assert!(!serde_json::to_string(&rca).expect("JSON").contains("99"));
        assert_eq!(rca.verdict, Verdict::CauseFound);
        let nothing = read(r#"{"verdict":"nothing_wrong","root_cause":{"claim":"All is well"}}"#).expect("read");
        assert_eq!(nothing.verdict, Verdict::NothingWrong);
    }

    #[test]
    fn what_is_no_analysis_says_why() {
        assert_eq!(cause("The disk is full."), Err(ReadError::NoObject));
        assert_eq!(cause("{"), Err(ReadError::NoObject));
        assert_eq!(cause("{\"a\":1}"), Err(ReadError::NoRootCause));
        assert_eq!(cause("{\"root_cause\":{\"claim\":\"  \"}}"), Err(ReadError::NoRootCause));
        assert_eq!(cause(&"x".repeat(MAX_ANSWER_BYTES + 1)), Err(ReadError::TooLong));
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let many: Vec<String> = (0..1000).map(|n| format!("\"step {n}\"")).collect();
        let long = "y".repeat(100_000);
        let answer = format!("{{\"root_cause\":\"{long}\",\"next_steps\":[{}]}}", many.join(","));
        let rca = read(&answer).expect("read");
        assert_eq!(rca.next_steps.len(), MAX_ITEMS);
        assert_eq!(rca.root_cause.claim.chars().count(), MAX_TEXT_CHARS + 1);
        assert!(cause(&"{\"root_cause\":".repeat(50_000)).is_err());
        assert!(cause(&"{".repeat(500_000)).is_err());
    }

    proptest! {
        #[test]
        fn nothing_that_an_agent_says_makes_it_panic(text in ".{0,400}", cut in 0..GOOD.len()) {
            let _ = read(&text);
            let cut = GOOD.floor_char_boundary(cut);
            let _ = read(&format!("{}{text}{}", &GOOD[..cut], &GOOD[cut..]));
        }
    }
}
