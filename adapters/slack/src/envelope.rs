//! What Slack hands over, read as far as it must be to know what it is and whose turn it is. Pure.

use serde_json::Value;

use crate::home::{self, Opened};
use crate::stamp::Stamp;

/// An envelope.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// What names it: a copy has the same.
    pub(crate) identity: String,
    /// What it waits behind: messages of one channel follow one another.
    pub(crate) lane: String,
    /// When it came to be, where it has its place among others.
    pub(crate) at: Option<Stamp>,
    /// What it holds.
    pub(crate) holds: Holds,
}

/// What an envelope holds.
#[derive(Debug)]
pub(crate) enum Holds {
    /// An event.
    Event(Value),
    /// Somebody opened the app's page.
    Home(Opened),
    /// A slash command.
    Command(Value),
    /// A press, a form that was filled in, or a command given to a message.
    Interaction(Value),
    /// What cannot be understood: what it is, and how it reads.
    Unreadable(String, String),
}

impl Envelope {
    /// Reads a frame.
    pub(crate) fn read(frame: &str) -> Self {
        let unreadable = |what: &str| Self {
            identity: format!("unread {}", frame.get(..64).unwrap_or(frame)),
            lane: "unread".to_owned(),
            at: None,
            holds: Holds::Unreadable(what.to_owned(), frame.to_owned()),
        };
        // Indexing to change a value that is no object would end the program.
        let read = serde_json::from_str::<Value>(frame).ok().filter(Value::is_object);
        let Some(mut envelope) = read else { return unreadable("a frame") };
        let payload = envelope.get_mut("payload").map(Value::take).unwrap_or_default();
        let kind = envelope["type"].as_str().unwrap_or_default().to_owned();
        let named = |key: &str| payload[key].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
        match kind.as_str() {
            "events_api" => {
                let (Some(id), Some(event)) =
                    (named("event_id"), payload.get("event").filter(|event| event.is_object()))
                else {
                    return unreadable("an event");
                };
                if let Some(opened) = home::opened(event) {
                    // A page that is written twice is one page.
                    return Self { identity: id, lane: opened.lane(), at: None, holds: Holds::Home(opened) };
                }
                let lane = channel_of(event).unwrap_or(&id).to_owned();
                let at = event["event_ts"].as_str().or(event["ts"].as_str()).and_then(Stamp::read);
                Self { identity: id, lane, at, holds: Holds::Event(event.clone()) }
            }
            "slash_commands" => match named("trigger_id") {
                Some(id) => Self { identity: id.clone(), lane: id, at: None, holds: Holds::Command(payload) },
                None => unreadable("a slash command"),
            },
            "interactive" => {
                let view = payload["view"]["id"].as_str().map(|view| format!("{view} {}", payload["view"]["hash"]));
                match named("trigger_id").or(view) {
                    Some(id) => Self { identity: id.clone(), lane: id, at: None, holds: Holds::Interaction(payload) },
                    None => unreadable("an interaction"),
                }
            }
            kind => unreadable(&format!("an envelope of the kind {kind:?}")),
        }
    }
}

/// Returns the channel that an event is about.
fn channel_of(event: &Value) -> Option<&str> {
    event["channel"].as_str().or_else(|| event["item"]["channel"].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_channel_share_a_lane_and_a_press_waits_for_none() {
        let event = r#"{"envelope_id":"e","type":"events_api","payload":{"event_id":"Ev1","event":{"type":"message","channel":"C1"}}}"#;
        let envelope = Envelope::read(event);
        assert_eq!((envelope.identity.as_str(), envelope.lane.as_str()), ("Ev1", "C1"));
        let press = r#"{"envelope_id":"e","type":"interactive","payload":{"type":"block_actions","trigger_id":"1.2","channel":{"id":"C1"}}}"#;
        let envelope = Envelope::read(press);
        assert_eq!((envelope.lane.as_str(), matches!(envelope.holds, Holds::Interaction(_))), ("1.2", true));
    }

    #[test]
    fn what_cannot_be_understood_says_what_it_is() {
        for (frame, what) in [
            ("nonsense", "a frame"),
            ("[]", "a frame"),
            ("7", "a frame"),
            (r#""x""#, "a frame"),
            ("true", "a frame"),
            ("null", "a frame"),
            (r#"["events_api"]"#, "a frame"),
            (r#"{"type":"events_api","payload":[7]}"#, "an event"),
            (r#"{"type":"interactive","payload":"x"}"#, "an interaction"),
            (r#"{"type":"events_api","payload":{"event":7}}"#, "an event"),
            (r#"{"type":"events_api"}"#, "an event"),
            (r#"{"type":"slash_commands","payload":{}}"#, "a slash command"),
            (r#"{"type":"new","payload":{}}"#, "an envelope of the kind \"new\""),
            (r#"{"type":7}"#, "an envelope of the kind \"\""),
        ] {
            let holds = Envelope::read(frame).holds;
            assert!(matches!(&holds, Holds::Unreadable(told, text) if told == what && text == frame), "{holds:?}");
        }
    }
}
