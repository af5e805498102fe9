//! An answer that says that it is none is not called complete.

use super::*;
use crate::agent::kinds::host::NOT_ANSWERABLE;

#[test]
fn what_cannot_be_answered_is_not_called_complete() {
    let of = |agent: &str, answer: String| Task { agent: agent.into(), ..answered(&answer) };
    let texts = [
        format!("**{NOT_ANSWERABLE}.**\n\n- more"),
        format!("{{\n  \"root_cause\": {{\n    \"claim\": \"{NOT_ANSWERABLE}\"\n  }}\n}}"),
    ];
    for text in texts {
        let task = of("host", text.clone());
        let headline = crate::format::task::ended(&task, "owl", NOW).to_markdown();
        assert!(headline.contains("Not answered") && !headline.contains("Complete"), "{headline}");
        assert!(!task.is_answered() && of("claude", text).is_answered());
    }
    assert!(of("host", format!("**Nothing wrong found.**\n\n- `{NOT_ANSWERABLE}`")).is_answered());
}
