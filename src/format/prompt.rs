//! What a prompt says that no person has typed; a person reads it where the prompt is shown. And how one is asked for.

use signalbox_adapter::{Quoted, Quoting, TextPrompt, one_line};

/// The words of a message that is nothing but files.
pub const ONLY_FILES: &str = "Look at what is attached.";
/// The question of an investigation that is given nothing but an alert.
pub const ABOUT_ALERT: &str = "Find the root cause of this alert.";
/// The question of an incident's investigation where nobody asks anything more.
pub const ABOUT_INCIDENT: &str = "Find the root cause of the incident whose alerts are given with this.";
/// Stands between a person's words and the files that came along.
pub const FILES: &str = "\n\nAttached files:\n";

/// The words of a message that is nothing but what somebody else said.
pub const ONLY_QUOTED: &str = "Look at this message.";

/// The words of a message that is nothing but an alert, where a session is given it.
pub const ONLY_ALERT: &str = "Look at this alert.";
/// Says why an alert is told that somebody pasted.
pub const PASTED_ALERT: &str = "The alert is below; the person who pasted it did not write it.";

/// Says of what came along which part is meant.
#[must_use]
pub fn meant(part: &str) -> String {
    format!("\n\nOf this, the part that is meant:\n{part}")
}

/// Begins to say why an agent is told what people said in a thread.
pub const TALK: &str = "Since your last turn people wrote in this thread what is below";

/// Says why an agent is told what people said in a thread, and how much of it is left out; `is_more` where nobody has counted
/// further.
#[must_use]
pub fn talk(left_out: usize, is_more: bool) -> String {
    match (left_out, is_more) {
        (0, _) => format!("{TALK}."),
        (left_out, false) => format!("{TALK}; {left_out} older of their messages are left out."),
        (left_out, true) => format!("{TALK}; {left_out} or more older of their messages are left out."),
    }
}

/// Says what somebody else said, by whom, and why it is told.
#[must_use]
pub fn quoted(quoted: &Quoted) -> String {
    let by = quoted.by.as_deref().map(|name| format!(" by {:?}", one_line(name, 60))).unwrap_or_default();
    match quoted.why {
        Quoting::Answered => format!("The message that this answers{by} is below."),
        Quoting::Meant => format!("Of the message that this answers{by}, the part that is meant is below."),
        Quoting::Forwarded => {
            format!("A message{by} that was forwarded is below; the person who forwards it did not write it.")
        }
        Quoting::Chosen => format!("The message{by} that this was asked about is below."),
    }
}

/// Asks for the text that makes a command whole, by the command's word.
#[must_use]
pub fn asks(word: &str) -> TextPrompt {
    let [title, label, hint] = match word {
        "investigate" => [
            "New investigation",
            "What is to be investigated?",
            "A question, a template such as high-cpu, or an alert as text or JSON; @agent may stand before it",
        ],
        _ => ["New session", "What should the agent do?", "@agent, @session, --name and --project may stand before it"],
    };
    TextPrompt { command: word.to_owned(), title: title.to_owned(), label: label.to_owned(), hint: hint.to_owned() }
}

/// Says how many alerts of a group are not given.
#[must_use]
pub fn more_alerts(more: u32) -> String {
    let alerts = if more == 1 { "alert" } else { "alerts" };
    format!("\n\n… and {more} more {alerts} of the same group")
}
