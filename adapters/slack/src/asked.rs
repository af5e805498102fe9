//! What somebody asks by other means than a message: slash commands, presses, forms and the shortcut at a message. Pure.

use serde_json::{Value, json};
use signalbox_adapter::{ChatAddress, InboundKey, Incoming, IncomingKind, MessageId, Quoted, Quoting, Sender, UserId};

use crate::aside::Aside;
use crate::posted::{self, text};
use crate::translate::{Us, address, is_direct, thread_of};
use crate::words::{self, Names};

/// The command that takes any other behind it, for workspaces in which another app has the name.
pub(crate) const ANY: &str = "signalbox";

/// What the shortcut at a message is called, and the command that it gives.
pub(crate) const SHORTCUT: &str = "investigate";

/// What a form is called that asks for the text of a command.
pub(crate) const FORM: &str = "ask";

/// Something that somebody asks.
#[derive(Debug)]
pub(crate) struct Asked {
    /// As the message that it would be; its window is empty.
    pub(crate) incoming: Incoming,
    /// By what who asks is reached alone.
    pub(crate) aside: Aside,
    /// What opens a form, for three seconds; empty where none may be opened.
    pub(crate) trigger: String,
}

impl Asked {
    /// Whether it is a press, which is shown to nobody.
    pub(crate) fn is_press(&self) -> bool {
        matches!(self.incoming.kind, IncomingKind::Button { .. })
    }

    /// Returns the command as it is typed; empty for a press.
    pub(crate) fn command(&self) -> &str {
        match &self.incoming.kind {
            IncomingKind::Text(command) => command,
            IncomingKind::Edited(_)
            | IncomingKind::Deleted
            | IncomingKind::Moved { .. }
            | IncomingKind::Button { .. } => "",
        }
    }
}

/// Understands a slash command; `None` where it says too little.
pub(crate) fn command(us: &Us, payload: &Value, names: &Names) -> Option<Asked> {
    let (channel, user, trigger) =
        (some(payload, "channel_id")?, some(payload, "user_id")?, some(payload, "trigger_id")?);
    let typed = words::of(text(payload, "text"), "", names).text;
    let name = text(payload, "command").trim_start_matches('/').to_ascii_lowercase();
    let command = match (name.as_str(), typed.trim_start_matches('/')) {
        (ANY, "") => "/help".to_owned(),
        (ANY, any) => format!("/{any}"),
        (name, "") => format!("/{name}"),
        // A slash at the beginning belongs to the text.
        (name, _) => format!("/{name} {typed}"),
    };
    let place = address(channel, None);
    let who = sender(user, text(payload, "user_name"), names);
    let aside = Aside {
        user: user.to_owned(),
        channel: channel.to_owned(),
        thread: None,
        url: some(payload, "response_url").map(str::to_owned),
    };
    let incoming = incoming(us, trigger, place, who, IncomingKind::Text(command));
    Some(Asked { incoming, aside, trigger: trigger.to_owned() })
}

/// Understands a press, a form or a shortcut; `None` where it is nothing for the core.
pub(crate) fn interaction(us: &Us, payload: &Value, names: &Names) -> Option<Asked> {
    match text(payload, "type") {
        "block_actions" => press(us, payload, names),
        "view_submission" => filled_in(us, payload, names),
        "message_action" => shortcut(us, payload, names),
        _ => None,
    }
}

fn press(us: &Us, payload: &Value, names: &Names) -> Option<Asked> {
    let (container, trigger) = (&payload["container"], some(payload, "trigger_id")?);
    let channel = some(container, "channel_id").or(some(&payload["channel"], "id"))?;
    let ts = some(container, "message_ts")?;
    let given = &payload["actions"][0];
    // A choice carries a whole action, as a button does.
    let action = some(given, "value").or(some(&given["selected_option"], "value"))?;
    let thread = some(container, "thread_ts").filter(|thread| *thread != ts);
    let (who, aside) = person(payload, channel, thread, names)?;
    let kind = IncomingKind::Button { action: action.to_owned(), press: Some(aside.written()) };
    let mut incoming = incoming(us, trigger, address(channel, thread), who, kind);
    incoming.reply_to = Some(MessageId::new(ts));
    incoming.window = (container["is_ephemeral"] == true).then(|| aside.written());
    Some(Asked { incoming, aside, trigger: String::new() })
}

fn filled_in(us: &Us, payload: &Value, names: &Names) -> Option<Asked> {
    let view = &payload["view"];
    if text(view, "callback_id") != FORM {
        return None;
    }
    let noted: Value = serde_json::from_str(text(view, "private_metadata")).ok()?;
    let (command, channel) = (some(&noted, "command")?, some(&noted, "channel")?);
    let thread = some(&noted, "thread");
    let fields =
        view["state"]["values"].as_object()?.values().filter_map(Value::as_object).flat_map(|block| block.values());
    let typed: Vec<&str> = fields.filter_map(|field| field["value"].as_str()).collect();
    let (who, aside) = person(payload, channel, thread, names)?;
    let kind = IncomingKind::Text(format!("/{command} {}", typed.join("\n").trim()).trim_end().to_owned());
    let incoming = incoming(us, some(payload, "trigger_id").or(some(view, "id"))?, address(channel, thread), who, kind);
    Some(Asked { incoming, aside, trigger: String::new() })
}

fn shortcut(us: &Us, payload: &Value, names: &Names) -> Option<Asked> {
    if text(payload, "callback_id") != SHORTCUT {
        return None;
    }
    let (channel, message) = (some(&payload["channel"], "id")?, &payload["message"]);
    let ts = some(message, "ts").or(some(payload, "message_ts"))?;
    // What comes of it stands in the thread at the message.
    let thread = Some(thread_of(message, ts).unwrap_or(ts));
    let (who, mut aside) = person(payload, channel, thread, names)?;
    aside.url = some(payload, "response_url").map(str::to_owned);
    let by = some(message, "user").or(some(message, "bot_id"));
    let by = by.map(|id| names.get(id).map_or(id, String::as_str).to_owned());
    let quoted = Quoted::new(Quoting::Chosen, by, &posted::whole(message, names));
    let kind = IncomingKind::Text(format!("/{SHORTCUT}"));
    let told = incoming(us, some(payload, "trigger_id")?, address(channel, thread), who, kind);
    let incoming = Incoming { quoted: quoted.into_iter().collect(), ..told };
    Some(Asked { incoming, aside, trigger: String::new() })
}

fn person(payload: &Value, channel: &str, thread: Option<&str>, names: &Names) -> Option<(Sender, Aside)> {
    let user = &payload["user"];
    let id = some(user, "id")?;
    let name = some(user, "name").or(some(user, "username")).unwrap_or_default();
    let aside = Aside {
        user: id.to_owned(),
        channel: channel.to_owned(),
        thread: thread.map(str::to_owned),
        url: some(payload, "response_url").map(str::to_owned),
    };
    Some((sender(id, name, names), aside))
}

fn sender(id: &str, told: &str, names: &Names) -> Sender {
    let name = names.get(id).map_or(told, String::as_str).to_owned();
    Sender { id: UserId::new(id), name, bot: false, roles: Vec::new() }
}

fn incoming(us: &Us, trigger: &str, address: ChatAddress, who: Sender, kind: IncomingKind) -> Incoming {
    let key = InboundKey::new(format!("slack:{}:asked:{trigger}", us.id));
    let direct = is_direct(address.chat.as_str());
    // As of what is said: the scopes of the manifest show all of it.
    Incoming { direct, addressed: true, hears_all: true, ..Incoming::new(key, address, who, kind) }
}

fn some<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value[key].as_str().filter(|text| !text.is_empty())
}

/// Returns the ids of people whose names are needed.
pub(crate) fn people(payload: &Value) -> Vec<String> {
    let mut ids: Vec<String> = words::people(text(payload, "text")).map(str::to_owned).collect();
    let ids_of = [&payload["user_id"], &payload["user"]["id"], &payload["message"]["user"]];
    ids.extend(ids_of.into_iter().filter_map(Value::as_str).map(str::to_owned));
    ids.sort();
    ids.dedup();
    ids
}

/// Returns what a form keeps of the command whose text it asks for.
pub(crate) fn noted(asked: &Asked, command: &str) -> String {
    let address = &asked.incoming.address;
    let thread = address.thread.as_ref().map(|thread| thread.as_str());
    json!({ "command": command, "channel": address.chat.as_str(), "thread": thread }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us() -> Us {
        Us { id: "1-2".to_owned(), user: "UBOT".to_owned(), bot: "BBOT".to_owned() }
    }

    fn given(name: &str, typed: &str) -> Asked {
        let payload = json!({ "command": name, "text": typed, "channel_id": "C1", "user_id": "U1", "user_name": "ada",
            "trigger_id": "7.8", "response_url": "https://hooks.slack.com/commands/1" });
        command(&us(), &payload, &Names::new()).expect("a command")
    }

    #[test]
    fn a_command_reads_as_it_would_be_typed() {
        for (name, typed, expected) in [
            ("/session", "fix &lt;it&gt; <@U2|kim>", "/session fix <it> @kim"),
            ("/session", "", "/session"),
            ("/session", "/etc is full", "/session /etc is full"),
            ("/signalbox", "status", "/status"),
            ("/signalbox", "/status", "/status"),
            ("/signalbox", "", "/help"),
        ] {
            assert_eq!(given(name, typed).command(), expected);
        }
        let asked = given("/session", "x");
        assert_eq!((asked.incoming.key.as_str(), asked.incoming.sender.name.as_str()), ("slack:1-2:asked:7.8", "ada"));
        assert!(asked.aside.url.is_some() && asked.incoming.addressed && !asked.incoming.direct);
    }

    #[test]
    fn a_press_says_which_message_and_where_it_stands() {
        let of = |more: Value| {
            let mut container = json!({ "type": "message", "message_ts": "5.2", "channel_id": "C1" });
            container.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let payload = json!({ "type": "block_actions", "trigger_id": "7", "user": { "id": "U1", "name": "ada" },
                "container": container, "actions": [{ "type": "button", "value": "cancel 3" }] });
            interaction(&us(), &payload, &Names::new()).expect("a press").incoming
        };
        let press = of(json!({ "thread_ts": "5.1" }));
        assert_eq!((press.address.to_string().as_str(), press.reply_to), ("slack:C1/5.1", Some(MessageId::new("5.2"))));
        assert!(matches!(&press.kind, IncomingKind::Button { action, press: Some(_) } if action == "cancel 3"));
        assert_eq!(of(json!({ "thread_ts": "5.2" })).address.to_string(), "slack:C1");
        assert!(of(json!({})).window.is_none() && of(json!({ "is_ephemeral": true })).window.is_some());
    }

    #[test]
    fn a_form_gives_the_command_that_it_asked_for() {
        let asked = given("/session", "");
        let view = json!({ "id": "V1", "callback_id": FORM, "private_metadata": noted(&asked, "session"),
            "state": { "values": { "b": { "a": { "type": "plain_text_input", "value": " fix\nit " } } } } });
        let payload = json!({ "type": "view_submission", "user": { "id": "U1", "name": "ada" }, "view": view });
        let filled = interaction(&us(), &payload, &Names::new()).expect("a form");
        assert_eq!((filled.command(), filled.incoming.address.to_string().as_str()), ("/session fix\nit", "slack:C1"));
    }

    #[test]
    fn a_shortcut_investigates_what_the_message_says_in_its_thread() {
        let payload = json!({ "type": "message_action", "callback_id": SHORTCUT, "trigger_id": "7", "channel": { "id": "C1" },
            "user": { "id": "U1", "name": "ada" },
            "message": { "ts": "5.1", "bot_id": "B9", "text": "", "attachments": [{ "title": "DiskFull" }] } });
        let asked = interaction(&us(), &payload, &Names::new()).expect("a shortcut").incoming;
        assert_eq!((asked.address.to_string().as_str(), asked.quoted[0].text.as_str()), ("slack:C1/5.1", "DiskFull"));
        assert_eq!(asked.quoted[0].why, Quoting::Chosen);
    }

    #[test]
    fn what_says_too_little_is_nothing() {
        assert!(command(&us(), &json!({ "command": "/session" }), &Names::new()).is_none());
        for odd in [
            json!({}),
            json!({ "type": "block_actions", "actions": [] }),
            json!({ "type": "view_submission", "view": 7 }),
        ] {
            assert!(interaction(&us(), &odd, &Names::new()).is_none(), "{odd}");
        }
    }
}
