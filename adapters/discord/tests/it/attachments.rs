//! Files of messages end up on disk, private and under a harmless name, or it is said why not.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::Ordering;

use signalbox_adapter::{FileKind, ListenError};
use signalbox_test_support::discord::{Cut, Fault, Post};

use crate::scene::{ADA, BOB, OPS, Scene, direct, text};

/// Largest file that is taken, in bytes.
const MAX_BYTES: usize = 25 * 1024 * 1024;

fn mode(path: impl AsRef<Path>) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[tokio::test]
async fn files_are_saved_privately_under_harmless_names() {
    let scene = Scene::new().await;
    let evil = "../../.ssh/authorized keys";
    let taken = scene
        .listening(async {
            let post = Post::text("read these").file(evil, b"content").file("b.txt", b"more");
            scene.fake.post(direct(ADA), ADA, post);
            scene.wait_for(1).await.remove(0)
        })
        .await;
    assert_eq!((text(&taken), taken.not_taken.len()), ("read these", 0));
    let file = &taken.files[0];
    assert_eq!((file.name.as_str(), file.kind), (evil, FileKind::Document));
    let (path, directory) = (Path::new(&file.path), scene.files().join(direct(ADA).to_string()));
    assert_eq!(path.parent(), Some(directory.as_path()));
    assert!(file.path.ends_with("-authorized_keys"), "{}", file.path);
    assert_eq!(std::fs::read(path).expect("saved"), b"content");
    assert_eq!(std::fs::read(&taken.files[1].path).expect("saved"), b"more");
    assert_eq!((mode(path), mode(scene.files())), (0o600, 0o700));
    assert_eq!(std::fs::read_dir(directory).expect("a directory").count(), 2, "nothing is left over");
}

#[tokio::test]
async fn a_voice_note_is_one_or_is_not_taken() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.fake.post(direct(ADA), ADA, Post::default().voice(b"OggS and so on"));
            scene.fake.post(direct(ADA), ADA, Post::default().voice(b"\x7fELF is no voice"));
            scene.wait_for(2).await
        })
        .await;
    assert_eq!((text(&taken[0]), taken[0].files[0].kind), ("", FileKind::Voice));
    assert_eq!(taken[1].not_taken, ["voice-message.ogg is not what it claims to be."]);
}

#[tokio::test]
async fn what_cannot_be_had_is_named_and_does_not_keep_its_message() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            let large = vec![0; MAX_BYTES + 1];
            let elsewhere = serde_json::json!([{ "filename": "c.txt", "size": 1, "url": "http://192.0.2.1/c" }]);
            let gone = serde_json::json!([{ "filename": "d.txt", "url": format!("{}/attachments/9", origin(&scene)) }]);
            scene.fake.post(OPS, ADA, Post::text("large").file("dump.sql", &large));
            scene.fake.post(OPS, ADA, Post::text("elsewhere").with(serde_json::json!({ "attachments": elsewhere })));
            scene.fake.post(OPS, ADA, Post::text("gone").with(serde_json::json!({ "attachments": gone })));
            scene.wait_for(3).await
        })
        .await;
    let words: Vec<_> = taken.iter().map(|said| (text(said), said.not_taken.join(""))).collect();
    let expected = [
        ("large", "dump.sql is larger than the 25 MB that are taken of one file."),
        ("elsewhere", "c.txt is not where Discord keeps files."),
        ("gone", "Discord does not give d.txt out any more."),
    ];
    assert_eq!(words, expected.map(|(text, why)| (text, why.to_owned())));
    assert_eq!(scene.fake.count("GET attachments"), 1, "what is too large is not asked for");
}

/// Returns where the fake is, without the path of its API.
fn origin(scene: &Scene) -> String {
    scene.fake.url().trim_end_matches("/api/v10").to_owned()
}

#[tokio::test]
async fn more_files_than_are_taken_are_counted() {
    let scene = Scene::new().await;
    let post = (0..12).fold(Post::text("many"), |post, number| post.file(&format!("{number}.txt"), b"x"));
    let taken = scene
        .listening(async {
            scene.fake.post(OPS, ADA, post);
            scene.wait_for(1).await.remove(0)
        })
        .await;
    assert_eq!(taken.files.len(), 10);
    assert_eq!(taken.not_taken, ["2 more files; 10 of one message are."]);
}

#[tokio::test]
async fn a_failed_download_is_tried_again_and_a_slow_one_holds_up_its_own_chat_only() {
    let scene = Scene::new().await;
    scene.fake.fail_next("GET attachments", Fault::DropBefore);
    scene.fake.fail_next("GET attachments", Fault::Hold);
    let taken = scene
        .listening(async {
            scene.fake.post(direct(ADA), ADA, Post::text("mine").file("a.txt", b"x"));
            scene.fake.say(direct(ADA), ADA, "behind it");
            scene.fake.wait_until("the download", |state| !state.has_faults()).await;
            scene.fake.say(direct(BOB), BOB, "quick");
            scene.wait_for(1).await;
            scene.fake.release();
            scene.wait_for(3).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["quick", "mine", "behind it"]);
    assert_eq!(taken[1].files.len(), 1);
}

#[tokio::test]
async fn what_is_not_saved_when_the_connection_ends_comes_again() {
    let scene = Scene::new().await;
    scene.fake.fail_next("GET attachments", Fault::Hold);
    let taken = scene
        .listening(async {
            scene.fake.post(direct(ADA), ADA, Post::text("mine").file("a.txt", b"x"));
            scene.fake.wait_until("the download", |state| !state.has_faults()).await;
            scene.fake.say(direct(BOB), BOB, "quick");
            scene.wait_for(1).await;
            scene.fake.cut(Cut::Reset);
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["quick", "mine"]);
    assert_eq!(taken[1].files.len(), 1);
    assert_eq!(scene.fake.with(|state| state.identified), 1);
}

#[tokio::test]
async fn files_of_a_message_that_is_not_for_us_are_not_asked_for() {
    let scene = Scene::new().await;
    scene.inbox.no_files.store(true, Ordering::Relaxed);
    let taken = scene
        .listening(async {
            scene.fake.post(OPS, BOB, Post::text("look").file("a.txt", b"x"));
            scene.wait_for(1).await.remove(0)
        })
        .await;
    assert_eq!((taken.files.len(), taken.not_taken.len()), (0, 0));
    assert_eq!(scene.fake.count("GET attachments"), 0);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_takes_nothing() {
    let scene = Scene::new().await;
    scene.listening(async {}).await;
    std::fs::write(scene.files(), "in the way").expect("written");
    scene.fake.post(direct(ADA), ADA, Post::text("x").file("a.txt", b"x"));
    let ended = scene.listen_to_the_end().await;
    assert!(matches!(&ended, Err(ListenError::Lost(why)) if why.contains("could not be saved")), "{ended:?}");
    std::fs::remove_file(scene.files()).expect("it is there");
    let taken = scene.listening(async { scene.wait_for(1).await.remove(0) }).await;
    assert_eq!(taken.files.len(), 1);
}
