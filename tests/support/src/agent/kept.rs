//! An agent that is kept: it is told one prompt after the other, and can be interrupted.

use std::io::{self, BufRead as _};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::{print, wait_for};

/// Waits for the next prompt; `None` where its input is closed.
pub(super) fn next_prompt() -> Option<String> {
    loop {
        let line = told()?;
        if line["type"] == "user" {
            return Some(line["message"]["content"].as_str().expect("the prompt is text").to_owned());
        }
    }
}

/// Counts the results of the process.
pub(super) fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Waits until it is interrupted, as the real one answers that; with an answer it ends its turn in the ordinary way all the same.
pub(super) fn until_interrupted(answer: &str) {
    loop {
        let line = told().expect("standard input was closed before it was interrupted");
        if line["request"]["subtype"] == "interrupt" {
            let response =
                json!({"subtype": "success", "request_id": line["request_id"], "response": {"still_queued": []}});
            print(&json!({"type": "control_response", "response": response}));
            let mut result = json!({"type": "result", "subtype": "error_during_execution", "is_error": true,
                "terminal_reason": "aborted_tools", "errors": ["[Request interrupted by user]"], "num_turns": 1,
                "total_cost_usd": 0.07, "usage": {"input_tokens": 10, "output_tokens": 2}, "permission_denials": []});
            if !answer.is_empty() {
                result["subtype"] = "success".into();
                result["is_error"] = false.into();
                result["errors"] = json!([]);
                result["result"] = answer.into();
            }
            print(&result);
            return;
        }
    }
}

/// Prints a line at a time that has nothing to do with what the agent is at.
pub(super) fn afterwards(rest: &str) {
    let (path, line) = rest.split_once(' ').expect("afterwards <path> <line>");
    let (path, line) = (path.to_owned(), line.replace("\\n", "\n"));
    std::thread::spawn(move || {
        wait_for(&path);
        println!("{line}");
        // So that a story knows that it was printed.
        std::fs::remove_file(&path).expect("the file is there");
    });
}

fn told() -> Option<Value> {
    let mut line = String::new();
    let length = io::stdin().lock().read_line(&mut line).expect("standard input can be read");
    (length > 0).then(|| serde_json::from_str(&line).expect("every line is JSON"))
}
