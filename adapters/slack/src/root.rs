//! What a thread began with, for who is called into it later.
//!
//! Somebody who mentions the bot in a thread of people asks about what the thread is about. That is told to the agent with the
//! first mention; what is said later in a thread that the bot knows reaches it anyway.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use signalbox_adapter::{Incoming, Quoted, Quoting};
use tokio::time::timeout;

use crate::handle::Handler;
use crate::posted;
use crate::translate;

/// Longest wait for it; without it the mention is taken alone. It counts into the three seconds of an acknowledgement.
const ASK_WITHIN: Duration = Duration::from_millis(800);

#[derive(Deserialize)]
struct Thread {
    #[serde(default)]
    messages: Vec<Value>,
}

impl Handler {
    /// Takes along what the thread began with in which the bot is mentioned, where nothing is known of that thread yet.
    pub(crate) async fn with_root(&self, mut incoming: Incoming) -> Incoming {
        let Some(thread) = incoming.address.thread.clone().filter(|_| incoming.addressed) else { return incoming };
        if !self.cx.inbox.wants_root(&incoming).await {
            return incoming;
        }
        let form = [("channel", incoming.address.chat.as_str()), ("ts", thread.as_str()), ("limit", "1")];
        let root = match timeout(ASK_WITHIN, self.api.ask::<Thread>("conversations.replies", &form)).await {
            Ok(Ok(read)) => read.messages.into_iter().find(|message| message["ts"] == *thread.as_str()),
            Ok(Err(error)) => {
                self.kept_from(&error);
                tracing::debug!(%error, "what a thread began with could not be read");
                None
            }
            Err(_) => None,
        };
        let Some(root) = root else { return incoming };
        let names = self.names(&translate::people(&root)).await;
        let by = translate::sender(&root, &names).map(|sender| sender.name);
        incoming.quoted.extend(Quoted::new(Quoting::Answered, by, &posted::whole(&root, &names)));
        incoming
    }
}
