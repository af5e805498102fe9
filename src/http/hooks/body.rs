//! The body of a request: bounded in length and in time.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;

use super::refusal::HookRefusal;
use crate::alert::MAX_INPUT_BYTES;

/// How long a body may take in all.
const BODY_WITHIN: Duration = Duration::from_secs(5);
/// How much of a body that is too long is read to its end and forgotten, in bytes, so that its sender hears why; a
/// connection that is closed before would look like a fault of the network.
const MAX_FORGOTTEN_BYTES: u64 = 8 << 20;

/// How long is waited for the body of a request that is refused already.
const FORGOTTEN_WITHIN: Duration = Duration::from_millis(500);

/// Checks what a head says of its body.
pub(super) fn check(headers: &HeaderMap) -> Result<(), HookRefusal> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    let is_json = |kind: String| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        matches!(kind, "application/json" | "text/json")
            || (kind.starts_with("application/") && kind.ends_with("+json"))
    };
    let is_plain = text(header::CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    // Nothing said is nothing wrong: what comes is read as JSON or refused.
    if is_plain && text(header::CONTENT_TYPE).is_none_or(is_json) { Ok(()) } else { Err(HookRefusal::ContentType) }
}

/// Reads a body to its end.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, HookRefusal> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|length| length > MAX_FORGOTTEN_BYTES) {
        return Err(HookRefusal::TooLarge);
    }
    tokio::time::timeout(BODY_WITHIN, gathered(body)).await.unwrap_or(Err(HookRefusal::TooSlow))
}

/// Reads what comes of a body that nobody wants: a connection that is closed with something unread loses the answer.
pub(super) async fn forget(body: Body) {
    let mut length = 0;
    let mut frames = body.into_data_stream();
    let gone = async {
        while let Some(Ok(frame)) = frames.next().await
            && length <= MAX_FORGOTTEN_BYTES
        {
            length += u64::try_from(frame.len()).unwrap_or(u64::MAX);
        }
    };
    tokio::time::timeout(FORGOTTEN_WITHIN, gone).await.ok();
}

async fn gathered(body: Body) -> Result<Vec<u8>, HookRefusal> {
    let (mut kept, mut length) = (Vec::new(), 0_u64);
    let mut frames = body.into_data_stream();
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(|_| HookRefusal::BrokenOff)?;
        length += u64::try_from(frame.len()).unwrap_or(u64::MAX);
        if length > MAX_FORGOTTEN_BYTES {
            break;
        }
        if kept.len() + frame.len() <= MAX_INPUT_BYTES {
            kept.extend_from_slice(&frame);
        }
    }
    let whole = u64::try_from(kept.len()).is_ok_and(|kept| kept == length);
    if whole { Ok(kept) } else { Err(HookRefusal::TooLarge) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), header::HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_json_without_compression_is_read() {
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.pagerduty+json"] {
            assert_eq!(check(&said(&[(header::CONTENT_TYPE, kind)])), Ok(()), "{kind}");
        }
        for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""] {
            assert_eq!(check(&said(&[(header::CONTENT_TYPE, kind)])), Err(HookRefusal::ContentType), "{kind}");
        }
        assert_eq!(check(&HeaderMap::new()), Ok(()));
        assert_eq!(check(&said(&[(header::CONTENT_ENCODING, "gzip")])), Err(HookRefusal::ContentType));
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound() {
        let head = HeaderMap::new();
        let read = |bytes: usize| read(&head, Body::from(vec![b' '; bytes]));
        for bytes in [0, 1, MAX_INPUT_BYTES] {
            assert_eq!(read(bytes).await.map(|body| body.len()), Ok(bytes));
        }
        for bytes in [MAX_INPUT_BYTES + 1, 2 << 20, 9 << 20] {
            assert_eq!(read(bytes).await, Err(HookRefusal::TooLarge));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let endless = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        assert_eq!(read(&HeaderMap::new(), Body::from_stream(endless)).await, Err(HookRefusal::TooSlow));
    }
}
