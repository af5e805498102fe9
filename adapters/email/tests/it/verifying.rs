//! The walk through all steps tells exactly which one fails.

use signalbox_email::{Report, Security, verify};
use signalbox_test_support::smtp::{Fault, Moment, Offer};

use crate::scene::{OPS, Scene};

fn names(report: &Report) -> Vec<&str> {
    report.steps.iter().map(|step| step.name.as_str()).collect()
}

#[tokio::test]
async fn every_step_is_told_and_no_mail_is_sent() {
    let scene = Scene::start_tls().await;
    let report = verify(&scene.settings, &[OPS.to_owned(), "Lead <lead@example.net>".to_owned()]).await;
    assert!(report.is_ok(), "{report}");
    let expected = [
        "resolve",
        "connect",
        "greeting",
        "EHLO",
        "STARTTLS",
        "TLS",
        "EHLO",
        "AUTH",
        "MAIL FROM",
        "RCPT TO ops@example.net",
        "RCPT TO lead@example.net",
        "RSET",
        "QUIT",
    ];
    assert_eq!(names(&report), expected);
    let shown = report.to_string();
    assert!(shown.contains("\nok     TLS: TLSv1_3, the certificate is valid for localhost\n"), "{shown}");
    assert!(shown.contains("\nok     AUTH: 235 2.7.0 welcome\n"), "{shown}");
    assert!(scene.server.mails().is_empty());
}

#[tokio::test]
async fn a_recipient_that_fails_does_not_hide_the_others() {
    let scene = Scene::plain().await;
    scene.server.reject("gone@example.net", "550 5.1.1 no such user");
    let recipients = ["gone@example.net", "no address", OPS].map(str::to_owned);
    let report = verify(&scene.settings, &recipients).await;
    let outcome = |name: &str| report.steps.iter().find(|step| step.name == name).map(|step| step.outcome.clone());
    assert_eq!(outcome("RCPT TO gone@example.net"), Some(Err("550 5.1.1 no such user".to_owned())));
    assert!(matches!(outcome("RCPT TO \"no address\""), Some(Err(why)) if why.contains("no e-mail address")));
    assert_eq!(outcome("RCPT TO ops@example.net"), Some(Ok("250 2.1.5 ok".to_owned())));
    assert_eq!(outcome("QUIT"), Some(Ok("221 2.0.0 bye".to_owned())));
    assert!(!report.is_ok());
}

#[tokio::test]
async fn the_last_step_is_the_one_that_failed() {
    for (moment, name) in [
        (Moment::Greeting, "greeting"),
        (Moment::Ehlo, "EHLO"),
        (Moment::StartTls, "STARTTLS"),
        (Moment::Handshake, "TLS"),
        (Moment::Auth, "AUTH"),
        (Moment::Mail, "MAIL FROM"),
        (Moment::Rcpt, "RCPT TO ops@example.net"),
    ] {
        let scene = Scene::start_tls().await;
        scene.server.fail_next(moment, Fault::Drop);
        let report = verify(&scene.settings, &[OPS.to_owned()]).await;
        let (last, before) = report.steps.split_last().expect("steps");
        assert_eq!(last.name, name, "{report}");
        assert_eq!(last.outcome, Err("the server closed the connection".to_owned()));
        assert!(before.iter().all(|step| step.outcome.is_ok()), "{report}");
    }
}

#[tokio::test]
async fn wrong_settings_are_told_before_anything_is_asked() {
    let mut scene = Scene::plain().await;
    scene.settings.from = "nobody".to_owned();
    let report = verify(&scene.settings, &[]).await;
    assert_eq!(names(&report), ["settings"]);
    assert!(report.to_string().starts_with("failed settings: `from` for mail is wrong"), "{report}");
    assert!(scene.server.verbs().is_empty());
}

#[tokio::test]
async fn a_recipient_that_the_server_cannot_take_is_named_and_the_others_are_tried() {
    for utf8 in [false, true] {
        let scene = Scene::new(Offer { utf8, ..Offer::plain() }, Security::None, "").await;
        let report =
            verify(&scene.settings, &["jörg@bücher.example", "ops@bücher.example", OPS].map(str::to_owned)).await;
        let outcome = |name: &str| report.steps.iter().find(|step| step.name == name).map(|step| step.outcome.is_ok());
        assert_eq!(outcome("RCPT TO jörg@xn--bcher-kva.example"), Some(utf8), "{report}");
        assert_eq!(outcome("RCPT TO ops@xn--bcher-kva.example"), Some(true), "{report}");
        assert_eq!((outcome("RCPT TO ops@example.net"), report.is_ok()), (Some(true), utf8), "{report}");
    }
}
