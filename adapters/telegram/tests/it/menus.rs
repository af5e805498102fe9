//! The command menu is set once and left alone while it is right.

use signalbox_telegram::{MenuEntry, Scope};

use crate::scene::Scene;
use crate::telegram::Fault;

fn entry(name: &str) -> MenuEntry {
    MenuEntry { name: name.to_owned(), description: format!("Does {name}") }
}

#[tokio::test]
async fn a_menu_is_set_only_when_it_changes() {
    let scene = Scene::new().await;
    let menu = [entry("session"), entry("status")];
    assert!(scene.menu.set(Scope::Private, &menu).await.expect("set"));
    assert!(!scene.menu.set(Scope::Private, &menu).await.expect("the same"));
    assert!(scene.menu.set(Scope::Groups, &menu[..1]).await.expect("another scope"));
    assert!(scene.menu.set(Scope::Private, &menu[..1]).await.expect("shorter"));
    assert_eq!(scene.fake.count("setMyCommands"), 3);
    let names = scene.fake.with(|state| state.menus["all_private_chats"].clone());
    assert_eq!(names.len(), 1);
    assert_eq!(names[0]["command"], "session");
}

#[tokio::test]
async fn a_menu_that_could_not_be_set_says_so() {
    let scene = Scene::new().await;
    scene.fake.fail_next("setMyCommands", Fault::TooMany { retry_after: 3 });
    assert!(scene.menu.set(Scope::Private, &[entry("help")]).await.is_err());
    assert!(scene.menu.set(Scope::Private, &[entry("help")]).await.expect("set"));
}
