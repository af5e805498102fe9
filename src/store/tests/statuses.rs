//! Status messages that come later, and what does not wait for them.

use super::outbox::{claim, deliver_all, enqueue, one, scope, status_of};
use super::*;

/// Enqueues a status message that is to come in a second.
async fn later(desk: &Desk, task: &Task) {
    let not_before = Some(desk.store.clock().now().after(Duration::from_secs(1)));
    let status = NewDelivery { not_before, ..status_of(task) };
    desk.did(move |tx| tx.enqueue(&status)).await;
}

#[tokio::test]
async fn a_status_message_that_is_to_come_later_keeps_nothing_waiting() {
    let desk = Desk::new();
    later(&desk, &started(desk.prompt("one", "a").await)).await;
    enqueue(&desk, "one", Purpose::Approval, &["may I"]).await;
    desk.did(|tx| tx.try_again("test")).await;
    assert_eq!(deliver_all(&desk).await, ["may I"]);
    let due = desk.did(|tx| tx.next_delivery_at(&scope())).await;
    assert_eq!(due, Some(desk.store.clock().now().after(Duration::from_secs(1))));
    desk.clock.advance(Duration::from_secs(1));
    enqueue(&desk, "one", Purpose::Approval, &["and now"]).await;
    assert_eq!(deliver_all(&desk).await, ["started", "and now"]);
}

#[tokio::test]
async fn a_status_message_comes_at_once_when_something_is_asked_or_the_clock_is_set_back() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    later(&desk, &task).await;
    let id = task.id.clone();
    assert!(desk.step(move |tx| tx.hasten_status(&id)).await.effects.deliver);
    assert_eq!(deliver_all(&desk).await, ["started"]);
    let id = task.id.clone();
    assert!(!desk.step(move |tx| tx.hasten_status(&id)).await.effects.deliver, "it is there");
    let desk = Desk::new();
    later(&desk, &started(desk.prompt("one", "a").await)).await;
    desk.clock.jump_to(Timestamp(0));
    assert_eq!(deliver_all(&desk).await, ["started"]);
}

#[tokio::test]
async fn after_a_restart_status_messages_of_what_runs_are_put_off_and_nothing_else_is() {
    let desk = Desk::new();
    let (running, over) = (started(desk.prompt("one", "a").await), started(desk.prompt("two", "b").await));
    later(&desk, &running).await;
    later(&desk, &over).await;
    desk.clock.advance(Duration::from_secs(5));
    let until = desk.store.clock().now().after(Duration::from_secs(1));
    let ends = Completion::without_answer(Status::Aborted, None);
    desk.did(move |tx| tx.finish(&over, &ends)).await;
    desk.did(move |tx| tx.put_statuses_off(until)).await;
    enqueue(&desk, "three", Purpose::Progress, &["at once"]).await;
    assert_eq!(deliver_all(&desk).await, ["started", "at once"]);
    desk.clock.advance(Duration::from_secs(1));
    assert_eq!(deliver_all(&desk).await, ["started"]);
}

#[tokio::test]
async fn an_answer_waits_for_no_status_message_and_a_question_does() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Progress, &["started"]).await;
    let status = one(&desk).await;
    enqueue(&desk, "one", Purpose::Approval, &["may I"]).await;
    assert_eq!(claim(&desk).await, [], "it is about what is started");
    enqueue(&desk, "one", Purpose::Result, &["first", "second"]).await;
    let first = one(&desk).await;
    assert_eq!(first.part.body, "first");
    assert_eq!(claim(&desk).await, [], "one at a time");
    let lane = first.lane.clone();
    let next = desk.did(move |tx| {
        tx.delivered(first.id, &MessageId::new("1"))?;
        tx.claim_next(&lane, "me")
    });
    let next = next.await.expect("the next part");
    assert_eq!(next.part.body, "second");
    desk.did(move |tx| tx.delivered(status.id, &MessageId::new("2"))).await;
    assert_eq!(claim(&desk).await, [], "one at a time");
    desk.did(move |tx| tx.delivered(next.id, &MessageId::new("3"))).await;
    assert_eq!(deliver_all(&desk).await, ["may I"]);
}
