//! One attempt is one call; what it shows, and the signs beside it.

use std::time::UNIX_EPOCH;

use signalbox_adapter::testing::{check_deliver, check_render, check_threads};
use signalbox_adapter::{
    Attachment, Button, ChatId, Deliver, DeliverError, Form, Purpose, Reconciled, Signal, Threads, Tried,
};
use signalbox_telegram::TelegramRender;
use signalbox_test_support::telegram::Fate;

use crate::scene::{ADA, Scene, TEAM, address, message, outgoing, part};

#[tokio::test]
async fn the_adapter_keeps_the_rules_of_all_adapters() {
    let scene = Scene::new().await;
    let shown = || scene.fake.said(ADA.id).join("\n");
    assert_eq!(check_deliver(scene.deliver.as_ref(), &outgoing(ADA.id, "an **answer**"), shown).await, Ok(()));
    let card = outgoing(ADA.id, "a card");
    assert_eq!(check_threads(scene.deliver.as_ref(), Threads::None, &card, |_| shown()).await, Ok(()));
    let visible = |part: &signalbox_adapter::Part| {
        let body: serde_json::Value = serde_json::from_str(&part.body).expect("JSON");
        body["text"].as_str().expect("a text").to_owned()
    };
    assert_eq!(check_render(&TelegramRender, visible), Ok(()));
}

#[tokio::test]
async fn a_result_answers_its_question_with_formatting_and_buttons() {
    let scene = Scene::new().await;
    let question = scene.fake.say(ADA.id, ADA, "why?");
    let mut answer = outgoing(ADA.id, "because of `x`: **read** [this](https://a.example/)");
    answer.target.reply_to = Some(message(question));
    let button = |label: &str| Button { label: label.to_owned(), action: format!("{label} 7f3") };
    answer.buttons = vec![button("Retry"), button("Show"), button("End"), button("Use")];
    let receipt = scene.deliver.deliver(&answer).await.expect("delivered");
    let shown = scene.fake.shows(ADA.id).pop().expect("shown");
    assert_eq!(receipt.message, message(shown.id));
    assert_eq!((shown.text.as_str(), shown.reply_to), ("because of x: read this", Some(question)));
    let kinds: Vec<_> = shown.entities.iter().map(|entity| entity["type"].as_str().expect("a type")).collect();
    assert_eq!(kinds, ["code", "bold", "text_link"]);
    assert_eq!(shown.buttons.len(), 4);
    assert!(!shown.silent && !shown.preview);
}

#[tokio::test]
async fn what_answers_a_deleted_message_is_sent_all_the_same() {
    let scene = Scene::new().await;
    let question = scene.fake.say(ADA.id, ADA, "why?");
    scene.fake.with(|state| state.delete(ADA.id, question));
    let mut answer = outgoing(ADA.id, "because");
    answer.target.reply_to = Some(message(question));
    scene.deliver.deliver(&answer).await.expect("delivered");
    assert_eq!(scene.fake.shows(ADA.id)[0].reply_to, None);
}

#[tokio::test]
async fn a_status_is_silent_in_its_topic_and_edited_in_place() {
    let scene = Scene::new().await;
    let mut status = outgoing(TEAM, "running");
    status.target.address = address(TEAM, Some(7));
    status.purpose = Purpose::Progress;
    status.buttons = vec![Button { label: "Cancel".to_owned(), action: "cancel a".to_owned() }];
    let receipt = scene.deliver.deliver(&status).await.expect("delivered");
    status.target.edit_of = Some(receipt.message.clone());
    assert_eq!(scene.deliver.deliver(&status).await.expect("the same is no error"), receipt);
    status.part = part("done");
    status.buttons.clear();
    assert_eq!(scene.deliver.deliver(&status).await.expect("edited"), receipt);
    let shown = scene.fake.shows(TEAM);
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].text.as_str(), shown[0].thread, shown[0].silent, shown[0].edits), ("done", Some(7), true, 1));
    assert!(!shown[0].preview);
    assert_eq!(shown[0].buttons, [], "a button that does nothing any more is gone");
    scene.fake.with(|state| state.delete(TEAM, shown[0].id));
    let gone = scene.deliver.deliver(&status).await;
    assert!(matches!(&gone, Err(DeliverError::Refused(why)) if why.contains("to edit not found")), "{gone:?}");
}

#[tokio::test]
async fn a_long_remainder_goes_as_a_file() {
    let scene = Scene::new().await;
    let mut rest = outgoing(ADA.id, "the **rest**");
    rest.attachment = Some(Attachment::text("answer.md", "text/markdown", "# Rest\r\n--boundary\n👍 \0"));
    rest.mark = Some("(may be a repeat)".to_owned());
    scene.deliver.deliver(&rest).await.expect("delivered");
    let shown = scene.fake.shows(ADA.id).remove(0);
    let (name, content) = shown.document.expect("a file");
    assert_eq!((name.as_str(), content.as_slice()), ("answer.md", "# Rest\r\n--boundary\n👍 \0".as_bytes()));
    assert_eq!(shown.text, "the rest\n\n(may be a repeat)");
    assert_eq!(shown.entities.len(), 1);
}

#[tokio::test]
async fn an_overlong_caption_is_cut_and_a_button_over_the_limit_left_out() {
    let scene = Scene::new().await;
    let mut long = outgoing(ADA.id, &"word ".repeat(600));
    long.attachment = Some(Attachment::text("a.md", "text/markdown", "x"));
    long.buttons = vec![Button { label: "Run".to_owned(), action: "x".repeat(65) }];
    scene.deliver.deliver(&long).await.expect("delivered");
    let shown = scene.fake.shows(ADA.id).remove(0);
    assert!(shown.text.ends_with('…'));
    assert_eq!(shown.buttons, []);
}

#[tokio::test]
async fn nothing_to_say_is_still_a_message() {
    let scene = Scene::new().await;
    scene.tell(ADA.id, " \n ").await.expect("delivered");
    assert_eq!(scene.fake.said(ADA.id), ["(no text)"]);
}

#[tokio::test]
async fn telegram_cannot_tell_what_became_of_a_message() {
    let scene = Scene::new().await;
    let outcome = scene.deliver.reconcile(&outgoing(ADA.id, "x"), &Tried::at(UNIX_EPOCH)).await;
    assert!(matches!(outcome, Ok(Reconciled::Unknowable)));
}

#[tokio::test]
async fn signs_are_given_and_a_refused_one_is_no_error() {
    let scene = Scene::new().await;
    let asked = scene.fake.say(ADA.id, ADA, "go");
    let chat = || address(ADA.id, None);
    let signal = async |signal: Signal| scene.deliver.signal(&signal).await.expect("no error");
    signal(Signal::Working(chat())).await;
    assert_eq!(scene.fake.with(|state| state.actions.clone()), [(ADA.id, "typing".to_owned())]);
    signal(Signal::Taken { address: chat(), message: message(asked) }).await;
    assert_eq!(scene.fake.with(|state| state.reactions[&(ADA.id, asked)].clone()), "👀");
    signal(Signal::Ended { address: chat(), message: message(asked), ok: true }).await;
    assert_eq!(scene.fake.with(|state| state.reactions[&(ADA.id, asked)].clone()), "👍");
    signal(Signal::Ended { address: chat(), message: message(asked), ok: false }).await;
    assert_eq!(scene.fake.with(|state| state.reactions[&(ADA.id, asked)].clone()), "👎");
    signal(Signal::Taken { address: chat(), message: message(9999) }).await;
    signal(Signal::Pressed { press: "long ago".to_owned(), notice: "x".repeat(500) }).await;
}

#[tokio::test]
async fn a_press_is_answered_in_one_line() {
    let scene = Scene::new().await;
    let mut question = outgoing(ADA.id, "Run it?");
    question.buttons = vec![Button { label: "Deny".to_owned(), action: "deny 1".to_owned() }];
    scene.deliver.deliver(&question).await.expect("delivered");
    let press = scene.fake.press(ADA.id, ADA, scene.fake.shows(ADA.id)[0].id, "Deny");
    let answer = Signal::Pressed { press: press.clone(), notice: "Denied".to_owned() };
    scene.deliver.signal(&answer).await.expect("answered");
    assert_eq!(scene.fake.with(|state| state.answers[&press].clone()), "Denied");
}

#[tokio::test]
async fn a_chat_that_is_closed_or_moved_is_named_in_telegram_s_words() {
    let scene = Scene::new().await;
    scene.fake.change_membership(ADA.id, ADA, Fate::Blocked);
    let blocked = scene.tell(ADA.id, "x").await;
    assert!(matches!(&blocked, Err(DeliverError::Refused(why)) if why.contains("blocked by the user")), "{blocked:?}");
    let unknown = scene.tell(77, "x").await;
    assert!(matches!(&unknown, Err(DeliverError::Refused(why)) if why.contains("chat not found")), "{unknown:?}");
    scene.fake.migrate(TEAM, ADA, -1_002_000_000);
    let moved = scene.tell(TEAM, "x").await;
    assert!(matches!(&moved, Err(DeliverError::Moved { to }) if *to == ChatId::new("-1002000000")), "{moved:?}");
    let mut foreign = outgoing(ADA.id, "x");
    foreign.target.address.chat = ChatId::new("C0123");
    assert!(matches!(scene.deliver.deliver(&foreign).await, Err(DeliverError::Refused(_))));
}

#[tokio::test]
async fn a_topic_that_is_closed_or_gone_is_named_in_telegram_s_words() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.set_topic(TEAM, 8, false));
    for (topic, words) in [(8, "TOPIC_CLOSED"), (9, "message thread not found")] {
        let mut answer = outgoing(TEAM, "x");
        answer.target.address = address(TEAM, Some(topic));
        let refused = scene.deliver.deliver(&answer).await;
        let is_it = matches!(&refused, Err(DeliverError::RefusedForm { what: Form::Thread, words: said }) if said.contains(words));
        assert!(is_it, "{refused:?}");
    }
}

#[tokio::test]
async fn a_refused_form_is_named_and_the_plainest_is_taken() {
    let scene = Scene::new().await;
    let mut answer = outgoing(ADA.id, "**read** [this](https://a.example/) @bob");
    answer.plain = true;
    scene.deliver.deliver(&answer).await.expect("delivered");
    let shown = scene.fake.shows(ADA.id).remove(0);
    assert_eq!(shown.text, "read this (https://a.example/) ＠bob");
    assert!(shown.entities.is_empty(), "{shown:?}");
    answer.plain = false;
    answer.part.body = answer.part.body.replace("https://a.example/", "http://localhost/");
    let refused = scene.deliver.deliver(&answer).await;
    assert!(matches!(&refused, Err(DeliverError::RefusedForm { what: Form::Text, .. })), "{refused:?}");
}
