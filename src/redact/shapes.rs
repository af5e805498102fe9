//! The shapes of well-known keys.

use std::ops::Range;
use std::sync::OnceLock;

use regex_lite::Regex;

/// Shapes whose beginnings are unmistakable: what surely stands in it, its least length in bytes, the whole, and its beginning
/// where it was cut.
const SHAPES: [(&str, usize, &str, &str); 25] = [
    ("sk-", 19, r"\bsk-[A-Za-z0-9_-]{16,}", r"\bsk-[A-Za-z0-9_-]{9,}$"),
    ("xox", 15, r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}", r"\bxox[abeoprs]-[A-Za-z0-9-]{7,}$"),
    ("xapp-", 15, r"\bxapp-[A-Za-z0-9-]{10,}", r"\bxapp-[A-Za-z0-9-]{7,}$"),
    ("gh", 34, r"\bgh[opsur]_[A-Za-z0-9]{30,}", r"\bgh[opsur]_[A-Za-z0-9]{8,}$"),
    ("github_pat_", 41, r"\bgithub_pat_[A-Za-z0-9_]{30,}", r"\bgithub_pat_[A-Za-z0-9_]+$"),
    ("glpat-", 22, r"\bglpat-[A-Za-z0-9_-]{16,}", r"\bglpat-[A-Za-z0-9_-]{6,}$"),
    ("IA", 20, r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b", r"\bA(?:KIA|SIA)[0-9A-Z]{8,15}$"),
    ("AIza", 39, r"\bAIza[0-9A-Za-z_-]{35}", r"\bAIza[0-9A-Za-z_-]{8,34}$"),
    ("npm_", 36, r"\bnpm_[A-Za-z0-9]{32,}", r"\bnpm_[A-Za-z0-9]{8,}$"),
    ("_live_", 24, r"\b[sr]k_live_[A-Za-z0-9]{16,}", r"\b[sr]k_live_[A-Za-z0-9]{4,}$"),
    (
        ".",
        57,
        r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{25,}",
        r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]*$",
    ),
    (
        "hooks.slack.com/services/",
        45,
        r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
        r"hooks\.slack\.com/services/[A-Za-z0-9/]{4,}$",
    ),
    (":", 44, r"\b[0-9]{8,10}:[A-Za-z0-9_-]{35}\b", r"\b[0-9]{8,10}:[A-Za-z0-9_-]{10,34}$"),
    (
        "eyJ",
        28,
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+",
        r"\beyJ[A-Za-z0-9_-]{10,}\.(?:e|ey|eyJ[A-Za-z0-9_-]*)$",
    ),
    ("hf_", 34, r"\bhf_[A-Za-z0-9]{30,}", r"\bhf_[A-Za-z0-9]{9,}$"),
    ("GOCSPX-", 31, r"\bGOCSPX-[A-Za-z0-9_-]{24,}", r"\bGOCSPX-[A-Za-z0-9_-]{5,}$"),
    ("ya29.", 37, r"\bya29\.[A-Za-z0-9_-]{32,}", r"\bya29\.[A-Za-z0-9_-]{7,}$"),
    ("SG.", 40, r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", r"\bSG\.[A-Za-z0-9_-]{9,}(?:\.[A-Za-z0-9_-]*)?$"),
    ("glsa_", 37, r"\bglsa_[A-Za-z0-9_]{32,}", r"\bglsa_[A-Za-z0-9_]{7,}$"),
    ("pypi-", 37, r"\bpypi-[A-Za-z0-9_-]{32,}", r"\bpypi-[A-Za-z0-9_-]{7,}$"),
    ("hvs.", 24, r"\bhvs\.[A-Za-z0-9_-]{20,}", r"\bhvs\.[A-Za-z0-9_-]{8,}$"),
    ("whsec_", 30, r"\bwhsec_[A-Za-z0-9+/=]{24,}", r"\bwhsec_[A-Za-z0-9+/=]{6,}$"),
    ("/api/webhooks/", 60, r"/api/webhooks/[0-9]{15,}/[A-Za-z0-9_-]{30,}", r"/api/webhooks/[0-9]{15,}/[A-Za-z0-9_-]*$"),
    ("AGE-SECRET-KEY-1", 60, r"\bAGE-SECRET-KEY-1[0-9A-Z]{40,}", r"\bAGE-SECRET-KEY-1[0-9A-Z]*$"),
    // A private key in PEM, in Base64 once more, as Kubernetes shows its secrets.
    (
        "LS0tLS1CRUdJTiB",
        60,
        r"LS0tLS1CRUdJTiB(?:QUklWQV|SU0EgUFJJ|FQyBQUk|EU0EgUFJJ|PUEVOU1|FTkNSWVB|QR1AgUF)[A-Za-z0-9+/=_-]{24,}",
        r"LS0tLS1CRUdJTiB(?:QUklWQV|SU0EgUFJJ|FQyBQUk|EU0EgUFJJ|PUEVOU1|FTkNSWVB|QR1AgUF)[A-Za-z0-9+/=_-]*$",
    ),
];

/// How an expression begins for which no letter and no digit stands before.
const APART: &str = r"\b";

/// Most bytes before a cut in which the beginning of a key is looked for.
const MAX_CUT_BYTES: usize = 300;

/// A shape of keys. Most texts are short or lack what stands in it, which is found out sooner than by the expression.
pub(super) struct Shape {
    hint: String,
    least_bytes: usize,
    /// Whether no letter and no digit stands before it.
    is_apart: bool,
    whole: Expression,
    begun: Option<Expression>,
    /// The whole in no other characters than keys have, where `whole` takes others.
    exact: Option<Expression>,
}

/// An expression that is made when it is needed first: a program that prints a few lines needs hardly any of them.
struct Expression {
    written: String,
    made: OnceLock<Regex>,
}

impl Expression {
    fn new(written: &str) -> Self {
        Self { written: written.to_owned(), made: OnceLock::new() }
    }

    fn get(&self) -> &Regex {
        self.made.get_or_init(|| Regex::new(&self.written).expect("the shapes are valid expressions"))
    }
}

impl Shape {
    fn new(hint: &str, least_bytes: usize, whole: &str, begun: Option<&str>) -> Self {
        // An underscore is part of a word for expressions, and what a name ends with that a key follows.
        let made = |expression: &str| Expression::new(expression.strip_prefix(APART).unwrap_or(expression));
        let is_apart = whole.starts_with(APART);
        Self { hint: hint.to_owned(), least_bytes, is_apart, whole: made(whole), begun: begun.map(made), exact: None }
    }

    /// Returns the shape of a word that begins so.
    pub(super) fn of_prefix(prefix: &str) -> Self {
        let escaped = regex_lite::escape(prefix);
        let exact = Some(Expression::new(&format!("{escaped}[A-Za-z0-9._~+/=:@%-]*")));
        Self { exact, ..Self::new(prefix, prefix.len(), &format!(r#"{escaped}[^\s,;"'<>()]*"#), None) }
    }

    /// Returns all well-known shapes.
    pub(super) fn known() -> impl Iterator<Item = Self> {
        SHAPES.into_iter().map(|(hint, least_bytes, whole, begun)| Self::new(hint, least_bytes, whole, Some(begun)))
    }

    /// Finds the keys in a text, and the beginnings of keys where it was cut; `cuts` are the places. With `exact` nothing else
    /// is taken for the end of a key.
    pub(super) fn find(&self, text: &str, cuts: &[usize], exact: bool, found: &mut Vec<Range<usize>>) {
        if text.len() >= self.least_bytes && text.contains(&self.hint) {
            let whole = self.exact.as_ref().filter(|_| exact).unwrap_or(&self.whole);
            self.find_all(whole.get(), text, 0, found);
        }
        let Some(begun) = &self.begun else { return };
        for &cut in cuts {
            let from = text.floor_char_boundary(cut.saturating_sub(MAX_CUT_BYTES));
            let before = &text[from..cut];
            if before.contains(&self.hint) {
                self.find_all(begun.get(), before, from, found);
            }
        }
    }

    /// Finds all that an expression fits, in a text that begins at a place.
    fn find_all(&self, expression: &Regex, text: &str, place: usize, found: &mut Vec<Range<usize>>) {
        let mut at = 0;
        while let Some(one) = expression.find_at(text, at) {
            let is_within = self.is_apart && text[..one.start()].ends_with(|c: char| c.is_ascii_alphanumeric());
            if is_within {
                // It begins with a character of one byte.
                at = one.start() + 1;
            } else {
                found.push(place + one.start()..place + one.end());
                at = one.end();
            }
        }
    }
}

/// Returns where a text was cut: at its end, and before each `…`.
pub(super) fn cuts(text: &str) -> Vec<usize> {
    let mut cuts: Vec<usize> = text.match_indices('…').map(|(at, _)| text[..at].trim_end().len()).collect();
    cuts.push(text.trim_end().len());
    cuts.dedup();
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_a_valid_expression() {
        for shape in Shape::known().chain([Shape::of_prefix("corp_(")]) {
            let all = [Some(&shape.whole), shape.begun.as_ref(), shape.exact.as_ref()];
            all.into_iter().flatten().for_each(|expression| drop(expression.get().as_str().to_owned()));
        }
    }
}
