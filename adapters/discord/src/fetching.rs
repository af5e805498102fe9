//! Messages whose files are being fetched, and those behind them in their chats.
//!
//! A slow file holds up its own chat only. What is held here the inbox does not have: the session stays before the first of
//! it ([`Fetching::first`]), and where the connection ends meanwhile, it comes again.

use std::collections::VecDeque;
use std::io;

use signalbox_adapter::{ChatAddress, Incoming};
use tokio::task::JoinSet;

/// Messages whose files are fetched at the same time.
const MAX_FETCHES: usize = 4;

/// Messages that may be held, those that wait behind others included.
const MAX_HELD: usize = 256;

/// Messages that the inbox does not have yet, in the order in which they came.
#[derive(Default)]
pub(crate) struct Fetching {
    fetches: JoinSet<(u64, io::Result<Incoming>)>,
    held: VecDeque<Held>,
    /// How many were held so far.
    count: u64,
}

struct Held {
    number: u64,
    seq: u64,
    address: ChatAddress,
    /// The message; `None` while its files are fetched.
    message: Option<Incoming>,
}

impl Fetching {
    /// Whether nothing is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether nothing more should be read now.
    pub(crate) fn is_full(&self) -> bool {
        self.fetches.len() >= MAX_FETCHES || self.held.len() >= MAX_HELD
    }

    /// Whether a message to this chat would have to wait.
    pub(crate) fn holds(&self, address: &ChatAddress) -> bool {
        self.held.iter().any(|held| held.address == *address)
    }

    /// How many messages were held so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Whether the first so many that were held are held no more.
    pub(crate) fn is_past(&self, count: u64) -> bool {
        self.held.front().is_none_or(|held| held.number > count)
    }

    /// Returns the number of the event that brought the first of what is held.
    pub(crate) fn first(&self) -> Option<u64> {
        self.held.front().map(|held| held.seq)
    }

    /// Lets a message wait behind those of its chat.
    pub(crate) fn wait(&mut self, seq: u64, message: Incoming) {
        let address = message.address.clone();
        self.hold(seq, address, Some(message));
    }

    /// Fetches what belongs to a message.
    pub(crate) fn fetch(
        &mut self,
        seq: u64,
        address: ChatAddress,
        fetch: impl Future<Output = io::Result<Incoming>> + Send + 'static,
    ) {
        let number = self.hold(seq, address, None);
        self.fetches.spawn(async move { (number, fetch.await) });
    }

    fn hold(&mut self, seq: u64, address: ChatAddress, message: Option<Incoming>) -> u64 {
        self.count += 1;
        self.held.push_back(Held { number: self.count, seq, address, message });
        self.count
    }

    /// Waits until a message is complete, and returns what can go now, in its order; nothing where nothing is held. May be
    /// dropped.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) async fn next(&mut self) -> io::Result<Vec<Incoming>> {
        let Some(fetched) = self.fetches.join_next().await else { return Ok(Vec::new()) };
        let (number, message) = fetched.map_err(io::Error::other)?;
        let message = message?;
        if let Some(held) = self.held.iter_mut().find(|held| held.number == number) {
            held.message = Some(message);
        }
        Ok(self.release())
    }

    /// Takes out what waits for nothing any more.
    fn release(&mut self) -> Vec<Incoming> {
        let (mut released, mut kept) = (Vec::new(), VecDeque::<Held>::new());
        for held in self.held.drain(..) {
            let is_behind = kept.iter().any(|before| before.address == held.address);
            match held.message {
                Some(message) if !is_behind => released.push(message),
                message => kept.push_back(Held { message, ..held }),
            }
        }
        self.held = kept;
        released
    }
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::{InboundKey, IncomingKind, Sender, UserId};
    use tokio::sync::oneshot;

    use super::*;

    fn message(chat: &str, text: &str) -> Incoming {
        Incoming::new(
            InboundKey::new(text),
            format!("discord:{chat}").parse().expect("an address"),
            Sender { id: UserId::new("1"), name: String::new(), bot: false, roles: Vec::new() },
            IncomingKind::Text(text.to_owned()),
        )
    }

    fn keys(messages: &[Incoming]) -> Vec<&str> {
        messages.iter().map(|message| message.key.as_str()).collect()
    }

    #[tokio::test]
    async fn what_is_behind_in_its_chat_waits_and_the_session_stays_before_the_first() {
        let mut fetching = Fetching::default();
        let mut begin = |seq, chat, text| {
            let (done, waits) = oneshot::channel::<()>();
            let message = message(chat, text);
            let fetch = async move {
                waits.await.map_err(io::Error::other)?;
                Ok(message)
            };
            let address: ChatAddress = format!("discord:{chat}").parse().expect("an address");
            fetching.fetch(seq, address, fetch);
            done
        };
        let (slow, quick) = (begin(5, "1", "slow"), begin(6, "2", "quick"));
        fetching.wait(7, message("1", "behind"));
        assert!(fetching.holds(&message("1", "").address) && !fetching.holds(&message("3", "").address));
        quick.send(()).expect("it waits");
        assert_eq!(keys(&fetching.next().await.expect("fetched")), ["quick"]);
        assert_eq!(fetching.first(), Some(5));
        assert!(fetching.count() == 3 && fetching.is_past(0) && !fetching.is_past(2), "the first is still held");
        slow.send(()).expect("it waits");
        assert_eq!(keys(&fetching.next().await.expect("fetched")), ["slow", "behind"]);
        assert_eq!((fetching.first(), fetching.is_empty()), (None, true));
        assert!(fetching.is_past(3));
    }
}
