//! Nothing is said where others can listen, and nobody else is taken for the server.

use signalbox_adapter::{Deliver, DeliverError, Identity};
use signalbox_email::Security;
use signalbox_test_support::smtp::tls::{Authority, Validity};
use signalbox_test_support::smtp::{Fault, Moment, Offer, PASSWORD, Protection};

use crate::scene::Scene;

/// Expects that nothing was sent, and returns why.
fn kept_back(scene: &Scene, outcome: Result<impl std::fmt::Debug, DeliverError>) -> String {
    let verbs = scene.server.verbs();
    assert!(verbs.iter().all(|verb| matches!(verb.as_str(), "EHLO" | "STARTTLS" | "QUIT")), "{verbs:?}");
    match outcome {
        Err(DeliverError::Unreachable(words)) => words,
        outcome => panic!("{outcome:?}"),
    }
}

fn protections(authority: &Authority, name: &str, validity: Validity) -> [(Protection, Security); 2] {
    let acceptor = authority.acceptor(name, validity);
    [(Protection::StartTls(acceptor.clone()), Security::StartTls), (Protection::Tls(acceptor), Security::Tls)]
}

fn wanting_a_password(protection: Protection) -> Offer {
    Offer { protection, auth: Some("PLAIN LOGIN"), utf8: false }
}

#[tokio::test]
async fn mail_goes_encrypted_both_ways_of_tls() {
    let authority = Authority::generate();
    for (protection, security) in protections(&authority, "localhost", Validity::Current) {
        let scene = Scene::new(wanting_a_password(protection), security, &authority.pem()).await;
        scene.tell("x").await.expect("delivered");
        assert!(scene.server.mails()[0].encrypted);
        let identity = scene.deliver().check().await.expect("known");
        assert_eq!(identity, Identity { id: "bot@example.org".to_owned(), name: "localhost".to_owned() });
    }
}

#[tokio::test]
async fn an_ip_address_can_have_a_certificate_too() {
    let authority = Authority::generate();
    let [_, (protection, security)] = protections(&authority, "127.0.0.1", Validity::Current);
    let mut scene = Scene::new(wanting_a_password(protection), security, &authority.pem()).await;
    scene.settings.host = "127.0.0.1".to_owned();
    scene.tell("x").await.expect("delivered");
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_not_trusted() {
    let (authority, stranger) = (Authority::generate(), Authority::generate());
    for (name, validity, trusted, why) in [
        ("localhost", Validity::Current, stranger.pem(), "set ca_file"),
        ("localhost", Validity::Current, String::new(), "not trusted"),
        ("mail.example.org", Validity::Current, authority.pem(), "not valid for name"),
        ("127.0.0.1", Validity::Current, authority.pem(), "not valid for name"),
        ("localhost", Validity::Expired, authority.pem(), "expired"),
    ] {
        for (protection, security) in protections(&authority, name, validity) {
            let scene = Scene::new(wanting_a_password(protection), security, &trusted).await;
            let words = kept_back(&scene, scene.tell("x").await);
            let told = trusted.is_empty() || words.contains(why);
            assert!(words.starts_with("TLS: ") && told, "{name} {validity:?}: {words}");
        }
    }
}

#[tokio::test]
async fn a_file_without_certificates_is_told() {
    let authority = Authority::generate();
    for content in ["nothing", "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n"] {
        let [_, (protection, security)] = protections(&authority, "localhost", Validity::Current);
        let mut scene = Scene::new(wanting_a_password(protection), security, content).await;
        let words = kept_back(&scene, scene.tell("x").await);
        assert!(words.contains("ca.pem could not be read"), "{words}");
        scene.settings.ca_file = Some("/no/such/file.pem".into());
        let words = kept_back(&scene, scene.tell("x").await);
        assert!(words.contains("/no/such/file.pem could not be read"), "{words}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_offer_starttls_gets_nothing() {
    let scene = Scene::new(Offer { auth: Some("PLAIN"), ..Offer::plain() }, Security::StartTls, "").await;
    let words = kept_back(&scene, scene.tell("x").await);
    assert!(words.contains("does not offer STARTTLS"), "{words}");
}

#[tokio::test]
async fn words_put_in_the_servers_mouth_before_tls_are_not_believed() {
    let scene = Scene::start_tls().await;
    let injected = "250-mail.test\r\n250 AUTH PLAIN";
    scene.server.fail_next(Moment::StartTls, Fault::Add(injected.to_owned()));
    let words = kept_back(&scene, scene.tell("x").await);
    assert!(words.starts_with("STARTTLS: "), "{words}");
}

#[tokio::test]
async fn a_server_that_speaks_clear_text_where_tls_is_due_gets_nothing() {
    let scene = Scene::new(Offer { auth: Some("PLAIN"), ..Offer::plain() }, Security::Tls, "").await;
    let words = kept_back(&scene, scene.tell("x").await);
    assert!(words.starts_with("TLS: "), "{words}");
}

#[tokio::test]
async fn both_mechanisms_log_in() {
    for mechanism in ["PLAIN", "LOGIN", "CRAM-MD5 LOGIN", "XOAUTH2 PLAIN"] {
        let scene = Scene::new(Offer { auth: Some(mechanism), ..Offer::plain() }, Security::None, "").await;
        scene.tell("x").await.unwrap_or_else(|error| panic!("{mechanism}: {error}"));
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_shown_nowhere() {
    for mechanism in ["PLAIN", "LOGIN"] {
        let mut scene = Scene::new(Offer { auth: Some(mechanism), ..Offer::plain() }, Security::None, "").await;
        scene.settings.password = Some("hunter2".to_owned().into());
        match scene.tell("x").await {
            Err(DeliverError::Refused(words)) => {
                // The server says the password back to us.
                assert!(words.starts_with("AUTH: 535 5.7.8 wrong password"), "{words}");
                assert!(!words.contains("hunter2") && !words.contains("aHVudGVyMg"), "{words}");
                assert!(!words.contains("AGJvdABodW50ZXIy"), "{words}");
            }
            outcome => panic!("{mechanism}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_without_a_mechanism_of_ours_is_told() {
    let scene = Scene::new(Offer { auth: Some("CRAM-MD5"), ..Offer::plain() }, Security::None, "").await;
    let outcome = scene.tell("x").await;
    assert!(
        matches!(&outcome, Err(DeliverError::Refused(words)) if words.contains("neither AUTH PLAIN")),
        "{outcome:?}"
    );
    assert!(!format!("{:?}", scene.settings).contains(PASSWORD));
}
