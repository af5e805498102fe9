//! Addresses that came with a command, a press or a shortcut: whoever knows one answers its person alone, a few times.

use std::io;

use serde_json::{Map, Value, json};

use super::Shared;
use super::methods::content;
use super::server::{no, reply};
use super::state::{State, Whisper};
use crate::wire::Reply;

/// How often one is good.
const TIMES: usize = 5;

/// Returns the trigger that an address belongs to.
pub(crate) fn trigger(path: &str) -> Option<&str> {
    ["/commands/", "/actions/", "/app/"].into_iter().find_map(|kind| path.strip_prefix(kind))
}

/// Takes what is said by it.
pub(crate) fn take(shared: &Shared, trigger: &str, body: &[u8]) -> Reply {
    let said: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let answer = shared.with(|state| match state.trouble("response_url") {
        Some(fault) => Err(io::Error::other(format!("a fault: {fault:?}"))),
        None => Ok(said_aside(state, trigger, &said)),
    })?;
    Ok(match answer {
        Ok(()) => reply(200, &json!({ "ok": true })),
        Err(refusal) => reply(404, &refusal),
    })
}

fn said_aside(state: &mut State, trigger: &str, said: &Map<String, Value>) -> Result<(), Value> {
    let of = |payload: &Value| payload["trigger_id"] == trigger;
    let payload = state.envelopes.iter().map(|envelope| &envelope.payload).find(|payload| of(payload));
    let payload = payload.filter(|_| !state.are_asides_expired).ok_or_else(|| no("expired_url"))?.clone();
    if said.get("response_type").is_none_or(|kind| kind != "ephemeral") {
        return Err(no("invalid_response_type"));
    }
    let (text, blocks, _) = content(said)?;
    let times = state.asides.entry(trigger.to_owned()).or_default();
    *times += 1;
    if *times > TIMES {
        return Err(no("used_url"));
    }
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let either = |one: &Value, other: &Value| word(one).or(word(other)).unwrap_or_default();
    state.whispers.push(Whisper {
        channel: either(&payload["channel_id"], &payload["channel"]["id"]),
        thread: word(&payload["container"]["thread_ts"]),
        user: either(&payload["user_id"], &payload["user"]["id"]),
        text,
        blocks,
    });
    Ok(())
}
