//! Steps: each whole or not at all, each once, many to a commit.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[tokio::test]
async fn a_copy_of_a_message_is_dropped() {
    let desk = Desk::new();
    let accept = || |tx: &Tx<'_>| tx.accept(&incoming("update-1", "one"));
    assert!(desk.did(accept()).await.is_some());
    assert_eq!(desk.did(accept()).await, None);
    assert_eq!(desk.did(|tx| tx.open_inbound(None, 10)).await.len(), 1);
}

#[tokio::test]
async fn a_failed_step_leaves_nothing_behind() {
    let desk = Desk::new();
    let failed = desk
        .store
        .write(None, |tx| -> Result<(), _> {
            admit(tx, "one", "a")?;
            tx.enqueue(&message("one", Purpose::Result, &["never"]))?;
            Err(StoreError::Other("changed my mind".into()))
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Other(_))));
    assert_eq!(desk.did(|tx| tx.unfinished_tasks(None)).await, []);
    assert_eq!(desk.did(|tx| tx.sessions(None, 10)).await, []);
    assert_eq!(desk.did(|tx| tx.deliveries(None, 10)).await, []);
    assert_eq!(desk.did(|tx| tx.open_inbound(None, 10)).await.len(), 0);
}

#[tokio::test]
async fn a_step_that_panics_fails_alone_and_leaves_nothing_behind() {
    let desk = Desk::new();
    let failed = desk.store.write(None, |tx| -> Result<(), _> {
        tx.accept(&incoming("1", "one"))?;
        panic!("a step panics");
    });
    assert!(matches!(failed.await, Err(StoreError::Other(_))));
    let failed = desk.store.read(|_| -> Result<(), _> { panic!("a look panics") });
    assert!(matches!(failed.await, Err(StoreError::Other(_))));
    desk.did(|tx| tx.accept(&incoming("2", "one"))).await;
    assert_eq!(desk.did(|tx| tx.open_inbound(None, 10)).await.len(), 1);
}

#[tokio::test]
async fn a_database_that_another_process_holds_is_waited_for_with_patience() {
    let desk = Desk::new();
    let other = Connection::open(&desk.store.inner.database).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let (store, stop) = (desk.store.clone(), tokio_util::sync::CancellationToken::new());
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let written = store.patiently(&stop, || {
        // The first two tries are over quickly, as if the busy time-out had passed.
        let (store, quick) = (store.clone(), counted.fetch_add(1, Ordering::SeqCst) < 2);
        async move {
            if quick {
                return Err(StoreError::Busy);
            }
            store.write(None, |tx| tx.accept(&incoming("1", "one"))).await
        }
    });
    let freed = async {
        while tries.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        assert!(store.health().trouble().is_some_and(|trouble| trouble.why.contains("another process")));
        other.execute_batch("ROLLBACK").expect("free");
    };
    let (written, ()) = tokio::join!(written, freed);
    assert!(written.expect("stored").value.is_some());
    assert_eq!(store.health().trouble(), None, "it is over");
}

#[tokio::test]
async fn an_answer_that_is_looked_at_late_tells_of_no_new_trouble() {
    let desk = Desk::new();
    // The step waits, so that its answer cannot be there when it is first asked for.
    let (go, told) = std::sync::mpsc::channel::<()>();
    let step = move |_: &Tx<'_>| {
        told.recv().ok();
        Err::<(), _>(StoreError::Busy)
    };
    let mut late = std::pin::pin!(desk.store.write(None, step));
    assert!(futures_util::poll!(late.as_mut()).is_pending(), "it is handed in");
    go.send(()).expect("it waits");
    // Each is committed after the one before.
    desk.did(|tx| tx.probe_write()).await;
    desk.did(|tx| tx.probe_write()).await;
    assert_eq!(desk.store.health().trouble(), None, "it is over");
    assert!(matches!(late.await, Err(StoreError::Busy)));
    assert_eq!(desk.store.health().trouble(), None);
}

#[tokio::test]
async fn patience_ends_when_the_program_stops() {
    let desk = Desk::new();
    let stop = tokio_util::sync::CancellationToken::new();
    stop.cancel();
    let given_up = desk.store.patiently(&stop, || async { Err::<(), _>(StoreError::DiskFull) }).await;
    assert!(matches!(given_up, Err(StoreError::DiskFull)));
    assert!(desk.store.health().trouble().is_some(), "nobody knows that it is over");
}

#[tokio::test]
async fn steps_that_wait_share_a_commit_and_a_failing_one_fails_alone() {
    const STEPS: usize = 100;
    let desk = Desk::new();
    let onlooker = Arc::new(Mutex::new(connect_reader(&desk.store.inner.database).expect("it opens")));
    // The writer is kept busy until all others wait for it.
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let (at_work, works) = std::sync::mpsc::channel::<()>();
    let store = desk.store.clone();
    let busy = move |_: &Tx<'_>| {
        at_work.send(()).ok();
        Ok(held.recv().ok())
    };
    let tracker = tokio_util::task::TaskTracker::new();
    let first = tracker.spawn(async move { store.write(None, busy).await });
    while works.try_recv().is_err() {
        tokio::task::yield_now().await;
    }
    let handed_in = Arc::new(AtomicUsize::new(0));
    let step = |number: usize| {
        let (store, onlooker, handed_in) = (desk.store.clone(), Arc::clone(&onlooker), Arc::clone(&handed_in));
        tracker.spawn(async move {
            handed_in.fetch_add(1, Ordering::SeqCst);
            let step = move |tx: &Tx<'_>| {
                tx.accept(&incoming(&format!("update-{number}"), "one"))?;
                if number == 50 {
                    return Err(StoreError::Other("number 50".into()));
                }
                let others = onlooker.lock().expect("no panic");
                Ok(others.query_row("SELECT count(*) FROM inbox", [], |row| row.get::<_, usize>(0))?)
            };
            store.write(None, step).await
        })
    };
    let steps: Vec<_> = (0..STEPS).map(step).collect();
    // On one thread, whoever has counted has handed its step in.
    while handed_in.load(Ordering::SeqCst) < STEPS {
        tokio::task::yield_now().await;
    }
    hold.send(()).expect("it waits");
    first.await.expect("no panic").expect("stored");
    for (number, step) in steps.into_iter().enumerate() {
        match step.await.expect("no panic") {
            Ok(written) => assert_eq!(written.value, 0, "nobody else has seen any of them committed"),
            Err(error) => assert_eq!((number, error.to_string().as_str()), (50, "the database reported: number 50")),
        }
    }
    assert_eq!(desk.did(|tx| tx.open_inbound(None, 1000)).await.len(), STEPS - 1);
}

#[tokio::test]
async fn a_former_holder_of_the_role_can_write_nothing_more() {
    let desk = Desk::new();
    let first = desk.store.take_core().await.expect("free");
    assert!(matches!(desk.store.take_core().await, Err(RoleError::Held { holder: Some(_) })));
    let fence = first.fence().clone();
    desk.store.write(Some(&fence), |tx| tx.accept(&incoming("1", "one"))).await.expect("it holds the role");
    drop(first);
    let second = desk.store.take_core().await.expect("free again");
    let late = desk.store.write(Some(&fence), |tx| tx.accept(&incoming("2", "one"))).await;
    assert!(matches!(late, Err(StoreError::Fenced)));
    desk.store.write(Some(second.fence()), |tx| tx.accept(&incoming("3", "one"))).await.expect("it holds the role");
    assert_eq!(desk.did(|tx| tx.open_inbound(None, 10)).await.len(), 2);
}

#[tokio::test]
async fn a_closed_store_takes_no_more_steps_and_has_finished_those_before() {
    let desk = Desk::new();
    desk.did(|tx| tx.accept(&incoming("1", "one"))).await;
    desk.store.close();
    let late = desk.store.write(None, |tx| tx.accept(&incoming("2", "one"))).await;
    assert!(matches!(late, Err(StoreError::Closed)));
    assert_eq!(desk.store.read(|tx| tx.open_inbound(None, 10)).await.expect("readable").len(), 1);
}
