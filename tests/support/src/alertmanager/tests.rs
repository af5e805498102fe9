//! The fake refuses what the real one refuses.

use serde_json::{Value, json};

use super::State;
use super::rules::{Answer, Call, answer};

fn call(state: &mut State, method: &str, path: &str, query: &str, body: &Value) -> Answer {
    let call = Call {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        is_json: true,
        body: body.to_string().into_bytes(),
    };
    answer(state, &call)
}

fn silence() -> Value {
    json!({
        "matchers": [{ "name": "alertname", "value": "Disk full", "isRegex": false, "isEqual": true }],
        "startsAt": "2026-01-01T00:00:00.000Z", "endsAt": "2126-01-01T00:00:00.000Z",
        "createdBy": "Kim", "comment": "why",
    })
}

#[test]
fn a_silence_is_made_found_and_taken_back_once() {
    let mut state = State::default();
    let made = call(&mut state, "POST", "/api/v2/silences", "", &silence());
    assert_eq!(made.status, 200);
    let id = made.body["silenceID"].as_str().expect("an id").to_owned();
    for (query, number) in [("", 1), ("filter=alertname%3D%22Disk+full%22", 1), ("filter=alertname%3D%22Load%22", 0)] {
        let listed = call(&mut state, "GET", "/api/v2/silences", query, &Value::Null);
        assert_eq!(listed.body.as_array().map(Vec::len), Some(number), "{query}");
    }
    let path = format!("/api/v2/silence/{id}");
    let statuses = [(); 2].map(|()| call(&mut state, "DELETE", &path, "", &Value::Null).status);
    assert_eq!(statuses, [200, 500]);
    let listed = call(&mut state, "GET", "/api/v2/silences", "", &Value::Null);
    assert_eq!(listed.body[0]["status"]["state"], "expired", "one that is over is listed all the same");
}

#[test]
fn what_the_real_one_refuses_is_refused() {
    let mut state = State::default();
    let with = |key: &str, value: Value| {
        let mut body = silence();
        body[key] = value;
        body
    };
    for (body, status) in [
        (with("comment", Value::Null), 422),
        (with("matchers", json!([])), 422),
        (with("matchers", json!([{ "name": "a", "value": "", "isRegex": false }])), 400),
        (with("endsAt", json!("2025-12-31T00:00:00Z")), 400),
        (with("startsAt", json!("2126-01-01T00:00:00.000Z")), 400),
        (with("startsAt", json!("yesterday")), 422),
    ] {
        assert_eq!(call(&mut state, "POST", "/api/v2/silences", "", &body).status, status, "{body}");
    }
    assert_eq!(call(&mut state, "GET", "/api/v2/silences", "filter=alertname", &Value::Null).status, 400);
    assert_eq!(call(&mut state, "DELETE", "/api/v2/silence/none", "", &Value::Null).status, 404);
    assert_eq!(call(&mut state, "GET", "/api/v1/silences", "", &Value::Null).status, 404);
    assert!(state.silences.is_empty());
}
