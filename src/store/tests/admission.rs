//! Caps, order and queues.

use super::*;

#[tokio::test]
async fn a_chat_runs_so_many_tasks_and_the_others_wait_in_order() {
    let desk = Desk::new();
    for session in ["a", "b", "c", "d", "e"] {
        started(desk.prompt("one", session).await);
    }
    assert_eq!(queued(desk.prompt("one", "f").await).1, 1);
    assert_eq!(queued(desk.prompt("one", "g").await).1, 2);
    let other = started(desk.prompt("two", "a").await);
    assert_eq!(desk.answer(&other).await, [""; 0], "another chat's room is not this chat's");
}

#[tokio::test]
async fn a_run_that_had_to_wait_counts_from_when_it_began() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let second = std::time::Duration::from_secs(1);
    desk.clock.advance(second * 40);
    let (id, attempt) = (task.id.clone(), task.attempt);
    desk.did(move |tx| tx.begin_late(&id, attempt)).await;
    desk.clock.advance(second * 20);
    let ended = Completion { ran: Some(second * 5), ..Completion::without_answer(Status::Ok, None) };
    let (asked, began) = (task.started_at.expect("started"), task.clone());
    let ended = desk.did(move |tx| tx.finish(&began, &ended)).await.expect("it ends once");
    assert_eq!((ended.started_at, ended.finished_at), (Some(asked.after(second * 40)), Some(asked.after(second * 45))));
    let id = task.id.clone();
    desk.did(move |tx| tx.begin_late(&id, attempt)).await;
    let id = task.id.clone();
    let later = desk.did(move |tx| tx.task(&id)).await.expect("a task");
    assert_eq!(later.started_at, ended.started_at, "what has ended stays as it was");
}

#[tokio::test]
async fn the_files_of_an_answer_are_known_until_they_are_delivered() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let (text, kept) = (
        EnclosedContent::Text("# Rest".into()),
        KeptFile {
            place: std::path::Path::new(OUTGOING).join(task.id.as_str()).join("1"),
            origin: None,
            size_bytes: 4,
        },
    );
    let file = |content| Enclosed { file_name: "a.png".into(), media_type: "image/png".into(), content };
    let (file, rest) = (file(EnclosedContent::Kept(kept)), file(text));
    let how = Completion {
        files: vec![file.clone()],
        unattached: Some("Not attached: `b` (empty).".into()),
        ..Completion::without_answer(Status::Ok, None)
    };
    let ended = task.clone();
    desk.did(move |tx| tx.finish(&ended, &how)).await.expect("it ends");
    let id = task.id.clone();
    let (files, said, events) =
        desk.did(move |tx| Ok((tx.files_of(&id)?, tx.unattached_of(&id)?, tx.events(&id)?))).await;
    assert_eq!((files, said.as_deref()), (vec![file.clone()], Some("Not attached: `b` (empty).")));
    assert!(events.iter().any(|event| event.what == "file" && event.detail == "a.png"), "{events:?}");
    let day = std::time::Duration::from_secs(24 * 3600);
    let needed = async || desk.did(move |tx| tx.tasks_with_files(tx.now().before(day))).await;
    assert!(needed().await.contains(task.id.as_str()), "it has just ended");
    let part = |text: &str| Part { body: text.into() };
    let answer = NewDelivery {
        attachment: Some(rest),
        files: vec![(part(""), file)],
        ..message("one", Purpose::Result, &["1", "2"])
    };
    desk.did(move |tx| tx.enqueue(&answer)).await;
    let rows = desk.did(|tx| tx.deliveries(None, 10)).await;
    let mut attached: Vec<_> =
        rows.iter().map(|row| (row.id, row.part.body.clone(), row.attachment.is_some())).collect();
    attached.sort_by_key(|(id, ..)| *id);
    let attached: Vec<_> = attached.into_iter().map(|(_, body, has_file)| (body, has_file)).collect();
    assert_eq!(attached, [("1".to_owned(), false), ("2".to_owned(), true), (String::new(), true)]);
    desk.clock.advance(day * 2);
    assert!(needed().await.contains(task.id.as_str()), "it waits to be delivered");
    desk.did(move |tx| rows.iter().try_for_each(|row| tx.delivered(row.id, &MessageId::new("1")))).await;
    assert!(!needed().await.contains(task.id.as_str()));
}

#[tokio::test]
async fn a_place_goes_to_the_oldest_that_waits() {
    let desk = Desk::with(Caps { per_chat: 1, ..caps() });
    let first = started(desk.prompt("one", "a").await);
    let (second, _) = queued(desk.prompt("one", "b").await);
    queued(desk.prompt("one", "c").await);
    assert_eq!(desk.answer(&first).await, ["b"]);
    assert_eq!(desk.answer(&second).await, ["c"]);
}

#[tokio::test]
async fn the_process_has_its_own_cap() {
    let desk = Desk::with(Caps { total: 2, ..caps() });
    let first = started(desk.prompt("one", "a").await);
    started(desk.prompt("two", "b").await);
    assert_eq!(queued(desk.prompt("three", "c").await).1, 1, "first in its own chat's queue");
    assert_eq!(queued(desk.prompt("four", "d").await).1, 1);
    assert_eq!(desk.answer(&first).await, ["c"]);
}

#[tokio::test]
async fn a_busy_chat_does_not_starve_a_quiet_one() {
    let desk = Desk::with(Caps { total: 2, ..caps() });
    let mut running = vec![started(desk.prompt("busy", "a1").await), started(desk.prompt("busy", "a2").await)];
    for session in ["a3", "a4", "a5", "a6"] {
        queued(desk.prompt("busy", session).await);
    }
    for session in ["b1", "b2", "b3"] {
        queued(desk.prompt("quiet", session).await);
    }
    let mut order = Vec::new();
    while let Some(task) = (!running.is_empty()).then(|| running.remove(0)) {
        let done = desk.step(move |tx| tx.finish(&task, &Completion::without_answer(Status::Ok, None))).await;
        running.extend(done.effects.start.iter().cloned());
        order.extend(desk.names(done.effects.start).await);
    }
    assert_eq!(
        order,
        ["b1", "a3", "b2", "a4", "b3", "a5", "a6"],
        "one after the other, and the rest when nobody else waits"
    );
}

#[tokio::test]
async fn prompts_of_a_session_run_one_at_a_time_and_do_not_block_others() {
    let desk = Desk::new();
    let first = started(desk.prompt("one", "a").await);
    let (second, position) = queued(desk.prompt("one", "a").await);
    assert_eq!((position, queued(desk.prompt("one", "a").await).1), (1, 2));
    started(desk.prompt("one", "b").await);
    assert_eq!(desk.answer(&first).await, ["a"]);
    let session = first.session.expect("a session");
    assert_eq!(desk.did(move |tx| tx.session(session)).await.expect("it").status, SessionStatus::Running);
    assert_eq!(desk.answer(&second).await, ["a"]);
}

#[tokio::test]
async fn only_what_would_have_to_wait_meets_a_full_queue() {
    let desk = Desk::with(Caps { per_chat: 2, queued_per_chat: 1, ..caps() });
    let first = started(desk.prompt("one", "a").await);
    queued(desk.prompt("one", "a").await);
    let session = first.session;
    let full = move |session: Option<SessionId>| move |tx: &Tx<'_>| tx.queue_is_full(&key("one"), session);
    assert_eq!(desk.did(full(session)).await, Some(Refusal::QueueFull(1)), "the session is at work");
    assert_eq!(desk.did(full(None)).await, None, "there is room to run");
    started(desk.prompt("one", "b").await);
    assert_eq!(desk.did(full(None)).await, Some(Refusal::QueueFull(1)));
    assert_eq!(desk.did(|tx| tx.queue_is_full(&key("two"), None)).await, None, "another chat has its own queue");
}

#[tokio::test]
async fn without_any_queue_there_is_still_room_to_run() {
    let desk = Desk::with(Caps { per_chat: 1, queued_per_chat: 0, ..caps() });
    assert_eq!(desk.did(|tx| tx.queue_is_full(&key("one"), None)).await, None);
    started(desk.prompt("one", "a").await);
    assert_eq!(desk.did(|tx| tx.queue_is_full(&key("one"), None)).await, Some(Refusal::QueueFull(0)));
}

#[tokio::test]
async fn a_waiting_task_is_cancelled_at_once_and_a_running_one_after_the_commit() {
    let desk = Desk::with(Caps { per_chat: 1, ..caps() });
    let running = started(desk.prompt("one", "a").await);
    let (waiting, _) = queued(desk.prompt("one", "b").await);
    let id = waiting.id.clone();
    let done = desk.step(move |tx| tx.cancel(&id, "kim")).await;
    assert!(done.value.is_some() && done.effects.cancel.is_empty() && done.effects.start.is_empty());
    let id = waiting.id.clone();
    assert_eq!(desk.did(move |tx| tx.task(&id)).await.expect("it").status, Status::Aborted);
    let session = waiting.session.expect("a session");
    assert_eq!(desk.did(move |tx| tx.session(session)).await.expect("it").status, SessionStatus::Idle);
    let id = waiting.id.clone();
    assert_eq!(desk.did(move |tx| tx.cancel(&id, "kim")).await, None, "it has ended");
    let id = running.id.clone();
    let done = desk.step(move |tx| tx.cancel(&id, "kim")).await;
    assert_eq!(done.effects.cancel, std::slice::from_ref(&running.id));
    let id = running.id.clone();
    let task = desk.did(move |tx| tx.task(&id)).await.expect("it");
    assert_eq!((task.status, task.cancel_at), (Status::Running, Some(Timestamp(1_000_000))));
}

#[tokio::test]
async fn a_task_ends_once_and_its_session_pays_once() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let end = |status, cost| {
        let task = task.clone();
        move |tx: &Tx<'_>| {
            let how = Completion { reported_cost: Some(cost), ..Completion::without_answer(status, None) };
            tx.finish(&task, &how)
        }
    };
    assert_eq!(desk.did(end(Status::Ok, 0.5)).await.expect("ended").status, Status::Ok);
    assert_eq!(desk.did(end(Status::Aborted, 0.75)).await, None);
    let session = task.session.expect("a session");
    let session = desk.did(move |tx| tx.session(session)).await.expect("it");
    assert!((session.cost_usd - 0.5).abs() < f64::EPSILON && session.status == SessionStatus::Idle, "{session:?}");
}

#[tokio::test]
async fn the_idle_session_used_longest_ago_makes_room() {
    let desk = Desk::new();
    for session in ["old", "older", "busy"] {
        let task = started(desk.prompt("one", session).await);
        desk.clock.advance(Duration::from_secs(1));
        if session != "busy" {
            desk.answer(&task).await;
        }
    }
    let task = started(desk.prompt("one", "old").await);
    desk.answer(&task).await;
    let archive = |tx: &Tx<'_>| tx.archive_oldest_idle(&key("one"));
    assert_eq!(desk.did(archive).await, Some(("older".to_owned(), true)));
    assert_eq!(desk.did(archive).await, Some(("old".to_owned(), true)));
    assert_eq!(desk.did(archive).await, None, "one that works stays");
}
