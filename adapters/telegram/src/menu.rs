//! The command menu that Telegram shows behind the `/` key, one for private chats and one for groups.

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::{Announce, CommandEntry, DeliverError};
use teloxide::payloads::{GetMyCommands, SetMyCommands};
use teloxide::types::{BotCommand, BotCommandScope};

use crate::api::{Api, CALL_TIMEOUT};
use crate::failure::{CallError, Effect, Verdict};

/// Most commands in one menu.
/// Source: <https://core.telegram.org/bots/api#setmycommands>, read 2026-11.
const MAX_COMMANDS: usize = 100;

/// Longest command name, in characters.
const MAX_NAME_CHARS: usize = 32;

/// Longest description, in characters.
const MAX_DESCRIPTION_CHARS: usize = 256;

/// Where a menu is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Private,
    Groups,
}

/// Sets the command menu.
pub struct Menu {
    api: Arc<Api>,
}

impl Menu {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    async fn set(&self, scope: Scope, wanted: Vec<BotCommand>) -> Result<bool, DeliverError> {
        let scope = match scope {
            Scope::Private => BotCommandScope::AllPrivateChats,
            Scope::Groups => BotCommandScope::AllGroupChats,
        };
        let mut ask = GetMyCommands::new();
        ask.scope = Some(scope.clone());
        let shown: Vec<BotCommand> = self.api.call(&ask, CALL_TIMEOUT).await.map_err(failed)?;
        if shown == wanted {
            return Ok(false);
        }
        let mut set = SetMyCommands::new(wanted);
        set.scope = Some(scope);
        self.api.done(&set, CALL_TIMEOUT).await.map_err(failed)?;
        Ok(true)
    }
}

#[async_trait]
impl Announce for Menu {
    /// Names that Telegram does not take are written as it does, `-` as `_`; those that cannot be are left out.
    async fn announce(&self, commands: &[CommandEntry]) -> Result<bool, DeliverError> {
        let private = self.set(Scope::Private, menu(commands.iter())).await?;
        let groups = self.set(Scope::Groups, menu(commands.iter().filter(|entry| !entry.direct_only))).await?;
        Ok(private || groups)
    }
}

fn failed(error: CallError) -> DeliverError {
    match Verdict::of(error, Effect::Asks) {
        Verdict::Wait(after) => DeliverError::Wait { after, everywhere: true },
        Verdict::Failed(error) => error,
    }
}

fn menu<'a>(entries: impl Iterator<Item = &'a CommandEntry>) -> Vec<BotCommand> {
    let mut commands: Vec<BotCommand> = Vec::new();
    for entry in entries {
        let name = entry.name.trim_start_matches('/').to_ascii_lowercase().replace('-', "_");
        let is_name = (1..=MAX_NAME_CHARS).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let line = entry.description.split_whitespace().collect::<Vec<_>>().join(" ");
        let description: String = line.chars().take(MAX_DESCRIPTION_CHARS).collect();
        let is_new = commands.iter().all(|other| other.command != name);
        if is_name && is_new && !description.is_empty() && commands.len() < MAX_COMMANDS {
            commands.push(BotCommand { command: name, description });
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_telegram_takes_is_in_the_menu() {
        let entry = |name: &str, description: &str| CommandEntry {
            name: name.into(),
            description: description.into(),
            direct_only: false,
        };
        let long = "x".repeat(300);
        let entries = [
            entry("/session", "Start a\n session"),
            entry("cron-add", &long),
            entry("session", "again"),
            entry("größe", "no"),
            entry("empty", " "),
        ];
        let menu = menu(entries.iter());
        let names: Vec<_> = menu.iter().map(|command| command.command.as_str()).collect();
        assert_eq!(names, ["session", "cron_add"]);
        assert_eq!(menu[0].description, "Start a session");
        assert_eq!(menu[1].description.len(), MAX_DESCRIPTION_CHARS);
    }
}
