//! What those who watch are told, and that it costs little to find out.

use std::time::Duration;

use super::*;
use crate::store::counts::STATEMENTS;

fn count<K: PartialEq + Copy>(counts: &[(K, u64)], key: K) -> u64 {
    counts.iter().find(|(other, _)| *other == key).expect("every key is told").1
}

#[tokio::test]
async fn an_empty_store_has_nothing_of_everything() {
    let counts = Desk::new().did(|tx| tx.counts()).await;
    assert_eq!(counts.tasks, [(Status::Queued, 0), (Status::Running, 0)]);
    assert_eq!(counts.ended.len(), Status::ALL.len() - 2);
    let all = counts.ended.iter().map(|(_, count)| count).chain(counts.sessions.iter().map(|(_, count)| count));
    assert_eq!(all.chain(counts.deliveries.iter().map(|(_, count)| count)).sum::<u64>(), 0);
    assert_eq!((counts.sessions.len(), counts.deliveries.len()), (3, 5));
    assert_eq!((counts.inbox, counts.inbox_open, counts.waiting.len()), (0, 0, 0));
}

#[tokio::test]
async fn tasks_and_sessions_are_counted_by_status_and_ended_tasks_for_ever() {
    let desk = Desk::new();
    let first = started(desk.prompt("one", "a").await);
    desk.prompt("one", "a").await;
    desk.prompt("one", "b").await;
    desk.did(|tx| tx.accept(&incoming("waits", "one"))).await;
    let counts = desk.did(|tx| tx.counts()).await;
    assert_eq!(counts.tasks, [(Status::Queued, 1), (Status::Running, 2)]);
    assert_eq!(count(&counts.sessions, SessionStatus::Running), 2);
    assert_eq!((counts.inbox, counts.inbox_open), (4, 1));

    desk.answer(&first).await;
    desk.clock.advance(Duration::from_secs(60));
    let before = desk.clock.now();
    assert!(desk.did(move |tx| tx.forget(before, 100)).await > 0);
    let counts = desk.did(|tx| tx.counts()).await;
    assert_eq!(counts.tasks, [(Status::Queued, 0), (Status::Running, 2)]);
    assert_eq!(count(&counts.ended, Status::Ok), 1, "its row is forgotten, its end is not");
    assert_eq!(count(&counts.ended, Status::ErrorCli), 0);
}

#[tokio::test]
async fn deliveries_are_counted_by_state_and_the_oldest_that_waits_is_known() {
    let desk = Desk::new();
    let written = desk.clock.now();
    for chat in ["one", "two", "three", "four"] {
        desk.did(move |tx| tx.enqueue(&message(chat, Purpose::Result, &["hello"]))).await;
        desk.clock.advance(Duration::from_secs(1));
    }
    let scopes = [Lanes { provider: "test".into(), window: None }];
    let claimed = desk.did(move |tx| tx.claim_deliveries(&scopes, "me", 3)).await;
    let ids: Vec<DeliveryId> = claimed.iter().map(|delivery| delivery.id).collect();
    desk.did(move |tx| {
        tx.delivered(ids[0], &MessageId::new("m1"))?;
        tx.give_up(ids[1], "no such chat")
    })
    .await;
    let counts = desk.did(|tx| tx.counts()).await;
    let expected = [
        (DeliveryState::Pending, 1),
        (DeliveryState::Sending, 1),
        (DeliveryState::Unknown, 0),
        (DeliveryState::Delivered, 1),
        (DeliveryState::Failed, 1),
    ];
    assert_eq!(counts.deliveries, expected);
    let oldest = written.after(Duration::from_secs(2));
    assert_eq!(counts.waiting, [("test".to_owned(), Backlog { count: 2, oldest })].into());
}

#[tokio::test]
async fn counting_reads_no_whole_table() {
    let desk = Desk::new();
    for sql in STATEMENTS {
        let plan = format!("EXPLAIN QUERY PLAN {sql}");
        let told: Vec<String> = desk
            .did(move |tx| {
                let mut statement = tx.connection.prepare(&plan)?;
                let keys = vec!["a"; statement.parameter_count()];
                let rows = statement.query_map(rusqlite::params_from_iter(keys), |row| row.get(3))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await;
        assert!(told.iter().any(|line| line.contains(" INDEX ")), "{sql}: {told:?}");
    }
}

#[tokio::test]
async fn the_probe_needs_a_store_that_can_be_written() {
    let desk = Desk::new();
    desk.did(|tx| tx.probe_write()).await;
    desk.did(|tx| tx.probe_write()).await;
    let reading = desk.store.read(|tx| tx.probe_write()).await;
    assert!(matches!(reading, Err(StoreError::ReadOnly)), "{reading:?}");
    desk.store.close();
    let closed = desk.store.write(None, |tx| tx.probe_write()).await;
    assert!(matches!(closed, Err(StoreError::Closed)));
}
