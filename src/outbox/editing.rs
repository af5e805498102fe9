//! One change of a message at a time, so that the last one wins.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use signalbox_adapter::{ChatAddress, MessageId};
use tokio::sync::OwnedMutexGuard;

type Lock = Arc<tokio::sync::Mutex<()>>;

/// The messages that are being changed.
#[derive(Default)]
pub struct Editing(Mutex<HashMap<String, Lock>>);

/// The right to change a message, until it is dropped.
pub struct Change<'e> {
    editing: &'e Editing,
    key: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Editing {
    /// Waits until nobody else changes a message.
    pub async fn begin(&self, address: &ChatAddress, message: &MessageId) -> Change<'_> {
        let key = format!("{address} {message}");
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(key.clone()).or_default())
        };
        let guard = lock.lock_owned().await;
        Change { editing: self, key, guard: Some(guard) }
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.guard.take();
        let mut locks = self.editing.0.lock().unwrap_or_else(PoisonError::into_inner);
        if locks.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use signalbox_adapter::{ChatId, Provider};

    use super::*;

    #[tokio::test]
    async fn a_second_change_waits_for_the_first_and_nothing_is_left_behind() {
        let editing = Editing::default();
        let address = ChatAddress::new(Provider::new("telegram"), ChatId::new("1"));
        let message = MessageId::new("7");
        let first = editing.begin(&address, &message).await;
        let second = editing.begin(&address, &message);
        tokio::pin!(second);
        assert!(tokio::time::timeout(Duration::from_millis(10), &mut second).await.is_err());
        editing.begin(&address, &MessageId::new("8")).await;
        drop(first);
        drop(second.await);
        assert!(editing.0.lock().expect("not poisoned").is_empty());
    }
}
