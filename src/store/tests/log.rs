//! The write-ahead log: never large, whatever comes; small again when nothing comes; gone at the end.

use std::time::Instant;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;

/// What the log may have at most, in bytes.
const BOUND_BYTES: u64 = 16 << 20;
/// What an idle log may keep, in bytes.
const IDLE_BYTES: u64 = 1 << 20;
/// How often the log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long the log may take to become small: a second without a write, and the copying.
const SMALL_WITHIN: Duration = Duration::from_secs(30);

impl Desk {
    fn log(&self) -> PathBuf {
        self.directory.path().join("signalbox.db-wal")
    }

    /// Does small steps, one by one, some 12 KB of log each; returns the largest size of the log meanwhile.
    async fn small_steps(&self, of: &str, count: usize) -> u64 {
        let mut largest = 0;
        for number in 0..count {
            let key = format!("{of}-{number}");
            self.did(move |tx| tx.accept(&incoming(&key, "one"))).await;
            largest = largest.max(self.store.log_bytes());
        }
        largest
    }

    /// Does large steps, all at once; returns the largest size of the log meanwhile.
    async fn large_steps(&self, count: usize, bytes: usize) -> u64 {
        let tracker = TaskTracker::new();
        let step = |number: usize| {
            let (store, key) = (self.store.clone(), format!("large-{number}"));
            tracker.spawn(async move {
                let step = move |tx: &Tx<'_>| {
                    let kind = IncomingKind::Text("x".repeat(bytes));
                    tx.accept(&Incoming { kind, ..incoming(&key, "one") })
                };
                store.write(None, step).await.expect("stored");
                store.log_bytes()
            })
        };
        let steps: Vec<_> = (0..count).map(step).collect();
        let mut largest = 0;
        for step in steps {
            largest = largest.max(step.await.expect("no panic"));
        }
        largest
    }

    async fn until_the_log_is_small(&self) {
        let began = Instant::now();
        while self.store.log_bytes() > IDLE_BYTES {
            assert!(began.elapsed() < SMALL_WITHIN, "still {} bytes", self.store.log_bytes());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Reads again and again, as long as the token is not cancelled.
async fn read_on(store: Store, stop: CancellationToken) {
    while !stop.is_cancelled() {
        store.read(|tx| tx.open_inbound(None, 10)).await.expect("readable");
    }
}

#[tokio::test]
async fn the_log_stays_small_while_many_write_and_read_shrinks_when_idle_and_is_gone_at_the_end() {
    let desk = Desk::new();
    let (readers, stop) = (TaskTracker::new(), CancellationToken::new());
    for _ in 0..2 {
        readers.spawn(read_on(desk.store.clone(), stop.clone()));
    }
    let largest = desk.small_steps("a", 3_000).await;
    assert!((IDLE_BYTES..=BOUND_BYTES).contains(&largest), "{largest} bytes");
    stop.cancel();
    readers.close();
    readers.wait().await;
    desk.until_the_log_is_small().await;
    let largest = desk.small_steps("b", 1_000).await;
    assert!(largest <= BOUND_BYTES, "{largest} bytes, once cut");
    desk.store.close();
    assert!(!desk.log().exists());
}

#[tokio::test]
async fn large_steps_that_come_at_once_do_not_share_one_large_commit() {
    let desk = Desk::new();
    let largest = desk.large_steps(40, 1 << 20).await;
    assert!(largest <= BOUND_BYTES, "{largest} bytes");
    assert_eq!(desk.did(|tx| tx.open_inbound(None, 1_000)).await.len(), 40);
}

#[tokio::test]
async fn one_that_keeps_reading_stops_nobody_and_the_log_shrinks_when_it_ends() {
    let desk = Desk::new();
    let onlooker = connect_reader(&desk.store.inner.database).expect("it opens");
    let reading = onlooker.unchecked_transaction().expect("it begins");
    reading.query_row("SELECT count(*) FROM inbox", [], |_| Ok(())).expect("it reads");
    let largest = desk.small_steps("a", 2_000).await;
    assert!(largest > BOUND_BYTES, "only {largest} bytes: this shows nothing");
    reading.finish().expect("it ends");
    desk.until_the_log_is_small().await;
    desk.store.close();
    assert!(desk.log().exists(), "another program has the database open");
    onlooker.close().expect("closed");
    assert!(!desk.log().exists());
}

#[tokio::test]
async fn a_process_that_leaves_takes_no_log_away_from_those_that_stay() {
    let desk = Desk::new();
    let other = Store::open(desk.directory.path(), options(), Arc::clone(&desk.clock) as _).expect("it opens");
    desk.small_steps("a", 10).await;
    other.write(None, |tx| tx.accept(&incoming("b", "one"))).await.expect("stored");
    other.close();
    assert!(desk.log().exists());
    desk.small_steps("c", 10).await;
    assert_eq!(desk.did(|tx| tx.open_inbound(None, 100)).await.len(), 21);
    desk.store.close();
    assert!(!desk.log().exists());
}

#[tokio::test]
async fn a_large_log_that_was_left_behind_is_cut_by_the_next_start() {
    let desk = Desk::new();
    let left = tempfile::tempdir().expect("a directory");
    let onlooker = connect_reader(&desk.store.inner.database).expect("it opens");
    let reading = onlooker.unchecked_transaction().expect("it begins");
    reading.query_row("SELECT count(*) FROM inbox", [], |_| Ok(())).expect("it reads");
    desk.small_steps("a", 1_000).await;
    for file in ["signalbox.db", "signalbox.db-wal"] {
        std::fs::copy(desk.directory.path().join(file), left.path().join(file)).expect("copied");
    }
    let as_after_a_crash = std::fs::metadata(left.path().join("signalbox.db-wal")).expect("a log").len();
    assert!(as_after_a_crash > BOUND_BYTES / 2, "only {as_after_a_crash} bytes: this shows nothing");
    let store = Store::open(left.path(), options(), Arc::clone(&desk.clock) as _).expect("it opens");
    let next = Desk { store, clock: Arc::clone(&desk.clock), directory: left };
    next.until_the_log_is_small().await;
    assert_eq!(next.did(|tx| tx.open_inbound(None, 2_000)).await.len(), 1_000);
}
