//! Masks secrets in everything that leaves: configured texts and the shapes of well-known keys.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use regex_lite::Regex;
use secrecy::{ExposeSecret, SecretString};

use crate::config::{Config, Redact};

/// What stands in a secret's place.
pub const MASK: &str = "[redacted]";

/// Shapes of keys whose beginnings are unmistakable, each with what surely stands in it and its least length in bytes.
const SHAPES: [(&str, usize, &str); 15] = [
    ("sk-", 19, r"\bsk-[A-Za-z0-9_-]{16,}"),
    ("xox", 15, r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("xapp-", 15, r"\bxapp-[A-Za-z0-9-]{10,}"),
    ("gh", 34, r"\bgh[opsur]_[A-Za-z0-9]{30,}"),
    ("github_pat_", 41, r"\bgithub_pat_[A-Za-z0-9_]{30,}"),
    ("glpat-", 22, r"\bglpat-[A-Za-z0-9_-]{16,}"),
    ("IA", 20, r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b"),
    ("AIza", 39, r"\bAIza[0-9A-Za-z_-]{35}"),
    ("npm_", 36, r"\bnpm_[A-Za-z0-9]{32,}"),
    ("_live_", 24, r"\b[sr]k_live_[A-Za-z0-9]{16,}"),
    (".", 57, r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{25,}"),
    ("hooks.slack.com/services/", 45, r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,}"),
    (":", 44, r"\b[0-9]{8,10}:[A-Za-z0-9_-]{35}\b"),
    ("eyJ", 28, r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+"),
    ("-----BEGIN", 50, r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)-----END [A-Z ]*PRIVATE KEY-----"),
];

/// Shortest key after the name of a scheme, in bytes.
const MIN_KEY_BYTES: usize = 8;

/// A shape of keys. Most texts are short or lack what stands in it, which is found out sooner than by the expression.
struct Shape {
    hint: String,
    least_bytes: usize,
    expression: Regex,
}

impl Shape {
    fn new(hint: &str, least_bytes: usize, expression: &str) -> Self {
        let expression = Regex::new(expression).expect("the shapes are valid expressions");
        Self { hint: hint.to_owned(), least_bytes, expression }
    }

    fn may_be_in(&self, text: &str) -> bool {
        text.len() >= self.least_bytes && text.contains(&self.hint)
    }
}

/// Masks secrets.
pub struct Redactor {
    literals: Vec<String>,
    /// Our own secrets that stand in no configuration, learnt as they are met.
    learnt: RwLock<BTreeSet<String>>,
    shapes: Vec<Shape>,
}

impl Redactor {
    /// Makes the redactor of a configuration: also our own secrets are masked.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let mut redactor = Self::new(&config.redact);
        for secret in config.secrets().map(SecretString::expose_secret) {
            redactor.literals.push(secret.to_owned());
            redactor.literals.extend(password_in(secret));
        }
        redactor
    }

    /// Makes a redactor of the configured texts and prefixes, and the known shapes.
    #[must_use]
    pub fn new(config: &Redact) -> Self {
        let shapes = SHAPES.into_iter().map(|(hint, least_bytes, shape)| Shape::new(hint, least_bytes, shape));
        let prefixes = config.prefixes.iter().map(|prefix| {
            Shape::new(prefix, prefix.len(), &format!(r#"{}[^\s,;"'<>()]*"#, regex_lite::escape(prefix)))
        });
        Self {
            literals: config.literals.iter().map(|text| text.expose_secret().to_owned()).collect(),
            learnt: RwLock::default(),
            shapes: shapes.chain(prefixes).collect(),
        }
    }

    /// Masks a secret of ours from now on, too: that of a hook which was made on the command line.
    pub fn learn(&self, secret: &SecretString) {
        let secret = secret.expose_secret();
        let is_known = |learnt: &BTreeSet<String>| learnt.contains(secret);
        if !secret.is_empty() && !is_known(&self.learnt.read().unwrap_or_else(PoisonError::into_inner)) {
            self.learnt.write().unwrap_or_else(PoisonError::into_inner).insert(secret.to_owned());
        }
    }

    /// Whether a text looks as if it held a credential, also one that cannot be told from other texts well enough to be masked.
    #[must_use]
    pub fn suspects(&self, text: &str) -> bool {
        self.clean(text) != text || authorizes(text)
    }

    /// Returns the text with its secrets masked.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        let learnt = self.learnt.read().unwrap_or_else(PoisonError::into_inner);
        for literal in self.literals.iter().chain(learnt.iter()) {
            if clean.contains(literal.as_str()) {
                clean = clean.replace(literal.as_str(), MASK);
            }
        }
        for shape in &self.shapes {
            if shape.may_be_in(&clean) && shape.expression.is_match(&clean) {
                clean = shape.expression.replace_all(&clean, MASK).into_owned();
            }
        }
        clean
    }
}

/// Whether a text holds an address with a password, or says how to authorize a request.
fn authorizes(text: &str) -> bool {
    let word_pairs = || text.split_whitespace().zip(text.split_whitespace().skip(1));
    let is_scheme = |word: &str| {
        let word = word.rsplit(['=', ':', '"', '\'']).next().unwrap_or(word);
        ["basic", "bearer"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
    };
    // Unlike the words of a sentence, as in "basic checks".
    let is_key = |word: &str| {
        word.len() >= MIN_KEY_BYTES && word.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase() || b == b'=')
    };
    text.split_whitespace().any(|word| password_in(word).is_some())
        || word_pairs().any(|(scheme, key)| is_scheme(scheme) && is_key(key))
}

/// Returns the password in an address, such as that of a proxy: alone it is as secret.
fn password_in(secret: &str) -> Option<String> {
    let (_, rest) = secret.split_once("://")?;
    let (user, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    (!password.is_empty()).then(|| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_proxy_is_masked_alone_as_well() {
        assert_eq!(password_in("socks5h://bot:hun:ter2@p.example:1080/"), Some("hun:ter2".to_owned()));
        for none in
            ["socks5h://p.example:1080", "socks5h://bot@p.example", "a:b@c", "http://p.example/a:b@c", "http://bot:@p"]
        {
            assert_eq!(password_in(none), None, "{none}");
        }
    }

    #[test]
    fn what_looks_like_a_credential_is_suspected() {
        let redactor = Redactor::new(&Redact { literals: vec!["hunter22".to_owned().into()], prefixes: Vec::new() });
        for text in [
            format!("AKIA{}", "A".repeat(16)),
            "it is hunter22".to_owned(),
            "ask https://bot:hunter3@ci.example/job".to_owned(),
            "Basic dXNlcjpwYXNz".to_owned(),
            "curl -H 'Authorization: Bearer 0a1b2c3d4e'".to_owned(),
            "Authorization=Basic dXNlcjpwYXNz".to_owned(),
        ] {
            assert!(redactor.suspects(&text), "{text}");
        }
        for text in ["Basic functionality of https://ci.example:8080/a@b", "bearer of news", "a:b@c", "[redacted]"] {
            assert!(!redactor.suspects(text), "{text}");
        }
    }

    #[test]
    fn keys_of_known_shapes_and_configured_texts_are_masked() {
        let config = Redact { literals: vec!["hunter22".to_owned().into()], prefixes: vec!["corp_".into()] };
        let redactor = Redactor::new(&config);
        let key = ["sk-", "ant-api03-", "abcdefghijklmnop"].concat();
        let text = format!("use {key} and hunter22 with corp_live_1, not skip-this or 12:30");
        let clean = redactor.clean(&text);
        assert_eq!(clean, "use [redacted] and [redacted] with [redacted], not skip-this or 12:30");
        assert_eq!(redactor.clean("of-a-hook"), "of-a-hook");
        redactor.learn(&"of-a-hook".to_owned().into());
        assert_eq!(redactor.clean("it is of-a-hook"), "it is [redacted]");
    }

    #[test]
    fn the_shortest_key_of_each_shape_is_masked() {
        let redactor = Redactor::new(&Redact::default());
        let many = |text: &str, times: usize| text.repeat(times);
        for key in [
            format!("sk-{}", many("a", 16)),
            format!("xoxb-{}", many("1", 10)),
            format!("xapp-{}", many("1", 10)),
            format!("ghp_{}", many("a", 30)),
            format!("github_pat_{}", many("a", 30)),
            format!("glpat-{}", many("a", 16)),
            format!("npm_{}", many("a", 36)),
            format!("sk_live_{}", many("a", 24)),
            format!("MTIz{}.GhIjKl.{}", many("a", 20), many("b", 27)),
            format!("hooks.slack.com/services/T0/B0/{}", many("X", 24)),
            format!("AKIA{}", many("A", 16)),
            format!("AIza{}", many("a", 35)),
            format!("12345678:{}", many("a", 35)),
            format!("eyJ{}.eyJ{}.a", many("a", 10), many("b", 10)),
            "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----".to_owned(),
        ] {
            assert_eq!(redactor.clean(&key), MASK, "{key}");
        }
    }
}
