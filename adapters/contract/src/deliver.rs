//! The answering half of an adapter.

use std::time::Duration;

use async_trait::async_trait;

use crate::{MessageId, Outgoing};

/// Delivers messages to one provider.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// Makes one attempt; the outbox decides about another.
    ///
    /// # Errors
    /// The variant of [`DeliverError`] says what is known about the attempt and what to do next.
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError>;

    /// Finds out whether the message of this key has already arrived.
    ///
    /// # Errors
    /// As [`Deliver::deliver`]; the question itself changes nothing.
    async fn reconcile(&self, message: &Outgoing) -> Result<Reconciled, DeliverError>;

    /// Asks the provider who we are.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] for bad credentials, [`DeliverError::Unreachable`] without a connection.
    async fn check(&self) -> Result<Identity, DeliverError>;
}

/// A provider's word that a message has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The provider's id of the message.
    pub message: MessageId,
}

/// What is known of an earlier attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reconciled {
    /// It arrived.
    Delivered(Receipt),
    /// It did not; sending again repeats nothing.
    Absent,
    /// The provider gives no way to tell.
    Unknowable,
}

/// Who the provider takes us for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The bot's id.
    pub id: String,
    /// The bot's name.
    pub name: String,
}

/// Tells why a delivery failed, by what to do next.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// Surely not accepted; the provider asks to wait this long.
    #[error("the provider asks to wait {}", humane(*.after))]
    Wait {
        /// How long.
        after: Duration,
    },
    /// Surely not accepted; the provider could not be reached. Retry later.
    #[error("could not be reached: {0}")]
    Unreachable(String),
    /// Surely not accepted, and never will be. Carries the provider's words.
    #[error("refused: {0}")]
    Refused(String),
    /// Sent, but no answer came: it may have arrived.
    #[error("no answer came: {0}")]
    Unknown(String),
}

fn humane(wait: Duration) -> String {
    format!("{:.1} s", wait.as_secs_f64())
}
