//! What people said in a thread beside what they asked for.

use super::*;

fn thread() -> ChatAddress {
    "test:1/7".parse().expect("an address")
}

/// Says something in the thread; it becomes what the outcome says.
fn say(tx: &Tx<'_>, id: &str, kind: IncomingKind, outcome: InboxOutcome) -> Result<InboxId, StoreError> {
    let key = format!("{:x}", tx.context.clock.random());
    let said = Incoming { message: Some(MessageId::new(id)), address: thread(), kind, ..incoming(&key, "1") };
    let inbox = tx.accept(&said)?.expect("a new message");
    tx.close_inbound(inbox, outcome)?;
    Ok(inbox)
}

fn text(words: &str) -> IncomingKind {
    IncomingKind::Text(words.to_owned())
}

fn aside(tx: &Tx<'_>, after: Option<InboxId>, before: InboxId) -> Result<Vec<String>, StoreError> {
    let said = tx.said_aside(&thread(), after, before)?;
    let words = said.into_iter().filter_map(|one| match one.kind {
        IncomingKind::Text(text) | IncomingKind::Edited(text) => Some(text),
        _ => None,
    });
    Ok(words.collect())
}

#[tokio::test]
async fn what_was_said_aside_is_told_as_it_was_said_last() {
    let desk = Desk::new();
    desk.did(|tx| {
        let first = say(tx, "1", text("one"), InboxOutcome::Ignored)?;
        say(tx, "2", text("two"), InboxOutcome::Refused)?;
        say(tx, "3", text("a prompt"), InboxOutcome::Ok)?;
        say(tx, "4", text("/sesion x"), InboxOutcome::Refused)?;
        say(tx, "5", text("five"), InboxOutcome::Ignored)?;
        say(tx, "6", text("taken back"), InboxOutcome::Ignored)?;
        say(tx, "2", IncomingKind::Edited("two, better".into()), InboxOutcome::Ignored)?;
        say(tx, "3", IncomingKind::Edited("too late".into()), InboxOutcome::Refused)?;
        say(tx, "5", IncomingKind::Edited("@bot a prompt after all".into()), InboxOutcome::Ok)?;
        say(tx, "6", IncomingKind::Deleted, InboxOutcome::Ignored)?;
        // Of another thread, of the chat itself, and of a bot.
        for (id, address, bot) in [("8", "test:1/8", false), ("9", "test:1", false), ("10", "test:1/7", true)] {
            let mut said = incoming(id, "1");
            said.address = address.parse().expect("an address");
            said.kind = text("elsewhere, in 7");
            said.sender.bot = bot;
            let inbox = tx.accept(&said)?.expect("a new message");
            tx.close_inbound(inbox, InboxOutcome::Ignored)?;
        }
        let last = say(tx, "11", text("now"), InboxOutcome::Ignored)?;
        assert_eq!(aside(tx, None, last)?, ["two, better", "one"]);
        assert_eq!(aside(tx, Some(first), last)?, ["two, better"]);
        assert_eq!(aside(tx, Some(last), last)?, [] as [&str; 0]);
        assert!(tx.said_aside(&address("1"), None, last)?.is_empty(), "only threads");
        for (id, is) in [("1", true), ("3", false), ("77", false)] {
            assert_eq!(tx.is_said_aside(&thread(), &MessageId::new(id))?, is, "{id}");
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn an_agent_has_been_told_what_a_task_was_given_to_it_with() {
    let desk = Desk::new();
    let first = started(desk.prompt("1", "otter").await);
    let session = first.session.expect("it is a session's");
    let until = || desk.did(move |tx| tx.told_until(session));
    assert_eq!(until().await, first.inbox, "it runs");
    let (waiting, _) = queued(desk.prompt("1", "otter").await);
    let id = waiting.id.clone();
    desk.did(move |tx| tx.cancel(&id, "kim")).await;
    assert_eq!(until().await, first.inbox, "what waited was given to nobody");
    desk.answer(&first).await;
    let second = started(desk.prompt("1", "otter").await);
    assert_eq!(until().await, second.inbox);
    desk.did(move |tx| tx.finish(&second, &Completion::without_answer(Status::ErrorCliNotFound, None))).await;
    assert_eq!(until().await, first.inbox, "there was no agent");
}
