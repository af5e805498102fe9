//! How fast each chat may be written to, so that the provider need not say no; and whom its no holds up.
//!
//! Each chat, and each provider as a whole, has an allowance that fills up steadily to a burst (the generic cell rate
//! algorithm). An edit leaves room for one message behind it, so that no result waits for an edit. All of it is memory
//! only: after a restart the allowances are full, and a 429 says what is not so.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use signalbox_adapter::{Apart, ChatAddress, Deliver, Pace};
use tokio::sync::Notify;

use crate::store::{Gate, Sending};

/// Chats remembered; beyond it those whose allowance is full are forgotten.
const MAX_CHATS: usize = 10_000;

/// Paces what goes out.
pub struct Pacer {
    adapters: HashMap<String, Arc<dyn Deliver>>,
    state: Mutex<State>,
    /// Told when something waits for its turn.
    pub(super) refused: Notify,
    /// Whether nothing goes out any more.
    closed: AtomicBool,
}

#[derive(Default)]
struct State {
    chats: HashMap<ChatAddress, Chat>,
    providers: HashMap<String, Allowance>,
    /// When the first of those that were refused may go.
    wake_at: Option<Instant>,
}

#[derive(Default)]
struct Chat {
    /// Of messages, and of all else that is not counted apart.
    allowance: Allowance,
    /// Of changes and openings, where these are counted apart.
    edits: Allowance,
    openings: Allowance,
    edits_from: Option<Instant>,
}

impl Chat {
    fn of(&mut self, what: Sending, apart: Apart) -> &mut Allowance {
        match (what, apart) {
            (Sending::Message, _) | (_, Apart::Nothing) => &mut self.allowance,
            (Sending::Edit, Apart::KindsAndThreads) => &mut self.edits,
            (Sending::Opening, Apart::KindsAndThreads) => &mut self.openings,
        }
    }

    fn is_idle(&self, now: Instant) -> bool {
        [&self.allowance, &self.edits, &self.openings].iter().all(|allowance| allowance.is_idle(now))
    }
}

/// Returns what is counted together with an address.
fn counted(address: &ChatAddress, apart: Apart) -> ChatAddress {
    match apart {
        Apart::Nothing => ChatAddress { thread: None, ..address.clone() },
        Apart::KindsAndThreads => address.clone(),
    }
}

/// One allowance: `full_at` is when it will be full again.
#[derive(Default)]
struct Allowance {
    full_at: Option<Instant>,
    held_until: Option<Instant>,
}

impl Allowance {
    /// Returns from when on a message may go, with `spare` more left after it.
    fn from(&self, now: Instant, interval: Duration, burst: u32, spare: u32) -> Instant {
        let ahead = interval * burst.saturating_sub(1 + spare);
        let by_pace = self.full_at.map_or(now, |full_at| full_at.checked_sub(ahead).unwrap_or(now));
        by_pace.max(self.held_until.unwrap_or(now)).max(now)
    }

    fn take(&mut self, now: Instant, interval: Duration) {
        self.full_at = Some(self.full_at.map_or(now, |full_at| full_at.max(now)) + interval);
    }

    fn hold(&mut self, until: Instant) {
        self.held_until = Some(self.held_until.map_or(until, |held| held.max(until)));
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|at| at <= now) && self.held_until.is_none_or(|at| at <= now)
    }
}

impl Pacer {
    /// Makes a pacer for these adapters.
    #[must_use]
    pub fn new(adapters: impl IntoIterator<Item = (String, Arc<dyn Deliver>)>) -> Arc<Self> {
        Arc::new(Self {
            adapters: adapters.into_iter().collect(),
            state: Mutex::default(),
            refused: Notify::new(),
            closed: AtomicBool::new(false),
        })
    }

    /// Lets nothing go out any more: what is written from now on waits for the next life of this program.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    fn pace(&self, address: &ChatAddress) -> Pace {
        self.adapters.get(address.provider.as_str()).map_or(Pace::UNBOUNDED, |adapter| adapter.pace(address))
    }

    /// Whether a message or edit may go to a chat now; if so it counts as sent.
    pub(super) fn admits_at(&self, address: &ChatAddress, what: Sending, now: Instant) -> bool {
        if self.closed.load(Ordering::SeqCst) {
            return false;
        }
        let pace = self.pace(address);
        let spare = match what {
            Sending::Message | Sending::Opening => 0,
            Sending::Edit => 1,
        };
        let own_spare = if pace.apart == Apart::Nothing { spare } else { 0 };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { chats, providers, wake_at } = &mut *state;
        if chats.len() >= MAX_CHATS {
            chats.retain(|_, chat| !chat.is_idle(now));
        }
        let own = chats.entry(counted(address, pace.apart)).or_default().of(what, pace.apart);
        let all = providers.entry(address.provider.to_string()).or_default();
        let from = own.from(now, pace.chat_interval, pace.chat_burst, own_spare).max(all.from(
            now,
            pace.overall_interval,
            pace.overall_burst,
            spare,
        ));
        if from > now {
            *wake_at = Some(wake_at.map_or(from, |at| at.min(from)));
            self.refused.notify_one();
            return false;
        }
        own.take(now, pace.chat_interval);
        all.take(now, pace.overall_interval);
        true
    }

    /// Whether it is time to change a chat's status message, as far as such changes among themselves go.
    pub fn is_progress_due(&self, address: &ChatAddress, now: Instant) -> bool {
        let key = counted(address, self.pace(address).apart);
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let from = state.chats.get(&key).and_then(|chat| chat.edits_from);
        from.is_none_or(|from| from <= now)
    }

    /// Whether a chat's status message may be changed now; if so it counts as sent.
    pub fn admits_progress(&self, address: &ChatAddress, now: Instant) -> bool {
        let pace = self.pace(address);
        let Some(interval) = pace.edit_interval else { return false };
        let admitted = self.is_progress_due(address, now) && self.admits_at(address, Sending::Edit, now);
        if admitted {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.chats.entry(counted(address, pace.apart)).or_default().edits_from = Some(now + interval);
        }
        admitted
    }

    /// Notes that the provider asks to wait, with what is counted together with this in this chat, or with everything.
    pub fn hold(&self, address: &ChatAddress, what: Sending, everywhere: bool, until: Instant) {
        let apart = self.pace(address).apart;
        // Changes and threads that are not counted apart wait by themselves, so that no message waits for them.
        let waits_alone = matches!(what, Sending::Edit | Sending::Opening);
        if !everywhere && waits_alone && apart == Apart::Nothing {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if everywhere {
            state.providers.entry(address.provider.to_string()).or_default().hold(until);
        } else {
            state.chats.entry(counted(address, apart)).or_default().of(what, apart).hold(until);
        }
    }

    /// Notes that the provider asks to wait with changes of a chat's status messages; messages may go on.
    pub fn hold_progress(&self, address: &ChatAddress, until: Instant) {
        let key = counted(address, self.pace(address).apart);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let own = state.chats.entry(key).or_default();
        own.edits_from = Some(own.edits_from.map_or(until, |from| from.max(until)));
    }

    /// Returns when to look again for those that were refused.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).wake_at
    }

    /// Forgets those that were refused: they are about to be looked at.
    pub(super) fn forget_wake(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).wake_at = None;
    }
}

impl Gate for Pacer {
    fn admits(&self, address: &ChatAddress, what: Sending) -> bool {
        self.admits_at(address, what, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use signalbox_adapter::{ChatId, DeliverError, Identity, Outgoing, Provider, Receipt, Reconciled, Tried};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    struct Slow;

    #[async_trait]
    impl Deliver for Slow {
        async fn deliver(&self, _message: &Outgoing) -> Result<Receipt, DeliverError> {
            Err(DeliverError::Refused("nobody is written to here".into()))
        }

        async fn reconcile(&self, _message: &Outgoing, _tried: &Tried) -> Result<Reconciled, DeliverError> {
            Ok(Reconciled::Unknowable)
        }

        fn pace(&self, address: &ChatAddress) -> Pace {
            Pace {
                chat_interval: SECOND,
                chat_burst: 3,
                overall_interval: SECOND / 10,
                overall_burst: 5,
                edit_interval: Some(3 * SECOND),
                apart: if address.chat.as_str() == "apart" { Apart::KindsAndThreads } else { Apart::Nothing },
            }
        }

        async fn check(&self) -> Result<Identity, DeliverError> {
            Err(DeliverError::Refused("nobody is here".into()))
        }
    }

    fn pacer() -> Arc<Pacer> {
        Pacer::new([("slow".to_owned(), Arc::new(Slow) as Arc<dyn Deliver>)])
    }

    fn to(chat: &str) -> ChatAddress {
        ChatAddress::new(Provider::new("slow"), ChatId::new(chat))
    }

    fn sent(pacer: &Pacer, chat: &str, what: Sending, from: Instant, until: Instant) -> usize {
        let steps = (until - from).as_millis() / 10;
        (0..steps)
            .filter(|step| {
                let at = from + Duration::from_millis(10 * u64::try_from(*step).expect("small"));
                pacer.admits_at(&to(chat), what, at)
            })
            .count()
    }

    #[test]
    fn a_chat_has_its_burst_and_then_its_pace() {
        let (pacer, start) = (pacer(), Instant::now());
        assert_eq!(sent(&pacer, "a", Sending::Message, start, start + 10 * SECOND), 3 + 9);
    }

    #[test]
    fn all_chats_together_stay_within_the_providers_pace() {
        let (pacer, start) = (pacer(), Instant::now());
        let chats: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let in_a_second = (0..100).flat_map(|ms| chats.iter().map(move |chat| (ms, chat)));
        let sent = in_a_second
            .filter(|(ms, chat)| pacer.admits_at(&to(chat), Sending::Message, start + Duration::from_millis(ms * 10)))
            .count();
        assert_eq!(sent, 5 + 9);
    }

    #[test]
    fn edits_leave_room_for_a_result() {
        let (pacer, start) = (pacer(), Instant::now());
        for step in 0..1000 {
            let now = start + Duration::from_millis(step * 20);
            pacer.admits_at(&to("a"), Sending::Edit, now);
            if step % 100 == 99 {
                assert!(pacer.admits_at(&to("a"), Sending::Message, now), "a result waits at {step}");
            }
        }
    }

    #[test]
    fn progress_keeps_its_own_interval_and_a_429_on_it_holds_no_result_up() {
        let (pacer, start) = (pacer(), Instant::now());
        assert!(pacer.admits_progress(&to("a"), start));
        assert!(!pacer.admits_progress(&to("a"), start + 2 * SECOND));
        assert!(pacer.admits_progress(&to("a"), start + 3 * SECOND));
        pacer.hold_progress(&to("a"), start + 60 * SECOND);
        assert!(!pacer.admits_progress(&to("a"), start + 59 * SECOND));
        assert!(pacer.admits_at(&to("a"), Sending::Message, start + 4 * SECOND));
    }

    #[test]
    fn a_wait_holds_up_the_chat_or_all_of_them() {
        let (pacer, start) = (pacer(), Instant::now());
        pacer.hold(&to("a"), Sending::Message, false, start + 5 * SECOND);
        assert!(!pacer.admits_at(&to("a"), Sending::Message, start));
        assert_eq!(pacer.wake_at(), Some(start + 5 * SECOND));
        assert!(pacer.admits_at(&to("b"), Sending::Message, start));
        pacer.hold(&to("a"), Sending::Message, true, start + 9 * SECOND);
        assert!(!pacer.admits_at(&to("b"), Sending::Message, start + 8 * SECOND));
        assert!(pacer.admits_at(&to("b"), Sending::Message, start + 9 * SECOND));
    }

    #[test]
    fn what_is_counted_apart_waits_for_nothing_else() {
        let (pacer, start) = (pacer(), Instant::now());
        let thread = ChatAddress { thread: Some(signalbox_adapter::ThreadId::new("7")), ..to("apart") };
        let sent = |what, at| (0..5).filter(|_| pacer.admits_at(&to("apart"), what, at)).count();
        let later = start + SECOND;
        assert_eq!((sent(Sending::Message, start), sent(Sending::Edit, later)), (3, 3));
        assert!(pacer.admits_at(&thread, Sending::Message, later + SECOND), "a thread has an allowance of its own");
        pacer.hold(&to("apart"), Sending::Edit, false, later + 9 * SECOND);
        assert!(pacer.admits_at(&to("apart"), Sending::Message, later + SECOND));
        assert!(!pacer.admits_at(&to("apart"), Sending::Edit, later + 2 * SECOND));
    }

    #[test]
    fn a_transport_without_a_pace_is_never_held_up() {
        let (pacer, start) = (pacer(), Instant::now());
        let console = ChatAddress::new(Provider::new("console"), ChatId::new("local"));
        assert!((0..1000).all(|_| pacer.admits_at(&console, Sending::Message, start)));
        assert!(!pacer.admits_progress(&console, start), "nothing can be changed there");
    }
}
