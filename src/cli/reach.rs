//! Whether a chat can be written to, as subcommands ask before they keep its address.

use std::time::Duration;

use signalbox_adapter::{ChatAddress, Deliver, DeliverError};

/// Longest that a provider is asked.
const REACH_WITHIN: Duration = Duration::from_secs(5);

/// What a provider says of a chat.
pub(super) enum Reach {
    /// It can be written to.
    Open,
    /// It cannot; holds why.
    Closed(String),
    /// Nobody knows now: the first delivery will tell.
    Unsure,
}

/// Asks a provider whether a chat can be written to; nothing is shown there.
pub(super) async fn reach(deliver: &dyn Deliver, target: &ChatAddress) -> Reach {
    match tokio::time::timeout(REACH_WITHIN, deliver.can_post(target)).await {
        Ok(Ok(())) => Reach::Open,
        Ok(Err(error @ DeliverError::Refused(_))) => Reach::Closed(error.to_string()),
        Ok(Err(_)) | Err(_) => Reach::Unsure,
    }
}
