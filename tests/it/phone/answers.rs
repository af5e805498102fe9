//! Answers that are hard to show: long, wide, deep, in any script. What Telegram would refuse, the fake refuses.

use signalbox_test_support::everyday::eventually;
use signalbox_test_support::telegram::ChatKind;
use signalbox_test_support::telegram::state::Shown;

use crate::phone::scene::{ADA, Phone};

/// Telegram's own limit, in UTF-16 units.
const MAX_UNITS: usize = 4096;

/// A phone with an agent that prints the file it is asked for.
fn phone() -> Phone {
    let phone = Phone::new("");
    let config = std::fs::read_to_string(phone.house.path("config.toml")).expect("readable");
    let agent = "[agents.text]\nkind = \"command\"\ncommand = [\"xargs\", \"cat\"]\n";
    std::fs::write(phone.house.path("config.toml"), format!("{config}{agent}")).expect("written");
    phone
}

/// Lets the agent answer with a text, in a chat of its own; returns the chat.
fn ask(phone: &Phone, number: i64, text: &str) -> i64 {
    let (chat, file) = (2_000_000 + number, format!("answer-{number}"));
    std::fs::write(phone.house.path(&file), text).expect("written");
    phone.fake.open(chat, ChatKind::Private, "Ada");
    phone.fake.say(chat, ADA, &format!("/session @text {}", phone.house.text(&file)));
    chat
}

/// Waits until the chat shows the whole answer; returns the messages that show it, in order.
fn answered(phone: &Phone, chat: i64) -> Vec<Shown> {
    let asked = phone.fake.shows(chat)[0].id;
    phone.until("its end", |state| state.reactions.get(&(chat, asked)).is_some_and(|emoji| emoji == "👍"));
    let waits = "outbox WHERE state IN ('pending', 'sending', 'unknown')";
    eventually("every part is sent", || phone.house.count(waits) == 0);
    assert_eq!(phone.house.count("outbox WHERE state = 'failed'"), 0);
    let shown = phone.fake.shows(chat).into_iter().filter(|shown| shown.by_bot && !shown.silent);
    let shown: Vec<Shown> = shown.collect();
    assert!(shown.iter().all(|shown| shown.text.encode_utf16().count() <= MAX_UNITS));
    shown
}

/// The letters and digits of the messages together, without the heads and numbers of parts.
fn letters(text: &str) -> String {
    text.chars().filter(|ch| !ch.is_whitespace() && !ch.is_ascii_punctuation()).collect()
}

#[test]
fn long_answers_in_any_script_are_split_and_nothing_is_lost() {
    let phone = phone();
    let _serving = phone.serve();
    let units = [
        ("𝒳", "astral"),
        ("e\u{301}\u{323}", "combining"),
        ("👩🏽‍🚀", "joined"),
        ("שלום ", "right to left"),
        ("क्षि", "syllables"),
    ];
    let mut cases = Vec::new();
    for (unit, what) in units {
        // Each length puts the split elsewhere in the unit.
        for more in 0..5 {
            let text = format!("{}{}", "x".repeat(more), unit.repeat(5000 / unit.encode_utf16().count()));
            let number = i64::try_from(cases.len()).expect("few");
            cases.push((ask(&phone, number, &text), unit, what, text));
        }
    }
    for (chat, unit, what, text) in cases {
        let shown = answered(&phone, chat);
        assert!(shown.len() >= 2, "{what}: {} messages", shown.len());
        let all: String = shown.iter().map(|shown| letters(&shown.text)).collect();
        let count = |text: &str| letters(text).matches(letters(unit).as_str()).count();
        assert_eq!(count(&all), count(&text), "{what}");
        assert!(!all.contains(char::REPLACEMENT_CHARACTER), "{what}");
    }
}

#[test]
fn deep_lists_wide_tables_and_open_fences_are_shown() {
    let phone = phone();
    let _serving = phone.serve();
    let deep: String = (0..100).map(|level| format!("{}- level {level}\n", "  ".repeat(level))).collect();
    let shown = answered(&phone, ask(&phone, 1, &deep));
    let all: String = shown.iter().map(|shown| shown.text.as_str()).collect();
    for level in 0..100 {
        assert!(all.contains(&format!("level {level}")), "level {level} in {all}");
    }
    let row = |cell: &str| format!("|{}\n", (0..50).map(|column| format!("{cell}{column}|")).collect::<String>());
    let table = [row("head"), format!("|{}\n", "---|".repeat(50)), row("one"), row("two")].concat();
    let shown = answered(&phone, ask(&phone, 2, &table));
    let all: String = shown.iter().map(|shown| shown.text.as_str()).collect();
    for column in 0..50 {
        assert!(all.contains(&format!("one{column}")) && all.contains(&format!("two{column}")), "{column} in {all}");
    }
    let shown = answered(&phone, ask(&phone, 3, "before\n\n```rust\nfn never_closed() {\n"));
    assert!(shown[0].text.contains("fn never_closed() {"), "{shown:?}");
    assert!(
        shown[0].entities.iter().any(|entity| entity["type"] == "pre" && entity["language"] == "rust"),
        "{shown:?}"
    );
    let hostile = "<b>bold</b> & _*[x](javascript:alert(1)) @everyone [Ada](tg://user?id=1001) `a\u{202e}b` \u{1b}[2J";
    let shown = answered(&phone, ask(&phone, 9, hostile));
    assert!(shown[0].text.contains("<b>bold</b> &"), "{shown:?}");
    assert!(
        shown[0].entities.iter().all(|entity| entity["type"] != "text_mention" && entity["type"] != "text_link"),
        "{shown:?}"
    );
}

#[test]
fn what_five_messages_do_not_hold_comes_as_a_file() {
    let phone = phone();
    let _serving = phone.serve();
    let text: String = (0..6000).map(|line| format!("line {line}\n")).collect();
    let shown = answered(&phone, ask(&phone, 4, &text));
    let document = shown.iter().find_map(|shown| shown.document.clone()).expect("a document");
    let rest = String::from_utf8(document.1).expect("text");
    assert!(document.0.ends_with(".md"), "{}", document.0);
    let said: String = shown.iter().map(|shown| shown.text.as_str()).collect();
    for line in [0, 100, 2999, 5999] {
        let line = format!("line {line}");
        assert!(said.lines().chain(rest.lines()).any(|one| one.trim() == line), "{line}");
    }
    assert!(shown.len() <= 6, "{}", shown.len());
}

#[test]
fn links_that_telegram_refuses_are_written_out_and_cost_no_answer() {
    let phone = phone();
    let _serving = phone.serve();
    let text = "Dev server is up: [open it](http://localhost:5173/).\n\nGraph: <http://prometheus-0:9090/graph?g0.expr=up>, \
                wiki: [runbook](https://wiki/oncall), [docs](docs/run.md), [odd](http://a.example:99999/x), \
                [kept](https://a.example/)";
    let shown = answered(&phone, ask(&phone, 5, text));
    let said = &shown[0].text;
    for address in [
        "open it (http://localhost:5173/).",
        "Graph: http://prometheus-0:9090/graph?g0.expr=up,",
        "runbook (https://wiki/oncall)",
        "docs (docs/run.md)",
        "odd (http://a.example:99999/x)",
    ] {
        assert!(said.contains(address), "{address} in {said}");
    }
    let links: Vec<_> = shown[0].entities.iter().filter(|entity| entity["type"] == "text_link").collect();
    assert_eq!(links.len(), 1, "{links:?}");
}
