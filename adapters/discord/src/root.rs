//! What a thread began with, for who is called into it later.
//!
//! Somebody who mentions the bot in a thread of people asks about what the thread is about. That is told to the agent with the
//! first mention; what is said later in a thread that the bot knows reaches it anyway.

use std::time::Duration;

use signalbox_adapter::{ChatAddress, Incoming, IncomingKind, MessageId, ThreadId};
use tokio::time::timeout;

use crate::commit::Committer;
use crate::event::Message;
use crate::failure::CallError;
use crate::posted;

/// Longest wait for it; without it the mention is taken alone. What else happens waits as long.
const ASK_WITHIN: Duration = Duration::from_millis(800);

impl Committer<'_> {
    /// Takes along what the thread began with in which the bot is mentioned, where nothing is known of that thread yet.
    pub(crate) async fn with_root(&self, mut incoming: Incoming) -> Incoming {
        let is_asked = incoming.addressed && matches!(incoming.kind, IncomingKind::Text(_));
        let Some(thread) = incoming.address.thread.clone().filter(|_| is_asked) else { return incoming };
        let is_root = |message: &Option<MessageId>| message.as_ref().is_some_and(|it| it.as_str() == thread.as_str());
        // It is the root itself, or brings that along as what it answers.
        if is_root(&incoming.message) || is_root(&incoming.reply_to) || !self.cx.inbox.wants_root(&incoming).await {
            return incoming;
        }
        match timeout(ASK_WITHIN, self.root(&incoming.address, &thread)).await {
            Ok(Ok(root)) => incoming.quoted.extend(posted::root(&root)),
            Ok(Err(error)) => tracing::debug!(%error, "what a thread began with could not be read"),
            Err(_) => tracing::debug!("what a thread began with was not told in time"),
        }
        incoming
    }

    /// Reads the message that has a thread's own id: in the channel that the thread is of, or in the thread, if that is a post
    /// of a forum.
    async fn root(&self, address: &ChatAddress, thread: &ThreadId) -> Result<Message, CallError> {
        let is_post = self.places.is_post(&self.api, address).await?;
        let channel = if is_post { thread.as_str() } else { address.chat.as_str() };
        self.api.get(&format!("channels/{channel}/messages/{thread}")).await
    }
}
