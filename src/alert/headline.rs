//! What a title says before it comes to its subject: `[FIRING:2]`, `[P1] [Triggered on {host:a}]`, `RESOLVED:`.
//!
//! The marks change between the firing and the resolution of one problem, the subject does not.

use signalbox_adapter::one_line;

use super::severity::Severity;
use super::status::Firing;

/// Words that are marks even when nothing sets them off.
const SHOUTED: [&str; 14] = [
    "FIRING",
    "ALERT",
    "ALERTING",
    "PROBLEM",
    "CRITICAL",
    "FATAL",
    "ERROR",
    "WARNING",
    "RESOLVED",
    "RECOVERED",
    "RECOVERY",
    "P0",
    "P1",
    "P2",
];

/// A title taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Headline {
    /// What a mark says of the state.
    pub(super) status: Option<Firing>,
    /// What a mark says of the severity.
    pub(super) severity: Severity,
    /// The rest in lower case, with the scope a mark names (`on {host:a}`); the whole title if nothing else is left.
    pub(super) subject: String,
}

impl Headline {
    /// Takes a title apart.
    pub(super) fn of(title: &str) -> Self {
        let line = one_line(title, usize::MAX);
        let mut headline = Self { status: None, severity: Severity::Unknown, subject: String::new() };
        let mut rest = line.as_str();
        let mut scopes = String::new();
        loop {
            rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[');
            let Some((mark, scope, after)) = bracketed(rest).or_else(|| bare(rest)) else { break };
            match (Firing::parse(mark), Severity::of_mark(mark)) {
                (Some(status), _) => headline.status = headline.status.or(Some(status)),
                (None, Severity::Unknown) => break,
                (None, severity) if headline.severity == Severity::Unknown => headline.severity = severity,
                (None, _) => {}
            }
            scopes.push_str(scope);
            rest = after;
        }
        let subject = if rest.is_empty() && scopes.is_empty() { line } else { format!("{scopes}{rest}") };
        headline.subject = subject.to_lowercase();
        headline
    }
}

/// Returns what a title is about, without the marks before it and in lower case: the same for a firing and its end.
#[must_use]
pub fn subject(title: &str) -> String {
    Headline::of(title).subject
}

/// Splits `[mark scope] rest`; the counter of `[FIRING:2]` is no scope.
fn bracketed(text: &str) -> Option<(&str, &str, &str)> {
    let (inside, after) = text.strip_prefix('[')?.split_once(']')?;
    let inside = inside.trim_start_matches(|c: char| !c.is_alphanumeric());
    let (words, scope) = match inside.find(" on ").or_else(|| inside.find('{')) {
        Some(at) => inside.split_at(at),
        None => (inside, ""),
    };
    let mark = words.split_once(':').map_or(words, |(mark, _)| mark);
    Some((mark, scope, after))
}

/// Splits `Mark: rest`, `MARK - rest`, and `MARK rest` of the few words that are hardly ever part of the subject.
fn bare(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    let is_set_off = after.starts_with(':') || after.trim_start().starts_with(['-', '–', '|']) || after.is_empty();
    (is_set_off || SHOUTED.contains(&word)).then_some((word, "", after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(title: &str) -> (Option<Firing>, Severity, String) {
        let Headline { status, severity, subject } = Headline::of(title);
        (status, severity, subject)
    }

    #[test]
    fn marks_are_told_from_the_subject() {
        let (firing, resolved) = (Some(Firing::Firing), Some(Firing::Resolved));
        let subject = || "disk full on db-1".to_owned();
        assert_eq!(told("[FIRING:2] Disk full on db-1"), (firing, Severity::Unknown, subject()));
        assert_eq!(told("🔥 ALERT: CRITICAL - Disk full on db-1"), (firing, Severity::Critical, subject()));
        assert_eq!(told("✅ Resolved: Disk full on db-1"), (resolved, Severity::Unknown, subject()));
        assert_eq!(told("[🔴 Down] Disk full on db-1"), (firing, Severity::Unknown, subject()));
        assert_eq!(told("[P1] [Warn] Disk full on db-1"), (None, Severity::Critical, subject()));
        assert_eq!(told("OK - Disk full on db-1"), (resolved, Severity::Unknown, subject()));
        assert_eq!(
            told("NORMAL traffic, HIGH load"),
            (None, Severity::Unknown, "normal traffic, high load".to_owned())
        );
        assert_eq!(told("5 nodes are down").2, "5 nodes are down");
        assert_eq!(told("[High memory usage] db-1").1, Severity::Unknown);
        assert_eq!(
            told("Error budget of OK button"),
            (None, Severity::Unknown, "error budget of ok button".to_owned())
        );
    }

    #[test]
    fn the_scope_in_a_mark_belongs_to_the_subject() {
        let fired = told("[Triggered on {host:a}] CPU");
        assert_eq!(fired.2, told("[Recovered on {host:a}] CPU").2);
        assert_eq!(fired.2, told("[Re-Triggered on {host:a}] CPU").2);
        assert_ne!(fired.2, told("[Triggered on {host:b}] CPU").2);
    }

    #[test]
    fn a_title_of_marks_alone_is_its_own_subject() {
        assert_eq!(told("ALERT").2, "alert");
        assert_eq!(told("[FIRING:1]").2, "[firing:1]");
        assert_eq!(told("").2, "");
        assert_eq!(told("[[[[").2, "[[[[");
    }
}
