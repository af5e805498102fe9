//! The fake refuses what Discord refuses.

use serde_json::json;

use super::rest::route;
use super::rules::{check, invalid};

#[test]
fn a_route_has_no_ids() {
    assert_eq!(route("POST", &["channels", "7", "messages"]), "POST channels/messages");
    assert_eq!(
        route("PUT", &["channels", "7", "messages", "8", "reactions", "%F0", "@me"]),
        "PUT channels/messages/reactions"
    );
    assert_eq!(route("POST", &["interactions", "7", "interaction-token-7", "callback"]), "POST interactions/callback");
}

#[test]
fn what_is_over_a_limit_is_refused() {
    let code = |body| check(&body, None, false).expect_err("refused").1["code"].clone();
    assert_eq!(code(json!({ "content": "x".repeat(2001) })), 50035);
    assert_eq!(code(json!({ "content": " " })), 50006);
    assert_eq!(code(json!({ "content": "x", "nonce": "n".repeat(26) })), 50035);
    assert_eq!(code(json!({ "content": "x", "flags": 1 })), 50035);
    let button = |id: &str| json!({ "type": 2, "style": 1, "label": "a", "custom_id": id });
    let row =
        |buttons: serde_json::Value| json!({ "content": "x", "components": [{ "type": 1, "components": buttons }] });
    assert_eq!(code(row(json!([button("")]))), 50035);
    assert_eq!(code(row(json!([button("a"), button("a")]))), 50035);
    assert_eq!(check(&row(json!([button("a"), button("b")])), None, false), Ok(()));
}

#[test]
fn a_refusal_names_the_field() {
    assert_eq!(invalid("a.b", "X", "no").1["errors"]["a"]["b"]["_errors"][0]["message"], "no");
}
