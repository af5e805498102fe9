//! Where messages are said: a thread is a channel of its own to Discord, and part of its channel to everybody else.

use std::collections::HashMap;

use signalbox_adapter::{ChatAddress, ChatId, Provider, ThreadId};

use crate::api::Api;
use crate::event::{Channel, Guild};
use crate::failure::CallError;
use crate::section::PROVIDER;

/// Most channels that are remembered; beyond it all are forgotten and asked for again.
const MAX_PLACES: usize = 50_000;

/// Kinds of channels that are threads: of announcements, public, private.
const THREADS: [u64; 3] = [10, 11, 12];

/// Channels, each with the channel that it is a thread of.
#[derive(Default)]
pub(crate) struct Places(HashMap<String, Option<String>>);

impl Places {
    /// Notes a channel or thread.
    pub(crate) fn note(&mut self, channel: &Channel) {
        if self.0.len() >= MAX_PLACES {
            self.0.clear();
        }
        let parent = channel.parent_id.clone().filter(|_| THREADS.contains(&channel.kind));
        self.0.insert(channel.id.clone(), parent);
    }

    /// Notes the channels and threads of a server.
    pub(crate) fn note_all(&mut self, guild: &Guild) {
        guild.channels.iter().chain(&guild.threads).for_each(|channel| self.note(channel));
    }

    /// Finds out where a channel of a server is; asks Discord for one that is not known.
    ///
    /// # Errors
    /// [`CallError`], where nobody can tell now. One that we may not look at counts as a channel.
    pub(crate) async fn of(&mut self, api: &Api, channel: &str) -> Result<ChatAddress, CallError> {
        if !self.0.contains_key(channel) {
            match api.get::<Channel>(&format!("channels/{channel}")).await {
                Ok(found) => self.note(&found),
                Err(CallError::Answered(refusal)) if refusal.status < 500 && refusal.status != 401 => {
                    self.note(&Channel { id: channel.to_owned(), ..Channel::default() });
                }
                Err(error) => return Err(error),
            }
        }
        let parent = self.0.get(channel).cloned().flatten();
        Ok(address(channel, parent.as_deref()))
    }
}

/// Returns a channel's address, or that of a thread in its channel.
pub(crate) fn address(channel: &str, parent: Option<&str>) -> ChatAddress {
    let provider = Provider::new(PROVIDER);
    match parent {
        Some(parent) => ChatAddress { provider, chat: ChatId::new(parent), thread: Some(ThreadId::new(channel)) },
        None => ChatAddress::new(provider, ChatId::new(channel)),
    }
}

/// Returns where an interaction belongs, which tells of its channel itself.
pub(crate) fn told(channel: &str, told: Option<&Channel>) -> ChatAddress {
    let parent = told.filter(|told| THREADS.contains(&told.kind)).and_then(|told| told.parent_id.as_deref());
    address(channel, parent)
}
