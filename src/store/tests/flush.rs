//! The disk: what callers wait for, and what goes there with the next.

use std::time::Instant;

use super::*;
use crate::clock::SystemClock;

/// How long a commit that rides along may take to be flushed: a second, on a busy machine.
const FLUSHED_WITHIN: Duration = Duration::from_secs(30);

fn store(directory: &Path, durability: Durability) -> Store {
    Store::open(directory, Options { durability, caps: caps() }, Arc::new(SystemClock)).expect("a store")
}

async fn accept(store: &Store, key: &str, rides_along: bool) {
    let incoming = incoming(key, "one");
    let step = move |tx: &Tx<'_>| {
        if rides_along {
            tx.rides_along();
        }
        tx.accept(&incoming)
    };
    assert!(store.write(None, step).await.expect("stored").value.is_some(), "{key} is new");
}

#[tokio::test]
async fn a_step_is_on_the_disk_when_its_caller_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path(), Durability::Power);
    for number in 1..=5 {
        accept(&store, &number.to_string(), false).await;
        assert_eq!(store.health().flushes(), number);
    }
}

#[tokio::test]
async fn steps_that_ride_along_go_to_the_disk_with_the_next_or_soon_and_are_there_for_all_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path(), Durability::Power);
    let began = Instant::now();
    for number in 0..20 {
        let key = format!("rides-{number}");
        accept(&store, &key, true).await;
        let there = store.read(move |tx| tx.inbound_by_key(&key)).await.expect("read");
        assert!(there.is_some(), "a process that ends now loses nothing");
    }
    accept(&store, "waits", false).await;
    let flushes = store.health().flushes();
    assert!((1..=1 + began.elapsed().as_secs()).contains(&flushes), "{flushes} for 21 steps");
    accept(&store, "last", true).await;
    let began = Instant::now();
    while store.health().flushes() == flushes {
        assert!(began.elapsed() < FLUSHED_WITHIN, "a step that nothing follows was not flushed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_still_waits_is_flushed_when_the_store_is_closed() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path(), Durability::Power);
    accept(&store, "one", true).await;
    store.close();
    assert_eq!(store.health().flushes(), 1);
}

#[tokio::test]
async fn nothing_is_flushed_where_a_power_cut_may_take_what_it_likes() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path(), Durability::Process);
    accept(&store, "one", false).await;
    store.close();
    assert_eq!(store.health().flushes(), 0);
}
