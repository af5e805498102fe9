//! Whatever a text holds, the mail is a valid one and says what the text says.

use proptest::prelude::*;
use signalbox_adapter::{DeliverError, Document, Part};

use crate::scene::{OPS, Scene, header, headers, html, notice, of_part, outgoing, parsed, text};

/// Headers that a mail of a notice has, and no others.
const NAMES: [&str; 9] =
    ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Reply-To", "Subject", "To"];

/// What somebody would try in an alert's title.
const INJECTIONS: [&str; 6] = [
    "High CPU\r\nBcc: eve@example.net",
    "High CPU\nBcc: eve@example.net\n\n<h1>hi</h1>",
    "High CPU\rBcc: eve@example.net",
    "High CPU\r\n\r\n.\r\nMAIL FROM:<eve@example.net>\r\n",
    "High CPU\u{2028}Bcc: eve@example.net\u{85}Cc: x@y.example\0\u{b}",
    "=?utf-8?q?High_CPU=0D=0ABcc:_eve@example.net?=",
];

#[tokio::test]
async fn no_text_becomes_a_header() {
    let mut scene = Scene::plain().await;
    scene.settings.reply_to = Some("people@example.org".to_owned());
    for nasty in INJECTIONS {
        let delivery = notice(|mail| {
            mail.subject = nasty.to_owned();
            mail.to = vec![format!("{nasty} <a@b.example>"), nasty.to_owned(), OPS.to_owned()];
            mail.id = nasty.to_owned();
            mail.document = Document::text(nasty);
        });
        let mail = scene.sent(&delivery).await;
        assert_eq!(mail.to, [OPS]);
        let mut names: Vec<String> = headers(&mail).into_iter().map(|(name, _)| name).collect();
        names.sort();
        assert_eq!(names, NAMES, "{nasty:?}");
        let bare = parsed(&mail);
        assert!(bare.bcc().is_none() && bare.cc().is_none(), "{nasty:?}");
        let subject = bare.subject().expect("a subject");
        assert!(subject.contains("Bcc: eve@example.net") || subject.contains("MAIL FROM") || nasty.starts_with("=?"));
        assert!(!html(&mail).contains("<h1>hi"), "{nasty:?}");
        assert!(header(&mail, "Message-ID").is_some_and(|id| id.ends_with("@example.org>") && !id.contains(' ')));
    }
}

#[tokio::test]
async fn references_are_message_ids_and_nothing_else() {
    let scene = Scene::plain().await;
    let mail = scene.sent(&notice(|mail| mail.references = INJECTIONS.map(str::to_owned).to_vec())).await;
    let references = header(&mail, "References").expect("references");
    assert_eq!(references.split(' ').count(), INJECTIONS.len(), "{references}");
    assert!(references.split(' ').all(|id| id.starts_with('<') && id.ends_with("@example.org>")), "{references}");
}

#[tokio::test]
async fn a_subject_in_any_script_is_read_as_it_was_written() {
    let scene = Scene::plain().await;
    let long = "Überlast auf 数据库 🔥 ".repeat(9);
    for subject in ["Grüße", "数据库 CPU 🔥 95 %", "plain", long.trim()] {
        let mail = scene.sent(&notice(|mail| mail.subject = subject.to_owned())).await;
        assert_eq!(parsed(&mail).subject(), Some(subject));
        assert!(mail.data.is_ascii(), "nothing needs 8BITMIME");
    }
}

#[tokio::test]
async fn dots_long_lines_and_half_a_megabyte_arrive_whole() {
    let scene = Scene::plain().await;
    let word = "x".repeat(100_000);
    let lines = "a line of some words, and another one.\n\n".repeat(12_000);
    for source in [".\n\n..\n\n.a", "```\n.\n..\nFrom here\n```", &word, &lines] {
        let mail = scene.sent(&outgoing(source)).await;
        let (said, meant) = (text(&mail), Document::from_markdown(source).visible_text());
        assert!(signalbox_adapter::same_text(&said, &meant), "{}", &said[..said.len().min(200)]);
    }
}

#[tokio::test]
async fn a_table_is_aligned_in_text_and_a_table_in_html() {
    let scene = Scene::plain().await;
    let mail = scene.sent(&outgoing("|host|cpu|\n|-|-:|\n|db1|95 %|\n|web10|7 %|")).await;
    assert_eq!(text(&mail), "host  |  cpu\n------+-----\ndb1   | 95 %\nweb10 |  7 %");
    assert!(html(&mail).contains("text-align:right\">95 %</td>"));
}

#[tokio::test]
async fn a_part_that_is_none_of_ours_is_sent_as_text() {
    let scene = Scene::plain().await;
    let mail = scene.sent(&of_part(Part { body: "first <line>\r\n{second".to_owned() })).await;
    assert_eq!(text(&mail), "first <line>\n{second");
    assert_eq!(parsed(&mail).subject(), Some("first <line>"));
    assert!(html(&mail).contains("first &lt;line&gt;"));
}

#[test]
fn any_mail_at_all_is_taken_by_a_strict_server() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let scene = runtime.block_on(Scene::plain());
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) };
    proptest!(config, |(subject in any::<String>(), name in any::<String>(), id in any::<String>(), body in any::<String>())| {
        let delivery = notice(|mail| {
            mail.subject = subject.clone();
            mail.to.push(format!("{name} <a@b.example>"));
            mail.id = id.clone();
            mail.references = vec![name.clone()];
            mail.document = Document::from_markdown(&body);
        });
        let outcome = runtime.block_on(signalbox_adapter::Deliver::deliver(&scene.deliver(), &delivery));
        prop_assert!(!matches!(outcome, Err(DeliverError::Refused(_) | DeliverError::Unknown(_))), "{outcome:?}");
        prop_assert!(outcome.is_ok(), "{outcome:?}");
        let mail = scene.server.mails().pop().expect("a mail");
        let headers = headers(&mail);
        prop_assert!(headers.len() <= NAMES.len() + 1, "{headers:?}");
    });
}
