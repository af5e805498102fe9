//! Messages that are one: albums, and pastes that the app cut into pieces.

use signalbox_test_support::telegram::Post;

use crate::scene::{ADA, BOB, Scene, TEAM, message, text};

/// A piece of a paste, as long as apps make them.
fn piece(of: char) -> String {
    of.to_string().repeat(4096)
}

/// The beginning of a JPEG file.
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 and so on";

#[tokio::test]
async fn an_album_is_one_message_with_all_its_pictures() {
    let scene = Scene::new().await;
    let first = scene.fake.post(ADA.id, ADA, Post::text("what is wrong here?").in_album("a").photo(JPEG));
    scene.fake.post(ADA.id, ADA, Post::default().in_album("a").photo(JPEG));
    scene.fake.say(BOB.id, BOB, "meanwhile");
    scene.fake.post(ADA.id, ADA, Post::default().in_album("a").document("log.txt", b"line"));
    scene.fake.say(ADA.id, ADA, "and then?");
    let taken = scene.taken(3).await;
    assert_eq!(text(&taken[0]), "meanwhile", "nobody else waits for the album");
    assert_eq!(taken[1].message, Some(message(first)));
    assert_eq!(taken[1].key.as_str(), "telegram:42:1001");
    assert_eq!((text(&taken[1]), taken[1].files.len()), ("what is wrong here?", 3));
    assert_eq!(text(&taken[2]), "and then?", "its sender's next word comes after it");
    assert_eq!(scene.inbox.offers().len(), 3);
}

#[tokio::test]
async fn an_album_that_still_comes_in_is_waited_for_and_stays_unconfirmed() {
    let scene = Scene::new().await;
    scene.fake.post(ADA.id, ADA, Post::text("one").in_album("a").photo(JPEG));
    let taken = scene
        .listening(async {
            scene.fake.say(BOB.id, BOB, "a message behind it");
            scene.wait_for(1).await;
            assert_eq!(scene.fake.with(|state| state.updates.len()), 2, "the album could still grow");
            scene.fake.post(ADA.id, ADA, Post::default().in_album("a").photo(JPEG));
            scene.wait_for(2).await
        })
        .await;
    assert_eq!(taken[1].files.len(), 2);
}

#[tokio::test]
async fn a_stop_before_an_album_is_whole_loses_nothing() {
    let scene = Scene::new().await;
    scene.fake.post(ADA.id, ADA, Post::text("one").in_album("a").photo(JPEG));
    scene.fake.post(ADA.id, ADA, Post::default().in_album("a").photo(JPEG));
    scene.listening(scene.fake.wait_until("a poll", |state| state.polls >= 1)).await;
    assert_eq!(scene.inbox.accepted(), []);
    assert_eq!(scene.taken(1).await[0].files.len(), 2);
}

#[tokio::test]
async fn a_long_paste_is_one_prompt() {
    let scene = Scene::new().await;
    scene.fake.say(ADA.id, ADA, &piece('a'));
    scene.fake.say(ADA.id, ADA, &"b".repeat(4000));
    scene.fake.say(TEAM, BOB, "in between");
    scene.fake.say(ADA.id, ADA, "the end");
    scene.fake.say(ADA.id, ADA, "something else");
    let taken = scene.taken(3).await;
    let expected = format!("{}{}\nthe end", piece('a'), "b".repeat(4000));
    let paste = taken.iter().find(|said| said.key.as_str() == "telegram:42:1001").expect("the paste");
    assert!(text(paste) == expected, "{} bytes", text(paste).len());
    assert!(taken.iter().any(|said| text(said) == "something else"));
}

#[tokio::test]
async fn what_is_said_later_elsewhere_or_by_another_is_no_piece() {
    let scene = Scene::new().await;
    scene.fake.say(TEAM, ADA, &piece('a'));
    scene.fake.say(TEAM, BOB, "by another");
    scene.fake.say(ADA.id, ADA, "elsewhere");
    scene.fake.post(TEAM, ADA, Post::text("in a topic").in_topic(7));
    scene.fake.with(|state| state.clock += 3);
    scene.fake.say(TEAM, ADA, "later");
    let taken = scene.taken(5).await;
    assert!(taken.iter().any(|said| text(said) == piece('a')));
    for alone in ["by another", "elsewhere", "in a topic", "later"] {
        assert!(taken.iter().any(|said| text(said) == alone), "{alone}");
    }
}

#[tokio::test]
async fn the_longest_message_alone_is_taken_as_it_is() {
    let scene = Scene::new().await;
    scene.fake.say(ADA.id, ADA, &"𝔘".repeat(2048));
    assert_eq!(text(&scene.taken(1).await[0]).chars().count(), 2048);
}
