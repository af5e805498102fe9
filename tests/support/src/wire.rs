//! HTTP as the fakes speak it: whole answers, and answers that break off.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What is sent back, and whether in full.
pub(crate) type Reply = Result<Response<Body>, io::Error>;

/// A whole body, or one that breaks off.
pub(crate) type Body = http_body_util::combinators::BoxBody<Bytes, io::Error>;

/// Answers the requests of one connection until it ends.
pub(crate) async fn converse<F>(stream: TcpStream, respond: impl Fn(Request<Incoming>) -> F)
where
    F: Future<Output = Reply>,
{
    // An error is a fault that was asked for, or a client that has gone.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(respond)).await);
}

/// A body that is sent whole.
pub(crate) fn whole(body: Full<Bytes>) -> Body {
    body.map_err(|never: Infallible| match never {}).boxed()
}

/// What something in between says in the server's place.
pub(crate) fn bad_gateway() -> Response<Body> {
    let page = Full::from("<html><body>502 Bad Gateway</body></html>");
    Response::builder().status(502).body(whole(page)).expect("a response")
}

/// Promises the whole text and ends in its middle.
pub(crate) fn cut_reply(text: &str) -> Response<Body> {
    let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
    Response::builder().header(CONTENT_LENGTH, text.len()).body(Cut(Some(half)).boxed()).expect("a response")
}

/// Reads width and height of a PNG, in pixels; `None` where it is none.
pub(crate) fn png_size(content: &[u8]) -> Option<(u32, u32)> {
    let head = content.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let is_whole = head.get(4..8) == Some(b"IHDR") && head.ends_with(b"IEND\xaeB`\x82");
    let number = |at: usize| head.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    is_whole.then(|| Some((number(8)?, number(12)?))).flatten()
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
