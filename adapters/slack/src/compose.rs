//! From one [`Outgoing`] to one call's body. Pure.
//!
//! Source: <https://docs.slack.dev/reference/methods/chat.postMessage>, …/chat.update, …/chat.postEphemeral, read 2026-11.

use serde_json::{Value, json};
use signalbox_adapter::{Button, DeliverError, DeliveryKey, Outgoing, Target};
use slack_morphism::prelude::{
    SlackActionBlockElement, SlackActionId, SlackActionsBlock, SlackBlock, SlackBlockButtonElement,
    SlackBlockButtonStyle, SlackBlockPlainText, SlackSectionBlock,
};

use crate::body::Body;
use crate::escape::{self, escaped};
use crate::limits::{MAX_BLOCKS, MAX_BUTTONS, MAX_LABEL_CHARS, MAX_SECTION_CHARS, MAX_TEXT_CHARS, MAX_VALUE_CHARS};
use crate::render::small;

/// What the metadata of our messages is called, by which they are known again.
pub(crate) const EVENT_TYPE: &str = "signalbox_delivery";

/// Most `actions` blocks below one message.
const MAX_ROWS: usize = 4;

/// What is shown where there is nothing to show: Slack refuses an empty message.
const NO_TEXT: &str = "(no text)";

/// What a message shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    /// The text, escaped.
    pub(crate) text: String,
    /// The blocks, never none.
    pub(crate) blocks: Vec<SlackBlock>,
    /// What stands beside a coloured bar.
    pub(crate) bar: Option<crate::body::Bar>,
}

impl Shown {
    /// Returns what a message shows, in the plainest form where that is asked for: sections of plain text.
    pub(crate) fn of(message: &Outgoing) -> Self {
        let body = Body::of(&message.part);
        let mark = message.mark.as_deref();
        let rows = rows(&message.buttons);
        let room = MAX_TEXT_CHARS - mark.map_or(0, |mark| escape::price(mark) + 2);
        let fits = body.plain.as_ref().is_some_and(|plain| escape::price(plain) <= room);
        let mut said = match body.plain {
            Some(plain) if message.plain && fits => plain,
            _ => body.text,
        };
        if said.trim().is_empty() {
            said = if message.attachment.is_some() { String::new() } else { NO_TEXT.to_owned() };
        }
        let said = escape::cut(&said, room);
        let (mut blocks, mut bar) =
            if message.plain || body.blocks.is_empty() { (sections(&said), None) } else { (body.blocks, body.bar) };
        blocks.truncate(MAX_BLOCKS - MAX_ROWS - 1);
        blocks.extend(mark.map(small));
        // What belongs to a card stands in it.
        bar.as_mut().map_or(&mut blocks, |bar| &mut bar.blocks).extend(rows);
        let gap = if said.is_empty() { "" } else { "\n\n" };
        let mark = mark.map(|mark| format!("{gap}{mark}")).unwrap_or_default();
        Self { text: escaped(&(said + &mark)), blocks, bar: bar.filter(|bar| !bar.blocks.is_empty()) }
    }

    /// Writes it into a body. Whoever has text has blocks too, and whoever changes a message takes its bar away or sets it anew.
    fn write(&self, body: &mut Value, changes: bool) {
        body["text"] = json!(self.text);
        body["blocks"] = json!(self.blocks);
        match &self.bar {
            Some(bar) => body["attachments"] = json!([{ "color": bar.colour, "blocks": bar.blocks }]),
            None if changes => body["attachments"] = json!([]),
            None => {}
        }
    }
}

/// Returns the body of a new message.
pub(crate) fn post(message: &Outgoing) -> Result<Value, DeliverError> {
    let mut body = json!({
        "channel": channel(&message.target)?,
        // The text is no markup.
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "metadata": metadata(&message.key),
    });
    Shown::of(message).write(&mut body, false);
    if let Some(thread) = thread(&message.target) {
        body["thread_ts"] = json!(thread);
    }
    Ok(body)
}

/// Returns the body of a change.
pub(crate) fn change(message: &Outgoing, ts: &str) -> Result<Value, DeliverError> {
    let mut body = json!({ "channel": channel(&message.target)?, "ts": ts });
    Shown::of(message).write(&mut body, true);
    Ok(body)
}

/// Returns the body of a message that one person alone is shown.
pub(crate) fn aside(message: &Outgoing, user: &str) -> Result<Value, DeliverError> {
    let mut body = json!({ "channel": channel(&message.target)?, "user": user });
    Shown::of(message).write(&mut body, false);
    if let Some(thread) = &message.target.address.thread {
        body["thread_ts"] = json!(thread.as_str());
    }
    Ok(body)
}

/// Returns the body of the same by the address that a command or a press came with.
pub(crate) fn response(message: &Outgoing) -> Value {
    let mut body = json!({ "response_type": "ephemeral", "replace_original": false });
    Shown::of(message).write(&mut body, false);
    body
}

/// Returns the body of one line that one person alone is shown; where and whom, the caller says.
pub(crate) fn line(text: &str) -> Value {
    json!({ "text": escaped(text), "blocks": sections(text) })
}

/// Returns what our message is known by.
pub(crate) fn metadata(key: &DeliveryKey) -> Value {
    json!({ "event_type": EVENT_TYPE, "event_payload": { "key": key.as_str() } })
}

/// Returns the channel of a message.
pub(crate) fn channel(target: &Target) -> Result<&str, DeliverError> {
    let id = target.address.chat.as_str();
    let is_id = (2..=32).contains(&id.len())
        && id.starts_with(['C', 'D', 'G', 'U', 'W'])
        && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    is_id.then_some(id).ok_or_else(|| DeliverError::Refused(format!("{id} is no Slack channel")))
}

/// Returns the thread that a message goes to: a reply stands in one, but where only two talk it follows what it answers.
pub(crate) fn thread(target: &Target) -> Option<&str> {
    let is_direct = target.address.chat.as_str().starts_with(['D', 'U', 'W']);
    let reply = target.reply_to.as_ref().filter(|_| !is_direct).map(|answered| answered.as_str());
    target.address.thread.as_ref().map(|thread| thread.as_str()).or(reply)
}

/// Whether a text is a time stamp, by which Slack names messages.
pub(crate) fn is_ts(text: &str) -> bool {
    let is_number = |part: &str| (1..=16).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(seconds, part)| is_number(seconds) && is_number(part))
}

/// The plainest blocks that there are.
pub(crate) fn sections(text: &str) -> Vec<SlackBlock> {
    let (mut pieces, mut units) = (vec![String::new()], 0);
    for c in text.chars() {
        units += c.len_utf16();
        if units > MAX_SECTION_CHARS {
            pieces.push(String::new());
            units = c.len_utf16();
        }
        pieces.last_mut().expect("there is one").push(c);
    }
    let section = |piece: String| {
        SlackSectionBlock::new().with_text(SlackBlockPlainText::new(piece).with_emoji(false).into()).into()
    };
    pieces.into_iter().filter(|piece| !piece.trim().is_empty()).map(section).collect()
}

fn rows(buttons: &[Button]) -> Vec<SlackBlock> {
    let is_good = |button: &&Button| {
        (1..=MAX_VALUE_CHARS).contains(&button.action.chars().count()) && !button.label.trim().is_empty()
    };
    let taken: Vec<&Button> = buttons.iter().filter(is_good).take(MAX_BUTTONS * MAX_ROWS).collect();
    if taken.len() < buttons.len() {
        tracing::error!(buttons = buttons.len() - taken.len(), "buttons that Slack does not take were left out");
    }
    let row = |(row, buttons): (usize, &[&Button])| {
        let buttons = buttons.iter().enumerate().map(|(at, button)| {
            let label: String = cut_label(&button.label);
            let label = SlackBlockPlainText::new(label).with_emoji(false);
            // Each of a message has another.
            let id = SlackActionId(format!("{}-{at}", row + 1));
            let button = SlackBlockButtonElement::new(label.into())
                .with_action_id(id)
                .with_value(button.action.clone())
                .opt_style(style(&button.action));
            SlackActionBlockElement::Button(button)
        });
        SlackActionsBlock::new(buttons.collect()).into()
    };
    taken.chunks(MAX_BUTTONS).enumerate().map(row).collect()
}

fn cut_label(label: &str) -> String {
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= MAX_LABEL_CHARS
    };
    label.chars().take_while(fits).collect()
}

/// What ends or denies something is red, what allows green.
fn style(action: &str) -> Option<SlackBlockButtonStyle> {
    match action.split_whitespace().next().unwrap_or_default() {
        "approve" => Some(SlackBlockButtonStyle::Primary),
        "cancel" | "deny" | "discard" | "stop" => Some(SlackBlockButtonStyle::Danger),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use signalbox_adapter::{Attachment, Card, Document, MessageId, Part, Phase, Purpose, Render, Tone};

    use super::*;
    use crate::SlackRender;

    pub(crate) fn outgoing(text: &str) -> Outgoing {
        let mut rendered = SlackRender.render(&Document::from_markdown(text), 1);
        Outgoing {
            key: DeliveryKey::from_random_bits(7),
            target: Target {
                address: "slack:C7/1700000000.000100".parse().expect("an address"),
                reply_to: None,
                edit_of: None,
                window: None,
            },
            purpose: Purpose::Result,
            part: rendered.parts.remove(0),
            buttons: Vec::new(),
            attachment: None,
            mark: None,
            plain: false,
        }
    }

    fn button(number: usize) -> Button {
        Button { label: "x".repeat(90), action: format!("show {number}") }
    }

    #[test]
    fn a_message_pings_nobody_carries_its_key_and_stands_in_its_thread() {
        let message = outgoing("hi <!channel> & <@U1>");
        let body = post(&message).expect("a body");
        assert_eq!((&body["channel"], &body["thread_ts"]), (&json!("C7"), &json!("1700000000.000100")));
        assert_eq!(body["text"], "hi &lt;!channel&gt; &amp; &lt;@U1&gt;");
        assert_eq!(
            body["blocks"],
            json!([{ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [
                { "type": "text", "text": "hi <!channel> & <@U1>" },
            ] }] }])
        );
        assert_eq!(body["metadata"]["event_payload"]["key"], message.key.as_str());
        assert_eq!(
            (&body["unfurl_links"], &body["unfurl_media"], &body["mrkdwn"]),
            (&json!(false), &json!(false), &json!(false))
        );
        assert!(body.get("reply_broadcast").is_none() && body.get("attachments").is_none(), "{body}");
    }

    #[test]
    fn a_reply_stands_in_the_thread_of_what_it_answers_but_where_two_talk_below_it() {
        let mut message = outgoing("hi");
        message.target.address = "slack:C7".parse().expect("an address");
        message.target.reply_to = Some(MessageId::new("1700000000.000200"));
        assert_eq!(post(&message).expect("a body")["thread_ts"], "1700000000.000200");
        message.target.address = "slack:D7".parse().expect("an address");
        assert!(post(&message).expect("a body").get("thread_ts").is_none());
    }

    #[test]
    fn a_change_has_text_and_blocks_and_takes_buttons_and_bar_away() {
        let body = change(&outgoing("**done**"), "1700000000.000300").expect("a body");
        assert_eq!((&body["ts"], &body["text"]), (&json!("1700000000.000300"), &json!("done")));
        assert_eq!(body["blocks"].as_array().map(Vec::len), Some(1));
        assert_eq!(body["attachments"], json!([]));
        assert!(body.get("metadata").is_none() && body.get("thread_ts").is_none(), "{body}");
    }

    #[test]
    fn a_card_has_its_colour_beside_what_stands_below_its_first_line() {
        let mut message = outgoing("");
        let document = Document::from_markdown("**🔴 CRITICAL** · disk full\\\nFiring\\\n`#7`");
        let (title, name) = ("disk full".to_owned(), "Incident #7".to_owned());
        message.part = SlackRender.card(&Card { tone: Tone::Critical, phase: Phase::Firing, title, name, document });
        message.buttons = vec![Button { label: "Ack".to_owned(), action: "incident ack 7".to_owned() }];
        let body = post(&message).expect("a body");
        assert_eq!(body["text"], "🔴 CRITICAL · disk full\nFiring\n#7");
        let head = &body["blocks"][0]["elements"][0]["elements"];
        assert_eq!(head[0], json!({ "type": "text", "text": "🔴 CRITICAL", "style": { "bold": true } }));
        let bar = &body["attachments"][0];
        assert_eq!((&bar["color"], &bar["blocks"][0]["type"]), (&json!("#D92D20"), &json!("rich_text")));
        assert_eq!(bar["blocks"][1]["elements"][0]["value"], "incident ack 7");
        assert_eq!(body["blocks"].as_array().map(Vec::len), Some(1), "its buttons stand in the bar");
        message.plain = true;
        let body = post(&message).expect("a body");
        assert!(body.get("attachments").is_none(), "{body}");
        assert_eq!((&body["blocks"][0]["type"], &body["blocks"][1]["type"]), (&json!("section"), &json!("actions")));
    }

    #[test]
    fn the_plainest_form_is_sections_of_plain_text_with_the_addresses() {
        let mut message = outgoing(&format!("# Head\n\n[here](https://a.example/) *now* {}", "word ".repeat(700)));
        message.plain = true;
        message.mark = Some("(may be a repeat)".to_owned());
        let body = post(&message).expect("a body");
        let blocks = body["blocks"].as_array().expect("blocks");
        let kinds: Vec<&str> = blocks.iter().filter_map(|block| block["type"].as_str()).collect();
        assert_eq!(kinds, ["section", "section", "context"]);
        assert_eq!(blocks[0]["text"]["type"], "plain_text");
        let text = blocks[0]["text"]["text"].as_str().expect("a text");
        assert!(text.starts_with("Head\n\nhere (https://a.example/) now word"), "{text}");
        assert_eq!(text.chars().count(), MAX_SECTION_CHARS);
        assert!(body["text"].as_str().is_some_and(|text| text.ends_with("\n\n(may be a repeat)")));
    }

    #[test]
    fn a_row_holds_twenty_five_buttons_and_a_label_seventy_five_characters() {
        let mut message = outgoing("hi");
        message.buttons = (0..27).map(button).collect();
        message.buttons.push(Button { label: "none".to_owned(), action: String::new() });
        message.buttons.push(Button { label: "Stop".to_owned(), action: "stop all".to_owned() });
        let body = post(&message).expect("a body");
        let rows: Vec<&Value> = body["blocks"].as_array().expect("blocks").iter().skip(1).collect();
        let counts: Vec<_> = rows.iter().filter_map(|row| row["elements"].as_array().map(Vec::len)).collect();
        assert_eq!(counts, [25, 3]);
        let first = &rows[0]["elements"][0];
        assert_eq!(first["text"]["text"].as_str().map(str::len), Some(MAX_LABEL_CHARS));
        assert_eq!((&first["value"], &first["action_id"]), (&json!("show 0"), &json!("1-0")));
        assert_eq!(
            (&rows[1]["elements"][2]["style"], &rows[1]["elements"][2]["action_id"]),
            (&json!("danger"), &json!("2-2"))
        );
    }

    #[test]
    fn a_long_text_is_cut_before_its_mark_and_an_empty_one_says_so() {
        let mut message = outgoing("");
        assert_eq!(post(&message).expect("a body")["text"], NO_TEXT);
        message.part = Part { body: "<".repeat(5000) };
        message.mark = Some("(may be a repeat)".to_owned());
        let body = post(&message).expect("a body");
        let text = body["text"].as_str().expect("a text");
        assert!(text.ends_with("…\n\n(may be a repeat)") && text.chars().count() <= MAX_TEXT_CHARS, "{text}");
    }

    #[test]
    fn a_file_needs_no_words() {
        let mut message = outgoing("");
        message.attachment = Some(Attachment::text("answer.md", "text/markdown", "x"));
        let shown = Shown::of(&message);
        assert_eq!((shown.text.as_str(), shown.blocks.len()), ("", 0));
    }

    #[test]
    fn one_person_alone_is_answered_by_name_or_by_what_they_asked_with() {
        let message = outgoing("hi");
        let body = aside(&message, "U1").expect("a body");
        assert_eq!((&body["user"], &body["thread_ts"]), (&json!("U1"), &json!("1700000000.000100")));
        assert!(body.get("metadata").is_none(), "{body}");
        let body = response(&message);
        assert_eq!((&body["response_type"], &body["replace_original"]), (&json!("ephemeral"), &json!(false)));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let mut message = outgoing("hi");
        for wrong in ["slack:general", "slack:C 1", "slack:c1", "slack:X1"] {
            let Ok(address) = wrong.parse() else { continue };
            message.target.address = address;
            assert!(matches!(post(&message), Err(DeliverError::Refused(_))), "{wrong}");
        }
        assert!(is_ts("1700000000.000100") && !is_ts("F123") && !is_ts("1.") && !is_ts("1.2.3"));
    }
}
