//! Text as Slack's calls take it: with the three signs escaped that would begin a mention, a link or an entity.
//!
//! Only top-level texts need it. What stands in a `text` element of rich text, in `plain_text` or in a cell is no markup, so
//! nobody is pinged by it.
//!
//! Source: <https://docs.slack.dev/messaging/formatting-message-text#escaping>, read 2026-11.

/// Appends a text, escaped.
pub(crate) fn push(out: &mut String, text: &str) {
    for c in text.chars() {
        match entity(c) {
            Some(entity) => out.push_str(entity),
            None => out.push(c),
        }
    }
}

/// Returns a text, escaped.
#[must_use]
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push(&mut out, text);
    out
}

/// Returns how many characters a text has when it is escaped.
#[must_use]
pub(crate) fn price(text: &str) -> usize {
    text.chars().map(|c| entity(c).map_or(1, str::len)).sum()
}

/// Keeps as much of a text as has at most so many characters when it is escaped; a cut is shown by `…`.
#[must_use]
pub(crate) fn cut(text: &str, max_chars: usize) -> String {
    if price(text) <= max_chars {
        return text.to_owned();
    }
    let mut left = max_chars.saturating_sub(1);
    let fits = |c: &char| {
        let cost = entity(*c).map_or(1, str::len);
        let fits = cost <= left;
        left = left.saturating_sub(cost);
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// Takes the escapes out again, as Slack gives texts back.
#[must_use]
pub(crate) fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn entity(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_ping_or_link_is_text() {
        let text = "<!channel> <@U1> <https://a.example|b> a && b &amp;";
        let shown = escaped(text);
        assert_eq!(shown, "&lt;!channel&gt; &lt;@U1&gt; &lt;https://a.example|b&gt; a &amp;&amp; b &amp;amp;");
        assert_eq!((price(text), unescaped(&shown).as_str()), (shown.chars().count(), text));
    }

    #[test]
    fn a_cut_counts_what_is_escaped() {
        assert_eq!(cut("a<b", 6), "a<b");
        assert_eq!(cut("a<b", 5), "a…");
        assert_eq!(cut("<<<", 9), "<<…");
    }
}
