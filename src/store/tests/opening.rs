//! Opening: new, old, newer, foreign and broken databases.

use super::*;
use crate::store::open::APPLICATION_ID;

fn open(directory: &Path) -> Result<Store, OpenError> {
    let clock = Arc::new(ManualClock::at(Timestamp(0), 1));
    Store::open(directory, Options { durability: Durability::Process, caps: caps() }, clock)
}

#[test]
fn an_empty_file_becomes_a_database_and_a_second_opening_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("signalbox.db"), "").expect("written");
    for _ in 0..2 {
        let store = open(directory.path()).expect("it opens");
        let version = store.read_blocking(|tx| Ok(schema::version(tx.connection)?)).expect("readable");
        assert_eq!(version, schema::newest());
        store.close();
    }
}

#[tokio::test]
async fn several_processes_open_a_store_at_once() {
    let desk = Desk::new();
    let other = open(desk.directory.path()).expect("it opens beside the first");
    desk.did(|tx| tx.accept(&incoming("1", "one"))).await;
    other.write(None, |tx| tx.accept(&incoming("2", "one"))).await.expect("stored");
    assert_eq!(desk.store.read(|tx| tx.open_inbound(None, 10)).await.expect("readable").len(), 2);
}

#[track_caller]
fn is_left_untouched(content: &[u8]) -> OpenError {
    let directory = tempfile::tempdir().expect("a directory");
    let database = directory.path().join("signalbox.db");
    std::fs::write(&database, content).expect("written");
    let error = open(directory.path()).err().expect("it is refused");
    assert!(std::fs::read(&database).expect("readable") == content, "the bytes are unchanged");
    error
}

fn made(sql: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("a.db");
    Connection::open(&file).expect("made").execute_batch(sql).expect("filled");
    std::fs::read(file).expect("readable")
}

#[test]
fn what_is_no_database_is_refused() {
    for content in [b"not a database, but a long enough text to be taken for one".repeat(100), vec![0xff; 4096]] {
        assert!(matches!(is_left_untouched(&content), OpenError::Corrupt { .. }));
    }
}

#[test]
fn the_database_of_another_program_is_refused() {
    for sql in [
        "CREATE TABLE t (x)",
        "PRAGMA application_id = 7; CREATE TABLE t (x)",
        "CREATE TABLE t (x); PRAGMA user_version = 1",
    ] {
        let OpenError::Corrupt { detail, .. } = is_left_untouched(&made(sql)) else { panic!("another reason") };
        assert_eq!(detail, "it was not made by signalbox");
    }
}

#[test]
fn a_newer_database_is_refused() {
    let sql = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 999; CREATE TABLE t (x)");
    let error = is_left_untouched(&made(&sql));
    assert!(matches!(error, OpenError::Newer { found: 999, known, .. } if known == schema::newest()), "{error}");
}

#[tokio::test]
async fn a_store_of_the_first_release_is_brought_up_to_date_and_loses_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let row = |id: u32, state: &str| {
        format!(
            "INSERT INTO outbox (id, key, lane, provider, address, purpose, part, state, sender, created_at) VALUES \
             ({id}, 'old{id}', 'test:lane{id}', 'test', 'test:lane{id}', 1, \
             'said before {id}', '{state}', 'dead', 0);"
        )
    };
    let sql = format!(
        "PRAGMA application_id = {APPLICATION_ID}; PRAGMA journal_mode = WAL; {} PRAGMA user_version = 1;
         INSERT INTO chats (chat) VALUES ('test:lane1'); {} {} {}",
        schema::MIGRATIONS[0],
        row(1, "pending"),
        row(2, "sending"),
        row(3, "delivered"),
    );
    let old = Connection::open(directory.path().join("signalbox.db")).expect("made");
    old.execute_batch(&sql).expect("filled");
    drop(old);
    let store = open(directory.path()).expect("it opens");
    let version = store.read(|tx| Ok(schema::version(tx.connection)?)).await.expect("readable");
    assert_eq!(version, schema::newest());
    let scope = vec![Lanes { provider: "test".into(), window: None }];
    let claimed = store.write(None, move |tx| {
        tx.doubt_abandoned(&scope, "me")?;
        tx.claim_deliveries(&scope, "me", 10)
    });
    let claimed = claimed.await.expect("claimed").value;
    let said: Vec<_> = claimed.iter().map(|row| (row.part.body.as_str(), row.maybe_repeat)).collect();
    assert_eq!(said, [("said before 1", false), ("said before 2", true)]);
}

fn open_to_read(directory: &Path) -> Result<Option<Store>, OpenError> {
    Store::open_to_read(directory, caps(), Arc::new(ManualClock::at(Timestamp(0), 1)))
}

#[tokio::test]
async fn a_store_that_is_only_read_shows_all_and_takes_nothing() {
    let desk = Desk::new();
    desk.did(|tx| tx.accept(&incoming("1", "one"))).await;
    for is_alone in [false, true] {
        if is_alone {
            desk.store.close();
        }
        let reader = open_to_read(desk.directory.path()).expect("it opens").expect("it is of today");
        assert_eq!(reader.read(|tx| tx.open_inbound(None, 10)).await.expect("readable").len(), 1, "{is_alone}");
        let written = reader.write(None, |tx| tx.accept(&incoming("2", "one"))).await;
        assert!(matches!(written, Err(StoreError::Closed)), "{written:?}");
        reader.close();
    }
    let left: Vec<_> = std::fs::read_dir(desk.directory.path()).expect("readable").flatten().collect();
    assert!(left.iter().all(|file| !file.file_name().to_string_lossy().contains("signalbox.db-")), "{left:?}");
}

#[test]
fn what_has_to_be_made_migrated_or_refused_is_left_to_the_opening_that_writes() {
    let nowhere = tempfile::tempdir().expect("a directory");
    let missing = nowhere.path().join("state");
    assert!(open_to_read(&missing).expect("no fault").is_none());
    assert!(!missing.exists(), "nothing was made");
    let id = format!("PRAGMA application_id = {APPLICATION_ID};");
    for sql in [
        format!("{id} {} PRAGMA user_version = 1", schema::MIGRATIONS[0]),
        format!("{id} PRAGMA user_version = 999; CREATE TABLE t (x)"),
        "CREATE TABLE t (x)".to_owned(),
        String::new(),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let database = directory.path().join("signalbox.db");
        std::fs::write(&database, made(&sql)).expect("written");
        files::prepare(directory.path()).expect("private");
        files::touch_private(&database).expect("private");
        assert!(open_to_read(directory.path()).expect("no fault").is_none(), "{sql:.60}");
    }
}

#[test]
fn what_others_could_read_is_made_private_before_it_is_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let database = desk.directory.path().join("signalbox.db");
    assert!(open_to_read(desk.directory.path()).expect("no fault").is_some());
    for (path, open, private) in [(desk.directory.path(), 0o755, 0o700), (database.as_path(), 0o644, 0o600)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(open)).expect("ours");
        assert!(open_to_read(desk.directory.path()).expect("no fault").is_none(), "{open:o}");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(private)).expect("ours");
    }
}
