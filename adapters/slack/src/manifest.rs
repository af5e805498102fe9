//! What the app must be, in the form in which Slack takes it. Pure.
//!
//! Source: <https://docs.slack.dev/reference/app-manifest>, read 2026-11.

use reqwest::Url;
use serde_json::{Value, json};
use signalbox_adapter::{CommandEntry, one_line};

use crate::asked::{ANY, SHORTCUT};
use crate::scopes::SCOPES;

/// The commands that Slack shows behind the `/` key. Others have names of Slack's own, or are rarer; `/signalbox` takes each.
const REGISTERED: [&str; 5] = ["session", "background", "investigate", "cron", "incidents"];

/// Longest description of a command, in characters.
const MAX_DESCRIPTION_CHARS: usize = 2000;

/// What the bot is told of.
const EVENTS: [&str; 8] = [
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "tokens_revoked",
];

/// Returns the manifest of the app, with these commands.
#[must_use]
pub fn manifest(commands: &[CommandEntry]) -> Value {
    let known = REGISTERED.iter().filter_map(|name| commands.iter().find(|entry| entry.name == *name));
    let mut slash: Vec<Value> = known.map(|entry| command(&entry.name, &entry.description, "[text]")).collect();
    slash.push(command(ANY, "Any other command, as in /signalbox status", "<command>"));
    json!({
        "display_information": {
            "name": "signalbox",
            "description": "Runs agents and investigations, and tells what came of them",
            "background_color": "#2c2d30",
        },
        "features": {
            "app_home": { "home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": false },
            "bot_user": { "display_name": "signalbox", "always_online": true },
            "shortcuts": [{
                "name": "Investigate", "type": "message", "callback_id": SHORTCUT,
                "description": "Investigate what this message says",
            }],
            "slash_commands": slash,
        },
        "oauth_config": { "scopes": { "bot": SCOPES.map(|(scope, _)| scope) } },
        "settings": {
            "event_subscriptions": { "bot_events": EVENTS },
            "interactivity": { "is_enabled": true },
            "org_deploy_enabled": false,
            "socket_mode_enabled": true,
            "token_rotation_enabled": false,
        },
    })
}

/// Returns a command, its slash first, as it is typed behind the `/` key.
pub(crate) fn typed(command: &str) -> String {
    let words = command.trim_start_matches('/');
    let name = words.split_whitespace().next().unwrap_or_default();
    if REGISTERED.contains(&name) { command.to_owned() } else { format!("/{ANY} {words}") }
}

fn command(name: &str, description: &str, hint: &str) -> Value {
    json!({
        "command": format!("/{name}"), "description": one_line(description, MAX_DESCRIPTION_CHARS), "usage_hint": hint,
        "should_escape": true,
    })
}

/// Returns the address that opens Slack's page for a new app with this manifest.
#[must_use]
pub fn new_app(manifest: &Value) -> String {
    let mut url: Url = "https://api.slack.com/apps".parse().expect("an address");
    url.query_pairs_mut().append_pair("new_app", "1").append_pair("manifest_json", &manifest.to_string());
    String::from(url).replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_not_registered_stands_behind_the_one_that_takes_any() {
        let written = ["/session <prompt>", "/cron", "/agents", "/incident show 5", "/start AB12cd34"].map(typed);
        let expected = ["/session <prompt>", "/cron", "/signalbox agents", "/signalbox incident show 5"];
        assert_eq!(written[..4], expected);
        assert_eq!(written[4], "/signalbox start AB12cd34");
    }

    #[test]
    fn the_manifest_names_the_commands_that_are_registered_and_takes_any() {
        let entry =
            |name: &str| CommandEntry { name: name.into(), description: format!("Does {name}"), direct_only: false };
        let manifest = manifest(&[entry("session"), entry("status"), entry("cron")]);
        let commands = manifest["features"]["slash_commands"].as_array().expect("a list");
        let names: Vec<_> = commands.iter().map(|command| command["command"].as_str().expect("a name")).collect();
        assert_eq!(names, ["/session", "/cron", "/signalbox"]);
        assert_eq!(manifest["settings"]["socket_mode_enabled"], true);
        assert_eq!(manifest["features"]["app_home"]["home_tab_enabled"], true);
        let events = manifest["settings"]["event_subscriptions"]["bot_events"].as_array().expect("a list");
        assert!(events.contains(&json!("app_home_opened")), "{events:?}");
        let address = new_app(&manifest);
        assert!(address.starts_with("https://api.slack.com/apps?new_app=1&manifest_json=%7B"), "{address}");
        assert!(!address.contains([' ', '"', '+']), "{address}");
        let url: Url = address.parse().expect("an address");
        let read = url.query_pairs().find(|(key, _)| key == "manifest_json").expect("it is there").1.into_owned();
        assert_eq!(serde_json::from_str::<Value>(&read).expect("JSON"), manifest);
    }
}
