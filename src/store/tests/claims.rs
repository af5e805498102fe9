//! Who is woken for a delivery: whoever sends in its lane, or whoever looks for what waits.

use super::outbox::{enqueue, one, scope};
use super::*;

#[tokio::test]
async fn a_free_lane_of_ours_is_sent_by_the_step_that_writes_it() {
    let desk = Desk::new();
    desk.store.deliver_as(Some(Delivering {
        scopes: scope(),
        sender: "me".into(),
        gate: crate::outbox::Pacer::new([]),
    }));
    let first = desk.step(|tx| tx.enqueue(&message("one", Purpose::Result, &["1/2", "2/2"]))).await;
    let sent: Vec<_> = first.effects.send.iter().map(|row| (row.part.body.as_str(), row.state)).collect();
    assert_eq!(sent, [("1/2", DeliveryState::Sending)]);
    let second = desk.step(|tx| tx.enqueue(&message("one", Purpose::Result, &["next"]))).await;
    assert_eq!(second.effects.send, [], "the lane is busy");
    assert!(!second.effects.deliver, "who sends the first claims what comes after it");
    let settled = desk.step(move |tx| {
        let first = &first.effects.send[0];
        tx.delivered(first.id, &MessageId::new("m1"))?;
        tx.claim_next(&first.lane, "me")
    });
    assert_eq!(settled.await.value.map(|next| next.part.body), Some("2/2".to_owned()));
}

#[tokio::test]
async fn what_waits_in_a_lane_that_nobody_sends_in_is_looked_for() {
    let desk = Desk::new();
    let put_off = desk.did(|tx| {
        tx.enqueue(&message("one", Purpose::Progress, &["status"]))?;
        tx.claim_deliveries(&scope(), "me", 1)
    });
    let put_off = put_off.await.remove(0);
    desk.did(move |tx| tx.postpone(put_off.id, tx.now().after(Duration::from_secs(60)), "later")).await;
    assert!(desk.step(|tx| tx.enqueue(&message("one", Purpose::Result, &["text"]))).await.effects.deliver);
    assert_eq!(one(&desk).await.part.body, "text", "it passes what was put off");
}

#[tokio::test]
async fn a_receipt_has_only_those_looked_for_that_waited_for_it_elsewhere() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Progress, &["status"]).await;
    let status = one(&desk).await;
    let (id, shown) = (status.id, status.clone());
    assert!(!desk.step(move |tx| tx.delivered(id, &MessageId::new("m1"))).await.effects.deliver, "nobody waits");
    enqueue(&desk, "two", Purpose::Progress, &["status"]).await;
    let status = one(&desk).await;
    let changed = Delivery { address: status.address.clone(), key: status.key.clone(), id: status.id, ..shown };
    desk.did(move |tx| tx.replace(&changed, &Part { body: "changed".into() }, &[])).await;
    assert!(
        desk.step(move |tx| tx.delivered(status.id, &MessageId::new("m2"))).await.effects.deliver,
        "its change waits"
    );
}

#[test]
fn later_keys_come_after_earlier_ones() {
    let desk = Desk::new();
    let keys: Vec<_> = (0..50)
        .map(|_| {
            desk.clock.advance(Duration::from_millis(1));
            desk.store.read_blocking(|tx| Ok(tx.new_key())).expect("a key")
        })
        .collect();
    assert!(keys.is_sorted_by(|a, b| a.as_str() < b.as_str()), "{keys:?}");
}
