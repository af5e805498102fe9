//! Files of messages end up on disk, private and under a harmless name, or it is said why not.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use signalbox_adapter::{FileKind, ListenError};
use signalbox_test_support::telegram::{Fault, Post};

use crate::scene::{ADA, BOB, Scene, text};

/// Largest file that a bot gets, in bytes.
const MAX_BYTES: usize = 20 * 1024 * 1024;

fn mode(path: impl AsRef<Path>) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[tokio::test]
async fn a_document_is_saved_privately_under_a_harmless_name() {
    let scene = Scene::new().await;
    let evil = "../../.ssh/authorized keys";
    scene.fake.post(ADA.id, ADA, Post::text("read this").document(evil, b"content"));
    let taken = scene.taken(1).await.remove(0);
    assert_eq!(text(&taken), "read this");
    let file = &taken.files[0];
    assert_eq!((file.name.as_str(), file.kind), (evil, FileKind::Document));
    let path = Path::new(&file.path);
    assert_eq!(path.parent(), Some(scene.files().join("files/1001").as_path()));
    assert!(file.path.ends_with("-authorized_keys"), "{}", file.path);
    assert_eq!(std::fs::read(path).expect("saved"), b"content");
    assert_eq!((mode(path), mode(scene.files().join("files"))), (0o600, 0o700));
    assert_eq!(
        std::fs::read_dir(scene.files().join("files/1001")).expect("a directory").count(),
        1,
        "nothing is left over"
    );
}

#[tokio::test]
async fn a_voice_note_and_a_photo_are_what_they_claim_to_be_or_not_taken() {
    let scene = Scene::new().await;
    scene.fake.post(ADA.id, ADA, Post::default().voice(b"OggS and so on"));
    scene.fake.post(ADA.id, ADA, Post::text("look").photo(b"\x7fELF is no picture"));
    let taken = scene.taken(2).await;
    assert_eq!(taken[0].files[0].kind, FileKind::Voice);
    assert_eq!(text(&taken[0]), "");
    assert_eq!((text(&taken[1]), taken[1].files.len()), ("look", 0));
    assert_eq!(taken[1].not_taken, ["photo.jpg is not what it claims to be."]);
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_in_words() {
    let scene = Scene::new().await;
    scene.fake.post(ADA.id, ADA, Post::text("big").document("dump.sql", &vec![0; MAX_BYTES + 1]));
    let taken = scene.taken(1).await.remove(0);
    assert_eq!(taken.files, []);
    assert_eq!(taken.not_taken, ["dump.sql is larger than the 20 MB that Telegram gives to a bot."]);
    assert_eq!(scene.fake.count("getFile"), 0);
}

#[tokio::test]
async fn a_failed_download_is_tried_again_and_a_slow_one_holds_nobody_up() {
    let scene = Scene::new().await;
    scene.fake.post(ADA.id, ADA, Post::text("mine").document("a.txt", b"x"));
    scene.fake.fail_next("getFile", Fault::DropBefore);
    scene.fake.fail_next("getFile", Fault::Hold);
    let taken = scene
        .listening(async {
            scene.fake.wait_until("the download", |state| !state.has_faults()).await;
            scene.fake.say(BOB.id, BOB, "quick");
            scene.wait_for(1).await;
            assert!(!scene.fake.is_drained(), "what is not saved is not confirmed");
            scene.fake.release();
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["quick", "mine"]);
    assert_eq!(taken[1].files.len(), 1);
}

#[tokio::test]
async fn a_file_that_cannot_be_had_does_not_keep_its_message() {
    let scene = Scene::new().await;
    scene.fake.post(ADA.id, ADA, Post::text("see file").document("a.txt", b"x"));
    for _ in 0..3 {
        scene.fake.fail_next("getFile", Fault::ServerError { done: false });
    }
    let taken = scene.taken(1).await.remove(0);
    assert_eq!(text(&taken), "see file");
    assert_eq!(taken.not_taken, ["a.txt could not be downloaded from Telegram (Bad Gateway); send it again."]);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_confirms_nothing() {
    let scene = Scene::new().await;
    std::fs::write(scene.files().join("files"), "in the way").expect("written");
    scene.fake.post(ADA.id, ADA, Post::text("x").document("a.txt", b"x"));
    let ended = scene.listen_to_the_end().await;
    assert!(matches!(&ended, Err(ListenError::Lost(why)) if why.contains("writing")), "{ended:?}");
    assert!(!scene.fake.is_drained());
}

#[tokio::test]
async fn a_file_that_telegram_refuses_is_named() {
    let scene = Scene::new().await;
    for description in ["Bad Request: file is too big", "Bad Request: invalid file_id"] {
        scene.fake.fail_next("getFile", Fault::Refuse { code: 400, description });
        scene.fake.post(ADA.id, ADA, Post::text("x").document("a.txt", b"x"));
    }
    let taken = scene.taken(2).await;
    let words: Vec<_> = taken.iter().flat_map(|said| said.not_taken.clone()).collect();
    assert!(words[0].contains("20 MB") && words[1].contains("invalid file_id"), "{words:?}");
}
