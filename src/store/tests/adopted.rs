//! A press as a receipt.

use super::outbox::{claim, deliver_all, enqueue, look, one, status_of};
use super::*;
use crate::agent::event::{Decision, Wants};

fn here() -> ChatAddress {
    "test:one".parse().expect("valid")
}

/// Has a question asked whose receipt is lost; returns it and its row.
async fn asked(desk: &Desk) -> (Approval, Delivery) {
    let task = started(desk.prompt("one", "a").await);
    let (of, attempt) = (task.id.clone(), task.attempt);
    let (tool, detail) = ("Bash".into(), "ls".into());
    let wants = Wants::Permission;
    let asking =
        Asking { task: of, attempt, event: 1, request: "r1".into(), tool, detail, digest: None, grant: None, wants };
    let approval = desk.did(move |tx| tx.ask(&asking)).await.expect("a new request");
    let about = About::Approval(approval.id.clone());
    let buttons = crate::format::button::decisions(&approval);
    let parts = &["it wants", "may it"];
    let question = NewDelivery { about: Some(about), buttons, ..message("one", Purpose::Approval, parts) };
    desk.did(move |tx| tx.enqueue(&question)).await;
    let first = one(desk).await;
    desk.did(move |tx| tx.delivered(first.id, &MessageId::new("1"))).await;
    let row = one(desk).await;
    let (id, now) = (row.id, desk.store.clock().now());
    desk.did(move |tx| tx.unsure(id, now, "reset")).await;
    (approval, row)
}

#[tokio::test]
async fn a_status_that_was_let_be_says_how_its_task_ended_once_its_button_is_pressed() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let about = About::Status(task.id.clone());
    let status = status_of(&task);
    desk.did(move |tx| tx.enqueue(&status)).await;
    let sent = one(&desk).await;
    let id = sent.id;
    desk.did(move |tx| tx.supersede(id)).await;
    let of = about.clone();
    desk.did(move |tx| {
        for shown in tx.with_buttons(&of)? {
            tx.replace(&shown, &Part { body: "ended".into() }, &[])?;
        }
        Ok(())
    })
    .await;
    let edit = one(&desk).await;
    assert_eq!(edit.edit_of, None, "nobody knows which message");
    desk.did(move |tx| tx.supersede(edit.id)).await;
    let of = about.clone();
    desk.did(move |tx| tx.adopt(&of, &"test:two".parse().expect("valid"), &MessageId::new("5"))).await;
    assert_eq!(claim(&desk).await, [], "another chat");
    for _ in 0..2 {
        let of = about.clone();
        desk.did(move |tx| tx.adopt(&of, &here(), &MessageId::new("7"))).await;
    }
    let edit = one(&desk).await;
    assert_eq!((edit.part.body.as_str(), edit.edit_of), ("ended", Some(MessageId::new("7"))));
    assert!(edit.buttons.is_empty());
}

#[tokio::test]
async fn a_question_whose_button_is_pressed_has_arrived_whatever_its_sender_hears() {
    let desk = Desk::new();
    let (approval, row) = asked(&desk).await;
    let id = row.id;
    assert!(!desk.did(move |tx| tx.is_received(id)).await);
    let about = About::Approval(approval.id.clone());
    desk.did(move |tx| tx.adopt(&about, &here(), &MessageId::new("7"))).await;
    assert!(desk.did(move |tx| tx.is_received(id)).await);
    assert_eq!(claim(&desk).await, [], "it is not sent again");
    let shown = look(&desk, &row).await;
    desk.did(move |tx| tx.replace(&shown, &Part { body: "approved".into() }, &[])).await;
    assert_eq!(one(&desk).await.edit_of, Some(MessageId::new("7")));
}

#[tokio::test]
async fn a_message_that_is_known_is_taken_for_no_other() {
    let desk = Desk::new();
    let (approval, row) = asked(&desk).await;
    let about = About::Approval(approval.id);
    desk.did(move |tx| tx.adopt(&about, &here(), &MessageId::new("1"))).await;
    assert!(!desk.did(move |tx| tx.is_received(row.id)).await);
}

#[tokio::test]
async fn a_question_is_closed_with_all_its_parts_when_it_is_answered() {
    let desk = Desk::new();
    let (approval, last) = asked(&desk).await;
    let rows = desk.did(|tx| tx.deliveries(None, 10)).await;
    let first = rows.into_iter().find(|row| row.part.body == "it wants").expect("the first part");
    enqueue(&desk, "one", Purpose::Approval, &["another"]).await;
    let rows = desk.did(|tx| tx.deliveries(None, 10)).await;
    let other = rows.into_iter().find(|row| row.part.body == "another").expect("it");
    for answered in [false, true] {
        if answered {
            let approval = approval.clone();
            assert!(desk.did(move |tx| tx.decide(&approval, Decision::Allow, "1")).await);
        }
        for (row, is_closed) in [(&first, answered), (&last, answered), (&other, false)] {
            let row = row.clone();
            assert_eq!(desk.did(move |tx| tx.is_closed_question(&row)).await, is_closed);
        }
    }
    assert_eq!(deliver_all(&desk).await, ["may it", "another"]);
}

/// Has a status message shown whose receipt is lost, and then the result; returns the edit that looks for the first.
async fn status_astray(desk: &Desk) -> Delivery {
    let task = started(desk.prompt("one", "a").await);
    let status = status_of(&task);
    desk.did(move |tx| tx.enqueue(&status)).await;
    let sent = one(desk).await;
    desk.did(move |tx| tx.supersede(sent.id)).await;
    let result =
        NewDelivery { about: Some(About::Result(task.id.clone())), ..message("one", Purpose::Result, &["done"]) };
    desk.did(move |tx| tx.enqueue(&result)).await;
    let sent = one(desk).await;
    desk.did(move |tx| tx.delivered(sent.id, &MessageId::new("110"))).await;
    let of = About::Status(task.id.clone());
    desk.did(move |tx| {
        for shown in tx.with_buttons(&of)? {
            tx.replace(&shown, &Part { body: "ended".into() }, &[])?;
        }
        Ok(())
    })
    .await;
    one(desk).await
}

#[tokio::test]
async fn a_status_is_looked_for_where_it_alone_can_be_found() {
    let desk = Desk::new();
    let edit = status_astray(&desk).await;
    let asked = edit.clone();
    let between = desk.did(move |tx| tx.status_astray(&asked)).await.expect("it is looked for");
    assert_eq!(between.2, MessageId::new("110"));
    // A provider numbers the messages of all threads as one.
    let elsewhere =
        NewDelivery::to("test:one/5".parse().expect("valid"), Purpose::Alert, vec![Part { body: "card".into() }]);
    desk.did(move |tx| tx.enqueue(&elsewhere)).await;
    enqueue(&desk, "onesie", Purpose::Alert, &["another chat"]).await;
    let rows = desk.did(|tx| tx.deliveries(None, 20)).await;
    for (body, id) in [("card", "105"), ("another chat", "106")] {
        let row = rows.iter().find(|row| row.part.body == body).expect("it").id;
        desk.did(move |tx| tx.delivered(row, &MessageId::new(id))).await;
    }
    let asked = edit.clone();
    let others = desk.did(move |tx| tx.shown_in_chat(&asked, 10)).await;
    assert_eq!(others, ["105", "110"].map(MessageId::new));
}

#[tokio::test]
async fn a_status_is_not_looked_for_where_another_message_of_the_chat_is_astray_too() {
    let desk = Desk::new();
    let edit = status_astray(&desk).await;
    let question =
        NewDelivery::to("test:one/5".parse().expect("valid"), Purpose::Approval, vec![Part { body: "may it".into() }]);
    desk.did(move |tx| tx.enqueue(&question)).await;
    let rows = desk.did(|tx| tx.deliveries(None, 20)).await;
    let (row, now) = (rows.iter().find(|row| row.part.body == "may it").expect("it").id, desk.store.clock().now());
    desk.did(move |tx| tx.unsure(row, now, "reset")).await;
    assert_eq!(desk.did(move |tx| tx.status_astray(&edit)).await, None);
}
