//! The command menu is set once and left alone while it is right.

use signalbox_adapter::{Announce, CommandEntry};
use signalbox_test_support::telegram::Fault;

use crate::scene::Scene;

fn entry(name: &str, direct_only: bool) -> CommandEntry {
    CommandEntry { name: name.to_owned(), description: format!("Does {name}"), direct_only }
}

#[tokio::test]
async fn a_menu_is_set_only_when_it_changes_and_groups_have_one_of_their_own() {
    let scene = Scene::new().await;
    let menu = [entry("session", false), entry("start", true)];
    assert!(scene.menu.announce(&menu).await.expect("set"));
    assert!(!scene.menu.announce(&menu).await.expect("the same"));
    assert_eq!(scene.fake.count("setMyCommands"), 2);
    assert!(scene.menu.announce(&menu[..1]).await.expect("shorter"));
    assert_eq!(scene.fake.count("setMyCommands"), 3, "the one of groups was right already");
    let shown = |scope: &str| {
        let menu = scene.fake.with(|state| state.menus[scope].clone());
        menu.iter().map(|entry| entry["command"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (shown("all_private_chats"), shown("all_group_chats")),
        (vec!["session".into()], vec!["session".into()])
    );
}

#[tokio::test]
async fn a_menu_that_could_not_be_set_says_so() {
    let scene = Scene::new().await;
    scene.fake.fail_next("setMyCommands", Fault::TooMany { retry_after: 3 });
    assert!(scene.menu.announce(&[entry("help", false)]).await.is_err());
    assert!(scene.menu.announce(&[entry("help", false)]).await.expect("set"));
}
