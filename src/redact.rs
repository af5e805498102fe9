//! Masks secrets in everything that leaves: configured texts and the shapes of well-known keys.

use regex_lite::Regex;
use secrecy::ExposeSecret;

use crate::config::{Config, Redact};

/// What stands in a secret's place.
const MASK: &str = "[redacted]";

/// Shapes of keys whose beginnings are unmistakable.
const SHAPES: [&str; 11] = [
    r"\bsk-[A-Za-z0-9_-]{16,}",
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"\bxapp-[A-Za-z0-9-]{10,}",
    r"\bgh[opsur]_[A-Za-z0-9]{30,}",
    r"\bgithub_pat_[A-Za-z0-9_]{30,}",
    r"\bglpat-[A-Za-z0-9_-]{16,}",
    r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b",
    r"\bAIza[0-9A-Za-z_-]{35}",
    r"\b[0-9]{8,10}:[A-Za-z0-9_-]{35}\b",
    r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)-----END [A-Z ]*PRIVATE KEY-----",
];

/// Masks secrets.
pub struct Redactor {
    literals: Vec<String>,
    shapes: Vec<Regex>,
}

impl Redactor {
    /// Makes the redactor of a configuration: also our own secrets are masked.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let mut redactor = Self::new(&config.redact);
        redactor.literals.extend(config.secrets().map(|secret| secret.expose_secret().to_owned()));
        redactor
    }

    /// Makes a redactor of the configured texts and prefixes, and the known shapes.
    #[must_use]
    pub fn new(config: &Redact) -> Self {
        let prefixes = config.prefixes.iter().map(|prefix| format!(r#"{}[^\s,;"'<>()]*"#, regex_lite::escape(prefix)));
        let shapes = SHAPES.into_iter().map(str::to_owned).chain(prefixes);
        Self {
            literals: config.literals.iter().map(|text| text.expose_secret().to_owned()).collect(),
            shapes: shapes.map(|shape| Regex::new(&shape).expect("the shapes are valid expressions")).collect(),
        }
    }

    /// Returns the text with its secrets masked.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for literal in &self.literals {
            if clean.contains(literal.as_str()) {
                clean = clean.replace(literal.as_str(), MASK);
            }
        }
        for shape in &self.shapes {
            if shape.is_match(&clean) {
                clean = shape.replace_all(&clean, MASK).into_owned();
            }
        }
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_known_shapes_and_configured_texts_are_masked() {
        let config = Redact { literals: vec!["hunter22".to_owned().into()], prefixes: vec!["corp_".into()] };
        let redactor = Redactor::new(&config);
        let key = ["sk-", "ant-api03-", "abcdefghijklmnop"].concat();
        let text = format!("use {key} and hunter22 with corp_live_1, not skip-this or 12:30");
        let clean = redactor.clean(&text);
        assert_eq!(clean, "use [redacted] and [redacted] with [redacted], not skip-this or 12:30");
    }
}
