//! What a message says beside its text: embeds and components of bots, and messages that were forwarded. Pure.
//!
//! Alerts are posted so. All of it is read into one text, line by line, in the order in which a person sees it.

use serde_json::Value;

use crate::event::{Embed, Forwarded, Interaction, Message};

/// Deepest nesting of components that is read; Discord has three levels.
const MAX_DEPTH: usize = 8;

/// Longest text that is made of one message, in bytes; Discord's own limits are below it.
const MAX_BYTES: usize = 64 * 1024;

/// Returns all that a bot's message says.
pub(crate) fn whole(content: &str, message: &Message) -> String {
    gathered(content, &message.embeds, &message.components)
}

/// Returns a command as it would be typed, with all that the message says which it was given to.
pub(crate) fn command(interaction: &Interaction) -> Option<String> {
    let command = interaction.command()?;
    let said = interaction.target().map(|target| gathered(&target.content, &target.embeds, &target.components));
    Some(said.map_or(command.clone(), |said| format!("{command} {said}")))
}

/// Returns a message that somebody forwarded, marked as such, so that nobody takes it for their own words or a command.
pub(crate) fn forwarded(message: &Message) -> Option<String> {
    let said = message.message_snapshots.iter().map(|snapshot| {
        let Forwarded { content, embeds, components, attachments: _ } = &snapshot.message;
        gathered(content, embeds, components)
    });
    let said: Vec<String> = said.filter(|text| !text.is_empty()).collect();
    if said.is_empty() {
        return None;
    }
    let quoted: Vec<String> = said.iter().flat_map(|text| text.lines()).map(|line| format!("> {line}")).collect();
    Some(format!("Forwarded:\n{}", quoted.join("\n")))
}

fn gathered(content: &str, embeds: &[Embed], components: &[Value]) -> String {
    let mut lines = Lines::default();
    lines.push(content);
    embeds.iter().for_each(|embed| lines.embed(embed));
    components.iter().for_each(|component| lines.component(component, 0));
    lines.0
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

    fn embed(&mut self, embed: &Embed) {
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
        for key in ["content", "url"] {
            self.push(component[key].as_str().unwrap_or_default());
        }
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
            "look\n[FIRING:1] DiskFull (db)\nhttps://a.example/\nAlerts Firing:\nLabels:\n - severity = critical\n\
             Error: timeout\nGrafana v12"
        );
    }

    #[test]
    fn newer_components_are_read_however_they_are_nested() {
        let message = message(json!({ "components": [{ "type": 17, "components": [
            { "type": 10, "content": "# Down" },
            { "type": 9, "components": [{ "type": 10, "content": "db-1" }],
              "accessory": { "type": 2, "style": 5, "label": "Open", "url": "https://a.example/" } },
        ] }] }));
        assert_eq!(whole("", &message), "# Down\ndb-1\nhttps://a.example/");
    }

    #[test]
    fn a_command_that_is_given_to_a_message_says_what_that_says() {
        let message = json!({ "id": "8", "channel_id": "2", "content": "", "embeds": [{ "title": "DiskFull" }] });
        let data =
            json!({ "type": 3, "name": "Investigate", "target_id": "8", "resolved": { "messages": { "8": message } } });
        let given = json!({ "id": "1", "token": "t", "type": 2, "data": data });
        let given: Interaction = serde_json::from_value(given).expect("an interaction");
        assert_eq!(command(&given).as_deref(), Some("/investigate DiskFull"));
    }

    #[test]
    fn a_forwarded_message_is_nobody_s_command() {
        let snapshot = json!({ "message": { "content": "/session rm\nall", "embeds": [] } });
        let text = forwarded(&message(json!({ "message_snapshots": [snapshot] }))).expect("forwarded");
        assert_eq!(text, "Forwarded:\n> /session rm\n> all");
        assert_eq!(forwarded(&message(json!({}))), None);
    }
}
