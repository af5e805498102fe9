//! HTTP: from a request to a method and back, with the faults that a test has asked for.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::fault::Fault;
use super::methods::{Answer, answer};
use super::state::Call;
use super::{Shared, TOKEN};
use crate::parameters::Parameters;

/// What is sent back, and whether in full.
type Reply = Result<Response<Body>, io::Error>;

/// A whole body, or one that breaks off.
type Body = http_body_util::combinators::BoxBody<Bytes, io::Error>;

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(converse(stream, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(|request| respond(request, Arc::clone(&shared)));
    // An error is a fault that was asked for, or a client that has gone.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
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
            let page = Full::from("<html><body>502 Bad Gateway</body></html>");
            return Ok(Response::builder().status(502).body(whole(page)).expect("a response"));
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
    response.body(whole(Full::from(json.to_string()))).expect("a response")
}

/// Promises the whole text and ends in its middle.
fn cut_reply(text: &str) -> Response<Body> {
    let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
    Response::builder().header(CONTENT_LENGTH, text.len()).body(Cut(Some(half)).boxed()).expect("a response")
}

/// A body that breaks off.
struct Cut(Option<Bytes>);

impl hyper::body::Body for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = self.0.take().map(Frame::data).ok_or_else(|| io::Error::other("a fault"));
        Poll::Ready(Some(next))
    }
}

fn whole(body: Full<Bytes>) -> Body {
    body.map_err(|never: Infallible| match never {}).boxed()
}
