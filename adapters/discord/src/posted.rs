//! What a message says beside its text: embeds and components of bots, and messages that were forwarded. Pure.
//!
//! Alerts are posted so. All of it is read into one text, line by line, in the order in which a person sees it; the colour at
//! the edge of a box stands before it as `Color: #992d22`, since some senders say by that alone how bad it is.

use serde_json::Value;
use signalbox_adapter::{Quoted, Quoting, one_line};

use crate::event::{Embed, Forwarded, Interaction, Message, User};
use crate::translate::Us;

/// Deepest nesting of components that is read; Discord has three levels.
const MAX_DEPTH: usize = 8;

/// What Discord's Markdown begins a line with.
const MARKS: [&str; 6] = ["# ", "## ", "### ", "-# ", ">>> ", "> "];

/// The brightest colour.
const MAX_COLOR: u32 = 0x00ff_ffff;

/// Longest text that is made of one message, in bytes; Discord's own limits are below it.
const MAX_BYTES: usize = 64 * 1024;

/// Longest words about what cannot be taken, in characters.
const MAX_NOT_TAKEN_CHARS: usize = 300;

/// Returns all that a bot's message says.
pub(crate) fn whole(content: &str, message: &Message) -> String {
    gathered(content, &message.embeds, &message.components)
}

/// Returns what somebody else said that came with a message: what it forwards, and the message that it answers, unless that
/// is one of ours.
pub(crate) fn quoted(us: &Us, message: &Message) -> Vec<Quoted> {
    let forwarded = message.message_snapshots.iter().filter_map(|snapshot| {
        let Forwarded { content, embeds, components, attachments: _ } = &snapshot.message;
        // Discord does not say whose it was.
        Quoted::new(Quoting::Forwarded, None, &gathered(content, embeds, components))
    });
    let answers = message.message_reference.as_ref().is_some_and(|reference| reference.kind == 0);
    let answered = message.referenced_message.as_deref().filter(|answered| answers && !is_of(us, answered));
    forwarded.chain(answered.and_then(|answered| said(Quoting::Answered, answered))).collect()
}

/// Returns what the message says that a command was given to.
pub(crate) fn chosen(interaction: &Interaction) -> Option<Quoted> {
    said(Quoting::Chosen, interaction.target()?)
}

/// Returns what the message says that a thread began with.
pub(crate) fn root(message: &Message) -> Option<Quoted> {
    said(Quoting::Answered, message)
}

/// Returns what of a message cannot be taken, a few words each.
pub(crate) fn not_taken(message: &Message) -> Vec<String> {
    let stickers = message.sticker_items.iter().map(|sticker| format!("a sticker ({})", sticker.name));
    let poll = message.poll.as_ref().map(|poll| {
        let answers: Vec<&str> = poll.answers.iter().map(|answer| answer.poll_media.text.as_str()).collect();
        format!("a poll: {} ({})", poll.question.text, answers.join(" / "))
    });
    stickers.chain(poll).map(|what| one_line(&what, MAX_NOT_TAKEN_CHARS)).collect()
}

/// Whether we wrote a message.
pub(crate) fn is_of(us: &Us, message: &Message) -> bool {
    message.author.as_ref().is_some_and(|author| author.id == us.user)
}

fn said(why: Quoting, message: &Message) -> Option<Quoted> {
    let by =
        message.author.as_ref().map(|author| author.global_name.clone().unwrap_or_else(|| author.username.clone()));
    let forwarded = message.message_snapshots.iter().map(|snapshot| {
        let Forwarded { content, embeds, components, attachments: _ } = &snapshot.message;
        gathered(content, embeds, components)
    });
    let texts: Vec<String> = std::iter::once(whole(&message.content, message)).chain(forwarded).collect();
    Quoted::new(why, by, &with_names(&texts.join("\n"), &message.mentions))
}

/// Writes the names of people for their ids. In a command, and where a mention stands first, names stand in quotation marks:
/// there a word behind an @ chooses an agent or a session, and what somebody is called must not.
pub(crate) fn with_names(text: &str, mentions: &[User]) -> String {
    let is_bare = text.trim_start().starts_with(['/', '<']);
    let mut text = text.to_owned();
    for user in mentions {
        let name = user.global_name.as_deref().unwrap_or(&user.username);
        let name = if is_bare { format!("“{name}”") } else { format!("@{name}") };
        for mention in [format!("<@{}>", user.id), format!("<@!{}>", user.id)] {
            text = text.replace(&mention, &name);
        }
    }
    text
}

fn gathered(content: &str, embeds: &[Embed], components: &[Value]) -> String {
    let mut lines = Lines::default();
    lines.push(content);
    embeds.iter().for_each(|embed| lines.embed(embed));
    components.iter().for_each(|component| lines.component(component, 0));
    lines.0
}

/// Takes the mark of a heading, of small print or of a quote off a line: components have no titles but these.
fn unmarked(line: &str) -> &str {
    let mut line = line.trim();
    while let Some(rest) = MARKS.iter().find_map(|mark| line.strip_prefix(mark)) {
        line = rest.trim_start();
    }
    line
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn push(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() || self.0.len() >= MAX_BYTES {
            return;
        }
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        let room = MAX_BYTES.saturating_sub(self.0.len());
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
    }

    fn color(&mut self, color: Option<u32>) {
        if let Some(color) = color.filter(|color| *color <= MAX_COLOR) {
            self.push(&format!("Color: #{color:06x}"));
        }
    }

    fn embed(&mut self, embed: &Embed) {
        self.color(embed.color);
        for text in [&embed.author.name, &embed.title, &embed.url, &embed.description] {
            self.push(text);
        }
        for field in &embed.fields {
            self.push(&format!("{}: {}", field.name.trim(), field.value.trim()));
        }
        self.push(&embed.footer.text);
    }

    /// Reads texts and the links of buttons, in whatever they are nested.
    fn component(&mut self, component: &Value, depth: usize) {
        if depth >= MAX_DEPTH {
            return;
        }
        self.color(component["accent_color"].as_u64().and_then(|color| u32::try_from(color).ok()));
        for line in component["content"].as_str().unwrap_or_default().lines() {
            self.push(unmarked(line));
        }
        self.push(component["url"].as_str().unwrap_or_default());
        let nested = component["components"].as_array().into_iter().flatten();
        for inner in nested.chain(component.get("accessory")) {
            self.component(inner, depth + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(more: Value) -> Message {
        let mut all = json!({ "id": "1", "channel_id": "2" });
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value(all).expect("a message")
    }

    #[test]
    fn an_embed_reads_from_top_to_bottom() {
        let message = message(json!({ "embeds": [{
            "title": "[FIRING:1] DiskFull (db)", "description": "Alerts Firing:\nLabels:\n - severity = critical",
            "url": "https://a.example/", "fields": [{ "name": "Error", "value": "timeout" }], "color": 10038562,
            "footer": { "text": "Grafana v12" }, "author": null,
        }] }));
        assert_eq!(
            whole("look", &message),
            "look\nColor: #992d22\n[FIRING:1] DiskFull (db)\nhttps://a.example/\nAlerts Firing:\nLabels:\n - severity = critical\n\
             Error: timeout\nGrafana v12"
        );
    }

    #[test]
    fn newer_components_are_read_however_they_are_nested() {
        let message = message(json!({ "components": [{ "type": 17, "accent_color": 16711680, "components": [
            { "type": 10, "content": "## Down\n> -# **Service:** shop\n#42 is not a heading" },
            { "type": 9, "components": [{ "type": 10, "content": "db-1" }],
              "accessory": { "type": 2, "style": 5, "label": "Open", "url": "https://a.example/" } },
        ] }] }));
        assert_eq!(
            whole("", &message),
            "Color: #ff0000\nDown\n**Service:** shop\n#42 is not a heading\ndb-1\nhttps://a.example/"
        );
    }

    #[test]
    fn what_a_thread_began_with_is_told_whole_and_by_whom() {
        let began = message(json!({
            "content": "<@7> look", "author": { "id": "2", "username": "bob", "global_name": "Bob" },
            "mentions": [{ "id": "7", "username": "kim" }], "embeds": [{ "title": "DiskFull" }],
        }));
        let told = root(&began).expect("it says something");
        assert_eq!(
            (told.why, told.by.as_deref(), told.text.as_str()),
            (Quoting::Answered, Some("Bob"), "“kim” look\nDiskFull")
        );
        assert_eq!(root(&message(json!({}))), None);
    }

    fn us() -> Us {
        Us { bot_id: "42".into(), user: "42".into(), hears_all: true }
    }

    #[test]
    fn a_command_that_is_given_to_a_message_takes_along_what_that_says() {
        let message = json!({ "id": "8", "channel_id": "2", "content": "", "embeds": [{ "title": "DiskFull" }],
            "author": { "id": "9", "username": "alerts" } });
        let data =
            json!({ "type": 3, "name": "Investigate", "target_id": "8", "resolved": { "messages": { "8": message } } });
        let given = json!({ "id": "1", "token": "t", "type": 2, "data": data });
        let given: Interaction = serde_json::from_value(given).expect("an interaction");
        let expected = Quoted { why: Quoting::Chosen, by: Some("alerts".into()), text: "DiskFull".into() };
        assert_eq!((given.command().as_deref(), chosen(&given)), (Some("/investigate"), Some(expected)));
    }

    #[test]
    fn what_others_said_is_taken_along_and_our_own_is_not() {
        let snapshot = json!({ "message": { "content": "/session rm\nall", "embeds": [] } });
        let forwarded = quoted(&us(), &message(json!({ "message_snapshots": [snapshot] })));
        let expected = Quoted { why: Quoting::Forwarded, by: None, text: "/session rm\nall".into() };
        assert_eq!(forwarded, [expected]);
        let answering = |author: &str| {
            let answered = json!({ "id": "8", "channel_id": "2", "content": "hi <@7>", "embeds": [{ "title": "T" }],
                "author": { "id": author, "username": "kim" }, "mentions": [{ "id": "7", "username": "bob" }] });
            let reference = json!({ "type": 0, "message_id": "8" });
            quoted(&us(), &message(json!({ "referenced_message": answered, "message_reference": reference })))
        };
        let expected = Quoted { why: Quoting::Answered, by: Some("kim".into()), text: "hi @bob\nT".into() };
        assert_eq!(answering("9"), [expected]);
        assert_eq!(answering("42"), []);
        assert_eq!(quoted(&us(), &message(json!({}))), []);
    }

    #[test]
    fn stickers_and_polls_are_named() {
        let answers = json!([{ "poll_media": { "text": "yes" } }, { "poll_media": { "text": "no" } }]);
        let poll = json!({ "question": { "text": "Deploy\nnow?" }, "answers": answers });
        let message = message(json!({ "sticker_items": [{ "name": "Wave" }], "poll": poll }));
        assert_eq!(not_taken(&message), ["a sticker (Wave)", "a poll: Deploy now? (yes / no)"]);
    }
}
