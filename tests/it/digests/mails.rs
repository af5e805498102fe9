//! In a mail: the picture stands in the HTML and comes with it, described; the text is drawn with signs.

use super::scene::{IN_WORDS, deliver, hook, incident};
use crate::investigations::scene::Post;
use signalbox_test_support::everyday::House;

#[test]
fn the_chart_stands_in_the_mail_and_its_words_in_the_text() {
    let post = Post::open();
    let mut house = House::new(&(hook("console:local") + &post.config(&["ops@example.net"])));
    house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    let serving = house.serve();
    incident(&house, &serving);
    deliver(&house, "email:ops@example.net");
    let mail = post.took(1).remove(0);
    let at = |needle: &str| mail.find(needle).unwrap_or_else(|| panic!("{needle:?} in {mail}"));
    assert!(at("multipart/alternative") < at("text/plain") && at("text/plain") < at("multipart/related"));
    assert!(at("multipart/related") < at("text/html") && at("text/html") < at("image/png"), "{mail}");
    assert!(mail.contains("Content-ID: <chart-1@signalbox>") && mail.contains("inline"), "{mail}");
    assert!(mail.contains("Subject: ") && !mail.contains("may be a repeat"), "{mail}");
    let text = unquoted(&mail);
    assert!(text.contains("cid:chart-1@signalbox") && text.contains("alt=\"Incidents per 2 h: 1 critical;"), "{text}");
    assert!(text.contains(IN_WORDS) && text.contains('█') && text.contains("Open (1)"), "{text}");
}

/// Reads what is quoted-printable.
fn unquoted(mail: &str) -> String {
    let joined = mail.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'=').then(|| after.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
