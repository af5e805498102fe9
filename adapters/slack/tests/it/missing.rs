//! What was said while nobody listened, however long that was and however Slack tells of it.

use serde_json::json;
use signalbox_adapter::Occurrence;
use signalbox_test_support::slack::{Fault, Post};

use crate::scene::{ADA, BOB, OPS, Scene, text};

const HISTORY: &str = "conversations.history";

#[tokio::test]
async fn a_long_absence_is_read_back_to_its_beginning() {
    let scene = Scene::new().await;
    let begun = scene.micros();
    scene.mark(&json!({ "newest": begun, "channels": { OPS: { "newest": begun } } }));
    for number in 0..2100 {
        scene.fake.say(OPS, ADA, &format!("missed {number}"));
    }
    scene.forget_envelopes();
    let taken = scene.listening(scene.wait_for(2100)).await;
    assert_eq!((text(&taken[0]), text(&taken[2099])), ("missed 0", "missed 2099"));
    assert_eq!(scene.fake.said(OPS).len(), 0, "nothing was left out");
}

#[tokio::test]
async fn where_too_much_was_missed_the_channel_is_told_once() {
    let scene = Scene::new().await;
    let begun = scene.micros();
    scene.mark(&json!({ "newest": begun, "channels": { OPS: { "newest": begun } } }));
    scene.fake.say(OPS, ADA, "missed");
    scene.forget_envelopes();
    // Enough for the two direct chats, which are read as well.
    for _ in 0..170 {
        scene.fake.fail_next(HISTORY, Fault::With(r#"{"response_metadata":{"next_cursor":"at:0"}}"#));
    }
    scene
        .listening(async {
            scene.wait_for(1).await;
            scene.fake.wait_until("it is told", |state| !state.said(OPS).is_empty()).await;
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(2).await;
        })
        .await;
    let said = scene.fake.said(OPS);
    assert!(said.len() == 1 && said[0].contains("have not read the oldest part"), "{said:?}");
    assert!(scene.occurred(Occurrence::LeftOut) >= 1);
}

#[tokio::test]
async fn answers_in_all_older_threads_are_found() {
    let scene = Scene::new().await;
    let roots: Vec<String> = (0..25).map(|number| scene.fake.say(OPS, ADA, &format!("root {number}"))).collect();
    // The roots are older than what is read again.
    let newest = scene.micros() + 60_000_000;
    scene.mark(&json!({ "newest": newest, "channels": { OPS: { "newest": newest } } }));
    for root in &roots {
        scene.fake.post(OPS, BOB, Post::text(&format!("to {root}")).in_thread(root));
    }
    scene.forget_envelopes();
    let taken = scene.listening(scene.wait_for(roots.len())).await;
    let expected: Vec<String> = roots.iter().map(|root| format!("to {root}")).collect();
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn an_answer_without_a_next_page_is_the_last_however_it_is_written() {
    for metadata in ["null", r#"{"next_cursor":null}"#, "{}", "[]", "7"] {
        let scene = Scene::new().await;
        let begun = scene.micros();
        scene.mark(&json!({ "newest": begun, "channels": { OPS: { "newest": begun } } }));
        scene.fake.say(OPS, ADA, "missed");
        scene.forget_envelopes();
        let answer: &'static str = format!(r#"{{"response_metadata":{metadata}}}"#).leak();
        for _ in 0..100 {
            scene.fake.fail_next(HISTORY, Fault::With(answer));
        }
        let taken = scene.listening(scene.wait_for(1)).await;
        assert_eq!(text(&taken[0]), "missed", "{metadata}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_of_a_channel_is_read_again() {
    let scene = Scene::new().await;
    let begun = scene.micros();
    scene.mark(&json!({ "newest": begun, "channels": { OPS: { "newest": begun } } }));
    scene.fake.say(OPS, ADA, "missed");
    scene.forget_envelopes();
    scene.fake.fail_next(HISTORY, Fault::With(r#"{"messages":7}"#));
    let taken = scene
        .listening(async {
            scene.fake.wait_until("it was asked", |state| state.calls.iter().any(|call| call.method == HISTORY)).await;
            // What is heard meanwhile does not hide what was missed.
            scene.fake.say(OPS, ADA, "and on");
            scene.wait_for(2).await
        })
        .await;
    let mut texts: Vec<_> = taken.iter().map(text).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["and on", "missed"]);
    assert_eq!(scene.occurred(Occurrence::Deferred), 1);
}

#[tokio::test]
async fn an_answer_in_a_thread_that_began_long_before_is_found_though_much_was_said_since() {
    let scene = Scene::new().await;
    let root = scene.fake.say(OPS, ADA, "root");
    for number in 0..450 {
        scene.fake.say(OPS, ADA, &format!("said {number}"));
    }
    // No thread is marked: the root is found by what stands beside it in the history, on its third page.
    let newest = scene.micros() + 60_000_000;
    scene.mark(&json!({ "newest": newest, "channels": { OPS: { "newest": newest } } }));
    scene.fake.post(OPS, BOB, Post::text("and on").in_thread(&root));
    scene.forget_envelopes();
    let taken = scene.listening(scene.wait_for(1)).await;
    assert_eq!(text(&taken[0]), "and on");
    assert_eq!(taken[0].address.thread.as_ref().map(|thread| thread.as_str()), Some(root.as_str()));
}
