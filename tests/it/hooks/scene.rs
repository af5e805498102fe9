//! What these stories share: a house with a hook of every source, and clients that sign as the sources do, by themselves.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use ring::hmac;
use serde_json::{Value, json};
use signalbox::clock::{Clock as _, SystemClock};
use signalbox_test_support::everyday::{House, PATIENCE, Talk, eventually};

use crate::http::address;

/// The secret of every hook.
pub(crate) const SECRET: &str = "a-secret-that-nobody-guesses";
/// Sources that prove themselves by the secret.
pub(crate) const BY_SECRET: [&str; 5] = ["alertmanager", "datadog", "uptime-kuma", "healthchecks", "generic"];
/// Sources that sign.
const SIGNING: [&str; 4] = ["grafana", "pagerduty", "sentry", "github"];

/// The configuration of a hook of every source, each named as its source.
pub(crate) fn hooks(target: &str) -> String {
    let sources = BY_SECRET.iter().chain(&SIGNING);
    let hook = |source: &&str| {
        format!("[[hooks]]\nid = \"{source}\"\nsource = \"{source}\"\ntarget = \"{target}\"\nsecret = \"{SECRET}\"\n")
    };
    sources.map(hook).collect()
}

/// A house with a hook of every source that serves.
pub(crate) struct Watch {
    pub(crate) house: House,
    pub(crate) serving: Talk,
    pub(crate) address: SocketAddr,
}

impl Watch {
    /// Serves with `more` in the configuration.
    pub(crate) fn new(more: &str) -> Self {
        let mut house = House::bare();
        house.configure(&format!(
            "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n{}{more}",
            hooks("console:local")
        ));
        house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
        let serving = house.serve();
        let address = address(&serving);
        Self { house, serving, address }
    }

    /// Calls the hook of a source.
    pub(crate) fn call(&self, source: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        post(self.address, &format!("/hooks/{source}/{source}"), headers, body)
    }

    /// Calls it as the source does.
    pub(crate) fn call_rightly(&self, source: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let proof = proof(source, &body, SECRET);
        let headers: Vec<(&str, &str)> = proof.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.call(source, &headers, &body)
    }

    /// Waits until the metrics, which are made anew once a second, tell a number.
    pub(crate) fn counts(&self, series: &str, number: u64) {
        let line = format!("{series} {number}");
        eventually(&format!("the metrics tell {line}"), || {
            crate::http::ask(self.address, "GET", "/metrics").body.lines().any(|told| told == line)
        });
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// What became of the alerts.
    pub(crate) fn told(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// The headers by which a source proves a body.
pub(crate) fn proof(source: &str, body: &str, secret: &str) -> Vec<(String, String)> {
    let pair = |name: &str, value: String| vec![(name.to_owned(), value)];
    match source {
        "alertmanager" => pair("Authorization", format!("Bearer {secret}")),
        "grafana" => {
            let time = (now() / 1000).to_string();
            let mut headers = pair("X-Grafana-Alerting-Signature", hmac_of(&format!("{time}:{body}"), secret));
            headers.push(("X-Grafana-Alerting-Timestamp".to_owned(), time));
            headers
        }
        "pagerduty" => pair("X-PagerDuty-Signature", format!("v1={},v1={}", "0".repeat(64), hmac_of(body, secret))),
        "sentry" => pair("Sentry-Hook-Signature", hmac_of(body, secret)),
        "github" => pair("X-Hub-Signature-256", format!("sha256={}", hmac_of(body, secret))),
        _ => pair("X-Signalbox-Secret", secret.to_owned()),
    }
}

fn hmac_of(text: &str, secret: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text.as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Milliseconds since the epoch.
pub(crate) fn now() -> i64 {
    SystemClock.now().0
}

/// An instant so many minutes ago, as sources write it.
pub(crate) fn ago(minutes: i64) -> String {
    let at = chrono::DateTime::from_timestamp_millis(now() - minutes * 60_000).expect("an instant");
    at.to_rfc3339()
}

/// A problem as each source tells it.
pub(crate) fn problem(source: &str) -> Value {
    let began = ago(5);
    match source {
        "alertmanager" => group("Load", 1, 0),
        "grafana" => {
            let mut body = group("Load", 1, 0);
            body["orgId"] = json!(1);
            body
        }
        "pagerduty" => json!({"event": {"id": "01E", "event_type": "incident.triggered", "occurred_at": began,
            "data": {"id": "P1", "type": "incident", "title": "Replication lags", "created_at": began, "status": "triggered"}}}),
        "sentry" => json!({"action": "triggered", "data": {"event": {"event_id": "e0", "issue_id": "9",
            "title": "KeyError", "datetime": began, "level": "error"}, "triggered_rule": "New"}}),
        "github" => json!({"action": "completed", "workflow_run": {"name": "CI", "head_branch": "main",
            "workflow_id": 7, "conclusion": "failure", "updated_at": began}, "repository": {"full_name": "acme/shop"}}),
        "datadog" => {
            json!({"id": "7", "date": now(), "event_title": "CPU is high", "alert_transition": "Triggered", "alert_id": "4"})
        }
        "uptime-kuma" => json!({"heartbeat": {"status": 0, "msg": "refused", "time": began.replace("+00:00", "")},
            "monitor": {"id": 3, "name": "Shop"}, "msg": "down"}),
        "healthchecks" => {
            json!({"code": "c0de", "status": "down", "now": began, "check": {"name": "Backup", "grace": 60}})
        }
        _ => json!({"title": "Backup is late", "status": "firing", "severity": "warning", "fingerprint": "backup"}),
    }
}

/// What Alertmanager sends of a group of alerts, the first of which has the number `from`.
pub(crate) fn group(name: &str, alerts: usize, from: usize) -> Value {
    let alert = |number: usize| {
        json!({"status": "firing", "labels": {"alertname": name, "severity": "warning", "instance": format!("host-{number}")},
            "annotations": {"summary": "Load is high"}, "startsAt": ago(5), "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "", "fingerprint": format!("{name}-{number}")})
    };
    let alerts: Vec<Value> = (from..from + alerts).map(alert).collect();
    json!({"version": "4", "groupKey": format!("{{}}:{{alertname=\"{name}\"}}"), "truncatedAlerts": 0, "status": "firing",
        "receiver": "signalbox", "groupLabels": {"alertname": name}, "commonLabels": {"alertname": name},
        "commonAnnotations": {}, "externalURL": "http://alertmanager.example.org:9093", "alerts": alerts})
}

/// A disk that fills, as Alertmanager 0.28 is documented to send it.
pub(crate) fn disk(status: &str, began: &str) -> Value {
    let ended = if status == "firing" { "0001-01-01T00:00:00Z".to_owned() } else { ago(0) };
    json!({
        "receiver": "signalbox", "status": status, "version": "4", "truncatedAlerts": 0,
        "groupKey": "{}/{severity=\"critical\"}:{alertname=\"DiskWillFill\"}",
        "groupLabels": {"alertname": "DiskWillFill"},
        "commonLabels": {"alertname": "DiskWillFill", "instance": "db-1:9100", "job": "node", "severity": "critical"},
        "commonAnnotations": {"summary": "/var on db-1 fills in 3 h"},
        "externalURL": "http://alertmanager.example.org:9093",
        "alerts": [{
            "status": status, "startsAt": began, "endsAt": ended,
            "labels": {"alertname": "DiskWillFill", "instance": "db-1:9100", "job": "node", "severity": "critical"},
            "annotations": {"summary": "/var on db-1 fills in 3 h", "runbook_url": "https://runbooks.example.org/disk"},
            "generatorURL": "http://prometheus.example.org:9090/graph?g0.expr=up", "fingerprint": "5a1c0de5a1c0de01",
        }],
    })
}

/// Posts and reads the answer.
pub(crate) fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = connected(address);
    stream.write_all(head(path, headers, body.len()).as_bytes()).expect("the head is sent");
    stream.write_all(body.as_bytes()).expect("the body is sent");
    answered(&mut stream)
}

/// A connection whose reader does not wait for ever.
pub(crate) fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream
}

/// The head of a request whose body has so many bytes.
pub(crate) fn head(path: &str, headers: &[(&str, &str)], bytes: usize) -> String {
    let kind = headers.iter().any(|(name, _)| *name == "Content-Type");
    let kind = if kind { "" } else { "Content-Type: application/json\r\n" };
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("POST {path} HTTP/1.1\r\nHost: alerts.example.org\r\nContent-Length: {bytes}\r\n{kind}{headers}\r\n")
}

/// Reads the answer and the end.
pub(crate) fn answered(stream: &mut TcpStream) -> Answer {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer, then the end");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, body: body.to_owned() }
}
