//! What Slack refuses, and what is made of it.

use std::time::{Duration, UNIX_EPOCH};

use signalbox_adapter::{Deliver, DeliverError, Form, MessageId, Purpose, Tone, Tried};
use signalbox_test_support::slack::Fault;
use signalbox_test_support::slack::state::Channel;

use crate::saying::{address, button, card_part, outgoing, part};
use crate::scene::{ADA, OPS, Scene, direct};

#[tokio::test]
async fn blocks_that_are_refused_go_in_the_plainest_form() {
    let scene = Scene::new().await;
    for word in ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"] {
        let mut answer = outgoing(1, OPS, "# Cause\n\nthe [disk](https://a.example/) is **full**");
        answer.buttons = vec![button("Retry")];
        scene.fake.fail_next("chat.postMessage", Fault::Refuse(word));
        let refused = scene.deliver.deliver(&answer).await;
        assert!(matches!(refused, Err(DeliverError::RefusedForm { what: Form::Text, .. })), "{word}: {refused:?}");
        answer.plain = true;
        scene.deliver.deliver(&answer).await.expect("delivered");
        let shown = scene.fake.shows(OPS).pop().expect("shown");
        assert_eq!(shown.words(), "Cause\n\nthe disk (https://a.example/) is full");
        assert_eq!((&shown.blocks[0]["type"], shown.buttons().len()), (&"section".into(), 1));
    }
}

#[tokio::test]
async fn an_unknown_word_is_tried_again_with_all_that_the_message_has() {
    let scene = Scene::new().await;
    let mut answer = outgoing(1, OPS, "# Cause");
    answer.buttons = vec![button("Retry")];
    for word in ["team_added_to_org", "accesslimited", "never_heard_of"] {
        scene.fake.fail_next("chat.postMessage", Fault::Refuse(word));
        let kept = scene.deliver.deliver(&answer).await;
        assert!(matches!(&kept, Err(DeliverError::Unreachable(why)) if why.contains(word)), "{word}: {kept:?}");
        scene.fake.fail_next("conversations.history", Fault::Refuse(word));
        let sought = scene.deliver.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await;
        assert!(matches!(sought, Err(DeliverError::Unreachable(_))), "{word}: {sought:?}");
    }
    scene.deliver.deliver(&answer).await.expect("delivered");
    assert_eq!(scene.fake.shows(OPS).pop().expect("shown").buttons().len(), 1);
}

#[tokio::test]
async fn what_goes_to_a_thread_that_is_gone_goes_without_it() {
    let scene = Scene::new().await;
    let root = scene.fake.say(OPS, ADA, "why?");
    scene.fake.delete(OPS, &root);
    let mut answer = outgoing(1, OPS, "because");
    answer.target.address = address(OPS, Some(&root));
    let refused = scene.deliver.deliver(&answer).await;
    assert!(matches!(refused, Err(DeliverError::RefusedForm { what: Form::Thread, .. })), "{refused:?}");
    answer.target.address = address(OPS, None);
    answer.target.reply_to = Some(MessageId::new(&root));
    let refused = scene.deliver.deliver(&answer).await;
    assert!(matches!(refused, Err(DeliverError::RefusedForm { what: Form::Reply, .. })), "{refused:?}");
    answer.target.reply_to = None;
    scene.deliver.deliver(&answer).await.expect("delivered");
}

#[tokio::test]
async fn a_channel_that_takes_nothing_says_what_to_do() {
    let scene = Scene::new().await;
    scene.fake.open("C501", Channel { has_bot: false, ..Channel::default() });
    scene.fake.open("C502", Channel { archived: true, ..Channel::default() });
    for (channel, word) in [("C501", "not_in_channel"), ("C502", "is_archived"), ("C599", "channel_not_found")] {
        let refused = scene.deliver.deliver(&outgoing(1, channel, "hi")).await;
        let says = |why: &str| why.contains(word) && why.contains("; ");
        assert!(matches!(&refused, Err(DeliverError::Refused(why)) if says(why)), "{refused:?}");
    }
    let nowhere = scene.deliver.deliver(&outgoing(1, "general", "hi")).await;
    assert!(matches!(nowhere, Err(DeliverError::Refused(_))), "{nowhere:?}");
}

#[tokio::test]
async fn what_a_new_token_would_mend_is_kept_for_it() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.lacks.insert("chat:write"));
    let kept = scene.deliver.deliver(&outgoing(1, OPS, "hi")).await;
    assert!(matches!(&kept, Err(DeliverError::Unreachable(why)) if why.contains("chat:write")), "{kept:?}");
    scene.fake.with(|state| (state.lacks.clear(), state.revoked = true));
    let kept = scene.deliver.deliver(&outgoing(1, OPS, "hi")).await;
    assert!(matches!(&kept, Err(DeliverError::Unreachable(why)) if why.contains("token_revoked")), "{kept:?}");
    let who = scene.deliver.check().await;
    assert!(matches!(&who, Err(DeliverError::Refused(why)) if why.contains("OAuth & Permissions")), "{who:?}");
}

#[tokio::test]
async fn a_limit_is_waited_for_where_it_holds_and_nowhere_else() {
    let scene = Scene::new().await;
    scene.fake.fail_next("chat.postMessage", Fault::TooMany { retry_after: 17 });
    for _ in 0..2 {
        let wait = scene.deliver.deliver(&outgoing(1, OPS, "hi")).await;
        let is_so = |after: &Duration| *after > Duration::from_secs(15) && *after <= Duration::from_secs(17);
        assert!(matches!(&wait, Err(DeliverError::Wait { after, everywhere: false }) if is_so(after)), "{wait:?}");
    }
    assert_eq!((scene.fake.count("chat.postMessage"), scene.deliver.too_many()), (1, 1), "nobody asks before that");
    scene.deliver.deliver(&outgoing(2, &direct(ADA), "hi")).await.expect("another channel");
}

#[tokio::test]
async fn all_channels_share_the_changes_and_cards_come_before_status_messages() {
    let scene = Scene::new().await;
    let (mut status, mut card) = (outgoing(1, OPS, "running"), outgoing(2, &direct(ADA), ""));
    status.purpose = Purpose::Progress;
    (card.purpose, card.part) = (Purpose::Alert, card_part(Tone::Critical, "down"));
    for message in [&mut status, &mut card] {
        let receipt = scene.deliver.deliver(message).await.expect("delivered");
        message.target.edit_of = Some(receipt.message);
    }
    let mut waited = None;
    for number in 0..20 {
        status.part = part(&format!("step {number}"));
        if let Err(error) = scene.deliver.deliver(&status).await {
            waited = Some(error);
            break;
        }
    }
    assert!(matches!(waited, Some(DeliverError::Wait { everywhere: false, .. })), "{waited:?}");
    scene.deliver.deliver(&card).await.expect("a card has what is left");
    assert_eq!(scene.deliver.too_many(), 0, "Slack itself had to refuse nothing");
}

#[tokio::test]
async fn a_person_who_is_not_there_is_answered_before_all() {
    let scene = Scene::new().await;
    let mut answer = outgoing(1, OPS, "you are Ada");
    answer.target.window = Some("U999".to_owned());
    let refused = scene.deliver.deliver(&answer).await;
    assert!(matches!(refused, Err(DeliverError::RefusedForm { what: Form::Window, .. })), "{refused:?}");
}
