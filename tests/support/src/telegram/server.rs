//! HTTP: from a request to a method and back, with the faults that a test has asked for.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::{Request, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::fault::Fault;
use super::methods::{Answer, answer};
use super::state::Call;
use super::{HALF_A_CHARACTER, Shared, TOKEN};
use crate::parameters::Parameters;
use crate::stage;
use crate::wire::{self, Body, Reply, bad_gateway, cut_reply, whole};

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let answer = |stream| {
        let shared = Arc::clone(&shared);
        async move { wire::converse(stream, |request| respond(request, Arc::clone(&shared))).await }
    };
    stage::serve(listener, answer).await;
}

async fn respond(request: Request<Incoming>, shared: Arc<Shared>) -> Reply {
    let path = request.uri().path().to_owned();
    if let Some(file) = path.strip_prefix(&format!("/file/bot{TOKEN}/")) {
        return Ok(file_reply(&shared, file));
    }
    let (head, body) = request.into_parts();
    // Read whole before anything is answered: a connection that is closed on unread words looks like a lost answer.
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let revoked = shared.with(|state| state.revoked);
    let Some(method) = path.strip_prefix(&format!("/bot{TOKEN}/")).filter(|_| !revoked) else {
        shared.with(|state| state.strangers += 1);
        return Ok(json_reply(401, &json!({ "ok": false, "error_code": 401, "description": "Unauthorized" })));
    };
    let method = method.to_ascii_lowercase();
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let parameters = Parameters::read(&content_type, &body);
    let chat = parameters.as_ref().and_then(|parameters| parameters.number("chat_id"));
    let (fault, released) = shared.with(|state| (state.trouble(&method), state.released));
    let log = |answer| {
        shared.with(|state| state.calls.push(Call { method: method.clone(), chat, answer, at: Instant::now() }))
    };
    let gone = |answer| {
        log(answer);
        Err(io::Error::other("a fault"))
    };
    let act = async {
        match parameters {
            Some(parameters) => answer(&shared, &method, &parameters).await,
            None => Answer::refused(400, "Bad Request: can't parse request"),
        }
    };
    let answer = match fault {
        None => act.await,
        Some(Fault::Hold) => {
            shared.until(|state| (state.released > released).then_some(())).await;
            act.await
        }
        Some(Fault::DropBefore) => return gone(0),
        Some(Fault::DropAfter) => {
            act.await;
            return gone(0);
        }
        Some(Fault::CutAnswer) => {
            let text = act.await.json.to_string();
            log(0);
            return Ok(cut_reply(&text));
        }
        Some(Fault::ServerError { done }) => {
            if done {
                act.await;
            }
            Answer::refused(502, "Bad Gateway")
        }
        Some(Fault::Html { done }) => {
            if done {
                act.await;
            }
            log(0);
            return Ok(bad_gateway());
        }
        Some(Fault::TooMany { retry_after }) => Answer::too_many(retry_after),
        Some(Fault::Refuse { code, description }) => Answer::refused(code, description),
    };
    if method != "getupdates" || answer.code != 200 {
        log(answer.code);
    }
    Ok(json_reply(answer.code, &answer.json))
}

fn file_reply(shared: &Shared, file: &str) -> Response<Body> {
    match shared.with(|state| state.files.get(file.trim_start_matches("files/")).cloned()) {
        Some(content) => Response::new(whole(Full::from(content))),
        None => json_reply(404, &json!({ "ok": false, "error_code": 404, "description": "Not Found" })),
    }
}

fn json_reply(code: u16, json: &Value) -> Response<Body> {
    let response = Response::builder().status(code).header(CONTENT_TYPE, "application/json");
    // No value of ours can hold it.
    let text = json.to_string().replace(HALF_A_CHARACTER, "\\ud83d");
    response.body(whole(Full::from(text))).expect("a response")
}
