//! How fast each chat may be written to, so that the provider need not say no; and whom its no holds up.
//!
//! Each chat, and each provider as a whole, has an allowance that fills up steadily to a burst (the generic cell rate
//! algorithm). Status messages take of it what leaves a quarter, and edits what leaves half, so that no result waits for
//! either. The allowances are what the provider's documents promise, and a 429 has the last word: it is waited for exactly,
//! and halves the allowance that it was about for a while. All of it is memory only: after a restart the allowances are full.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use signalbox_adapter::{Apart, ChatAddress, Deliver, Pace, Purpose};
use tokio::sync::Notify;

use crate::store::{Gate, Sending};

/// Chats remembered; beyond it those whose allowance is full are forgotten.
const MAX_CHATS: usize = 10_000;

/// Times remembered at which something is to be looked for; what is beyond it is found by the next look.
const MAX_EXPECTED: usize = 10_000;

/// How long an allowance is halved after a 429.
const HALVED_FOR: Duration = Duration::from_secs(600);

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
    /// When something else is to be looked for.
    expected: BTreeSet<Instant>,
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
            (Sending::Message(_), _) | (_, Apart::Nothing) => &mut self.allowance,
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

/// Which part of an allowance is left to others, as its divisor.
type LeftToOthers = Option<u32>;

/// Returns what is left to others: status messages leave a quarter, edits half.
fn left_by(what: Sending) -> LeftToOthers {
    match what {
        Sending::Message(Purpose::Progress) => Some(4),
        Sending::Edit => Some(2),
        Sending::Message(Purpose::Result | Purpose::Approval | Purpose::Alert) | Sending::Opening => None,
    }
}

/// One allowance: `full_at` is when it will be full again.
#[derive(Default)]
struct Allowance {
    full_at: Option<Instant>,
    held_until: Option<Instant>,
    halved_until: Option<Instant>,
}

impl Allowance {
    /// Returns interval and burst as they are now.
    fn terms(&self, now: Instant, interval: Duration, burst: u32) -> (Duration, u32) {
        let is_halved = self.halved_until.is_some_and(|until| now < until);
        if is_halved { (interval * 2, (burst / 2).max(1)) } else { (interval, burst) }
    }

    /// Returns from when on a message may go that leaves this much to others, at least one.
    fn from(&self, now: Instant, interval: Duration, burst: u32, left: LeftToOthers) -> Instant {
        let (interval, burst) = self.terms(now, interval, burst);
        let spare = left.map_or(0, |divisor| (burst / divisor).max(1));
        let ahead = interval * burst.saturating_sub(1 + spare);
        let by_pace = self.full_at.map_or(now, |full_at| full_at.checked_sub(ahead).unwrap_or(now));
        by_pace.max(self.held_until.unwrap_or(now)).max(now)
    }

    fn take(&mut self, now: Instant, interval: Duration) {
        let (interval, _) = self.terms(now, interval, 1);
        self.full_at = Some(self.full_at.map_or(now, |full_at| full_at.max(now)) + interval);
    }

    fn hold(&mut self, until: Instant) {
        self.held_until = Some(self.held_until.map_or(until, |held| held.max(until)));
    }

    fn halve(&mut self, now: Instant) {
        self.halved_until = Some(now + HALVED_FOR);
    }

    fn is_idle(&self, now: Instant) -> bool {
        [self.full_at, self.held_until, self.halved_until].iter().all(|at| at.is_none_or(|at| at <= now))
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
        let left = left_by(what);
        // What is counted apart takes nothing from others of its chat.
        let own_left = left.filter(|_| pace.apart == Apart::Nothing || what != Sending::Edit);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { chats, providers, wake_at, .. } = &mut *state;
        if chats.len() >= MAX_CHATS {
            chats.retain(|_, chat| !chat.is_idle(now));
        }
        let own = chats.entry(counted(address, pace.apart)).or_default().of(what, pace.apart);
        let all = providers.entry(address.provider.to_string()).or_default();
        let from = own.from(now, pace.chat_interval, pace.chat_burst, own_left).max(all.from(
            now,
            pace.overall_interval,
            pace.overall_burst,
            left,
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

    /// Notes that the provider asks to wait, with what is counted together with this in this chat, or with everything; and
    /// takes its allowance for half of what it was for a while.
    pub fn hold(&self, address: &ChatAddress, what: Sending, everywhere: bool, now: Instant, after: Duration) {
        let apart = self.pace(address).apart;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if everywhere {
            let all = state.providers.entry(address.provider.to_string()).or_default();
            all.halve(now);
            return all.hold(now + after);
        }
        let own = state.chats.entry(counted(address, apart)).or_default().of(what, apart);
        own.halve(now);
        // Changes and threads that are not counted apart wait by themselves, so that no message waits for them.
        let waits_alone = matches!(what, Sending::Edit | Sending::Opening) && apart == Apart::Nothing;
        if !waits_alone {
            own.hold(now + after);
        }
    }

    /// Notes that the provider asks to wait with changes of a chat's status messages; messages may go on.
    pub fn hold_progress(&self, address: &ChatAddress, now: Instant, after: Duration) {
        let apart = self.pace(address).apart;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let own = state.chats.entry(counted(address, apart)).or_default();
        own.of(Sending::Edit, apart).halve(now);
        let until = now + after;
        own.edits_from = Some(own.edits_from.map_or(until, |from| from.max(until)));
    }

    /// Returns when to look again for those that were refused, and for what is expected.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        [state.wake_at, state.expected.first().copied()].into_iter().flatten().min()
    }

    /// Forgets those that were refused, and what was expected until now: they are about to be looked at.
    pub(super) fn forget_wake(&self, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.wake_at = None;
        while state.expected.first().is_some_and(|at| *at <= now) {
            state.expected.pop_first();
        }
    }

    fn expect_at(&self, at: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.expected.len() < MAX_EXPECTED {
            state.expected.insert(at);
        }
    }
}

impl Gate for Pacer {
    fn admits(&self, address: &ChatAddress, what: Sending) -> bool {
        self.admits_at(address, what, Instant::now())
    }

    fn expect(&self, after: Duration) {
        self.expect_at(Instant::now() + after);
        self.refused.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use signalbox_adapter::{ChatId, DeliverError, Identity, Outgoing, Provider, Receipt, Reconciled, Tried};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const ANSWER: Sending = Sending::Message(Purpose::Result);
    const STATUS: Sending = Sending::Message(Purpose::Progress);

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
        assert_eq!(sent(&pacer, "a", ANSWER, start, start + 10 * SECOND), 3 + 9);
    }

    #[test]
    fn all_chats_together_stay_within_the_providers_pace() {
        let (pacer, start) = (pacer(), Instant::now());
        let chats: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let in_a_second = (0..100).flat_map(|ms| chats.iter().map(move |chat| (ms, chat)));
        let sent = in_a_second
            .filter(|(ms, chat)| pacer.admits_at(&to(chat), ANSWER, start + Duration::from_millis(ms * 10)))
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
                assert!(pacer.admits_at(&to("a"), ANSWER, now), "a result waits at {step}");
            }
        }
    }

    #[test]
    fn status_messages_and_edits_leave_room_for_answers_however_many_there_are() {
        let (pacer, start) = (pacer(), Instant::now());
        for second in 0..100 {
            let now = start + second * SECOND;
            while pacer.admits_at(&to("a"), STATUS, now) {}
            while pacer.admits_at(&to("a"), Sending::Edit, now) {}
            assert!(pacer.admits_at(&to("a"), ANSWER, now), "an answer waits at {second} s");
        }
    }

    #[test]
    fn a_429_halves_an_allowance_for_ten_minutes() {
        let (pacer, start) = (pacer(), Instant::now());
        pacer.hold(&to("a"), ANSWER, false, start, 5 * SECOND);
        let (over, later) = (start + 5 * SECOND, start + HALVED_FOR + 10 * SECOND);
        assert_eq!(sent(&pacer, "a", ANSWER, start, over), 0, "it is obeyed exactly");
        assert_eq!(sent(&pacer, "a", ANSWER, over, over + 10 * SECOND), 1 + 4);
        let next = over + 10 * SECOND;
        assert_eq!(sent(&pacer, "b", ANSWER, next, next + 10 * SECOND), 3 + 9, "nobody else pays for it");
        assert_eq!(sent(&pacer, "a", ANSWER, later, later + 10 * SECOND), 3 + 9);
    }

    #[test]
    fn what_is_expected_is_looked_for_once() {
        let (pacer, start) = (pacer(), Instant::now());
        pacer.expect_at(start + 2 * SECOND);
        pacer.expect_at(start + SECOND);
        assert_eq!(pacer.wake_at(), Some(start + SECOND));
        pacer.forget_wake(start + SECOND);
        assert_eq!(pacer.wake_at(), Some(start + 2 * SECOND));
        pacer.forget_wake(start + 2 * SECOND);
        assert_eq!(pacer.wake_at(), None);
    }

    #[test]
    fn progress_keeps_its_own_interval_and_a_429_on_it_holds_no_result_up() {
        let (pacer, start) = (pacer(), Instant::now());
        assert!(pacer.admits_progress(&to("a"), start));
        assert!(!pacer.admits_progress(&to("a"), start + 2 * SECOND));
        assert!(pacer.admits_progress(&to("a"), start + 3 * SECOND));
        pacer.hold_progress(&to("a"), start, 60 * SECOND);
        assert!(!pacer.admits_progress(&to("a"), start + 59 * SECOND));
        assert!(pacer.admits_at(&to("a"), ANSWER, start + 4 * SECOND));
    }

    #[test]
    fn a_wait_holds_up_the_chat_or_all_of_them() {
        let (pacer, start) = (pacer(), Instant::now());
        pacer.hold(&to("a"), ANSWER, false, start, 5 * SECOND);
        assert!(!pacer.admits_at(&to("a"), ANSWER, start));
        assert_eq!(pacer.wake_at(), Some(start + 5 * SECOND));
        assert!(pacer.admits_at(&to("b"), ANSWER, start));
        pacer.hold(&to("a"), ANSWER, true, start, 9 * SECOND);
        assert!(!pacer.admits_at(&to("b"), ANSWER, start + 8 * SECOND));
        assert!(pacer.admits_at(&to("b"), ANSWER, start + 9 * SECOND));
    }

    #[test]
    fn what_is_counted_apart_waits_for_nothing_else() {
        let (pacer, start) = (pacer(), Instant::now());
        let thread = ChatAddress { thread: Some(signalbox_adapter::ThreadId::new("7")), ..to("apart") };
        let sent = |what, at| (0..5).filter(|_| pacer.admits_at(&to("apart"), what, at)).count();
        let later = start + SECOND;
        assert_eq!((sent(ANSWER, start), sent(Sending::Edit, later)), (3, 3));
        assert!(pacer.admits_at(&thread, ANSWER, later + SECOND), "a thread has an allowance of its own");
        pacer.hold(&to("apart"), Sending::Edit, false, later, 9 * SECOND);
        assert!(pacer.admits_at(&to("apart"), ANSWER, later + SECOND));
        assert!(!pacer.admits_at(&to("apart"), Sending::Edit, later + 2 * SECOND));
    }

    #[test]
    fn a_transport_without_a_pace_is_never_held_up() {
        let (pacer, start) = (pacer(), Instant::now());
        let console = ChatAddress::new(Provider::new("console"), ChatId::new("local"));
        assert!((0..1000).all(|_| pacer.admits_at(&console, ANSWER, start)));
        assert!(!pacer.admits_progress(&console, start), "nothing can be changed there");
    }
}
