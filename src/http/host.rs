//! By which names the pages may be asked for.
//!
//! # Why
//! A web page that somebody looks at can have its own name point to this machine, and would then read what has no password.
//! The name that its browser says gives it away. A number of an address is nobody's name, and what says no name is no browser.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// What is said to whoever asks by another name.
const MISDIRECTED: &str = "not by this name: ask by number or localhost, or list the name in http.hosts\n";

/// Answers only what asks by a name that is known.
pub(super) async fn by_known_name(State(hosts): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    let asked = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or("?"));
    // The whole address in the first line of a request goes before the header.
    let asked = request.uri().authority().map(|authority| authority.as_str()).or(asked);
    if asked.is_none_or(|host| is_known(host, &hosts)) {
        return next.run(request).await;
    }
    (StatusCode::MISDIRECTED_REQUEST, Body::from(MISDIRECTED)).into_response()
}

/// Whether a name, with or without a port, is a number, this machine, or one of those that are set.
fn is_known(asked: &str, hosts: &[String]) -> bool {
    let name = match asked.strip_prefix('[') {
        Some(rest) => return rest.split(']').next().is_some_and(|number| number.parse::<IpAddr>().is_ok()),
        None => asked.rsplit_once(':').map_or(asked, |(name, _)| name),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.parse::<IpAddr>().is_ok() || hosts.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_this_machine_and_what_is_set_are_known() {
        let hosts = ["bot.example.org".to_owned()];
        for known in ["127.0.0.1:8787", "[::1]:8787", "10.0.0.7", "localhost", "LOCALHOST:1", "Bot.Example.org.:80"] {
            assert!(is_known(known, &hosts), "{known}");
        }
        for other in
            ["evil.example", "evil.example:8787", "localhost.evil.example", "", "?", "[evil]", "127.0.0.1.evil"]
        {
            assert!(!is_known(other, &hosts), "{other}");
        }
    }
}
