//! What is forgotten, and when: nothing that is kept for a stranger is kept for ever.

use super::*;
use crate::store::open::APPLICATION_ID;

/// An hour, and a day of them.
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

impl Desk {
    /// Names the small facts that are known.
    async fn facts(&self) -> Vec<String> {
        self.did(|tx| {
            let mut statement = tx.connection.prepare("SELECT key FROM kv ORDER BY key")?;
            let keys = statement.query_map([], |row| row.get(0))?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn forget_all(&self) {
        let before = self.clock.now().before(30 * DAY);
        while self.did(move |tx| tx.forget(before, 10)).await > 0 {}
    }
}

#[tokio::test]
async fn what_is_remembered_of_a_stranger_is_swept_after_its_time() {
    let desk = Desk::new();
    let refuse = |tx: &Tx<'_>| tx.first_in("refusal:test:7", HOUR);
    assert!(desk.did(refuse).await);
    desk.clock.advance(HOUR / 2);
    assert!(!desk.did(refuse).await, "told already");
    desk.did(|tx| tx.set_bot_name("test", "the-bot")).await;
    desk.forget_all().await;
    assert_eq!(desk.facts().await, ["bot-name:test", "last:refusal:test:7"]);
    desk.clock.advance(HOUR);
    desk.forget_all().await;
    assert_eq!(desk.facts().await, ["bot-name:test"]);
    assert!(desk.did(refuse).await);
}

#[tokio::test]
async fn what_an_older_version_remembered_for_ever_has_an_end_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let clock = Arc::new(ManualClock::at(Timestamp(0).after(100 * DAY), 1));
    let old = Connection::open(directory.path().join("signalbox.db")).expect("made");
    let sql = format!(
        "PRAGMA application_id = {APPLICATION_ID}; PRAGMA journal_mode = WAL; {} PRAGMA user_version = 1;
         INSERT INTO kv VALUES ('last:late-edit:test:one:5', '7'), ('last:refusal:test:7', '7'),
             ('last:group-hint:test:one', '7'), ('total:tasks:ok', '7'), ('bot-name:test', 'the-bot')",
        schema::MIGRATIONS[0]
    );
    old.execute_batch(&sql).expect("filled");
    drop(old);
    let store = Store::open(directory.path(), options(), Arc::clone(&clock) as _).expect("it opens");
    let desk = Desk { store, clock, directory };
    desk.forget_all().await;
    assert_eq!(desk.facts().await, ["bot-name:test", "last:group-hint:test:one", "total:tasks:ok"]);
    desk.clock.advance(300 * DAY);
    desk.forget_all().await;
    assert_eq!(desk.facts().await, ["bot-name:test", "total:tasks:ok"]);
}

#[tokio::test]
async fn a_task_with_a_long_history_is_forgotten_in_short_steps() {
    let desk = Desk::new();
    let task = started(desk.prompt("one", "a").await);
    let id = task.id.clone();
    desk.did(move |tx| (0..100).try_for_each(|number| tx.note(&id, "session", &number.to_string()))).await;
    desk.answer(&task).await;
    desk.clock.advance(31 * DAY);
    let before = desk.clock.now().before(30 * DAY);
    let removed = desk.did(move |tx| tx.forget(before, 10)).await;
    assert_eq!(removed, 10, "some of the history, and nothing else");
    let id = task.id.clone();
    assert!(desk.did(move |tx| tx.task(&id)).await.is_some());
    desk.forget_all().await;
    let id = task.id.clone();
    assert_eq!(desk.did(move |tx| tx.task(&id)).await, None);
    assert_eq!(desk.did(move |tx| tx.events(&task.id)).await, []);
}
