//! How the tables name a chat.

use signalbox_adapter::ChatAddress;

/// Names a chat without its thread, as the tables do: `provider:chat`.
#[must_use]
pub fn chat(address: &ChatAddress) -> String {
    format!("{}:{}", address.provider, address.chat)
}
