//! Plain text: what a person typed, or a tool wrote for people.

use signalbox_adapter::one_line;

use super::draft::AlertDraft;
use super::{Alert, Source, bounds};

/// How many lines are looked at for a severity.
const MAX_LINES: usize = 100;
/// Annotations that hold the text, in order; what is too long for the last is cut there.
const TEXT_KEYS: [&str; 3] = ["text", "text (2)", "text (3)"];
/// What a line begins with that tells who has taken it.
const BY: &str = "acknowledged by";
/// What a line begins with that tells how bad it is.
const SEVERITY_KEYS: [&str; 2] = ["severity", "priority"];
/// What ends a link in running text, besides white space: quotes, brackets, and the bar before its name in Slack. A round bracket
/// ends it that was opened before it: `(see https://…/Foo_(bar))`.
const LINK_ENDS: [char; 7] = ['<', '>', '"', '\'', '`', ']', '|'];

/// Takes white space, a byte order mark and a code fence off a pasted text.
pub(super) fn unwrapped(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}').trim();
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let Some(inside) = inside.filter(|inside| !inside.contains("```")) else { return text };
    match inside.split_once('\n') {
        Some((language, body)) if language.trim().chars().all(char::is_alphanumeric) => body.trim(),
        _ => inside.trim(),
    }
}

/// Reads a text; none if there is nothing to read in it.
pub(super) fn read(text: &str) -> Option<Alert> {
    if one_line(text, 1).is_empty() {
        return None;
    }
    let mut draft = AlertDraft::of(Source::Plain);
    draft.title(text.lines().find(|line| line.contains(char::is_alphanumeric)).map(|line| unlinked(line).0));
    draft.title(Some(text.to_owned()));
    draft.severity(text.lines().take(MAX_LINES).map(severity));
    draft.acknowledged_by(text.lines().take(MAX_LINES).find_map(acknowledged_by));
    let mut rest = text;
    for (at, key) in TEXT_KEYS.into_iter().enumerate() {
        let (part, after) = if at + 1 < TEXT_KEYS.len() { bounds::split(rest) } else { (rest, "") };
        draft.annotation(key, Some(part.to_owned()));
        rest = after;
    }
    for start in ["https://", "http://"] {
        for (at, _) in text.match_indices(start).take(bounds::MAX_LINKS) {
            draft.link(Some(address(&text[at..]).to_owned()));
        }
    }
    Some(draft.finish())
}

/// Returns the address with which a text begins.
fn address(text: &str) -> &str {
    let mut open = 0_usize;
    let ends = |c: char| {
        match c {
            '(' => open += 1,
            ')' if open == 0 => return true,
            ')' => open -= 1,
            _ => {}
        }
        c.is_whitespace() || LINK_ENDS.contains(&c)
    };
    text[..text.find(ends).unwrap_or(text.len())].trim_end_matches(['.', ',', ';', ':', '!', '?'])
}

/// Takes off a line what Markdown, and Slack's own, would only show: the sign of a heading, and stars around words.
pub(super) fn unmarked(line: &str) -> String {
    let line = line.trim();
    let heading = line.trim_start_matches('#');
    let line = if heading.len() < line.len() && heading.starts_with(' ') { heading.trim_start() } else { line };
    let line = line.strip_prefix("-# ").unwrap_or(line);
    if line.matches("**").count() >= 2 {
        return line.replace("**", "");
    }
    let inside = line.strip_prefix('*').and_then(|rest| rest.strip_suffix('*')).filter(|inside| !inside.contains('*'));
    inside.unwrap_or(line).to_owned()
}

/// Splits a title from the address it leads to: `name (https://…)`, as Slack's links are written out, and `[name](https://…)`.
pub(super) fn unlinked(title: &str) -> (String, Option<String>) {
    let title = unmarked(title);
    let split = title.strip_suffix(')').and_then(|rest| {
        let at = rest.find("(https://").or_else(|| rest.find("(http://"))?;
        let (name, address) = (rest[..at].trim(), &rest[at + 1..]);
        let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let fits = !address.contains(char::is_whitespace) && name.contains(char::is_alphanumeric);
        fits.then(|| (unmarked(name), Some(address.to_owned())))
    });
    split.unwrap_or((title, None))
}

/// Reads a line such as `Acknowledged by: Ada`.
pub(super) fn acknowledged_by(line: &str) -> Option<String> {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let rest = line.get(..BY.len()).filter(|start| start.eq_ignore_ascii_case(BY)).map(|_| &line[BY.len()..])?;
    let name = rest.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '*' | '.' | '`'));
    (!name.is_empty()).then(|| name.to_owned())
}

/// Reads a line such as `Severity: critical` or ` - severity = critical`.
pub(super) fn severity(line: &str) -> Option<String> {
    let (key, value) = line.split_once([':', '='])?;
    let key = key.trim_matches(|c: char| !c.is_alphanumeric());
    SEVERITY_KEYS.iter().any(|name| key.eq_ignore_ascii_case(name)).then(|| value.trim_start_matches('*').to_owned())
}

/// An alert as Alertmanager's templates write it into a chat.
#[cfg(test)]
pub(super) const FIXTURE: &str = "[FIRING:1] DiskWillFill (db-1 prod)\n\n*Severity:* critical\nSee <https://grafana.example.com/d/1|the board>, http://runbooks.example.com/disk.";

#[cfg(test)]
mod tests {
    use super::super::{Firing, Severity, is_alert, read as read_text};
    use super::*;

    #[test]
    fn a_text_is_told_by_its_first_line() {
        let alert = read_text(FIXTURE).unwrap().remove(0);
        assert_eq!((alert.source, alert.severity, alert.status), (Source::Plain, Severity::Critical, Firing::Firing));
        assert_eq!(alert.title, "DiskWillFill (db-1 prod)");
        assert_eq!(alert.links, ["https://grafana.example.com/d/1", "http://runbooks.example.com/disk"]);
        assert_eq!(alert.annotations["text"], FIXTURE);
    }

    #[test]
    fn a_title_that_is_a_link_is_shown_without_its_address() {
        let name = || "Triggered #12: Checkout is down".to_owned();
        let address = || Some("https://a.example/incidents/Q1".to_owned());
        for title in [
            "*Triggered #12: Checkout is down (https://a.example/incidents/Q1)*",
            "[Triggered #12: Checkout is down](https://a.example/incidents/Q1)",
            "**[Triggered #12: Checkout is down](https://a.example/incidents/Q1)**",
        ] {
            assert_eq!(unlinked(title), (name(), address()), "{title}");
        }
        for title in ["(https://a.example/)", "Disk full (db-1)", "Disk (https://a.example/ is full)"] {
            assert_eq!(unlinked(title), (title.to_owned(), None));
        }
    }

    #[test]
    fn a_link_keeps_the_brackets_that_it_opens() {
        for (text, address) in [
            ("ALERT see https://w.example/wiki/Foo_(bar) now", "https://w.example/wiki/Foo_(bar)"),
            ("ALERT (see https://w.example/wiki/Foo_(bar)), now", "https://w.example/wiki/Foo_(bar)"),
            ("ALERT (https://w.example/a).", "https://w.example/a"),
            ("ALERT [x](https://w.example/a_(b)_(c(d)))", "https://w.example/a_(b)_(c(d))"),
            ("ALERT https://w.example/a_(b", "https://w.example/a_(b"),
        ] {
            assert_eq!(read(text).unwrap().links, [address], "{text}");
        }
    }

    #[test]
    fn a_resolution_is_the_same_alert() {
        let resolved = read_text("[RESOLVED] DiskWillFill (db-1 prod)").unwrap().remove(0);
        assert_eq!(resolved.status, Firing::Resolved);
        assert_eq!(resolved.fingerprint, read_text(FIXTURE).unwrap()[0].fingerprint);
    }

    #[test]
    fn marked_text_is_plainly_an_alert_and_a_question_is_not() {
        for text in [FIXTURE, "ALERT disk", "CRITICAL: db-1 is down", "\n [FIRING] x", "Color: #992d22\n[FIRING:1] x"] {
            assert!(is_alert(text), "{text}");
        }
        for text in [
            "",
            "why was there an ALERT?",
            "alert me at noon",
            "hello\n[FIRING:1] x",
            "{",
            "[1, 2]",
            "[todo] x",
            "Color: #992d22\nall is well",
        ] {
            assert!(!is_alert(text), "{text}");
        }
    }

    #[test]
    fn a_long_message_is_kept_in_parts() {
        let text = format!("ALERT\n{}", "строка журнала\n".repeat(400));
        let alert = read_text(&text).unwrap().remove(0);
        let kept = TEXT_KEYS.map(|key| alert.annotations[key].as_str()).join("\n");
        assert_eq!(kept, text.trim());
        let endless = read_text(&"x".repeat(100_000)).unwrap().remove(0);
        assert!(!endless.annotations["text (2)"].ends_with('…') && endless.annotations["text (3)"].ends_with('…'));
    }

    #[test]
    fn broken_json_is_text_and_json_in_a_fence_is_json() {
        let cut = &super::super::alertmanager::FIXTURE[..500];
        assert_eq!(read_text(cut).unwrap()[0].source, Source::Plain);
        assert_eq!(read_text("```ALERT x```").unwrap()[0].title, "x");
        assert_eq!(read_text("```a``` or ```b```").unwrap()[0].title, "```a``` or ```b```");
        for fence in ["```json\n", "```\n", "```"] {
            let fenced = format!("\u{feff}{fence}{}\n```\n", super::super::pagerduty::FIXTURE);
            assert_eq!(read_text(&fenced).unwrap()[0].source, Source::PagerDuty, "{fence}");
            assert!(is_alert(&fenced));
        }
    }
}
