//! Looks that are spared, and those that are not.

use super::*;

#[tokio::test(start_paused = true)]
async fn rows_are_looked_at_again_when_any_process_has_committed_or_something_is_due() {
    let desk = Desk::new();
    let mut glance = Glance::default();
    assert!(glance.is_due(&desk.store), "nobody has looked yet");
    assert!(!glance.is_due(&desk.store));
    desk.did(|tx| tx.accept(&incoming("own", "one"))).await;
    assert!(glance.is_due(&desk.store), "this process has committed");
    assert!(!glance.is_due(&desk.store));
    let other = Store::open(desk.directory.path(), options(), Arc::clone(&desk.clock) as _).expect("it opens");
    other.write(None, |tx| tx.accept(&incoming("other", "one"))).await.expect("stored");
    assert!(glance.is_due(&desk.store), "another has");
    glance.until(Some(desk.clock.now().after(Duration::from_secs(60))));
    assert!(!glance.is_due(&desk.store));
    desk.clock.advance(Duration::from_secs(60));
    assert!(glance.is_due(&desk.store), "what the look has found is due");
    assert!(!glance.is_due(&desk.store), "and was looked at");
    glance.again();
    assert!(glance.is_due(&desk.store));
    tokio::time::advance(Duration::from_secs(9)).await;
    assert!(!glance.is_due(&desk.store));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(glance.is_due(&desk.store), "all the same now and then");
    let mut other = Glance::at_least_every(Duration::from_secs(2));
    assert!(other.is_due(&desk.store) && !other.is_due(&desk.store));
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(other.is_due(&desk.store), "as often as it was asked for");
    desk.store.close();
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(glance.is_due(&desk.store) && glance.is_due(&desk.store), "who cannot tell looks");
}
