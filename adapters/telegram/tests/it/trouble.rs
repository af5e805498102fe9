//! What is known of an attempt that went wrong, and that one wrong call holds up no other.

use std::time::Duration;

use signalbox_adapter::{Deliver, DeliverError, Listen, ListenContext, ListenError};
use signalbox_telegram::{Settings, connect};
use signalbox_test_support::telegram::{Fault, TOKEN, WAIT};
use tokio::net::TcpSocket;
use tokio_util::sync::CancellationToken;

use crate::scene::{ADA, BOB, Scene, outgoing};

/// Sends once with this fault; returns the error and whether the message is shown.
async fn attempt(fault: Fault) -> (DeliverError, bool) {
    let scene = Scene::new().await;
    scene.fake.fail_next("sendMessage", fault);
    let error = scene.tell(ADA.id, "x").await.expect_err("a fault");
    (error, !scene.fake.said(ADA.id).is_empty())
}

#[tokio::test]
async fn a_lost_answer_is_unknown_whether_the_message_arrived_or_not() {
    for (fault, arrived) in [
        (Fault::DropBefore, false),
        (Fault::DropAfter, true),
        (Fault::CutAnswer, true),
        (Fault::Html { done: true }, true),
        (Fault::Html { done: false }, false),
        (Fault::ServerError { done: true }, true),
        (Fault::ServerError { done: false }, false),
        (Fault::Refuse { code: 500, description: "Internal Server Error" }, false),
    ] {
        let (error, shown) = attempt(fault.clone()).await;
        assert!(matches!(error, DeliverError::Unknown(_)), "{fault:?}: {error:?}");
        assert_eq!(shown, arrived, "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_the_same_when_it_is_done_twice_is_only_tried_later() {
    for fault in [Fault::ServerError { done: true }, Fault::Html { done: true }, Fault::DropAfter, Fault::CutAnswer] {
        let scene = Scene::new().await;
        let mut message = outgoing(ADA.id, "one");
        message.target.edit_of = Some(scene.tell(ADA.id, "two").await.expect("delivered").message);
        for method in ["editMessageText", "sendChatAction", "getMe"] {
            scene.fake.fail_next(method, fault.clone());
        }
        let edited = scene.deliver.deliver(&message).await.expect_err("a fault");
        let reached = scene.deliver.can_post(&message.target.address).await.expect_err("a fault");
        let known = scene.deliver.check().await.expect_err("a fault");
        for error in [edited, reached, known] {
            assert!(matches!(error, DeliverError::Unreachable(_)), "{fault:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn what_telegram_itself_does_not_take_did_not_arrive() {
    let (error, shown) = attempt(Fault::TooMany { retry_after: 17 }).await;
    assert!(!shown);
    let wait = Duration::from_secs(17);
    assert!(matches!(error, DeliverError::Wait { after, everywhere: false } if after == wait), "{error:?}");
    for (code, description) in [
        (400, "Bad Request: not enough rights to send text messages to the chat"),
        (403, "Forbidden: user is deactivated"),
    ] {
        let (error, _) = attempt(Fault::Refuse { code, description }).await;
        assert!(matches!(&error, DeliverError::Refused(why) if why == description), "{error:?}");
    }
    // The token was revoked: a message is worth keeping for the next one.
    let (error, _) = attempt(Fault::Refuse { code: 401, description: "Unauthorized" }).await;
    assert!(matches!(&error, DeliverError::Unreachable(why) if why.contains("token")), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_was_not_reached() {
    // Bound, so that nobody else gets the port, and not listening.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let api_url = format!("http://{}", socket.local_addr().expect("an address"));
    let bot = connect(Settings { api_url, ..Settings::new(TOKEN.to_owned().into()) }).expect("settings");
    let error = bot.deliver.deliver(&outgoing(1, "x")).await.expect_err("nobody listens there");
    assert!(matches!(&error, DeliverError::Unreachable(why) if !why.contains("fake-token")), "{error:?}");
    assert!(matches!(bot.deliver.check().await, Err(DeliverError::Unreachable(_))));
}

#[tokio::test]
async fn a_slow_call_and_a_broken_one_hold_no_other_chat_up() {
    let scene = Scene::new().await;
    scene.fake.fail_next("sendMessage", Fault::Hold);
    let held = scene.tell(ADA.id, "held");
    let others = async {
        scene.fake.wait_until("the held call", |state| !state.has_faults()).await;
        scene.fake.fail_next("sendMessage", Fault::ServerError { done: false });
        let broken = scene.tell(BOB.id, "broken");
        // Far below the 10 s that teloxide's own client sleeps on a 5xx.
        let broken = tokio::time::timeout(Duration::from_secs(5), broken).await.expect("answered at once");
        assert!(matches!(broken, Err(DeliverError::Unknown(_))), "{broken:?}");
        scene.tell(BOB.id, "fine").await.expect("delivered");
        assert_eq!(scene.fake.said(ADA.id).len(), 0);
        scene.fake.release();
    };
    let (held, ()) = tokio::join!(held, others);
    held.expect("delivered after all");
    assert_eq!(scene.fake.said(BOB.id), ["fine"]);
}

#[tokio::test]
async fn many_busy_chats_mean_the_whole_bot() {
    let scene = Scene::new().await;
    let mut everywhere = Vec::new();
    for user in 1..=3 {
        scene.fake.fail_next("sendMessage", Fault::TooMany { retry_after: 30 });
        match scene.tell(user, "x").await {
            Err(DeliverError::Wait { everywhere: all, .. }) => everywhere.push(all),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(everywhere, [false, false, true]);
}

#[tokio::test]
async fn a_limited_chat_says_how_long_to_wait() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.allow(ADA.id, 1, 40));
    scene.tell(ADA.id, "one").await.expect("delivered");
    assert!(matches!(scene.tell(ADA.id, "two").await, Err(DeliverError::Wait { .. })));
    scene.tell(BOB.id, "to another").await.expect("delivered");
    assert_eq!(scene.fake.said(ADA.id), ["one"]);
    let answers = scene.fake.with(|state| state.calls.iter().map(|call| (call.chat, call.answer)).collect::<Vec<_>>());
    assert_eq!(answers, [(Some(ADA.id), 200), (Some(ADA.id), 429), (Some(BOB.id), 200)]);
}

#[tokio::test]
async fn a_poll_that_fails_is_lost_and_listening_again_goes_on() {
    for fault in [Fault::DropBefore, Fault::CutAnswer, Fault::ServerError { done: false }, Fault::Html { done: false }]
    {
        let scene = Scene::new().await;
        scene.fake.say(ADA.id, ADA, "x");
        scene.fake.fail_next("getUpdates", fault.clone());
        let ended = scene.listen_to_the_end().await;
        assert!(matches!(ended, Err(ListenError::Lost(_))), "{fault:?}: {ended:?}");
        assert_eq!(scene.taken(1).await.len(), 1);
    }
}

#[tokio::test]
async fn a_poller_that_hears_nothing_ends_by_itself() {
    let scene = Scene::new().await;
    let mut settings = Settings::new(TOKEN.to_owned().into());
    settings.api_url = scene.fake.url();
    settings.poll = Duration::from_secs(1);
    let mut listener = connect(settings).expect("settings").listen;
    scene.fake.fail_next("getUpdates", Fault::Hold);
    let cx = ListenContext::new(scene.inbox.clone(), scene.files().to_owned(), CancellationToken::new());
    let ended = tokio::time::timeout(WAIT, listener.listen(&cx)).await.expect("it does not wait for ever");
    assert!(matches!(ended, Err(ListenError::Lost(_))), "{ended:?}");
}
