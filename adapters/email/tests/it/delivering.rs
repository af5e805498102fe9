//! The everyday: a mail arrives, at each recipient, under the same name however often it is sent.

use std::time::UNIX_EPOCH;

use signalbox_adapter::testing::check_deliver;
use signalbox_adapter::{Attachment, Deliver, DeliverError, Document, MessageId, Notice, Reconciled, Tried};
use signalbox_email::{Security, compose};
use signalbox_test_support::smtp::{Fault, Moment, Offer};

use crate::scene::{OPS, Scene, address, header, html, notice, of_part, outgoing, parsed, text};

#[tokio::test]
async fn the_contract_is_kept() {
    let scene = Scene::start_tls().await;
    let shown = || scene.server.mails().iter().map(text).collect::<Vec<_>>().join("\n");
    assert_eq!(check_deliver(&scene.deliver(), &outgoing("an **answer**"), shown).await, Ok(()));
}

#[tokio::test]
async fn a_mail_has_the_headers_of_an_automatic_one() {
    let mut scene = Scene::plain().await;
    scene.settings.reply_to = Some("people@example.org".to_owned());
    let mail = scene.sent(&outgoing("# It is done\n\nAll *green*.")).await;
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("bot@example.org", [OPS.to_owned()].as_slice()));
    let of = |name| header(&mail, name);
    assert_eq!(of("From"), Some("\"Signal Box\" <bot@example.org>".to_owned()));
    assert_eq!(of("To"), Some(OPS.to_owned()));
    assert_eq!(of("Reply-To"), Some("people@example.org".to_owned()));
    assert_eq!(of("Subject"), Some("It is done".to_owned()));
    assert_eq!(of("Auto-Submitted"), Some("auto-generated".to_owned()));
    assert_eq!(of("MIME-Version"), Some("1.0".to_owned()));
    assert!(of("Content-Type").is_some_and(|kind| kind.starts_with("multipart/alternative")));
    assert!(parsed(&mail).date().is_some_and(|date| date.is_valid()));
    assert_eq!(text(&mail), "It is done\n==========\n\nAll green.");
    assert!(html(&mail).contains("<p>All <em>green</em>.</p>"));
}

#[tokio::test]
async fn each_recipient_of_a_notice_gets_the_same_mail() {
    let scene = Scene::plain().await;
    let mut delivery = notice(|_| {});
    let mut ids = Vec::new();
    for recipient in [OPS, "lead@example.net"] {
        delivery.target.address = address(recipient);
        delivery.key = signalbox_adapter::DeliveryKey::from_random_bits(recipient.len() as u128);
        ids.push(scene.deliver().deliver(&delivery).await.expect("delivered").message);
    }
    assert_eq!(ids, [MessageId::new("<rca-17@example.org>"), MessageId::new("<rca-17@example.org>")]);
    let mails = scene.server.mails();
    assert_eq!(mails.iter().map(|mail| mail.to.join(",")).collect::<Vec<_>>(), [OPS, "lead@example.net"]);
    for mail in &mails {
        assert_eq!(header(mail, "To"), Some(format!("{OPS}, Lead <lead@example.net>")));
        assert_eq!(header(mail, "Message-ID"), Some("<rca-17@example.org>".to_owned()));
        assert_eq!(parsed(mail).subject(), Some("signalbox RCA complete: calm-otter — High CPU"));
    }
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_repeat_has_the_same_message_id() {
    let scene = Scene::start_tls().await;
    scene.server.fail_next(Moment::End, Fault::Drop);
    let mut delivery = outgoing("once");
    let lost = scene.deliver().deliver(&delivery).await;
    assert!(matches!(lost, Err(DeliverError::Unknown(_))), "{lost:?}");
    assert!(matches!(scene.deliver().reconcile(&delivery, &Tried::at(UNIX_EPOCH)).await, Ok(Reconciled::Unknowable)));
    delivery.mark = Some("(may be a repeat)".to_owned());
    let receipt = scene.deliver().deliver(&delivery).await.expect("delivered");
    let mails = scene.server.mails();
    let ids: Vec<_> = mails.iter().map(|mail| header(mail, "Message-ID")).collect();
    assert_eq!(ids, vec![Some(receipt.message.to_string()); 2]);
    assert_eq!(text(&mails[1]), "once\n\n(may be a repeat)");
    assert!(html(&mails[1]).contains("<p>(may be a repeat)</p>"));
}

#[tokio::test]
async fn mails_about_one_task_hang_together() {
    let scene = Scene::plain().await;
    let mut delivery =
        notice(|mail| mail.references = vec!["rca-15".to_owned(), "<rca-16@example.org>".to_owned(), mail.id.clone()]);
    delivery.target.reply_to = Some(MessageId::new("<rca-15@example.org>"));
    let mail = scene.sent(&delivery).await;
    assert_eq!(header(&mail, "References"), Some("<rca-16@example.org> <rca-15@example.org>".to_owned()));
    assert_eq!(header(&mail, "In-Reply-To"), Some("<rca-15@example.org>".to_owned()));
}

#[tokio::test]
async fn an_attached_file_arrives_octet_by_octet() {
    let scene = Scene::plain().await;
    let mut delivery = outgoing("see the file");
    let content = format!("a\nb\r\n.\r\né{}\0", "x".repeat(5_000));
    delivery.attachment = Some(Attachment::text("../rest \"ü\"\r\nX-Evil: 1.md", "text/markdown", &content));
    let mail = scene.sent(&delivery).await;
    assert!(header(&mail, "Content-Type").is_some_and(|kind| kind.starts_with("multipart/mixed")));
    assert_eq!((text(&mail), html(&mail).contains("<p>see the file</p>")), ("see the file".to_owned(), true));
    let message = parsed(&mail);
    let file = message.attachment(0).expect("a file");
    assert_eq!(file.contents(), content.as_bytes());
    let name = mail_parser::MimeHeaders::attachment_name(file);
    assert_eq!(name, Some(".._rest _ü_ X-Evil: 1.md"));
}

#[tokio::test]
async fn a_mail_cannot_be_changed_and_an_address_must_be_one() {
    let scene = Scene::plain().await;
    let mut edit = outgoing("new");
    edit.target.edit_of = Some(MessageId::new("<1@example.org>"));
    let mut nowhere = outgoing("x");
    nowhere.target.address = address("ops@example.net>\r\nRCPT TO:<eve@example.net");
    for delivery in [edit, nowhere] {
        let outcome = scene.deliver().deliver(&delivery).await;
        assert!(matches!(outcome, Err(DeliverError::Refused(_))), "{outcome:?}");
    }
    assert!(scene.server.verbs().is_empty(), "the server is not even asked");
}

#[tokio::test]
async fn an_address_that_is_not_ascii_needs_a_server_that_takes_it() {
    for utf8 in [false, true] {
        let scene = Scene::new(Offer { utf8, ..Offer::plain() }, Security::None, "").await;
        let mut delivery = outgoing("hello");
        delivery.target.address = address("jörg@bücher.example");
        let outcome = scene.deliver().deliver(&delivery).await;
        match outcome {
            Ok(_) if utf8 => assert_eq!(scene.server.mails()[0].to, ["jörg@xn--bcher-kva.example"]),
            Err(DeliverError::Refused(why)) if !utf8 => {
                assert_eq!(why, "RCPT TO: the server takes no addresses that are not ASCII");
            }
            outcome => panic!("{utf8}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_domain_in_any_script_goes_out_in_ascii_in_envelope_and_headers() {
    let scene = Scene::plain().await;
    let all = ["ops@bücher.example", "second@example.com", "jörg@example.com"].map(str::to_owned);
    let notice = Notice {
        subject: "Done".to_owned(),
        to: all.to_vec(),
        id: "task-1".to_owned(),
        references: Vec::new(),
        document: Document::text("it is the disk"),
    };
    for (to, taken) in
        [(&all[0], Some("ops@xn--bcher-kva.example")), (&all[1], Some("second@example.com")), (&all[2], None)]
    {
        let mut delivery = of_part(compose(&notice));
        delivery.target.address = address(to);
        let before = scene.server.mails().len();
        let outcome = scene.deliver().deliver(&delivery).await;
        match taken {
            Some(taken) => {
                outcome.expect("delivered");
                let mail = scene.server.mails().pop().expect("a mail");
                assert_eq!(mail.to, [taken]);
                let head = String::from_utf8_lossy(&mail.data).into_owned();
                assert!(head.contains("ops@xn--bcher-kva.example") && head.contains("second@example.com"), "{head}");
                assert!(mail.data.is_ascii() && !head.contains("rg@example.com"), "{head}");
            }
            None => {
                assert!(
                    matches!(&outcome, Err(DeliverError::Refused(why)) if why.contains("not ASCII")),
                    "{outcome:?}"
                );
                assert_eq!(scene.server.mails().len(), before, "it fails alone");
            }
        }
    }
}

#[tokio::test]
async fn a_server_is_greeted_by_name_and_domain_or_by_address() {
    let mut scene = Scene::plain().await;
    scene.server.refuse_bare_names();
    scene.tell("hello").await.expect("delivered, whatever this machine is called");
    scene.settings.helo = Some("vm".to_owned());
    let refused = scene.tell("hello").await;
    assert!(matches!(&refused, Err(DeliverError::Refused(why)) if why.contains("fully-qualified")), "{refused:?}");
    scene.settings.helo = Some("bot.example.org".to_owned());
    scene.tell("hello").await.expect("delivered");
}
