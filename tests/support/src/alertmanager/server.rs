//! HTTP: from a request to a call and back.

use std::io;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::rules::{Answer, Call, answer};
use super::{Fault, Shared};

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
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

async fn respond(request: Request<Incoming>, shared: Arc<Shared>) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let call = Call {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        is_json: header(CONTENT_TYPE).starts_with("application/json"),
        body: body.to_vec(),
    };
    let authorization = header(AUTHORIZATION);
    let fault = {
        let mut state = shared.lock();
        match state.outage.clone() {
            Some(outage) => Some(outage),
            None => state.faults.pop_front(),
        }
    };
    if fault == Some(Fault::Hold) {
        shared.released.notified().await;
    }
    let mut state = shared.lock();
    let is_known = state.authorization.as_ref().is_none_or(|wanted| *wanted == authorization);
    let done = match &fault {
        Some(Fault::DropBefore) => None,
        Some(Fault::Refuse(status, body)) => Some(Answer { status: *status, body: Value::String((*body).to_owned()) }),
        None | Some(Fault::Hold | Fault::DropAfter | Fault::Garble) if is_known => Some(answer(&mut state, &call)),
        None | Some(Fault::Hold | Fault::DropAfter | Fault::Garble) => Some(Answer { status: 401, body: Value::Null }),
    };
    let done = done.filter(|_| fault != Some(Fault::DropAfter));
    let status = done.as_ref().map_or(0, |answer| answer.status);
    state.calls.push(format!("{} {} {status}", call.method, call.path));
    drop(state);
    let Some(answer) = done else { return Err(io::Error::other("a fault")) };
    let text = if fault == Some(Fault::Garble) {
        "<html>it is done</html>".to_owned()
    } else if answer.body.is_null() {
        String::new()
    } else {
        answer.body.to_string()
    };
    let response = Response::builder().status(answer.status).header(CONTENT_TYPE, "application/json");
    Ok(response.body(Full::from(text)).expect("a response"))
}
