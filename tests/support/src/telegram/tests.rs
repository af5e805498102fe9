//! The fake is as strict as the server it stands for, and each thing a test can ask of it works.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{ChatKind, FakeTelegram, Fate, Fault, Person, Post, TOKEN};

const ADA: Person = Person::new(1001, "Ada");
const HERALD: Person = Person { id: 2002, name: "Herald", is_bot: true };

/// Calls a method; returns what came back, in whatever state, after the head.
async fn call_raw(fake: &FakeTelegram, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(fake.url().trim_start_matches("http://")).await.expect("a connection");
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: \
         {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok();
    answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned())
}

async fn call(fake: &FakeTelegram, method: &str, parameters: Value) -> Value {
    let answer = call_raw(fake, &format!("/bot{TOKEN}/{method}"), &parameters.to_string()).await;
    serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// Calls a method that must be refused; returns the words.
async fn refused(fake: &FakeTelegram, method: &str, parameters: Value) -> String {
    let answer = call(fake, method, parameters).await;
    assert_eq!(answer["ok"], false, "{answer}");
    answer["description"].as_str().expect("words").to_owned()
}

fn text(chat: i64, text: &str, entities: Value) -> Value {
    json!({ "chat_id": chat, "text": text, "entities": entities })
}

#[tokio::test]
async fn a_message_is_checked_as_telegram_checks_it() {
    let fake = FakeTelegram::start().await;
    let ada = fake.open_private(ADA);
    let bold = |offset: usize, length: usize| json!([{ "type": "bold", "offset": offset, "length": length }]);
    let within = json!([{ "type": "code", "offset": 0, "length": 3 }, { "type": "bold", "offset": 1, "length": 1 }]);
    let across = json!([{ "type": "bold", "offset": 0, "length": 2 }, { "type": "italic", "offset": 1, "length": 2 }]);
    let link = |url: &str| text(ada, "x", json!([{ "type": "text_link", "offset": 0, "length": 1, "url": url }]));
    for (parameters, words) in [
        (link("http://localhost:5173/"), "Wrong HTTP URL"),
        (link("https://a.example:99999/"), "Wrong HTTP URL"),
        (link("docs/a.md"), "Wrong HTTP URL"),
        (text(9, "x", json!([])), "chat not found"),
        (text(ada, " \n", json!([])), "message text is empty"),
        (text(ada, &"𝔘".repeat(2049), json!([])), "message is too long"),
        (text(ada, "abc", bold(2, 2)), "outside"),
        (text(ada, "𝔘", bold(1, 1)), "surrogate"),
        (text(ada, "abc", within), "cannot hold"),
        (text(ada, "abc", across), "overlap"),
        (json!({ "chat_id": ada, "text": "x", "parse_mode": "HTML" }), "parse"),
        (json!({ "chat_id": ada, "text": "x", "message_thread_id": 5 }), "thread not found"),
        (json!({ "chat_id": ada, "text": "x", "reply_parameters": { "message_id": 5 } }), "replied not found"),
        (
            json!({ "chat_id": ada, "text": "x", "reply_markup": { "inline_keyboard": [[{ "text": "a", "callback_data": "x".repeat(65) }]] } }),
            "BUTTON_DATA_INVALID",
        ),
    ] {
        let said = refused(&fake, "SendMessage", parameters).await;
        assert!(said.contains(words), "{said} is not {words}");
    }
    let sent = call(&fake, "sendMessage", text(ada, "  ab 👍 ", bold(2, 5))).await;
    assert_eq!(sent["result"]["text"], "ab 👍");
    assert_eq!(fake.shows(ada)[0].entities, bold(0, 5).as_array().expect("a list").clone(), "shifted with the text");
    let sent = call(&fake, "sendMessage", text(ada, "  ab", bold(0, 4))).await;
    assert_eq!(sent["result"]["text"], "  ab", "no entity is moved off its text");
    assert_eq!(fake.said(ada), ["ab 👍", "  ab"]);
    assert_eq!(fake.count("sendMessage"), 16);
}

#[tokio::test]
async fn an_edit_must_change_a_message_of_the_bot() {
    let fake = FakeTelegram::start().await;
    let ada = fake.open_private(ADA);
    let foreign = fake.say(ada, ADA, "mine");
    let own = call(&fake, "sendMessage", text(ada, "one", json!([]))).await["result"]["message_id"].clone();
    let edit = |id: Value, text: &str| json!({ "chat_id": ada, "message_id": id, "text": text });
    assert!(refused(&fake, "editMessageText", edit(own.clone(), "one")).await.contains("not modified"));
    assert!(refused(&fake, "editMessageText", edit(foreign.into(), "x")).await.contains("can't be edited"));
    assert!(refused(&fake, "editMessageText", edit(9999.into(), "x")).await.contains("to edit not found"));
    assert_eq!(call(&fake, "editMessageText", edit(own, "two")).await["ok"], true);
    assert_eq!(fake.shows(ada)[1].edits, 1);
    fake.with(|state| state.delete(ada, foreign));
    assert_eq!(fake.shows(ada).len(), 1);
}

#[tokio::test]
async fn a_chat_can_be_closed_moved_and_limited() {
    let fake = FakeTelegram::start().await;
    let ada = fake.open_private(ADA);
    fake.change_membership(ada, ADA, Fate::Blocked);
    assert!(refused(&fake, "sendMessage", text(ada, "x", json!([]))).await.contains("blocked"));
    fake.change_membership(ada, ADA, Fate::Open);
    fake.with(|state| state.allow(ada, 1, 7));
    call(&fake, "sendMessage", text(ada, "x", json!([]))).await;
    let answer = call(&fake, "sendMessage", text(ada, "y", json!([]))).await;
    assert_eq!(answer["parameters"]["retry_after"], 7);
    let answers: Vec<_> = fake.with(|state| state.calls.iter().map(|call| (call.chat, call.answer)).collect());
    assert_eq!(answers, [(Some(ada), 403), (Some(ada), 200), (Some(ada), 429)]);
    assert!(fake.shows(ada)[0].preview, "links are previewed unless that is turned off");
    fake.open(-5, ChatKind::Group, "team");
    fake.migrate(-5, ADA, -1005);
    let answer = call(&fake, "sendMessage", text(-5, "x", json!([]))).await;
    assert_eq!(answer["parameters"]["migrate_to_chat_id"], -1005);
    fake.open(-7, ChatKind::Forum, "forum");
    fake.with(|state| state.set_topic(-7, 3, false));
    let closed = json!({ "chat_id": -7, "text": "x", "message_thread_id": 3 });
    assert!(refused(&fake, "sendMessage", closed).await.contains("TOPIC_CLOSED"));
}

#[tokio::test]
async fn updates_are_kept_until_a_higher_offset_asks() {
    let fake = FakeTelegram::start().await;
    let ada = fake.open_private(ADA);
    let first = fake.say(ada, ADA, "one");
    fake.post(ada, HERALD, Post::text("two").reply_to(first).in_album("a").document("a.txt", b"x"));
    fake.edit(ada, ADA, first, "uno");
    let ids = |answer: &Value| -> Vec<u64> {
        let updates = answer["result"].as_array().expect("updates");
        updates.iter().map(|update| update["update_id"].as_u64().expect("an id")).collect()
    };
    let all = call(&fake, "getUpdates", json!({})).await;
    assert_eq!(ids(&all), [1001, 1002, 1003]);
    assert_eq!(all["result"][1]["message"]["reply_to_message"]["message_id"], first);
    assert_eq!(ids(&call(&fake, "getUpdates", json!({ "offset": 1003 })).await), [1003]);
    fake.with(|state| state.scrambled = true);
    fake.with(|state| state.update(json!({ "unheard_of": {} })));
    assert_eq!(ids(&call(&fake, "getUpdates", json!({})).await), [1004, 1003, 1003, 1004]);
    call(&fake, "getUpdates", json!({ "offset": 1005 })).await;
    assert!(fake.is_drained());
}

#[tokio::test]
async fn a_second_poller_ends_the_first() {
    let fake = FakeTelegram::start().await;
    let first = call(&fake, "getUpdates", json!({ "timeout": 60 }));
    let second = async {
        fake.wait_until("the first poll", |state| state.polls == 1).await;
        call(&fake, "getUpdates", json!({})).await
    };
    let (first, _) = tokio::join!(first, second);
    assert_eq!(first["error_code"], 409);
    fake.with(|state| state.webhook = true);
    assert!(refused(&fake, "getUpdates", json!({})).await.contains("webhook"));
    call(&fake, "deleteWebhook", json!({})).await;
    assert_eq!(call(&fake, "getUpdates", json!({})).await["ok"], true);
}

#[tokio::test]
async fn a_press_is_answered_once() {
    let fake = FakeTelegram::start().await;
    let ada = fake.open_private(ADA);
    let keyboard = json!({ "inline_keyboard": [[{ "text": "Stop", "callback_data": "cancel x" }]] });
    call(&fake, "sendMessage", json!({ "chat_id": ada, "text": "x", "reply_markup": keyboard })).await;
    let shown = fake.shows(ada).remove(0);
    assert_eq!(shown.buttons, [("Stop".to_owned(), "cancel x".to_owned())]);
    let press = fake.press(ada, ADA, shown.id, "Stop");
    let answer = json!({ "callback_query_id": press, "text": "Stopped" });
    assert_eq!(call(&fake, "answerCallbackQuery", answer.clone()).await["ok"], true);
    assert!(refused(&fake, "answerCallbackQuery", answer).await.contains("too old"));
    assert_eq!(fake.with(|state| state.answers[&press].clone()), "Stopped");
}

#[tokio::test]
async fn signs_menus_and_files_are_kept() {
    let fake = FakeTelegram::start().await;
    let ada = fake.open_private(ADA);
    let message = fake.post(ada, ADA, Post::default().voice(b"OggS"));
    fake.post(ada, ADA, Post::default().photo(b"x").in_topic(1));
    call(&fake, "sendChatAction", json!({ "chat_id": ada, "action": "typing" })).await;
    let react =
        |emoji| json!({ "chat_id": ada, "message_id": message, "reaction": [{ "type": "emoji", "emoji": emoji }] });
    call(&fake, "setMessageReaction", react("👀")).await;
    assert!(refused(&fake, "setMessageReaction", react("🦊")).await.contains("REACTION_INVALID"));
    assert_eq!(
        fake.with(|state| (state.actions.len(), state.reactions[&(ada, message)].clone())),
        (1, "👀".to_owned())
    );
    let menu = json!({ "commands": [{ "command": "help", "description": "Help" }] });
    call(&fake, "setMyCommands", menu.clone()).await;
    assert_eq!(call(&fake, "getMyCommands", json!({})).await["result"], menu["commands"]);
    let bad = json!({ "commands": [{ "command": "Help-me", "description": "Help" }] });
    assert!(refused(&fake, "setMyCommands", bad).await.contains("COMMAND_INVALID"));
    let file = call(&fake, "getFile", json!({ "file_id": format!("file-{ada}-{message}") })).await;
    let path = file["result"]["file_path"].as_str().expect("a path").to_owned();
    assert_eq!(call_raw(&fake, &format!("/file/bot{TOKEN}/{path}"), "").await, "OggS");
    assert!(call_raw(&fake, "/bot42:wrong/getMe", "").await.contains("Unauthorized"));
}

#[tokio::test]
async fn faults_come_once_and_say_whether_the_call_was_done() {
    let fake = FakeTelegram::start().await;
    let ada = fake.open_private(ADA);
    let path = format!("/bot{TOKEN}/sendMessage");
    for (fault, answered, done) in [
        (Fault::DropBefore, false, false),
        (Fault::DropAfter, false, true),
        (Fault::CutAnswer, false, true),
        (Fault::Html { done: true }, false, true),
        (Fault::ServerError { done: false }, true, false),
        (Fault::ServerError { done: true }, true, true),
        (Fault::TooMany { retry_after: 3 }, true, false),
        (Fault::Refuse { code: 403, description: "Forbidden: x" }, true, false),
    ] {
        let before = fake.said(ada).len();
        fake.fail_next("sendMessage", fault.clone());
        let answer = call_raw(&fake, &path, &text(ada, "x", json!([])).to_string()).await;
        assert_eq!(serde_json::from_str::<Value>(&answer).is_ok(), answered, "{fault:?}: {answer}");
        assert_eq!(fake.said(ada).len() - before, usize::from(done), "{fault:?}");
    }
    fake.fail_next("sendMessage", Fault::Hold);
    let held = call(&fake, "sendMessage", text(ada, "held", json!([])));
    let release = async {
        fake.wait_until("the fault to be taken", |state| !state.has_faults()).await;
        fake.release();
    };
    let (held, ()) = tokio::join!(held, release);
    assert_eq!(held["ok"], true);
}
