//! The page that one person alone sees, and what the app lacks.

use std::sync::atomic::Ordering;

use signalbox_adapter::{Deliver as _, Document, Quoting};
use signalbox_test_support::slack::state::Channel;
use signalbox_test_support::slack::{Fault, Person, Post};

use crate::saying::address;
use crate::scene::{ADA, BOB, OPS, Scene, text};

/// A bot that posts alerts.
const MONITOR: Person = Person::new("B700", "Monitor");

#[tokio::test]
async fn a_page_is_written_for_who_opens_it_from_the_chats_that_they_read() {
    let scene = Scene::new().await;
    let secret = Channel { name: "secret".to_owned(), outsiders: vec![ADA.id], ..Channel::default() };
    scene.fake.open("C501", secret);
    let page = "**Nothing burns.**\n\n## Tasks\n\n- `calm-otter` <!channel>\n\n| a | b |\n|---|---|\n| 1 | 2 |";
    *scene.inbox.page.lock().expect("no panic") = Some(Document::from_markdown(page));
    scene
        .listening(async {
            scene.fake.open_home(ADA);
            scene.fake.wait_until("it is written", |state| state.home_of(ADA).contains("calm-otter")).await;
            // Blocks that are refused are said in the plainest ones.
            scene.fake.fail_next("views.publish", Fault::Refuse("invalid_blocks"));
            scene.fake.open_home(BOB);
            scene.fake.wait_until("it is written", |state| state.home_of(BOB).contains("calm-otter")).await;
        })
        .await;
    let opened = scene.inbox.opened.lock().expect("no panic").clone();
    assert_eq!((opened[0].person.id.as_str(), opened[0].person.name.as_str()), (ADA.id, "Ada"));
    assert_eq!(opened[0].direct, address("DU1001", None));
    assert_eq!(opened[0].others, [(address(OPS, None), "#ops".to_owned())]);
    assert_eq!(opened[1].others.len(), 2, "{:?}", opened[1]);
    assert_eq!(scene.fake.with(|state| state.homes[BOB.id]["blocks"][0]["type"].clone()), "section");
    assert!(scene.fake.with(|state| state.pings.is_empty() && state.envelopes.iter().all(|one| one.acked.is_some())));
    assert!(scene.inbox.taken.accepted().is_empty(), "it is no message");
}

#[tokio::test]
async fn a_scope_that_is_missing_is_named_before_it_is_needed_and_until_it_is_there() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.lacks.extend(["users:read", "reactions:write"]));
    let told = || scene.limited.lock().expect("no panic").clone().unwrap_or_default();
    scene
        .listening(async {
            scene.fake.wait_until("it is told", |_| told().contains("the scopes reactions:write")).await;
            assert!(told().contains("users:read (people go by their ids)") && told().contains("OAuth"), "{}", told());
            scene.fake.with(|state| state.lacks.clear());
            let lacks = scene.deliver.lacks(&address(OPS, None)).await;
            assert!(matches!(lacks, Ok(None)), "{lacks:?}");
            // The listener asks by itself as soon as somebody speaks.
            scene.fake.say(OPS, ADA, "hi");
            scene.fake.wait_until("all is there", |_| told().is_empty()).await;
        })
        .await;
    scene.fake.with(|state| state.lacks.insert("channels:read"));
    let lacks = scene.deliver.lacks(&address(OPS, None)).await;
    assert!(matches!(&lacks, Ok(Some(why)) if why.contains("channels:read")), "{lacks:?}");
    assert!(scene.deliver.lacking().is_some_and(|why| why.contains("channels:read")));
}

#[tokio::test]
async fn who_is_called_into_a_thread_is_told_what_it_began_with() {
    let scene = Scene::new().await;
    scene.inbox.knows_no_thread.store(true, Ordering::Relaxed);
    let taken = scene
        .listening(async {
            let root = scene.fake.post(OPS, MONITOR, Post::text("disk is full on db-1"));
            scene.wait_for(1).await;
            scene.fake.post(OPS, BOB, Post::text("not for the bot").in_thread(&root));
            scene.wait_for(2).await;
            scene.fake.post(OPS, ADA, Post::to_bot("what is this?").in_thread(&root));
            scene.wait_for(3).await;
            // What the thread began with cannot be had: the mention is taken alone.
            scene.fake.fail_next("conversations.replies", Fault::Refuse("thread_not_found"));
            scene.fake.post(OPS, ADA, Post::to_bot("and this?").in_thread(&root));
            scene.wait_for(4).await;
            scene.inbox.knows_no_thread.store(false, Ordering::Relaxed);
            scene.fake.post(OPS, ADA, Post::to_bot("known by now").in_thread(&root));
            scene.wait_for(5).await
        })
        .await;
    let quoted: Vec<_> = taken.iter().map(|one| (text(one), one.quoted.len())).collect();
    let expected = [
        ("disk is full on db-1", 0),
        ("not for the bot", 0),
        ("what is this?", 1),
        ("and this?", 0),
        ("known by now", 0),
    ];
    assert_eq!(quoted, expected);
    assert_eq!((taken[2].quoted[0].why, taken[2].quoted[0].text.as_str()), (Quoting::Answered, "disk is full on db-1"));
}
