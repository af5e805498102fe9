//! What can only be looked at outside of the transaction: installed agents, a file that came along, chats that are named.

use std::path::Path;
use std::time::Duration;

use signalbox_adapter::Incoming;
use tokio::io::AsyncReadExt as _;

use crate::agent::catalogue::Presence;
use crate::alert::MAX_INPUT_BYTES;
use crate::command::channel::{self, Channel};
use crate::command::{BackgroundCommand, Command, Misunderstood, Parsed, SessionCommand};
use crate::turn::intake;
use crate::turn::{Context, Looked};

/// Longest that a provider is asked whether a chat can be written to.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks at whatever the message will need.
pub(super) async fn look(cx: &Context, incoming: &Incoming, parsed: &Result<Parsed, Misunderstood>) -> Looked {
    let mut looked = Looked::default();
    match parsed {
        Ok(Parsed::Command(Command::Agents(_))) => looked.presence = cx.agents.look_closely().await,
        Ok(Parsed::Command(Command::Session(SessionCommand::Start(_))) | Parsed::FreeText { .. }) => {
            looked.presence = cx.agents.look();
        }
        Ok(Parsed::Command(Command::Investigate(_))) => {
            looked.presence = cx.agents.look();
            if let Some(file) = intake::documents(&incoming.files).next() {
                looked.attached = read_text(Path::new(&file.path)).await.transpose();
            }
        }
        Ok(Parsed::Command(Command::Background(BackgroundCommand::NotifySet(list)))) => {
            for channel in channel::read_list(list).unwrap_or_default() {
                let Channel::To(address) = channel else { continue };
                let transport = cx.transports.get(address.provider.as_str());
                let Some(deliver) = transport.and_then(|transport| transport.deliver.as_ref()) else { continue };
                match tokio::time::timeout(REACH_TIMEOUT, deliver.can_post(&address)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => drop(looked.unreachable.insert(address.to_string(), error.to_string())),
                    Err(_) => drop(looked.unreachable.insert(address.to_string(), "no answer came in time".to_owned())),
                }
            }
        }
        Ok(Parsed::Command(_) | Parsed::Nothing) | Err(_) => looked.presence = Presence::default(),
    }
    looked
}

/// Reads a file that holds an alert; `None` for one that is no text, which is named to the agent instead.
async fn read_text(path: &Path) -> Result<Option<String>, String> {
    let unreadable = |error: std::io::Error| format!("the attached file cannot be read ({error})");
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_INPUT_BYTES).unwrap_or(u64::MAX);
    file.take(most + 1).read_to_end(&mut bytes).await.map_err(unreadable)?;
    if bytes.len() > MAX_INPUT_BYTES {
        return Err(format!("the attached file is longer than {MAX_INPUT_BYTES} bytes"));
    }
    Ok(String::from_utf8(bytes).ok())
}
