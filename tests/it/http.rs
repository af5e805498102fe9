//! Those who watch: health, readiness and metrics of a process that serves.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use signalbox_test_support::everyday::{House, PATIENCE, Talk};

/// An answer to one request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

/// A house whose server answers at a free port.
fn watched() -> House {
    let mut house = House::new("");
    house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    house
}

/// Finds the address in what a serving process logs.
pub(crate) fn address(serving: &Talk) -> SocketAddr {
    let log = serving.err();
    let line = log.lines().find(|line| line.contains("answering /healthz")).expect("it says where it answers");
    let line: Value = serde_json::from_str(line).expect("a log line is JSON");
    line["fields"]["address"].as_str().expect("an address").parse().expect("an address")
}

fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream
}

/// Says something and reads until the server closes the connection.
fn told(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = connected(address);
    stream.write_all(request).expect("the request is sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer, then the end");
    text
}

pub(crate) fn ask(address: SocketAddr, method: &str, path: &str) -> Answer {
    let text = told(address, format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

#[test]
fn a_serving_process_is_healthy_ready_and_counted() {
    let house = watched();
    let serving = house.serve();
    let address = address(&serving);
    house.say("/session --name docs hello").was(0, "turn 1: hello");

    let healthy = ask(address, "GET", "/healthz");
    assert_eq!((healthy.status, healthy.body.as_str()), (200, "ok\n"));
    let ready = ask(address, "GET", "/readyz");
    assert_eq!(ready.status, 200, "{ready:?}");
    assert!(ready.head.contains("content-type: application/json"), "{ready:?}");
    let told: Value = serde_json::from_str(&ready.body).expect("JSON");
    assert_eq!(told, json!({ "ready": true, "store": { "ready": true }, "transports": {} }));
    assert_eq!(house.count("kv WHERE key = 'last:write_probe'"), 1, "a row was really written");

    let metrics = ask(address, "GET", "/metrics");
    assert_eq!(metrics.status, 200, "{metrics:?}");
    assert!(metrics.head.contains("content-type: text/plain; version=0.0.4"), "{metrics:?}");
    for line in [
        "signalbox_tasks{status=\"running\"} 0",
        "signalbox_tasks_ended_total{status=\"ok\"} 1",
        "signalbox_sessions{status=\"idle\"} 1",
        "signalbox_inbox_messages{state=\"done\"} 1",
    ] {
        assert!(metrics.body.lines().any(|told| told == line), "{line} in {}", metrics.body);
    }
    let resident = metrics.body.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    assert!(resident.and_then(|bytes| bytes.parse::<u64>().ok()).is_some_and(|bytes| bytes > 1 << 20), "{resident:?}");

    serving.signal(Signal::SIGTERM);
    serving.end().was(0, "");
}

#[test]
fn only_three_pages_are_there_and_only_to_be_read() {
    let house = watched();
    let serving = house.serve();
    let address = address(&serving);
    for path in ["/", "/healthz/", "/metrics/../healthz", "/debug", "/%2e%2e/etc/passwd"] {
        assert_eq!(ask(address, "GET", path).status, 404, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let refused = ask(address, method, "/metrics");
        assert_eq!(refused.status, 405, "{method}");
        assert!(refused.head.contains("allow: get,head"), "{refused:?}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let head = ask(address, "HEAD", path);
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
    }
    let long = format!("GET /healthz HTTP/1.1\r\nX-Long: {}\r\n\r\n", "a".repeat(64 << 10));
    let refused = told_or_cut_off(address, long.as_bytes());
    assert!(refused.is_none_or(|text| text.starts_with("HTTP/1.1 431")), "a head without end is refused");
    assert!(told(address, b"\0\xff nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
    assert_eq!(ask(address, "GET", "/healthz").status, 200);
}

/// Like [`told`], where the server may close the connection before everything is said.
fn told_or_cut_off(address: SocketAddr, request: &[u8]) -> Option<String> {
    let mut stream = connected(address);
    stream.write_all(request).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

#[test]
fn clients_that_say_nothing_hold_nobody_up_and_are_sent_away() {
    let house = watched();
    let serving = house.serve();
    let address = address(&serving);
    let mut silent: Vec<TcpStream> = (0..30).map(|_| connected(address)).collect();
    silent.extend((0..30).map(|_| {
        let mut halting = connected(address);
        halting.write_all(b"GET /metrics HTTP/1.1\r\nX: ").expect("the beginning is sent");
        halting
    }));
    let begun = Instant::now();
    assert_eq!(ask(address, "GET", "/readyz").status, 200);
    let promised = "GET /healthz HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
    assert!(told(address, promised.as_bytes()).starts_with("HTTP/1.1 200"), "a body is not waited for");
    // More than there are places for: whoever comes next is answered when the first are sent away.
    let more: Vec<TcpStream> = (0..10).map(|_| connected(address)).collect();
    assert_eq!(ask(address, "GET", "/healthz").status, 200);
    for stream in &mut silent {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).ok();
    }
    assert!(begun.elapsed() < PATIENCE, "each is sent away before its client gives up");
    serving.signal(Signal::SIGTERM);
    serving.end().was(0, "");
    drop(more);
}

#[test]
fn a_process_whose_port_is_taken_serves_without_http() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut house = House::new("");
    house.set("SIGNALBOX__HTTP__LISTEN", &taken.local_addr().expect("an address").to_string());
    let serving = house.serve();
    serving.until("could not listen for HTTP");
    assert!(serving.err().contains("\"ERROR\""), "a person should look");
    house.say("/session hello").was(0, "turn 1: hello");
    serving.signal(Signal::SIGTERM);
    serving.end().was(0, "");
}

#[test]
fn no_address_is_no_http_and_an_open_one_is_warned_about() {
    let mut house = House::new("");
    house.set("SIGNALBOX__HTTP__LISTEN", "");
    let serving = house.serve();
    assert!(!serving.err().contains("healthz"), "{}", serving.err());
    drop(serving);
    house.set("SIGNALBOX__HTTP__LISTEN", "0.0.0.0:0");
    let said = house.run(&["config", "check"]);
    assert!(format!("{}{}", said.out, said.err).contains("http.listen: others can reach this address"), "{said:?}");
}
