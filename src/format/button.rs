//! What stands on buttons, and the command behind each.

use signalbox_adapter::Button;

use crate::store::{ApprovalId, TaskId};

/// Makes the button that stops a task.
#[must_use]
pub fn cancel(task: &TaskId) -> Button {
    button("Cancel", format!("cancel {task}"))
}

/// Makes the buttons that answer a permission request.
#[must_use]
pub fn decisions(id: &ApprovalId) -> Vec<Button> {
    let answers = [("Approve", "approve"), ("Deny", "deny"), ("Allow for this session", "allow")];
    answers.map(|(label, word)| button(label, format!("{word} {id}"))).into()
}

/// Makes the button that runs a task's prompt again.
#[must_use]
pub fn retry(task: &TaskId) -> Button {
    button("Retry", format!("retry {task}"))
}

/// Makes the button that sets a task aside.
#[must_use]
pub fn discard(task: &TaskId) -> Button {
    button("Discard", format!("discard {task}"))
}

/// Makes the button that investigates what a task was asked.
#[must_use]
pub fn investigate(task: &TaskId) -> Button {
    button("Investigate", format!("investigate {task}"))
}

/// Makes the button that goes on from an investigation.
#[must_use]
pub fn go_on(task: &TaskId) -> Button {
    button("Use", format!("background use {task}"))
}

/// Makes the button that shows all of an investigation.
#[must_use]
pub fn show(task: &TaskId) -> Button {
    button("Show", format!("background show {task}"))
}

fn button(label: &str, action: String) -> Button {
    Button { label: label.to_owned(), action }
}
