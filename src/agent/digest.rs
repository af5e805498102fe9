//! What a permission request asks for, whole, in few bytes.
//!
//! What a person is shown of a request may be cut. An answer is given for the digest of all of it, so that it is never
//! used for something else.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Digest of a tool and its whole input: SHA-256, as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Makes the digest of a tool and its input.
    #[must_use]
    pub fn of(tool: &str, input: &Value) -> Self {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        // With its length before it, the end of the tool's name cannot pass for a part of the input.
        context.update(&(tool.len() as u64).to_be_bytes());
        context.update(tool.as_bytes());
        // An agent that asks again may name its inputs in another order.
        let mut sorted = input.clone();
        sorted.sort_all_objects();
        context.update(sorted.to_string().as_bytes());
        Self(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Takes a digest that was stored.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// Returns the digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn another_tool_or_input_has_another_digest() {
        let asked = Digest::of("Bash", &json!({"command": "ls"}));
        assert_eq!(asked.as_str().len(), 64);
        assert_eq!(asked, Digest::of("Bash", &json!({"command": "ls"})));
        for (tool, input) in
            [("Read", json!({"command": "ls"})), ("Bash", json!({"command": "ls "})), ("Bash", json!({}))]
        {
            assert_ne!(asked, Digest::of(tool, &input), "{tool} {input}");
        }
        let [one, other] = [r#"{"b": [{"y": 1, "x": 2}], "a": 0}"#, r#"{"a": 0, "b": [{"x": 2, "y": 1}]}"#]
            .map(|input| Digest::of("Bash", &serde_json::from_str(input).expect("JSON")));
        assert_eq!(one, other, "inputs have no order");
        assert_eq!(
            one.as_str(),
            "001122447c3c11eb8737e56abe13b85af8ecca42219761beaf9d2685d411e3fe",
            "as releases before have it"
        );
        let long = |end: &str| Digest::of("Bash", &json!({"command": "x".repeat(100_000) + end}));
        assert_ne!(long("a"), long("b"), "also where it differs beyond what is shown");
    }
}
