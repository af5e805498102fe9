//! Lanes of deliveries: order, priority, parts, doubts and dead letters.

use signalbox_adapter::{DeliveryKey, Form, ThreadId};

use super::*;
use crate::store::delivery::State;

pub(super) fn scope() -> Vec<Lanes> {
    vec![Lanes { provider: "test".into(), window: None }]
}

pub(super) async fn enqueue(desk: &Desk, chat: &'static str, purpose: Purpose, parts: &'static [&'static str]) {
    desk.did(move |tx| tx.enqueue(&message(chat, purpose, parts))).await;
}

pub(super) async fn claim(desk: &Desk) -> Vec<Delivery> {
    desk.did(|tx| tx.claim_deliveries(&scope(), "me", 100)).await
}

/// Delivers whatever can be delivered, and returns the texts in their order.
pub(super) async fn deliver_all(desk: &Desk) -> Vec<String> {
    let mut said = Vec::new();
    loop {
        let claimed = claim(desk).await;
        if claimed.is_empty() {
            return said;
        }
        for delivery in claimed {
            said.push(delivery.part.body.clone());
            desk.did(move |tx| tx.delivered(delivery.id, &MessageId::new(delivery.key.as_str()))).await;
        }
    }
}

pub(super) async fn one(desk: &Desk) -> Delivery {
    let mut claimed = claim(desk).await;
    assert_eq!(claimed.len(), 1, "{claimed:?}");
    claimed.remove(0)
}

pub(super) async fn look(desk: &Desk, delivery: &Delivery) -> Delivery {
    let key = delivery.key.as_str().to_owned();
    desk.did(move |tx| tx.delivery(&key, None)).await.expect("it is there")
}

#[tokio::test]
async fn a_chat_gets_its_messages_in_order_results_first_and_one_at_a_time() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Progress, &["started"]).await;
    enqueue(&desk, "one", Purpose::Alert, &["alert"]).await;
    enqueue(&desk, "one", Purpose::Approval, &["may I"]).await;
    enqueue(&desk, "one", Purpose::Result, &["first"]).await;
    enqueue(&desk, "one", Purpose::Result, &["second"]).await;
    let first = one(&desk).await;
    assert_eq!(claim(&desk).await, [], "one at a time");
    desk.did(move |tx| tx.delivered(first.id, &MessageId::new("m"))).await;
    assert_eq!(deliver_all(&desk).await, ["second", "started", "alert", "may I"]);
}

#[tokio::test]
async fn chats_do_not_wait_for_one_another() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Result, &["to one"]).await;
    enqueue(&desk, "two", Purpose::Result, &["to two"]).await;
    assert_eq!(claim(&desk).await.len(), 2);
}

#[tokio::test]
async fn a_part_waits_for_the_one_before_even_if_that_is_put_off() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Result, &["1/3", "2/3", "3/3"]).await;
    let first = one(&desk).await;
    let later = desk.store.clock().now().after(Duration::from_secs(10));
    desk.did(move |tx| tx.postpone(first.id, later, "busy")).await;
    assert_eq!(claim(&desk).await, []);
    desk.clock.advance(Duration::from_secs(10));
    assert_eq!(deliver_all(&desk).await, ["1/3", "2/3", "3/3"]);
}

#[tokio::test]
async fn a_part_that_is_given_up_takes_the_rest_along_and_a_retry_brings_all_back() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Result, &["1/3", "2/3", "3/3"]).await;
    enqueue(&desk, "one", Purpose::Result, &["next"]).await;
    let first = one(&desk).await;
    desk.did(move |tx| tx.delivered(first.id, &MessageId::new("m"))).await;
    let second = one(&desk).await;
    let id = second.id;
    desk.did(move |tx| tx.give_up(id, "chat not found")).await;
    assert_eq!(deliver_all(&desk).await, ["next"], "the lane goes on");
    let failed = desk.did(|tx| tx.deliveries(Some(DeliveryState::Failed), 10)).await;
    let words: Vec<_> = failed.iter().map(|row| (row.part.body.as_str(), row.error.as_deref())).collect();
    assert_eq!(words, [("3/3", Some("an earlier part failed")), ("2/3", Some("chat not found"))]);
    let key = second.key.as_str().to_owned();
    assert!(desk.did(move |tx| tx.retry_delivery(&key)).await);
    assert_eq!(deliver_all(&desk).await, ["2/3", "3/3"]);
    let key = second.key.as_str().to_owned();
    assert!(!desk.did(move |tx| tx.retry_delivery(&key)).await, "it is no dead letter any more");
    assert!(!desk.did(|tx| tx.retry_delivery("nonsense")).await);
}

#[tokio::test]
async fn only_a_dead_letter_can_be_dropped() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Result, &["text"]).await;
    let delivery = one(&desk).await;
    let drop_it = || {
        let key = delivery.key.as_str().to_owned();
        move |tx: &Tx<'_>| tx.drop_delivery(&key)
    };
    assert!(!desk.did(drop_it()).await);
    let id = delivery.id;
    desk.did(move |tx| tx.give_up(id, "refused")).await;
    assert!(desk.did(drop_it()).await);
    assert_eq!(desk.did(|tx| tx.deliveries(None, 10)).await, []);
}

#[tokio::test]
async fn what_a_dead_process_was_sending_may_be_a_repeat() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Result, &["text"]).await;
    let delivery = desk.did(|tx| tx.claim_deliveries(&scope(), "dead", 1)).await.remove(0);
    assert_eq!((delivery.state, delivery.maybe_repeat), (DeliveryState::Sending, false));
    assert_eq!(claim(&desk).await, [], "somebody is sending it");
    assert_eq!(desk.did(|tx| tx.doubt_abandoned(&scope(), "me")).await, 1);
    assert_eq!(look(&desk, &delivery).await.state, DeliveryState::Unknown);
    let again = one(&desk).await;
    assert!(again.maybe_repeat && again.key == delivery.key && again.attempts == 2, "{again:?}");
    assert_eq!(desk.did(|tx| tx.doubt_abandoned(&scope(), "me")).await, 0, "what we send ourselves is in no doubt");
}

#[tokio::test]
async fn an_unsure_delivery_waits_and_is_marked() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Result, &["text"]).await;
    let delivery = one(&desk).await;
    let until = desk.store.clock().now().after(Duration::from_secs(1));
    desk.did(move |tx| tx.unsure(delivery.id, until, "no answer")).await;
    assert_eq!(claim(&desk).await, []);
    assert_eq!(desk.did(|tx| tx.count_undelivered(&scope(), None)).await, 1);
    desk.clock.advance(Duration::from_secs(1));
    assert!(one(&desk).await.maybe_repeat);
}

#[tokio::test]
async fn the_next_window_takes_over_what_waits_for_one_that_is_gone() {
    let desk = Desk::new();
    let to = |window: &str| NewDelivery { window: Some(window.into()), ..message("one", Purpose::Result, &["text"]) };
    let (gone, other) = (to("gone"), to("other"));
    desk.did(move |tx| tx.enqueue(&gone).and_then(|()| tx.enqueue(&gone)).and_then(|()| tx.enqueue(&other))).await;
    let window = |name: &str| vec![Lanes { provider: "test".into(), window: Some(name.into()) }];
    let gone = window("gone");
    desk.did(move |tx| tx.claim_deliveries(&gone, "gone", 1)).await;
    desk.did(|tx| tx.adopt_window("test", "gone", "new")).await;
    assert_eq!(desk.did(|tx| tx.waiting_windows("test")).await, ["new", "other"]);
    let new = window("new");
    let claimed = desk.did(move |tx| tx.claim_deliveries(&new, "new", 9)).await;
    assert_eq!(claimed.len(), 1, "one lane");
    assert!(claimed[0].maybe_repeat && claimed[0].lane.ends_with("#new"), "{claimed:?}");
}

#[tokio::test]
async fn a_window_that_is_gone_is_waited_for_by_its_unfinished_tasks_alone() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    desk.did(|tx| {
        tx.connection.execute("UPDATE tasks SET window = 'gone'", [])?;
        Ok(())
    })
    .await;
    assert_eq!(desk.did(|tx| tx.waiting_windows("test")).await, ["gone"]);
    assert_eq!(desk.did(|tx| tx.waiting_windows("tes")).await, [""; 0], "another provider");
    desk.did(|tx| tx.adopt_window("test", "gone", "new")).await;
    let id = task.id.clone();
    assert_eq!(desk.did(move |tx| tx.task(&id)).await.expect("it").window.as_deref(), Some("new"));
    desk.answer(&task).await;
    assert_eq!(desk.did(|tx| tx.waiting_windows("test")).await, [""; 0]);
}

#[tokio::test]
async fn a_result_replaces_a_status_message_that_nobody_has_seen() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let id = task.id.clone();
    desk.did(move |tx| {
        tx.enqueue(&NewDelivery { task: Some(id.clone()), ..message("one", Purpose::Progress, &["started"]) })?;
        tx.enqueue(&NewDelivery { task: Some(id.clone()), ..message("one", Purpose::Result, &["done"]) })?;
        tx.drop_waiting_status(&id)
    })
    .await;
    assert_eq!(deliver_all(&desk).await, ["done"]);
}

pub(super) fn status_of(task: &Task) -> NewDelivery {
    NewDelivery {
        task: Some(task.id.clone()),
        about: Some(About::Status(task.id.clone())),
        buttons: vec![crate::format::button::cancel(&task.id)],
        ..message("one", Purpose::Progress, &["started"])
    }
}

#[tokio::test]
async fn a_status_message_that_may_have_arrived_is_asked_about_and_then_says_how_the_task_ended() {
    for put_off in [false, true] {
        let desk = Desk::new();
        let task = started(desk.prompt("one", "a").await);
        let about = About::Status(task.id.clone());
        let status = status_of(&task);
        desk.did(move |tx| tx.enqueue(&status)).await;
        let sent = one(&desk).await;
        let now = desk.store.clock().now();
        desk.did(move |tx| {
            tx.unsure(sent.id, now, "reset")?;
            if put_off { tx.postpone(sent.id, now, "busy") } else { Ok(()) }
        })
        .await;
        let id = task.id.clone();
        desk.did(move |tx| {
            tx.enqueue(&NewDelivery { task: Some(id.clone()), ..message("one", Purpose::Result, &["done"]) })?;
            tx.drop_waiting_status(&id)?;
            for shown in tx.with_buttons(&about)? {
                tx.replace(&shown, &Part { body: "ended".into() }, &[])?;
            }
            Ok(())
        })
        .await;
        let result = one(&desk).await;
        assert_eq!(result.part.body, "done");
        desk.did(move |tx| tx.delivered(result.id, &MessageId::new("2"))).await;
        let asked = one(&desk).await;
        assert_eq!((asked.part.body.as_str(), asked.maybe_repeat), ("started", true), "put off: {put_off}");
        desk.did(move |tx| tx.delivered(asked.id, &MessageId::new("1"))).await;
        let edit = one(&desk).await;
        assert_eq!((edit.part.body.as_str(), edit.edit_of), ("ended", Some(MessageId::new("1"))));
        assert!(edit.buttons.is_empty());
    }
}

#[tokio::test]
async fn a_status_says_how_a_task_ended_only_when_the_answer_is_there_or_never_will_be() {
    for is_given_up in [false, true] {
        let desk = Desk::new();
        let task = started(desk.prompt("one", "a").await);
        let about = About::Status(task.id.clone());
        let status = status_of(&task);
        desk.did(move |tx| tx.enqueue(&status)).await;
        assert_eq!(deliver_all(&desk).await, ["started"]);
        let id = task.id.clone();
        desk.did(move |tx| {
            tx.enqueue(&NewDelivery { task: Some(id.clone()), ..message("one", Purpose::Result, &["done"]) })?;
            for shown in tx.with_buttons(&about)? {
                tx.replace(&shown, &Part { body: "complete".into() }, &[])?;
            }
            Ok(())
        })
        .await;
        let (result, id) = (one(&desk).await, task.id.clone());
        assert_eq!(result.part.body, "done");
        assert!(desk.did(move |tx| tx.result_waits(&id)).await);
        let later = desk.store.clock().now().after(Duration::from_secs(10));
        desk.did(move |tx| tx.postpone(result.id, later, "busy")).await;
        assert_eq!(claim(&desk).await, [], "the answer is slow");
        desk.did(move |tx| {
            if is_given_up { tx.give_up(result.id, "gone") } else { tx.delivered(result.id, &MessageId::new("2")) }
        })
        .await;
        assert_eq!(deliver_all(&desk).await, ["complete"], "given up: {is_given_up}");
    }
}

#[tokio::test]
async fn a_change_that_is_refused_is_not_said_to_be_delivered() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Alert, &["card"]).await;
    let card = one(&desk).await;
    let id = card.id;
    desk.did(move |tx| tx.delivered(id, &MessageId::new("1"))).await;
    let shown = look(&desk, &card).await;
    assert_eq!(shown.standing(), "delivered");
    desk.did(move |tx| tx.replace(&shown, &Part { body: "changed".into() }, &[])).await;
    let edit = one(&desk).await;
    let id = edit.id;
    desk.did(move |tx| {
        tx.edit_refused(id)?;
        tx.supersede(id)
    })
    .await;
    assert_eq!(look(&desk, &edit).await.standing(), "refused");
}

#[tokio::test]
async fn a_clock_that_jumps_back_holds_nothing_up() {
    let desk = Desk::new();
    desk.clock.advance(Duration::from_secs(365 * 86400));
    enqueue(&desk, "one", Purpose::Result, &["text"]).await;
    let first = one(&desk).await;
    let later = desk.store.clock().now().after(Duration::from_secs(10));
    desk.did(move |tx| tx.postpone(first.id, later, "busy")).await;
    assert_eq!(claim(&desk).await, []);
    desk.clock.jump_to(Timestamp(1_000));
    assert_eq!(deliver_all(&desk).await, ["text"], "ten seconds of a year ahead are over");
}

#[tokio::test]
async fn what_was_claimed_and_not_begun_is_put_back_and_is_no_repeat() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Result, &["text"]).await;
    enqueue(&desk, "two", Purpose::Result, &["other"]).await;
    let ours = desk.did(|tx| tx.claim_deliveries(&scope(), "me", 1)).await.remove(0);
    let theirs = desk.did(|tx| tx.claim_deliveries(&scope(), "other", 1)).await.remove(0);
    assert_eq!(desk.did(|tx| tx.release("me")).await, 1);
    let back = look(&desk, &ours).await;
    assert_eq!((back.state, back.maybe_repeat, back.attempts), (DeliveryState::Pending, false, 0));
    assert_eq!(look(&desk, &theirs).await.state, DeliveryState::Sending);
}

#[tokio::test]
async fn what_was_refused_is_left_out_and_a_thread_that_is_gone_is_left_by_all_that_waits_for_it() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    desk.did(|tx| {
        tx.connection.execute("UPDATE tasks SET address = 'test:one/7', reply_to = '5'", [])?;
        tx.connection.execute("UPDATE sessions SET address = 'test:one/7'", [])?;
        Ok(())
    })
    .await;
    let threaded = |text: &'static str| NewDelivery {
        address: ChatAddress { thread: Some(signalbox_adapter::ThreadId::new("7")), ..address("one") },
        reply_to: Some("5".into()),
        ..message("one", Purpose::Result, &[text])
    };
    let (first, second) = (threaded("first"), threaded("second"));
    desk.did(move |tx| tx.enqueue(&first).and_then(|()| tx.enqueue(&second))).await;
    for what in [Form::Text, Form::Reply, Form::Thread] {
        let delivery = one(&desk).await;
        desk.did(move |tx| tx.leave_out(&delivery, what, "no")).await;
    }
    let delivery = one(&desk).await;
    assert_eq!((delivery.plain, &delivery.reply_to, &delivery.address), (true, &None, &address("one")));
    assert!(!delivery.maybe_repeat && delivery.attempts == 4, "{delivery:?}");
    desk.did(move |tx| tx.delivered(delivery.id, &MessageId::new("m"))).await;
    let second = one(&desk).await;
    assert_eq!((second.plain, &second.reply_to, &second.address), (false, &None, &address("one")));
    let id = task.id.clone();
    let task = desk.did(move |tx| tx.task(&id)).await.expect("it is there");
    assert_eq!((task.address, task.reply_to), (address("one"), None));
    let session = desk.did(|tx| tx.session_by_name(&key("one"), "a")).await.expect("it is there");
    assert_eq!(session.address, address("one"));
}

#[tokio::test]
async fn a_thread_is_opened_at_a_message_once_that_has_arrived_and_before_what_follows() {
    let desk = Desk::new();
    desk.did(|tx| {
        tx.enqueue(&message("one", Purpose::Alert, &["card"]))?;
        let key = tx.connection.query_row("SELECT key FROM outbox", [], |row| row.get::<_, String>(0))?;
        let key = DeliveryKey::try_from(key).expect("a key");
        let (address, at) = (address("one"), ThreadRoot::Delivery(&key));
        tx.open_thread(&NewThread {
            address: &address,
            at,
            name: "high cpu\n…",
            guest: Some(&UserId::new("1001")),
            task: None,
        })
    })
    .await;
    let card = one(&desk).await;
    assert_eq!((card.part.body.as_str(), &card.opens), ("card", &None));
    assert!(claim(&desk).await.is_empty());
    desk.did(move |tx| {
        tx.delivered(card.id, &MessageId::new("7"))?;
        let thread: ChatAddress = "test:one/7".parse().expect("an address");
        tx.enqueue(&NewDelivery { address: thread, ..message("one", Purpose::Result, &["in the thread"]) })?;
        tx.enqueue(&message("one", Purpose::Alert, &["beside it"]))
    })
    .await;
    let mut both = claim(&desk).await;
    assert_eq!(both.len(), 2, "only what goes into it waits for the thread");
    let beside = both.remove(both.iter().position(|row| row.opens.is_none()).expect("a message"));
    assert_eq!(beside.part.body, "beside it");
    desk.did(move |tx| tx.delivered(beside.id, &MessageId::new("8"))).await;
    assert!(claim(&desk).await.is_empty());
    let thread = both.remove(0);
    assert_eq!(
        thread.opens,
        Some(Opens { name: "high cpu".into(), guest: Some(UserId::new("1001")), at: Some(MessageId::new("7")) })
    );
    assert_eq!((thread.edit_of, thread.is_edit), (None, false));
    desk.did(move |tx| tx.supersede(thread.id)).await;
    assert_eq!(one(&desk).await.part.body, "in the thread");
}

#[tokio::test]
async fn the_further_parts_of_a_message_that_begins_a_thread_go_there_and_nothing_else_does() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Result, &["a", "b", "c"]).await;
    enqueue(&desk, "one", Purpose::Result, &["beside"]).await;
    let first = one(&desk).await;
    desk.did(move |tx| {
        tx.delivered(first.id, &MessageId::new("7"))?;
        tx.go_on_in(&first, &ThreadId::new("7"))
    })
    .await;
    let begun: ChatAddress = "test:one/7".parse().expect("an address");
    for (body, there) in [("b", &begun), ("c", &begun), ("beside", &address("one"))] {
        let part = one(&desk).await;
        assert_eq!((part.part.body.as_str(), &part.address), (body, there));
        desk.did(move |tx| tx.delivered(part.id, &MessageId::new(format!("m{}", part.id)))).await;
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_holds_up_no_other() {
    let desk = Desk::new();
    for chat in ["one", "two", "three"] {
        enqueue(&desk, chat, Purpose::Result, &["a", "b"]).await;
    }
    desk.did(|tx| {
        tx.connection.execute("UPDATE outbox SET buttons = '{' WHERE lane = 'test:one' AND after IS NULL", [])?;
        tx.connection.execute("UPDATE outbox SET address = 'nowhere' WHERE lane = 'test:two' AND after IS NULL", [])?;
        Ok(())
    })
    .await;
    enqueue(&desk, "one", Purpose::Result, &["c"]).await;
    let mut said = deliver_all(&desk).await;
    said.sort();
    assert_eq!(said, ["a", "b", "c"], "of the third chat, and what came later in the first");
    let failed = desk.did(|tx| tx.deliveries(Some(State::Failed), 10)).await;
    assert_eq!(failed.len(), 2, "the parts behind the two that cannot be read");
    let key = desk
        .did(|tx| Ok(tx.connection.query_row("SELECT key FROM outbox WHERE buttons = '{'", [], |row| row.get(0))?))
        .await;
    assert!(
        desk.did(move |tx: &Tx<'_>| {
            let key: &String = &key;
            tx.drop_delivery(key)
        })
        .await
    );
}

#[tokio::test]
async fn what_waits_for_another_is_not_looked_for_and_a_dead_letter_is_not_changed() {
    let desk = Desk::new();
    enqueue(&desk, "one", Purpose::Result, &["1/2", "2/2"]).await;
    let first = one(&desk).await;
    let later = desk.store.clock().now().after(Duration::from_secs(10));
    desk.did(move |tx| tx.postpone(first.id, later, "busy")).await;
    assert_eq!(desk.did(|tx| tx.next_delivery_at(&scope())).await, Some(later));
    let (id, dead) = (first.id, Delivery { state: State::Failed, ..first.clone() });
    desk.did(move |tx| tx.give_up(id, "no such chat")).await;
    desk.did(move |tx| tx.replace(&dead, &Part { body: "changed".into() }, &[])).await;
    assert_eq!(desk.did(|tx| tx.next_delivery_at(&scope())).await, None);
    assert_eq!(desk.did(|tx| tx.count_undelivered(&scope(), None)).await, 0);
}
