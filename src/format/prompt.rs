//! What a prompt says that no person has typed; a person reads it where the prompt is shown. And how one is asked for.

use signalbox_adapter::TextPrompt;

/// The words of a message that is nothing but files.
pub const ONLY_FILES: &str = "Look at what is attached.";
/// The question of an investigation that is given nothing but an alert.
pub const ABOUT_ALERT: &str = "Find the root cause of this alert.";
/// The question of an incident's investigation where nobody asks anything more.
pub const ABOUT_INCIDENT: &str = "Find the root cause of the incident whose alerts are given with this.";
/// Stands between a person's words and the files that came along.
pub const FILES: &str = "\n\nAttached files:\n";

/// Asks for the text that makes a command whole, by the command's word.
#[must_use]
pub fn asks(word: &str) -> TextPrompt {
    TextPrompt {
        command: word.to_owned(),
        title: "New session".to_owned(),
        label: "What should the agent do?".to_owned(),
        hint: "@agent, @session, --name and --project may stand before it".to_owned(),
    }
}

/// Says how many alerts of a group are not given.
#[must_use]
pub fn more_alerts(more: u32) -> String {
    let alerts = if more == 1 { "alert" } else { "alerts" };
    format!("\n\n… and {more} more {alerts} of the same group")
}
