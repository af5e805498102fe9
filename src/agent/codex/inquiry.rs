//! What codex's app server tells without a prompt: who is logged in, and which models there are.

use serde_json::{Value, json};

use super::asked::line;
use super::ground::text;
use crate::agent::kind::Inquiry;
use crate::agent::login::{Login, LoginSign};
use crate::agent::names::is_plain;

/// Ids of our requests.
const ACCOUNT: u64 = 2;
const MODELS: u64 = 3;

/// Returns what it is asked.
#[must_use]
pub fn inquiry() -> Inquiry {
    let client = json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")});
    let says = [
        json!({"id": 1, "method": "initialize", "params": {"clientInfo": client}}),
        json!({"method": "initialized"}),
        json!({"id": ACCOUNT, "method": "account/read", "params": {"refreshToken": false}}),
        json!({"id": MODELS, "method": "model/list", "params": {}}),
    ];
    let says: Vec<u8> = says.iter().flat_map(line).collect();
    Inquiry {
        arguments: &["app-server"],
        says: String::from_utf8_lossy(&says).into_owned(),
        is_answered: |printed| [ACCOUNT, MODELS].iter().all(|id| answer(printed, *id).is_some()),
        read: |printed| (login(printed), models(printed)),
    }
}

/// Returns the whole answer to one of our requests.
fn answer(printed: &[u8], id: u64) -> Option<Value> {
    let whole = printed.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let mut values = whole.filter_map(crate::json::parse::<Value>);
    values.find(|value| value.get("id").and_then(Value::as_u64) == Some(id) && value.get("method").is_none())
}

fn login(printed: &[u8]) -> Login {
    let Some(answer) = answer(printed, ACCOUNT) else { return Login::Unknown };
    let account = answer.pointer("/result/account");
    match (account, answer.pointer("/result/requiresOpenaiAuth").and_then(Value::as_bool)) {
        (Some(Value::Object(_)), _) => Login::In(LoginSign::Itself),
        (_, Some(false)) => Login::NotNeeded,
        (Some(Value::Null) | None, Some(true)) => Login::Out(LoginSign::Itself),
        (_, _) => Login::Unknown,
    }
}

/// The models, the one that answers unless told otherwise first.
fn models(printed: &[u8]) -> Vec<String> {
    let answer = answer(printed, MODELS);
    let listed = answer.as_ref().and_then(|answer| answer.pointer("/result/data")?.as_array());
    let is = |model: &&Value, key: &str| model.get(key).and_then(Value::as_bool) == Some(true);
    let mut shown: Vec<&Value> = listed.into_iter().flatten().filter(|model| !is(model, "hidden")).collect();
    shown.sort_by_key(|model| !is(model, "isDefault"));
    let id = |model: &Value| text(model, "model").or_else(|| text(model, "id")).map(str::to_owned);
    shown.into_iter().filter_map(id).filter(|id| is_plain(id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_says_of_its_account_and_models_is_read() {
        let account = |result: Value| login(format!("{}\n", json!({"id": ACCOUNT, "result": result})).as_bytes());
        assert_eq!(account(json!({"account": null, "requiresOpenaiAuth": true})), Login::Out(LoginSign::Itself));
        assert_eq!(account(json!({"account": null, "requiresOpenaiAuth": false})), Login::NotNeeded);
        let chatgpt = json!({"account": {"type": "chatgpt", "email": "k@example.com"}, "requiresOpenaiAuth": true});
        assert_eq!(account(chatgpt), Login::In(LoginSign::Itself));
        assert_eq!(account(json!({})), Login::Unknown);
        assert_eq!(login(b"{\"id\":2,\"error\":{\"code\":-32600}}\n"), Login::Unknown);
        let listed = json!({"id": MODELS, "result": {"data": [{"id": "a", "model": "gpt-a"}, {"model": "old", "hidden": true},
            {"model": "--x"}, {"id": "gpt-b", "isDefault": true}]}});
        assert_eq!(models(format!("banner\n{listed}\n").as_bytes()), ["gpt-b", "gpt-a"]);
    }

    #[test]
    fn it_is_answered_when_both_answers_are_whole() {
        let inquiry = inquiry();
        assert_eq!(inquiry.says.lines().count(), 4);
        let (one, other) = ("{\"id\":2,\"result\":{}}\n", "{\"id\":3,\"error\":{}}");
        assert!(!(inquiry.is_answered)(format!("{one}{other}").as_bytes()));
        assert!((inquiry.is_answered)(format!("{one}{other}\n").as_bytes()));
        let asks = "{\"id\":3,\"method\":\"x\"}\n";
        assert!(!(inquiry.is_answered)(format!("{one}{asks}").as_bytes()), "its own requests are no answers");
    }
}
