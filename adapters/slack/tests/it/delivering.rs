//! One attempt is one call; what it shows, and the signs beside it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use signalbox_adapter::testing::{check_deliver, check_threads};
use signalbox_adapter::{
    Deliver, DeliverError, MessageId, Purpose, Receipt, Reconciled, Signal, ThreadId, Threads, Tone, Tried,
};
use signalbox_test_support::slack::state::{Channel, Shown};
use signalbox_test_support::slack::{Fault, Post};

use crate::saying::{address, button, card_part, outgoing, part};
use crate::scene::{ADA, OPS, Scene, another, direct};

/// Returns what the bot shows in a channel.
fn ours(scene: &Scene, channel: &str) -> Vec<Shown> {
    scene.fake.shows(channel).into_iter().filter(|shown| shown.by_bot).collect()
}

#[tokio::test]
async fn what_we_say_arrives() {
    let scene = Scene::new().await;
    let shown = || scene.fake.said(&direct(ADA)).join("\n");
    let sample = outgoing(1, &direct(ADA), "an **answer**");
    assert_eq!(check_deliver(scene.deliver.as_ref(), &sample, shown).await, Ok(()));
}

#[tokio::test]
async fn what_shows_late_in_the_history_is_found_there_and_not_said_again() {
    let scene = Scene::new().await;
    let answer = outgoing(1, OPS, "because");
    scene.fake.fail_next("chat.postMessage", Fault::DropAfter);
    let unsure = scene.deliver.deliver(&answer).await;
    assert!(matches!(unsure, Err(DeliverError::Unknown(_))), "{unsure:?}");
    // It is there, and the history does not show it yet.
    scene.fake.fail_next("conversations.history", Fault::With(r#"{"messages":[]}"#));
    let known = scene.deliver.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
    let shown = ours(&scene, OPS).remove(0);
    assert_eq!(known, Reconciled::Delivered(Receipt::of(MessageId::new(shown.ts))));
    // A history that is none says nothing of what is not there, and one without a next page is whole.
    scene.fake.fail_next("conversations.history", Fault::With(r#"{"messages":null}"#));
    let unknown = scene.deliver.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await;
    assert!(matches!(unknown, Err(DeliverError::Unreachable(_))), "{unknown:?}");
    scene.fake.fail_next("conversations.history", Fault::With(r#"{"response_metadata":null}"#));
    let found = scene.deliver.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
    assert_eq!(found, known);
}

#[tokio::test]
async fn there_is_a_thread_at_each_message() {
    let scene = Scene::new().await;
    let shown = |thread: &ThreadId| {
        let within = ours(&scene, OPS).into_iter().filter(|shown| shown.thread.as_deref() == Some(thread.as_str()));
        within.map(|shown| shown.text).collect::<Vec<_>>().join("\n")
    };
    let sample = outgoing(1, OPS, "a card");
    assert_eq!(check_threads(scene.deliver.as_ref(), Threads::AtMessage, &sample, shown).await, Ok(()));
}

#[tokio::test]
async fn a_result_answers_its_question_with_buttons_and_pings_nobody() {
    let scene = Scene::new().await;
    let question = scene.fake.say(OPS, ADA, "why?");
    let mut answer = outgoing(1, OPS, "because, <!channel> @here and <@U1001>: **read** [this](https://a.example/)");
    answer.target.reply_to = Some(MessageId::new(&question));
    answer.buttons = ["Retry", "Show", "End", "Use", "Discard", "Stop"].map(button).into();
    let receipt = scene.deliver.deliver(&answer).await.expect("delivered");
    let shown = ours(&scene, OPS).remove(0);
    assert_eq!((receipt.message.as_str(), shown.thread.as_deref()), (shown.ts.as_str(), Some(question.as_str())));
    assert_eq!(shown.words(), "because, <!channel> @here and <@U1001>: read this");
    assert_eq!(shown.buttons().len(), 6);
    assert_eq!(scene.fake.with(|state| state.pings.clone()), Vec::<String>::new());
    let asked = scene.fake.with(|state| state.calls.last().expect("a call").asked.clone());
    assert_eq!((&asked["unfurl_links"], &asked["unfurl_media"]), (&json!(false), &json!(false)));
    assert!(asked.get("reply_broadcast").is_none(), "{asked}");
    assert_eq!(shown.metadata["event_payload"]["key"], answer.key.as_str());
}

#[tokio::test]
async fn where_two_talk_an_answer_follows_its_question() {
    let scene = Scene::new().await;
    let question = scene.fake.say(&direct(ADA), ADA, "why?");
    let mut answer = outgoing(1, &direct(ADA), "because");
    answer.target.reply_to = Some(MessageId::new(question));
    scene.deliver.deliver(&answer).await.expect("delivered");
    assert_eq!(ours(&scene, &direct(ADA))[0].thread, None);
}

#[tokio::test]
async fn a_status_is_changed_in_place_and_loses_its_buttons() {
    let scene = Scene::new().await;
    let root = scene.fake.say(OPS, ADA, "run it");
    let mut status = outgoing(1, OPS, "running");
    status.target.address = address(OPS, Some(&root));
    status.purpose = Purpose::Progress;
    status.buttons = vec![button("Cancel")];
    let receipt = scene.deliver.deliver(&status).await.expect("delivered");
    status.target.edit_of = Some(receipt.message.clone());
    status.part = part("**done**");
    status.buttons.clear();
    assert_eq!(scene.deliver.deliver(&status).await.expect("changed"), receipt);
    let shown = ours(&scene, OPS);
    assert_eq!((shown.len(), shown[0].text.as_str(), shown[0].buttons().len()), (1, "done", 0));
    assert_eq!(shown[0].blocks[0]["type"], "rich_text", "it has its blocks still");
    assert_eq!(shown[0].edited, None, "nobody reads that it was changed");
    scene.fake.delete(OPS, &shown[0].ts);
    let gone = scene.deliver.deliver(&status).await;
    assert!(matches!(&gone, Err(DeliverError::Refused(why)) if why.contains("message_not_found")), "{gone:?}");
}

#[tokio::test]
async fn a_card_is_coloured_by_how_bad_it_is_and_green_when_it_is_over() {
    let scene = Scene::new().await;
    let mut card = outgoing(1, OPS, "");
    card.part = card_part(Tone::Critical, "**🔴 CRITICAL** · disk full\\\nFiring");
    card.purpose = Purpose::Alert;
    card.buttons = ["Ack", "Resolve", "Investigate"].map(button).into();
    let receipt = scene.deliver.deliver(&card).await.expect("delivered");
    let shown = ours(&scene, OPS).remove(0);
    assert_eq!(shown.words(), "🔴 CRITICAL · disk full\nFiring");
    assert_eq!((shown.attachments[0]["color"].as_str(), shown.buttons().len()), (Some("#D92D20"), 3));
    card.target.edit_of = Some(receipt.message);
    card.part = card_part(Tone::Over, "**✅ CRITICAL** · disk full\\\nResolved");
    card.buttons.clear();
    scene.deliver.deliver(&card).await.expect("changed");
    let shown = ours(&scene, OPS);
    assert_eq!((shown.len(), shown[0].attachments[0]["color"].as_str()), (1, Some("#2EA44F")));
    assert_eq!(shown[0].buttons(), []);
}

#[tokio::test]
async fn a_lost_answer_is_found_in_the_history_and_nothing_is_shown_twice() {
    let scene = Scene::new().await;
    let root = scene.fake.say(OPS, ADA, "why?");
    let faults = [Fault::DropAfter, Fault::CutAnswer, Fault::InternalError { done: true }, Fault::Html { done: true }];
    for (number, fault) in (0..).zip(faults) {
        let mut answer = outgoing(10 + number, OPS, &format!("answer {number}"));
        if number % 2 == 0 {
            answer.target.address = address(OPS, Some(&root));
        }
        scene.fake.fail_next("chat.postMessage", fault.clone());
        let lost = scene.deliver.deliver(&answer).await;
        assert!(matches!(lost, Err(DeliverError::Unknown(_))), "{fault:?}: {lost:?}");
        let shown = ours(&scene, OPS).pop().expect("shown").ts;
        let known = scene.deliver.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
        assert_eq!(known, Reconciled::Delivered(Receipt::of(MessageId::new(shown))), "{fault:?}");
    }
    assert_eq!(ours(&scene, OPS).len(), 4);
}

#[tokio::test]
async fn a_message_is_found_where_our_clock_is_ahead_of_slack_s() {
    let scene = Scene::new().await;
    let root = scene.fake.say(OPS, ADA, "why?");
    for (number, thread) in [(1, None), (2, Some(root.as_str()))] {
        let mut answer = outgoing(number, OPS, "answer");
        answer.target.address = address(OPS, thread);
        let shown = scene.deliver.deliver(&answer).await.expect("delivered");
        #[expect(clippy::disallowed_methods, reason = "our clock against that of the server, which is the machine's")]
        let tried = Tried::at(SystemTime::now() + Duration::from_secs(2 * 24 * 3600));
        let known = scene.deliver.reconcile(&answer, &tried).await.expect("an answer");
        assert_eq!(known, Reconciled::Delivered(shown));
    }
}

#[tokio::test]
async fn what_did_not_arrive_is_absent_whatever_other_apps_write() {
    let scene = Scene::new().await;
    for metadata in
        [json!({ "event_type": 7, "event_payload": [1] }), json!("x"), json!({ "event_payload": { "key": 3 } })]
    {
        scene.fake.post(OPS, ADA, Post::text("deployed").with(json!({ "metadata": metadata })));
    }
    let answer = outgoing(1, OPS, "answer");
    for fault in [Fault::DropBefore, Fault::Html { done: false }] {
        scene.fake.fail_next("chat.postMessage", fault);
        let lost = scene.deliver.deliver(&answer).await;
        assert!(matches!(lost, Err(DeliverError::Unknown(_))), "{lost:?}");
        let known = scene.deliver.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
        assert_eq!(known, Reconciled::Absent);
    }
    scene.deliver.deliver(&answer).await.expect("delivered");
    // Another life of the program, which has tried nothing yet.
    let other = another(&scene.fake);
    let known = other.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
    assert!(matches!(known, Reconciled::Delivered(_)), "{known:?}");
    scene.fake.with(|state| state.lacks.insert("channels:history"));
    let known = other.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
    assert_eq!(known, Reconciled::Unknowable, "the history may not be read");
}

#[tokio::test]
async fn a_history_of_many_pages_is_looked_through() {
    let scene = Scene::new().await;
    let answer = outgoing(1, OPS, "answer");
    let shown = scene.deliver.deliver(&answer).await.expect("delivered");
    for number in 0..450 {
        scene.fake.say(OPS, ADA, &format!("word {number}"));
    }
    let known = scene.deliver.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
    assert_eq!(known, Reconciled::Delivered(shown));
    assert_eq!(scene.fake.count("conversations.history"), 3);
}

#[tokio::test]
async fn an_agent_at_work_is_told_of_below_its_thread_and_anew_after_each_message() {
    let scene = Scene::new().await;
    let root = scene.fake.say(OPS, ADA, "run it");
    let thread = address(OPS, Some(&root));
    let working = Signal::Working(thread.clone());
    let statuses = || scene.fake.with(|state| state.statuses.len());
    for _ in 0..3 {
        scene.deliver.signal(&working).await.expect("given");
    }
    assert_eq!((statuses(), scene.fake.count("assistant.threads.setStatus")), (1, 1));
    let mut status = outgoing(1, OPS, "step 1");
    status.target.address = thread;
    scene.deliver.deliver(&status).await.expect("delivered");
    assert_eq!(statuses(), 0, "a message takes it away");
    scene.deliver.signal(&working).await.expect("given");
    assert_eq!(statuses(), 1);
    scene.deliver.signal(&Signal::Working(address(&direct(ADA), None))).await.expect("there is no thread");
    assert_eq!(scene.fake.count("assistant.threads.setStatus"), 2);
}

#[tokio::test]
async fn where_that_is_refused_nobody_is_asked_again() {
    let scene = Scene::new().await;
    let root = scene.fake.say(OPS, ADA, "run it");
    let working = Signal::Working(address(OPS, Some(&root)));
    scene.fake.fail_next("assistant.threads.setStatus", Fault::Refuse("channel_type_not_supported"));
    for _ in 0..3 {
        scene.deliver.signal(&working).await.expect("no error");
    }
    assert_eq!(scene.fake.count("assistant.threads.setStatus"), 1);
}

#[tokio::test]
async fn what_was_taken_and_how_it_ended_is_marked_at_the_question() {
    let scene = Scene::new().await;
    let (address, message) = (address(OPS, None), MessageId::new(scene.fake.say(OPS, ADA, "run it")));
    let marks = || scene.fake.with(|state| state.reactions.iter().map(|(_, _, name)| name.clone()).collect::<Vec<_>>());
    let taken = Signal::Taken { address: address.clone(), message: message.clone() };
    for _ in 0..2 {
        scene.deliver.signal(&taken).await.expect("given");
    }
    assert_eq!(marks(), ["eyes"]);
    scene.deliver.signal(&Signal::Ended { address, message, ok: true }).await.expect("given");
    assert_eq!(marks(), ["+1"]);
}

#[tokio::test]
async fn one_person_alone_is_answered_where_they_asked() {
    let scene = Scene::new().await;
    let root = scene.fake.say(OPS, ADA, "who am I?");
    let mut answer = outgoing(1, OPS, "you are **Ada**");
    answer.target.address = address(OPS, Some(&root));
    answer.target.window = Some(ADA.id.to_owned());
    answer.buttons = vec![button("Show")];
    scene.deliver.deliver(&answer).await.expect("delivered");
    assert_eq!(ours(&scene, OPS).len(), 0, "nobody else is shown it");
    let whisper = scene.fake.with(|state| state.whispers.pop().expect("a whisper"));
    assert_eq!(
        (whisper.user.as_str(), whisper.thread.as_deref(), whisper.text.as_str()),
        (ADA.id, Some(root.as_str()), "you are Ada")
    );
    assert_eq!(whisper.blocks[1]["type"], "actions");
    let known = scene.deliver.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
    assert_eq!(known, Reconciled::Unknowable, "it stands in no history");
    let press = json!({ "user": ADA.id, "channel": OPS }).to_string();
    scene.deliver.signal(&Signal::Pressed { press, notice: "only <admins> may".to_owned() }).await.expect("told");
    let whisper = scene.fake.with(|state| state.whispers.pop().expect("a whisper"));
    assert_eq!((whisper.user.as_str(), whisper.text.as_str()), (ADA.id, "only &lt;admins&gt; may"));
}

#[tokio::test]
async fn whether_a_channel_can_be_written_to_is_found_out_without_writing() {
    let scene = Scene::new().await;
    scene.fake.open("C501", Channel { has_bot: false, ..Channel::default() });
    scene.fake.open("C502", Channel { archived: true, ..Channel::default() });
    assert!(scene.deliver.can_post(&address(OPS, None)).await.is_ok());
    assert!(scene.deliver.can_post(&address(&direct(ADA), None)).await.is_ok());
    for (channel, remedy) in [("C501", "/invite"), ("C502", "archived"), ("C599", "/invite")] {
        let why = scene.deliver.can_post(&address(channel, None)).await;
        assert!(matches!(&why, Err(DeliverError::Refused(why)) if why.contains(remedy)), "{channel}: {why:?}");
    }
    assert_eq!(scene.fake.with(|state| state.messages.len()), 0);
}
