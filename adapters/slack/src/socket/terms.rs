//! When connections end by themselves, so that no two do at about the same time: Slack says of each how long it lasts, and one
//! that would end about when another does leaves at half of its time. Pure.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// The terms of the connections that stand and are to stay.
#[derive(Debug, Default)]
pub(super) struct Terms(HashMap<u64, Instant>);

impl Terms {
    /// Takes note of a connection that begins and lasts so long; returns when it is to leave by itself, where it would end at
    /// about the time of another: a quarter of its own apart, or less.
    pub(super) fn begin(&mut self, number: u64, now: Instant, lasts: Duration) -> Option<Instant> {
        let ends = now + lasts;
        let apart = |other: &Instant| other.max(&ends).duration_since(*other.min(&ends));
        let meets = self.0.values().any(|other| apart(other) <= lasts / 4);
        let leaves = meets.then(|| now + lasts / 2);
        self.0.insert(number, leaves.unwrap_or(ends));
        leaves
    }

    /// Takes note that a connection is about to go, or gone.
    pub(super) fn end(&mut self, number: u64) {
        self.0.remove(&number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// About what Slack says.
    const LASTS: Duration = Duration::from_secs(18_060);

    /// Two connections over a stretch of time that the test moves.
    struct Pair {
        terms: Terms,
        now: Instant,
        ends: Vec<(u64, Instant)>,
        next: u64,
    }

    impl Pair {
        fn open(&mut self) {
            let leaves = self.terms.begin(self.next, self.now, LASTS);
            self.ends.push((self.next, leaves.unwrap_or(self.now + LASTS)));
            self.next += 1;
        }

        /// Goes to the time at which the next is changed, and changes it; returns when that is.
        fn change(&mut self) -> Instant {
            let at = (0..self.ends.len()).min_by_key(|at| self.ends[*at].1).expect("two stand");
            let (number, ends) = self.ends.remove(at);
            self.now = self.now.max(ends);
            self.terms.end(number);
            self.open();
            self.now
        }

        /// Both are lost at once, and opened again.
        fn lose_all(&mut self) {
            for (number, _) in std::mem::take(&mut self.ends) {
                self.terms.end(number);
            }
            self.open();
            self.open();
        }
    }

    #[test]
    fn two_connections_are_never_changed_together_whatever_is_lost_when() {
        let mut pair = Pair { terms: Terms::default(), now: Instant::now(), ends: Vec::new(), next: 1 };
        pair.open();
        pair.open();
        let mut last = pair.now;
        for round in 0..200_u32 {
            let at = pair.change();
            assert!(at.duration_since(last) > LASTS / 4 - Duration::from_secs(1), "round {round}: {:?}", at - last);
            last = at;
            // Time goes by, and a network fails as a whole, or a socket alone.
            let fails = pair.ends.iter().map(|(_, ends)| *ends).min().expect("two stand") - pair.now;
            match round % 5 {
                1 => {
                    pair.now += fails * (round % 7) / 8;
                    pair.lose_all();
                    last = pair.now;
                }
                3 => {
                    pair.now += fails * (round % 11) / 12;
                    let (number, _) = pair.ends.remove(usize::try_from(round).expect("small") % 2);
                    pair.terms.end(number);
                    pair.open();
                }
                _ => {}
            }
        }
    }

    #[test]
    fn connections_that_are_told_nothing_of_each_other_stay_their_whole_time() {
        let (mut terms, now) = (Terms::default(), Instant::now());
        assert_eq!(terms.begin(1, now, LASTS), None, "it is alone");
        assert_eq!(terms.begin(2, now + LASTS / 2, LASTS), None, "it ends long after the other");
        terms.end(1);
        assert_eq!(terms.begin(3, now + LASTS / 2, LASTS), Some(now + LASTS / 2 + LASTS / 2));
    }
}
