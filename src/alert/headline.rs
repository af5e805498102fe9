//! What a title says before it comes to its subject: `[FIRING:2]`, `[P1] [Triggered on {host:a}]`, `RESOLVED:`,
//! `Triggered #33:`, `Resolved in 5m 3s:`.
//!
//! The marks change between the firing and the resolution of one problem, the subject does not. A person is shown the title
//! without the marks of a state: a card says by itself how its incident stands.

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
/// Words for a state that begin no subject, however they are written and even when nothing sets them off.
const SPOKEN: [&str; 6] = ["firing", "triggered", "re-triggered", "acknowledged", "resolved", "recovered"];
/// What a number is of, where one stands with it: `Resolved incident #33`.
const NUMBERED: [&str; 6] = ["incident", "alert", "alarm", "problem", "issue", "case"];

/// A title taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Headline {
    /// What a mark says of the state.
    pub(super) status: Option<Firing>,
    /// Whether a mark says that somebody has taken it.
    pub(super) acknowledged: bool,
    /// What a mark says of the severity.
    pub(super) severity: Severity,
    /// The rest in lower case, with the scope a mark names (`on {host:a}`); the whole title if nothing else is left.
    pub(super) subject: String,
    /// The title without what a mark says of the state; the whole title if nothing else is left.
    pub(super) shown: String,
}

impl Headline {
    /// Takes a title apart.
    pub(super) fn of(title: &str) -> Self {
        let line = one_line(title, usize::MAX);
        let mut headline = Self {
            status: None,
            acknowledged: false,
            severity: Severity::Unknown,
            subject: String::new(),
            shown: String::new(),
        };
        let mut rest = line.as_str();
        let (mut scopes, mut number, mut kept) = (String::new(), "", String::new());
        let (mut has_state, mut tail) = (false, rest);
        loop {
            let begins = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[' && c != '#');
            let behind = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[');
            rest = if numbered(begins).is_some() { begins } else { behind };
            // The number of a problem may stand before its state, too.
            if let Some((of, after)) = numbered(rest).filter(|(_, after)| number.is_empty() && is_marked(after)) {
                (number, rest, tail) = (of, after, after);
                continue;
            }
            let found = bracketed(rest).or_else(|| bare(rest)).or_else(|| counted(rest)).or_else(|| lasted(rest));
            let Some((mark, scope, after)) = found else { break };
            match (Firing::parse(mark), Severity::of_mark(mark)) {
                (Some(status), _) => {
                    headline.status = headline.status.or(Some(status));
                    headline.acknowledged |= Firing::is_acknowledged(mark);
                    has_state = true;
                }
                (None, Severity::Unknown) => break,
                (None, severity) => {
                    if headline.severity == Severity::Unknown {
                        headline.severity = severity;
                    }
                    kept.push_str(&rest[..rest.len() - after.len()]);
                    kept.push_str(&after[..after.len() - trimmed(after).len()]);
                }
            }
            scopes.push_str(scope);
            (rest, tail) = (after, after);
        }
        let number = if number.is_empty() { String::new() } else { format!("{number} ") };
        let about = trimmed(tail);
        let is_bare = rest.is_empty() && scopes.is_empty() && number.is_empty();
        headline.subject = if is_bare { line.clone() } else { format!("{scopes}{number}{rest}") }.to_lowercase();
        headline.shown = match has_state && !about.is_empty() {
            true => {
                format!("{kept}{number}{about}{}{}", if scopes.starts_with('{') { " " } else { "" }, scopes.trim_end())
            }
            false => line,
        };
        headline
    }
}

/// Returns what a title is about, without the marks before it and in lower case: the same for a firing and its end.
#[must_use]
pub fn subject(title: &str) -> String {
    Headline::of(title).subject
}

/// Takes what sets a mark off from a text that follows it; brackets, quotes and numbers are the text's own.
fn trimmed(text: &str) -> &str {
    text.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, ':' | '-' | '–' | '—' | '|' | '*' | '.' | ',' | ';')
    })
}

/// Whether a text begins with a mark of a state, as it does behind a problem's number.
fn is_marked(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[');
    let mark = bracketed(text).or_else(|| bare(text)).map(|(mark, _, _)| mark);
    mark.is_some_and(|mark| Firing::parse(mark).is_some())
}

/// Splits `#33`, `[#33]` and `Incident #33` from what follows.
fn numbered(text: &str) -> Option<(&str, &str)> {
    let is_of = |word: &&&str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let noun = NUMBERED.iter().find(is_of).map_or(0, |word| word.len());
    let from = &text[noun..];
    let hash = from.find('#').filter(|at| from[..*at].chars().all(|c| c == ' ' || c == '['))?;
    let digits = &from[hash + 1..];
    let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    if length == 0 {
        return None;
    }
    let end = noun + hash + 1 + length;
    let number = &text[noun + hash..end];
    Some((number, text[end..].trim_start_matches(']')))
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
    let (word, after) = word(text);
    let is_set_off = after.starts_with(':') || after.trim_start().starts_with(['-', '–', '|']) || after.is_empty();
    let is_spoken = || SPOKEN.iter().any(|spoken| word.eq_ignore_ascii_case(spoken));
    (is_set_off || SHOUTED.contains(&word) || (is_spoken() && lasted(text).is_none())).then_some((word, "", after))
}

/// Splits `Mark #33` and `Mark incident #33` from what follows; the number is part of the subject.
fn counted(text: &str) -> Option<(&str, &str, &str)> {
    let (word, after) = word(text);
    (Firing::parse(word).is_some() && numbered(after.trim_start()).is_some()).then_some((word, "", after))
}

/// Splits `Resolved in 5m 3s: rest`: how long it lasted is no part of the subject.
fn lasted(text: &str) -> Option<(&str, &str, &str)> {
    let (word, after) = word(text);
    let (span, rest) = after.strip_prefix(" in ").or_else(|| after.strip_prefix(" after "))?.split_once(':')?;
    let mut parts = span.split_whitespace().peekable();
    parts.peek()?;
    let is_span = |part: &str| part.starts_with(|c: char| c.is_ascii_digit()) || part.chars().all(char::is_alphabetic);
    let begins = span.starts_with(|c: char| c.is_ascii_digit());
    (begins && parts.all(is_span) && Firing::parse(word).is_some()).then_some((word, "", rest))
}

fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(title: &str) -> (Option<Firing>, Severity, String) {
        let Headline { status, severity, subject, .. } = Headline::of(title);
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

    fn shown(title: &str) -> String {
        Headline::of(title).shown
    }

    #[test]
    fn a_title_is_shown_without_the_word_for_its_state() {
        for title in [
            "Resolved: Disk full on db-1",
            "[FIRING:1] Disk full on db-1",
            "OK: Disk full on db-1",
            "Recovered Disk full on db-1",
            "Re-Triggered: Disk full on db-1",
            "🔥 ALERT: Disk full on db-1",
            "✅ [RESOLVED] Disk full on db-1",
            "ALARM: Disk full on db-1",
            "**Resolved** - Disk full on db-1",
            "Resolved in 5m 3s: Disk full on db-1",
            "Resolved after 1 hour 5 minutes: Disk full on db-1",
        ] {
            assert_eq!(shown(title), "Disk full on db-1", "{title}");
            assert_eq!(subject(title), "disk full on db-1", "{title}");
        }
        // How bad it is stays, and so does what the state is of.
        assert_eq!(shown("[P1] [Triggered on {host:a}] CPU is high"), "[P1] CPU is high on {host:a}");
        assert_eq!(shown("[Recovered {host:a}] CPU is high"), "CPU is high {host:a}");
        assert_eq!(shown("🔥 ALERT: CRITICAL - Disk full"), "CRITICAL - Disk full");
        assert_eq!(shown("## [FIRING:1] Disk full"), "Disk full");
        assert_eq!(shown("[FIRING:2] (db-1 prod)"), "(db-1 prod)");
        assert_eq!(shown("Resolved: [db-1] \"Disk\""), "[db-1] \"Disk\"");
        for title in
            ["ALERT", "[FIRING:1]", "Open files of db-1", "NORMAL traffic", "Down hosts: 3", "5 nodes are down", ""]
        {
            assert_eq!(shown(title), title);
        }
    }

    #[test]
    fn one_number_is_one_problem_whatever_its_state() {
        for titles in [
            ["Triggered #33: Database is down", "Resolved #33: Database is down", "Acknowledged #33: Database is down"],
            [
                "[#33] Triggered: Database is down",
                "[#33] Resolved: Database is down",
                "[#33] Acknowledged: Database is down",
            ],
            ["#33 Triggered: Database is down", "#33 RESOLVED - Database is down", "#33 [Resolved] Database is down"],
            [
                "Triggered incident #33: Database is down",
                "Resolved incident #33: Database is down",
                "Acknowledged incident #33: Database is down",
            ],
            [
                "Incident #33 triggered: Database is down",
                "Incident #33 resolved: Database is down",
                "Incident #33 OK: Database is down",
            ],
        ] {
            let [fired, resolved, third] = titles.map(Headline::of);
            assert_eq!((fired.status, resolved.status), (Some(Firing::Firing), Some(Firing::Resolved)), "{titles:?}");
            assert_eq!((&fired.subject, &fired.subject), (&resolved.subject, &third.subject), "{titles:?}");
            assert!(fired.subject.contains("#33") && fired.shown.ends_with("Database is down"), "{fired:?}");
            assert_eq!(third.acknowledged, titles[2].contains("Acknowledged"), "{titles:?}");
        }
        assert_eq!(shown("Triggered #33: Database is down"), "#33: Database is down");
        assert_ne!(subject("Triggered #33: Database is down"), subject("Triggered #34: Database is down"));
        assert_eq!(told("Database #33 is down"), (None, Severity::Unknown, "database #33 is down".to_owned()));
    }
}
