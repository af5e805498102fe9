//! Hooks that are kept, and deliveries that are known for their time.

use super::*;
use crate::config::{Hook, HookSource};

fn hook(id: &str, target: &str) -> Hook {
    let target = target.parse().expect("an address");
    Hook::plain(id.into(), HookSource::GitHub, target, "0123456789abcdef".to_owned().into())
}

impl Desk {
    async fn comes(&self, hook: &'static str, keys: &'static [&'static str]) -> bool {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        self.did(move |tx| tx.first_delivery(hook, &keys)).await
    }
}

#[tokio::test]
async fn a_hook_is_kept_once_and_until_it_is_removed() {
    let desk = Desk::new();
    assert!(desk.did(|tx| tx.add_hook(&hook("ops", "test:one/7"))).await);
    assert!(!desk.did(|tx| tx.add_hook(&hook("ops", "test:two"))).await, "its id is taken");
    let kept = desk.did(|tx| tx.hook("ops")).await.expect("a hook");
    assert_eq!((kept.hook.source, kept.hook.target.to_string()), (HookSource::GitHub, "test:one/7".to_owned()));
    assert!(!format!("{kept:?}").contains("0123456789abcdef"), "{kept:?}");
    assert_eq!(desk.did(|tx| tx.hooks(10)).await.len(), 1);
    assert!(desk.did(|tx| tx.remove_hook("ops")).await);
    assert!(!desk.did(|tx| tx.remove_hook("ops")).await);
}

#[tokio::test]
async fn any_key_of_a_delivery_tells_its_copy_for_seven_days() {
    let desk = Desk::new();
    assert!(desk.comes("ops", &["id-1", "signature-1"]).await);
    assert!(!desk.comes("ops", &["id-2", "signature-1"]).await, "a copy under another id");
    assert!(!desk.comes("ops", &["id-1"]).await);
    assert!(desk.comes("other", &["id-1"]).await, "each hook has its own");
    assert!(desk.comes("ops", &[]).await && desk.comes("ops", &[]).await, "without keys nothing is a copy");
    desk.clock.advance(DELIVERY_KNOWN_FOR + Duration::from_millis(1));
    assert!(desk.comes("ops", &["id-1"]).await);
    let before = desk.clock.now();
    desk.did(move |tx| tx.forget(before, 100)).await;
    let left: i64 =
        desk.did(|tx| Ok(tx.connection.query_row("SELECT count(*) FROM hook_deliveries", [], |row| row.get(0))?)).await;
    assert_eq!(left, 1, "only what came again is kept");
}

#[tokio::test]
async fn a_hook_goes_along_when_its_chat_moves() {
    let desk = Desk::new();
    desk.did(|tx| tx.add_hook(&hook("ops", "test:one/7"))).await;
    desk.did(|tx| tx.add_hook(&hook("other", "test:one-more"))).await;
    desk.did(|tx| tx.move_chat(&address("one"), &ChatId::new("new"))).await;
    let target = |id: &'static str| desk.did(move |tx| Ok(tx.hook(id)?.expect("a hook").hook.target.to_string()));
    assert_eq!((target("ops").await, target("other").await), ("test:new/7".to_owned(), "test:one-more".to_owned()));
    // One of the configuration still names the old chat.
    let now = desk.did(|tx| tx.current_address(&"test:one/7".parse().expect("an address"))).await;
    assert_eq!(now.to_string(), "test:new/7");
}
