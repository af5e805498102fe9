//! A recording of an agent of the Agent Client Protocol, played to a client that asks in the same order.
//!
//! Each answer goes to the next request that comes, under that one's own id; what the agent asks waits for its answer. All is
//! printed in pieces that are cut within words, within characters and around line breaks.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, Write as _};
use std::path::Path;

use serde_json::Value;

/// Lengths of the pieces, in bytes.
const PIECES: [usize; 8] = [1, 7, 2, 4096, 3, 509, 1, 64];

/// Plays a recording; `log` gets every line that the client says.
pub(crate) fn play(recording: &Path, log: Option<&Path>) {
    let recorded = fs::read_to_string(recording).expect("a recording");
    let mut sizes = PIECES.into_iter().cycle();
    // What it is asked just now. What it tells on the way to its answer comes after that.
    let mut request = None;
    for line in recorded.lines() {
        if request.is_none() {
            request = until(log, |said| said.get("method").is_some() && said.get("id").is_some());
        }
        let Some(asked) = &request else { return };
        let mut message: Value = serde_json::from_str(line).expect("a recording of JSON");
        let is_asked = message.get("method").is_some();
        if !is_asked {
            message["id"] = asked["id"].clone();
            request = None;
        }
        let bytes = format!("{message}\n").into_bytes();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(sizes.next().expect("endless").min(rest.len()));
            let mut out = io::stdout().lock();
            out.write_all(piece).and_then(|()| out.flush()).expect("standard output can be written");
            rest = after;
        }
        let answers = |said: &Value| said.get("method").is_none() && said["id"] == message["id"];
        if is_asked && message.get("id").is_some() && until(log, answers).is_none() {
            return;
        }
    }
    while hear(log).is_some() {}
}

/// Waits for a message like this; `None` where nothing comes any more.
fn until(log: Option<&Path>, is_it: impl Fn(&Value) -> bool) -> Option<Value> {
    std::iter::from_fn(|| hear(log)).find(is_it)
}

fn hear(log: Option<&Path>) -> Option<Value> {
    let mut line = String::new();
    let length = io::stdin().lock().read_line(&mut line).expect("standard input can be read");
    if length == 0 {
        return None;
    }
    if let Some(log) = log {
        let mut file = OpenOptions::new().create(true).append(true).open(log).expect("the log can be opened");
        file.write_all(line.as_bytes()).expect("the log can be written");
    }
    Some(serde_json::from_str(&line).expect("every line is JSON"))
}
