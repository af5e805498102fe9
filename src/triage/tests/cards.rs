//! Cards that another takes the place of.

use super::*;

#[tokio::test]
async fn the_buttons_of_a_card_that_another_follows_are_taken_away_in_three_tries_at_most() {
    for (allowed_at, expected) in [(1, 1), (2, 2), (9, 3)] {
        let desk = Desk::new(Threads::Opened).await;
        desk.take(vec![fires(1, 1)]).await;
        desk.step(2).await;
        desk.step(6).await;
        let first = desk.deliveries().await.into_iter().find(|one| matches!(one.about, Some(About::Card(_))));
        let first = MessageId::new(format!("m{}", first.expect("a card").id));
        desk.take(vec![fires(1, 2)]).await;
        look_at_due(&desk.bus, &desk.policy).await.expect("looked");
        let refuse = async |edit: Delivery| {
            desk.did(move |tx| tx.edit_refused(edit.id).and_then(|()| tx.supersede(edit.id))).await;
        };
        refuse(desk.deliveries().await.into_iter().find(|one| one.is_edit).expect("an edit")).await;
        let mut tries = 0;
        for _ in 0..12 {
            look_at_due(&desk.bus, &desk.policy).await.expect("looked");
            let waiting = desk.deliveries().await.into_iter().filter(|one| one.state == DeliveryState::Pending);
            for one in waiting.collect::<Vec<_>>() {
                let message = MessageId::new(format!("m{}", one.id));
                match one.edit_of == Some(first.clone()) {
                    true => {
                        tries += 1;
                        assert!(one.buttons.is_empty(), "{one:?}");
                        match tries < allowed_at {
                            true => refuse(one).await,
                            false => desk.did(move |tx| tx.supersede(one.id)).await,
                        }
                    }
                    false => desk.did(move |tx| tx.delivered(one.id, &message)).await,
                }
            }
            desk.clock.advance(Duration::from_secs(1800));
        }
        assert_eq!(tries, expected, "allowed at try {allowed_at}");
    }
}
