//! The fake is as strict as the server it stands for.

use serde_json::{Map, Value, json};

use super::state::{Channel, State};
use super::{BOT_USER, blocks, methods};

fn state() -> State {
    let mut state = State::default();
    state.channels.insert("C1".to_owned(), Channel::default());
    state.channels.insert("C2".to_owned(), Channel { has_bot: false, ..Channel::default() });
    state.channels.insert("C3".to_owned(), Channel { archived: true, ..Channel::default() });
    state
}

fn call(state: &mut State, method: &str, asked: Value) -> Result<Value, String> {
    let asked: Map<String, Value> = asked.as_object().expect("an object").clone();
    methods::call(state, method, &asked).map_err(|refusal| refusal["error"].as_str().expect("a word").to_owned())
}

#[test]
fn a_message_is_checked_as_slack_checks_it() {
    let mut state = state();
    let long = "x".repeat(40_001);
    let button = |label: &str| {
        json!([{ "type": "actions", "elements": [{ "type": "button", "action_id": "a",
        "text": { "type": "plain_text", "text": label } }] }])
    };
    let many: Vec<Value> = (0..51).map(|_| json!({ "type": "divider" })).collect();
    for (asked, word) in [
        (json!({ "channel": "C9", "text": "x" }), "channel_not_found"),
        (json!({ "channel": "C2", "text": "x" }), "not_in_channel"),
        (json!({ "channel": "C3", "text": "x" }), "is_archived"),
        (json!({ "channel": "C1", "text": "" }), "no_text"),
        (json!({ "channel": "C1", "text": long }), "msg_too_long"),
        (json!({ "channel": "C1", "text": "x", "thread_ts": "1.1" }), "thread_not_found"),
        (json!({ "channel": "C1", "text": "x", "blocks": many }), "invalid_blocks"),
        (json!({ "channel": "C1", "text": "x", "blocks": "no" }), "invalid_blocks_format"),
        (json!({ "channel": "C1", "text": "x", "blocks": button("") }), "invalid_blocks"),
        (json!({ "channel": "C1", "text": "x", "blocks": button(&"y".repeat(76)) }), "invalid_blocks"),
        (
            json!({ "channel": "C1", "text": "x", "blocks": [{ "type": "markdown", "text": "y".repeat(12_001) }] }),
            "msg_too_long",
        ),
        (json!({ "channel": "C1", "text": "x", "metadata": { "event_type": "k" } }), "invalid_metadata_schema"),
    ] {
        assert_eq!(call(&mut state, "chat.postMessage", asked.clone()).err().as_deref(), Some(word), "{asked}");
    }
    let shown =
        call(&mut state, "chat.postMessage", json!({ "channel": "C1", "text": "<!here> hi", "blocks": button("Ok") }));
    let ts = shown.expect("it is shown")["ts"].as_str().expect("a time stamp").to_owned();
    assert_eq!(state.pings, ["!here"]);
    assert_eq!(state.shows("C1")[0].buttons(), [("Ok".to_owned(), String::new())]);
    let edited = json!({ "channel": "C1", "ts": ts, "text": "bye" });
    call(&mut state, "chat.update", edited).expect("it is changed");
    assert_eq!((state.said("C1"), state.shows("C1")[0].buttons().len()), (vec!["bye".to_owned()], 0));
    let events: Vec<_> = state.envelopes.iter().map(|envelope| envelope.payload["event"]["user"].clone()).collect();
    assert_eq!(events[0], BOT_USER);
}

#[test]
fn history_has_no_answers_of_threads_and_replies_always_have_the_first() {
    let mut state = state();
    let post = |state: &mut State, thread: Option<&str>| {
        let mut asked =
            json!({ "channel": "C1", "text": "x", "metadata": { "event_type": "k", "event_payload": { "key": "1" } } });
        if let Some(thread) = thread {
            asked["thread_ts"] = json!(thread);
        }
        call(state, "chat.postMessage", asked).expect("shown")["ts"].as_str().expect("a time stamp").to_owned()
    };
    let root = post(&mut state, None);
    let reply = post(&mut state, Some(&root));
    let told = call(&mut state, "conversations.history", json!({ "channel": "C1" })).expect("a page");
    assert_eq!(
        (told["messages"].as_array().expect("a list").len(), &told["messages"][0]["reply_count"]),
        (1, &json!(1))
    );
    assert!(told["messages"][0]["metadata"].is_null());
    let asked = json!({ "channel": "C1", "ts": root, "oldest": reply, "include_all_metadata": "true" });
    let told = call(&mut state, "conversations.replies", asked).expect("a page");
    assert_eq!(told["messages"].as_array().expect("a list").len(), 1);
    assert_eq!(told["messages"][0]["metadata"]["event_payload"]["key"], "1");
    assert_eq!(
        call(&mut state, "conversations.history", json!({ "channel": "C1", "limit": "1000" })).err().as_deref(),
        Some("invalid_limit")
    );
}

#[test]
fn only_what_may_ping_pings() {
    let rich = json!([{ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [
        { "type": "text", "text": "<!channel>" }, { "type": "user", "user_id": "U1" }] }] }]);
    assert_eq!(blocks::marked(&rich).trim(), "<@U1>");
    assert!(
        blocks::marked(&json!([{ "type": "section", "text": { "type": "mrkdwn", "text": "<!channel>" } }]))
            .contains("<!channel>")
    );
}
