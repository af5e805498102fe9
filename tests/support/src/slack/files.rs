//! Files: given out to whoever has the token, and taken where an upload was announced.

use std::io;

use http_body_util::Full;
use hyper::Response;

use super::fault::Fault;
use super::{BOT_TOKEN, Shared, server};
use crate::parameters::Parameters;
use crate::wire::{Reply, whole};

/// Gives a file of a message out; who has no right to it is sent to the page where people sign in.
pub(crate) async fn give(shared: &Shared, path: &str, authorization: &str) -> Reply {
    let id =
        path.split('/').next().and_then(|ids| ids.split_once('-')).map(|(_, id)| id.to_owned()).unwrap_or_default();
    let (fault, released) = shared.with(|state| (state.trouble("files-pri"), state.released));
    match fault {
        None => {}
        Some(Fault::Hold) => shared.until(|state| (state.released > released).then_some(())).await,
        Some(_) => return Err(io::Error::other("a fault")),
    }
    let may = authorization == format!("Bearer {BOT_TOKEN}");
    let may = may && shared.with(|state| !state.revoked && !state.lacks.contains("files:read"));
    if !may {
        return Ok(server::page(200));
    }
    match shared.with(|state| state.files.get(&id).map(|(_, content)| content.clone())) {
        Some(content) => Ok(Response::builder().body(whole(Full::from(content))).expect("a response")),
        None => Ok(server::page(404)),
    }
}

/// Takes the content of a file that was announced.
pub(crate) async fn take(shared: &Shared, id: &str, content_type: &str, body: &[u8]) -> Reply {
    if let Some(fault) = shared.with(|state| state.trouble("upload")) {
        return Err(io::Error::other(format!("a fault: {fault:?}")));
    }
    // As a form or as it is.
    let form = content_type.starts_with("multipart/").then(|| Parameters::read(content_type, body)).flatten();
    let content = form.and_then(|form| form.files.into_values().next()).map_or_else(|| body.to_vec(), |(_, file)| file);
    let is_whole = shared.with(|state| {
        let upload = state.uploads.get_mut(id)?;
        let is_whole = content.len() == upload.length;
        upload.content = is_whole.then_some(content);
        Some(is_whole)
    });
    match is_whole {
        Some(true) => Ok(Response::builder().body(whole(Full::from("OK"))).expect("a response")),
        Some(false) => Ok(server::page(400)),
        None => Ok(server::page(404)),
    }
}
