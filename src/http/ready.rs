//! The body of `/readyz`: whether messages can come in, and if not, why.
//!
//! ```json
//! {"ready":true,"store":{"ready":true},"transports":{"telegram":{"ready":true,"state":"listening","last_alive_seconds":3}}}
//! ```
//! `hooks` is there only where nobody sees the alerts of some, and `places` where the bot lacks a right in a chat that is watched
//! or told: each with why. Alerts come in all the same, so it stays ready.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::health::TransportSnapshot;

/// Whether everything is ready.
#[derive(Debug, Serialize)]
pub(super) struct Readiness<'a> {
    /// Whether the store and all transports are.
    pub(super) ready: bool,
    store: StoreReadiness,
    transports: BTreeMap<&'a str, TransportReadiness<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    hooks: BTreeMap<&'a str, Untold<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    places: BTreeMap<&'a str, Untold<'a>>,
}

#[derive(Debug, Serialize)]
struct Untold<'a> {
    ready: bool,
    why: &'a str,
}

#[derive(Debug, Serialize)]
struct StoreReadiness {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct TransportReadiness<'a> {
    ready: bool,
    state: &'static str,
    /// Whole seconds since the last successful poll or heartbeat; `null` before the first.
    last_alive_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    /// What the provider keeps from it although it listens, and how to change that.
    #[serde(skip_serializing_if = "Option::is_none")]
    limited: Option<&'a str>,
}

impl<'a> Readiness<'a> {
    /// Judges whether a row could be written, and how the transports are. No transport at all is fine: terminals. `untold`
    /// are the hooks whose alerts nobody sees, and why; `lacking` the chats in which the bot lacks a right.
    pub(super) fn new(
        writable: Result<(), String>,
        transports: &'a [TransportSnapshot],
        untold: &'a BTreeMap<String, String>,
        lacking: &'a BTreeMap<String, String>,
    ) -> Self {
        let told = |those: &'a BTreeMap<String, String>| {
            those.iter().map(|(name, why)| (name.as_str(), Untold { ready: false, why })).collect()
        };
        let transport = |one: &'a TransportSnapshot| {
            let readiness = TransportReadiness {
                ready: one.is_ready(),
                state: one.state.as_str(),
                last_alive_seconds: one.since_alive.map(|silence| silence.as_secs()),
                why: one.state.why(),
                limited: one.limited.as_deref(),
            };
            (one.provider.as_str(), readiness)
        };
        Self {
            ready: writable.is_ok() && transports.iter().all(TransportSnapshot::is_ready),
            store: StoreReadiness { ready: writable.is_ok(), why: writable.err() },
            transports: transports.iter().map(transport).collect(),
            hooks: told(untold),
            places: told(lacking),
        }
    }

    /// Writes it as one line of JSON.
    pub(super) fn to_json(&self) -> String {
        let mut json = serde_json::to_string(self).expect("numbers and texts are JSON");
        json.push('\n');
        json
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::health::{Health, READY_WITHIN, TransportState};

    #[test]
    fn everything_must_be_ready_and_what_is_not_says_why() {
        let (health, start) = (Health::new(), Instant::now());
        let none = BTreeMap::new();
        assert_eq!(
            Readiness::new(Ok(()), &[], &none, &none).to_json(),
            "{\"ready\":true,\"store\":{\"ready\":true},\"transports\":{}}\n"
        );
        health.transport("telegram").alive_at(start);
        let now = start + Duration::from_millis(3_900);
        assert_eq!(
            Readiness::new(Ok(()), &health.snapshot(now), &none, &none).to_json(),
            "{\"ready\":true,\"store\":{\"ready\":true},\"transports\":{\"telegram\":{\"ready\":true,\
             \"state\":\"listening\",\"last_alive_seconds\":3}}}\n"
        );
        assert!(!Readiness::new(Err("full".into()), &health.snapshot(now), &none, &none).ready);
        assert!(
            !Readiness::new(Ok(()), &health.snapshot(start + READY_WITHIN + Duration::from_secs(1)), &none, &none)
                .ready
        );

        health.transport("slack").set(TransportState::Refused { why: "\"no\"\n".into() });
        assert_eq!(
            Readiness::new(Err("full".into()), &health.snapshot(now), &none, &none).to_json(),
            "{\"ready\":false,\"store\":{\"ready\":false,\"why\":\"full\"},\"transports\":{\"slack\":{\"ready\":false,\
             \"state\":\"refused\",\"last_alive_seconds\":null,\"why\":\"\\\"no\\\"\\n\"},\"telegram\":{\"ready\":true,\
             \"state\":\"listening\",\"last_alive_seconds\":3}}}\n"
        );
    }

    #[test]
    fn a_hook_that_nobody_hears_of_is_named_and_alerts_come_in_all_the_same() {
        let none = BTreeMap::new();
        let untold = [("ops".to_owned(), "telegram is not connected".to_owned())].into();
        assert_eq!(
            Readiness::new(Ok(()), &[], &untold, &none).to_json(),
            "{\"ready\":true,\"store\":{\"ready\":true},\"transports\":{},\"hooks\":{\"ops\":{\"ready\":false,\
             \"why\":\"telegram is not connected\"}}}\n"
        );
        let lacking = [("discord:7".to_owned(), "no View Channel".to_owned())].into();
        assert_eq!(
            Readiness::new(Ok(()), &[], &none, &lacking).to_json(),
            "{\"ready\":true,\"store\":{\"ready\":true},\"transports\":{},\"places\":{\"discord:7\":{\"ready\":false,\
             \"why\":\"no View Channel\"}}}\n"
        );
    }
}
