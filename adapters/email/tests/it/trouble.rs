//! Each step goes wrong in turn, and the error says what is known of the mail.

use std::time::Duration;

use signalbox_adapter::{Deliver, DeliverError};
use signalbox_test_support::smtp::{Fault, Moment, WAIT};

use crate::scene::{OPS, Scene, outgoing};

/// How long a mail may take where the server never answers.
const SHORT: Duration = Duration::from_secs(2);

/// Every step before the end of the mail.
const BEFORE_THE_END: [Moment; 9] = [
    Moment::Greeting,
    Moment::Ehlo,
    Moment::StartTls,
    Moment::Handshake,
    Moment::Auth,
    Moment::Mail,
    Moment::Rcpt,
    Moment::Data,
    Moment::Content,
];

fn unreachable(outcome: Result<impl std::fmt::Debug, DeliverError>) -> String {
    match outcome {
        Err(DeliverError::Unreachable(words)) => words,
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn a_connection_lost_before_the_end_of_the_mail_is_tried_again() {
    // More than the system takes before the other side reads.
    let long = "word and word again\n\n".repeat(20_000);
    let attachment = signalbox_adapter::Attachment::text("long.txt", "text/plain", &"0123456789".repeat(2_000_000));
    for moment in BEFORE_THE_END {
        let scene = Scene::start_tls().await;
        scene.server.fail_next(moment, Fault::Drop);
        let mut delivery = outgoing(&long);
        delivery.attachment = Some(attachment.clone()).filter(|_| moment == Moment::Content);
        let words = unreachable(scene.deliver().deliver(&delivery).await);
        assert!(words.contains("closed the connection"), "{moment:?}: {words}");
        assert!(scene.server.mails().is_empty(), "{moment:?}");
        scene.tell("again").await.unwrap_or_else(|error| panic!("{moment:?}: {error}"));
    }
}

#[tokio::test]
async fn a_temporary_no_is_tried_again_and_a_permanent_one_is_not() {
    for moment in BEFORE_THE_END.into_iter().chain([Moment::End]) {
        if matches!(moment, Moment::Handshake | Moment::Content) {
            continue;
        }
        let scene = Scene::start_tls().await;
        scene.server.fail_next(moment, Fault::say("451-4.7.1 Greylisted,\r\n451 4.7.1 try later"));
        let words = unreachable(scene.tell("x").await);
        assert!(words.ends_with(": 451 4.7.1 Greylisted, 4.7.1 try later"), "{moment:?}: {words}");
        scene.server.fail_next(moment, Fault::say("550 5.7.1 go away"));
        match scene.tell("x").await {
            Err(DeliverError::Refused(words)) => assert!(words.ends_with(": 550 5.7.1 go away"), "{words}"),
            outcome => panic!("{moment:?}: {outcome:?}"),
        }
        assert!(scene.server.mails().is_empty(), "{moment:?}");
    }
}

#[tokio::test]
async fn a_recipient_that_is_unknown_is_refused_and_the_others_are_not() {
    let scene = Scene::plain().await;
    scene.server.reject("gone@example.net", "550 5.1.1 no such user");
    let mut delivery = outgoing("x");
    delivery.target.address = crate::scene::address("gone@example.net");
    let outcome = scene.deliver().deliver(&delivery).await;
    assert!(matches!(&outcome, Err(DeliverError::Refused(words)) if words == "RCPT TO: 550 5.1.1 no such user"));
    assert_eq!(scene.server.verbs().last().map(String::as_str), Some("QUIT"));
    scene.tell("x").await.expect("delivered");
    assert_eq!(scene.server.mails()[0].to, [OPS]);
}

#[tokio::test]
async fn a_server_that_never_answers_costs_no_more_than_the_time_out() {
    let mut attempts = tokio::task::JoinSet::new();
    for moment in [Moment::Greeting, Moment::StartTls, Moment::Data] {
        for fault in [Fault::Hold, Fault::Drip] {
            attempts.spawn(async move {
                let mut scene = Scene::start_tls().await;
                scene.settings.timeout = SHORT;
                scene.server.fail_next(moment, fault.clone());
                let words = unreachable(scene.tell("x").await);
                assert!(words.ends_with("no answer in time"), "{moment:?} {fault:?}: {words}");
            });
        }
    }
    tokio::time::timeout(WAIT, attempts.join_all()).await.expect("all attempts end");
}

#[tokio::test]
async fn no_answer_in_time_to_the_end_of_the_mail_is_unknown() {
    let mut scene = Scene::plain().await;
    scene.settings.timeout = SHORT;
    for fault in [Fault::Hold, Fault::Drip, Fault::Endless, Fault::say("hello?"), Fault::say("354 more")] {
        scene.server.fail_next(Moment::End, fault.clone());
        let outcome = scene.tell("x").await;
        assert!(matches!(outcome, Err(DeliverError::Unknown(_))), "{fault:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_slow_server_is_waited_for() {
    let scene = Scene::plain().await;
    scene.server.fail_next(Moment::Rcpt, Fault::Hold);
    let deliver = scene.deliver();
    let delivery = outgoing("x");
    let (outcome, ()) = tokio::join!(deliver.deliver(&delivery), async {
        scene.server.wait_until_held().await;
        scene.server.release();
    });
    outcome.expect("delivered");
}

#[tokio::test]
async fn what_does_not_speak_smtp_is_told_apart() {
    for (fault, words) in [
        (Fault::say("HTTP/1.1 400 Bad Request"), "HTTP/1.1 400"),
        (Fault::say("\u{1b}[2J\u{7}"), "does not speak SMTP"),
        (Fault::Endless, "a line without end"),
        (Fault::say(&"220-x\r\n".repeat(1_000)), "does not speak SMTP"),
        (Fault::say("334 x"), "answers with 334"),
    ] {
        let scene = Scene::start_tls().await;
        scene.server.fail_next(Moment::Greeting, fault);
        let told = unreachable(scene.tell("x").await);
        assert!(told.contains(words) && !told.contains(char::is_control) && told.len() < 600, "{told}");
    }
}

#[tokio::test]
async fn a_lost_goodbye_does_not_undo_a_mail() {
    let scene = Scene::plain().await;
    for fault in [Fault::Drop, Fault::say("421 4.3.2 going down"), Fault::say("550 no")] {
        scene.server.fail_next(Moment::Quit, fault);
        scene.tell("x").await.expect("delivered");
    }
    assert_eq!(scene.server.mails().len(), 3);
}

#[tokio::test]
async fn nobody_there_and_no_such_host_are_tried_again() {
    let mut scene = Scene::plain().await;
    // Bound, so that nobody else gets the port, and not listening.
    let closed = tokio::net::TcpSocket::new_v4().expect("a socket");
    closed.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    scene.settings.port = Some(closed.local_addr().expect("an address").port());
    assert!(unreachable(scene.tell("x").await).starts_with("connect: "));
    scene.settings.host = "no-such-host.invalid".to_owned();
    assert!(unreachable(scene.tell("x").await).starts_with("resolve: no-such-host.invalid: "));
    assert!(unreachable(scene.deliver().check().await).starts_with("resolve: "));
}
