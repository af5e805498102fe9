//! What stands on buttons, and the command behind each.

use signalbox_adapter::{Button, one_line};

use crate::agent::event::Wants;
use crate::store::{Approval, TaskId};

/// Longest choice on a button, in characters; what it says whole stands above.
const MAX_CHOICE_CHARS: usize = 40;

/// Makes the button that stops a task.
#[must_use]
pub fn cancel(task: &TaskId) -> Button {
    button("Cancel", format!("cancel {task}"))
}

/// Makes the buttons that answer a permission request, a plan, or the question that is at hand. What cannot be read whole
/// cannot be approved.
#[must_use]
pub fn decisions(approval: &Approval) -> Vec<Button> {
    let id = &approval.id;
    let made = |answers: &[(&str, &str)]| {
        answers.iter().map(|(label, word)| button(label, format!("{word} {id}"))).collect::<Vec<_>>()
    };
    match (&approval.wants, approval.at_hand()) {
        (Wants::Permission, _) if !approval.is_whole() => made(&[("Deny", "deny")]),
        (Wants::Permission, _) if approval.grant.is_none() => made(&[("Approve", "approve"), ("Deny", "deny")]),
        (Wants::Permission, _) => {
            made(&[("Approve", "approve"), ("Deny", "deny"), ("Allow for this session", "allow")])
        }
        (Wants::Plan(_), _) if !approval.is_whole() => made(&[("Not this plan", "deny")]),
        (Wants::Plan(_), _) => made(&[("Go on", "approve"), ("Not this plan", "deny")]),
        (Wants::Answers(_), None) => Vec::new(),
        (Wants::Answers(_), Some((number, question))) => {
            let of = number + 1;
            let mut buttons: Vec<Button> = question
                .choices
                .iter()
                .enumerate()
                .map(|(at, choice)| {
                    let mark = if approval.chosen.contains(&at) { "✓ " } else { "" };
                    let label = format!("{mark}{}", one_line(&choice.label, MAX_CHOICE_CHARS));
                    button(&label, format!("answer {id} {of}.{}", at + 1))
                })
                .collect();
            if question.several && !question.choices.is_empty() {
                buttons.push(button("Done", format!("answer {id} {of}.done")));
            }
            buttons
        }
    }
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

/// Makes the button that shows what a session's answer rests on.
#[must_use]
pub fn evidence(session: &str) -> Button {
    button("Show evidence", format!("session @{session} evidence"))
}

fn button(label: &str, action: String) -> Button {
    Button { label: label.to_owned(), action }
}
