//! The words of a message as Slack writes them, read as people see them. Pure.
//!
//! Slack escapes `&`, `<` and `>`, and puts what has a meaning between angle brackets: `<@U1>`, `<#C1|ops>`, `<!here>`,
//! `<https://a.example|words>`.
//!
//! Source: <https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages>, read 2026-11.

use std::collections::HashMap;

/// Names of people by their ids.
pub(crate) type Names = HashMap<String, String>;

/// The words of a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// What it says, without a mention of the bot at its beginning or end.
    pub(crate) text: String,
    /// The same with what links lead to written out.
    pub(crate) written: String,
    /// Whether it mentions the bot.
    pub(crate) mentioned: bool,
}

/// One piece of a text.
enum Piece<'t> {
    Plain(&'t str),
    Person { id: &'t str, label: Option<&'t str> },
    Channel { id: &'t str, label: Option<&'t str> },
    Special { what: &'t str, label: Option<&'t str> },
    Link { url: &'t str, label: Option<&'t str> },
}

/// Reads the words of a person's message; `us` is the bot's user id.
pub(crate) fn of(text: &str, us: &str, names: &Names) -> Words {
    let (kept, mentioned) = without_mention(text, us);
    // Names stand in quotation marks in a command, and where a mention stands first: there a word behind an @ chooses an agent
    // or a session, and what somebody is called must not.
    let is_bare = kept.starts_with(['/', '<']);
    Words { text: read(kept, names, is_bare, false), written: read(kept, names, is_bare, true), mentioned }
}

/// Reads what is no person's own words, with all links written out.
pub(crate) fn quoted(text: &str, names: &Names) -> String {
    read(text.trim(), names, false, true)
}

/// Returns the ids of people whom a text names.
pub(crate) fn people(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Person { id, label: None } => Some(id),
        Piece::Person { .. } | Piece::Plain(_) | Piece::Channel { .. } | Piece::Special { .. } | Piece::Link { .. } => {
            None
        }
    })
}

fn without_mention<'t>(text: &'t str, us: &str) -> (&'t str, bool) {
    let (bare, open) = (format!("<@{us}>"), format!("<@{us}|"));
    let mentioned = !us.is_empty() && (text.contains(&bare) || text.contains(&open));
    let mut kept = text.trim();
    if !mentioned {
        return (kept, false);
    }
    if kept.starts_with(&bare) || kept.starts_with(&open) {
        let rest = kept.split_once('>').map_or("", |(_, rest)| rest);
        kept = rest.trim_start_matches([',', ':']).trim_start();
    } else if let Some(at) =
        kept.rfind('<').filter(|at| kept[*at..].starts_with(&bare) || kept[*at..].starts_with(&open))
        && kept.ends_with('>')
    {
        kept = kept[..at].trim_end();
    }
    (kept, true)
}

fn read(text: &str, names: &Names, is_bare: bool, links: bool) -> String {
    let mut read = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Plain(text) => read.push_str(&unescaped(text)),
            Piece::Person { id, label } => {
                let name = names.get(id).map(String::as_str).or(label).unwrap_or(id);
                let name = name.trim_start_matches('@');
                read.push_str(&if is_bare { format!("“{name}”") } else { format!("@{name}") });
            }
            Piece::Channel { id, label } => {
                read.push('#');
                read.push_str(label.filter(|label| !label.is_empty()).unwrap_or(id));
            }
            Piece::Special { what, label } => read.push_str(&special(what, label)),
            Piece::Link { url, label } => push_link(&mut read, &unescaped(url), label.map(unescaped), links),
        }
    }
    read.trim().to_owned()
}

fn special(what: &str, label: Option<&str>) -> String {
    match (what, label) {
        // `<!date^…|words>` and `<!subteam^S1|@group>` say what they mean.
        (_, Some(label)) if !label.is_empty() => unescaped(label),
        (what, _) => format!("@{}", what.split('^').next_back().unwrap_or(what)),
    }
}

fn push_link(read: &mut String, url: &str, label: Option<String>, links: bool) {
    let address = url.strip_prefix("mailto:").or_else(|| url.strip_prefix("tel:")).unwrap_or(url);
    let said = label.filter(|label| !label.is_empty());
    let is_same = |said: &str| {
        let bare = |text: &str| {
            text.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/').to_owned()
        };
        bare(said) == bare(address)
    };
    match said {
        Some(said) if is_same(&said) => read.push_str(if said.len() >= address.len() { &said } else { address }),
        Some(said) if links => {
            read.push_str(&said);
            read.push_str(&format!(" ({address})"));
        }
        Some(said) => read.push_str(&said),
        None => read.push_str(address),
    }
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>').map(|close| open + close) else { break };
        pieces.push(Piece::Plain(&rest[..open]));
        pieces.push(marked(&rest[open + 1..close]));
        rest = &rest[close + 1..];
    }
    pieces.push(Piece::Plain(rest));
    pieces
}

fn marked(inside: &str) -> Piece<'_> {
    let (what, label) = match inside.split_once('|') {
        Some((what, label)) => (what, Some(label)),
        None => (inside, None),
    };
    if let Some(id) = what.strip_prefix('@') {
        return Piece::Person { id, label };
    }
    if let Some(id) = what.strip_prefix('#') {
        return Piece::Channel { id, label };
    }
    match what.strip_prefix('!') {
        Some(what) => Piece::Special { what, label },
        None => Piece::Link { url: what, label },
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        [("U1".to_owned(), "Ada".to_owned())].into()
    }

    #[test]
    fn what_stands_between_brackets_reads_as_people_see_it() {
        let words = of(
            "a &lt;b&gt; &amp;amp; <@U1> and <@U2|kim> in <#C1|ops> <#C2> <!here> <!subteam^S1|@team> <!date^1^{date}|today> \
             <https://a.example/?x=1&amp;y=2|the docs> <https://b.example> <https://c.example|c.example> <mailto:a@b.example|a@b.example>",
            "UBOT",
            &names(),
        );
        assert_eq!(
            words.text,
            "a <b> &amp; @Ada and @kim in #ops #C2 @here @team today the docs https://b.example https://c.example a@b.example"
        );
        assert!(words.written.contains("the docs (https://a.example/?x=1&y=2)"), "{}", words.written);
        assert!(!words.mentioned);
    }

    #[test]
    fn a_mention_of_the_bot_is_taken_out_at_either_end_only() {
        let read = |text: &str| {
            let words = of(text, "UBOT", &names());
            (words.text, words.mentioned)
        };
        assert_eq!(read("<@UBOT> /session fix"), ("/session fix".to_owned(), true));
        assert_eq!(read(" <@UBOT|bot>: status? "), ("status?".to_owned(), true));
        assert_eq!(read("look <@UBOT>"), ("look".to_owned(), true));
        assert_eq!(read("ask <@UBOT> now"), ("ask @UBOT now".to_owned(), true));
        assert_eq!(read("<@UBOT>"), (String::new(), true));
        assert_eq!(read("<@U1> look"), ("“Ada” look".to_owned(), false), "nobody's name chooses an agent");
        assert_eq!(read("2 < 3"), ("2 < 3".to_owned(), false));
    }

    #[test]
    fn only_people_without_a_name_are_asked_for() {
        assert_eq!(people("<@U1> <@U2|kim> <#C1> <@U3>").collect::<Vec<_>>(), ["U1", "U3"]);
    }
}
