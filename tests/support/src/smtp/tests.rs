//! The server is as strict as those it stands for.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::tls::{Authority, Validity};
use super::{FakeSmtp, Offer, Protection};

/// Sends lines one after the other, each after the answer to the one before, and returns the last answer's code.
async fn last_code(server: &FakeSmtp, lines: &[&[u8]]) -> String {
    let mut tcp = TcpStream::connect(("127.0.0.1", server.port())).await.expect("a connection");
    let mut answer = vec![0; 4096];
    let mut length = tcp.read(&mut answer).await.expect("a greeting");
    for line in lines {
        tcp.write_all(line).await.expect("written");
        length = tcp.read(&mut answer).await.expect("an answer");
    }
    String::from_utf8_lossy(&answer[..length.min(3)]).into_owned()
}

const EHLO: &[u8] = b"EHLO client.test\r\n";
const MAIL: &[u8] = b"MAIL FROM:<a@b.example>\r\n";
const RCPT: &[u8] = b"RCPT TO:<c@d.example>\r\n";
const DATA: &[u8] = b"DATA\r\n";
/// The headers that a mail must have.
const HEAD: &str = "Date: x\r\nFrom: x\r\nTo: x\r\nMessage-ID: <x@y>\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
                    Auto-Submitted: auto-generated\r\n";

#[tokio::test]
async fn commands_out_of_order_and_out_of_form_are_refused() {
    let server = FakeSmtp::start(Offer::plain()).await;
    for (lines, code) in [
        (&[EHLO, MAIL, RCPT, DATA][..], "354"),
        (&[MAIL], "503"),
        (&[EHLO, RCPT], "503"),
        (&[EHLO, DATA], "503"),
        (&[EHLO, MAIL, DATA], "503"),
        (&[EHLO, MAIL, MAIL], "503"),
        (&[EHLO, MAIL, EHLO, RCPT], "503"),
        (&[b"EHLO a b\r\n"], "501"),
        (&[b"EHLO client.test\n"], "500"),
        (&[EHLO, b"MAIL FROM:<a@b.example> SIZE=1\r\n"], "555"),
        (&[EHLO, b"MAIL FROM:<a@b.example>, <c@d.example>\r\n"], "503"),
        (&[EHLO, "MAIL FROM:<é@b.example>\r\n".as_bytes()], "553"),
        (&[EHLO, b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"], "250"),
        (&[EHLO, b"VRFY x\r\n"], "500"),
    ] {
        assert_eq!(last_code(&server, lines).await, code, "{:?}", lines.last().map(|line| line.escape_ascii()));
    }
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_mail_with_a_wrong_line_or_header_is_refused() {
    let server = FakeSmtp::start(Offer::plain()).await;
    let cases = [
        (format!("{HEAD}\r\nfine\r\n.\r\n"), "250"),
        (format!("{HEAD}\r\n{}\r\n.\r\n", "x".repeat(998)), "250"),
        (format!("{HEAD}\r\n{}\r\n.\r\n", "x".repeat(999)), "554"),
        (format!("{HEAD}\r\nbare\nline\r\n.\r\n"), "554"),
        (format!("{HEAD}\r\nbare\rreturn\r\n.\r\n"), "554"),
        (format!("{HEAD}\r\nn\0l\r\n.\r\n"), "554"),
        (format!("{HEAD}\r\né\r\n.\r\n"), "554"),
        (format!("{HEAD}Subject: twice\r\n\r\nx\r\n.\r\n"), "554"),
        (format!("{HEAD}no header\r\n\r\nx\r\n.\r\n"), "554"),
        ("Subject: alone\r\n\r\nx\r\n.\r\n".to_owned(), "554"),
    ];
    for (mail, code) in &cases {
        assert_eq!(last_code(&server, &[EHLO, MAIL, RCPT, DATA, mail.as_bytes()]).await, *code, "{mail:?}");
    }
    assert_eq!(server.mails().len(), 2);
}

#[tokio::test]
async fn nothing_is_done_before_starttls_and_a_password() {
    let acceptor = Authority::generate().acceptor("localhost", Validity::Current);
    let offer = Offer { protection: Protection::StartTls(acceptor), auth: Some("PLAIN"), utf8: false };
    let server = FakeSmtp::start(offer).await;
    assert_eq!(last_code(&server, &[EHLO, MAIL]).await, "530");
    assert_eq!(last_code(&server, &[EHLO, b"AUTH PLAIN AGJvdAB4\r\n"]).await, "530");
    let server = FakeSmtp::start(Offer { auth: Some("PLAIN"), ..Offer::plain() }).await;
    assert_eq!(last_code(&server, &[EHLO, MAIL]).await, "530");
    assert_eq!(last_code(&server, &[EHLO, b"AUTH LOGIN\r\n"]).await, "504");
    assert_eq!(last_code(&server, &[EHLO, b"AUTH PLAIN AGJvdAB4\r\n"]).await, "535");
}
